"""Lost footage at the time bar: hatched, and told with its reason under the pointer (pain 1)."""

import time

import pytest
import pytest_asyncio
from page_box import administrator, box_in_use
from test_browser import GUTTER_PX, spot_of
from the_box import small_camera

from appliance.cameras.sim.simulator import Simulator
from scripts.bench.chromium import FOUND, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio,
]


@pytest_asyncio.fixture
async def person(tmp_path_factory, loop_cache):
    """The administrator of a box whose disk was too slow for a minute, ten minutes ago."""
    async with (
        chromium() as browser,
        Simulator([small_camera("gate")], cache=loop_cache) as sim,
        box_in_use(browser, tmp_path_factory.mktemp("b"), sim.camera("gate")) as box,
        administrator(browser, box) as made,
    ):
        lost = {"kind": "overload", "key": "D1 main"}
        details = {"stream": "main", "seconds": "60", "reason": "Volume A is too slow."}
        start = time.time_ns() // 1_000_000 - 600_000
        began = lost | {"channel": 1, "start": start, "source": "test", "details": details}
        await box.bus.request("events.raise", began)
        await box.bus.request("events.end", lost | {"end": start + 60_000})
        made.lost_ms = (start, start + 60_000)
        yield made


async def test_a_loss_is_hatched_on_the_bar_and_told_under_the_pointer(person):
    start, end = person.lost_ms
    stripes = f"""(() => {{
        const bar = all('canvas')[0];
        const [from, to] = [Number(bar.ariaValueMin), Number(bar.ariaValueMax)];
        const x = (ms) => {GUTTER_PX} + (ms - from) / (to - from) * (bar.clientWidth - {GUTTER_PX});
        const wide = Math.round(x({end}) - x({start}));
        const probe = ink(wide, 1);
        probe.drawImage(bar, x({start}), 38, wide, 1, 0, 0, wide, 1);
        const line = probe.getImageData(0, 0, wide, 1).data;
        const light = [...line.keys()].filter((i) => i % 4 === 0).map((i) => line[i]);
        return Math.max(...light) - Math.min(...light) > 60;
    }})()"""
    await person.until(stripes)
    x, y = await spot_of(person, (start + end) / 2)
    await person.page._mouse("mouseMoved", x, y)
    await person.sees("lost 60 s of its main stream. Volume A is too slow.")
