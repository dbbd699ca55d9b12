"""A person plays footage: both ways, at any speed, by frames, across gaps and a clock change."""

import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from numbered import FPS, NUMBER, Film, Shelf
from page_box import PASSWORD, set_up, visitor
from person import Person
from the_box import Box, small_camera

from appliance.cameras.sim.simulator import Simulator
from appliance.media.types import Codec
from appliance.web.app import STATIC_FOLDER
from scripts.bench.chromium import FOUND, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
]
module = pytest_asyncio.fixture(scope="module", loop_scope="module")

FIRST_S = 80
GAP_S = 60
SECOND_S = 20
SECOND_FROM = 900
"""The number of the first picture behind the gap."""

PROBE = """
window.shownFrames = [];
window.nvrProbe = ({ channel, utcMs }) => window.shownFrames.push([channel, utcMs]);
"""
SHOWN = """const picture = (n) =>
  tile(n)?.querySelector('video:not([data-old]), canvas:not([data-old])');
const shown = (n) => picture(n) ? number(picture(n)) : -1;
const order = (n) => window.shownFrames.filter(([channel]) => channel === n).map((f) => f[1]);
"""


def clock_change() -> datetime:
    """Return when Berlin's clocks last went back an hour: 01:00 UTC of October's last Sunday."""
    now = datetime.now(UTC)
    for year in (now.year, now.year - 1):
        last = datetime(year, 10, 31, 1, tzinfo=UTC)
        last -= timedelta(days=(last.weekday() + 1) % 7)
        if last + timedelta(days=1) < now:
            return last
    raise AssertionError


CHANGE_MS = int(clock_change().timestamp() * 1000)
START_MS = CHANGE_MS - FIRST_S * 500
"""The change comes in the middle of the first stretch."""
BEHIND_MS = START_MS + (FIRST_S + GAP_S) * 1000


@module
async def browser():
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    async with chromium() as made:
        yield made


@module
async def box(tmp_path_factory, browser):
    """A box in Berlin with two cameras and numbered footage of the night of the clock change.

    D1 has sound; the main stream of D2 is H.265.
    """
    cache = tmp_path_factory.mktemp("loops")
    made = Box(tmp_path_factory.mktemp("b"), web=True)
    film, hevc = Film(), Film(Codec.H265)
    shelf = Shelf(made.paths)
    for channel, of_main, sub in ((1, film, False), (2, hevc, True)):
        for at_ms, seconds, first, run in (
            (START_MS, FIRST_S, 0, 1),
            (BEHIND_MS, SECOND_S, SECOND_FROM, 2),
        ):
            at_ns = at_ms * 1_000_000
            shelf.store(of_main, channel, at_ns, seconds, first=first, run=run)
            if sub:
                shelf.store(film, channel, at_ns, seconds, first=first, run=run, stream="sub")
    shelf.close()
    async with Simulator([small_camera(n) for n in ("gate", "yard")], cache=cache) as sim:
        try:
            await made.start()
            for name in ("gate", "yard"):
                await made.add(sim.camera(name))
            async with browser.page() as page:
                await set_up(Person(page, made.https), made)
            await made.bus.request(
                "settings.patch", {"page": "general", "changes": {"zone": "Europe/Berlin"}}
            )
            await made.recording(1, 2)
            yield made
        finally:
            await made.close()


@asynccontextmanager
async def person_at(browser, box, at_ms, *, more="", scripts=()):
    """Yield the administrator, who followed a link to an instant and signed in there."""
    async with visitor(browser, box) as person:
        for script in (PROBE, *scripts):
            await person.page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        await person.open(f"/live?at={at_ms}{more}")
        await person.signs_in("admin", PASSWORD)
        person.expects("401 (Unauthorized)")
        yield person


async def until(person, expression, patience_s=30.0):
    """Wait for something said of pictures, `shown(channel)` and `order(channel)` at hand."""
    return await person.until(
        f"(() => {{ {NUMBER} {SHOWN} return ({expression}); }})()", patience_s
    )


async def ask(person, expression):
    return await person.ask(f"(() => {{ {NUMBER} {SHOWN} return ({expression}); }})()")


async def frames_of(person, channel, past):
    """Forget what was shown, and return the capture times (ms) shown until `past(times)`."""
    await person.ask("(window.shownFrames = [], 0)")
    await until(person, f"((f) => {past})(order({channel}))")
    return await ask(person, f"order({channel})")


async def stands_at(person, key):
    """Pause, step once, and return the number of the picture that both cameras then show."""
    await person.page.press("k")
    await person.ask("(window.shownFrames = [], 0)")
    await person.page.press(key)
    return await until(
        person, "order(1).length && order(2).length && shown(1) === shown(2) && shown(1)"
    )


def number_at(utc_ms):
    return round((utc_ms - START_MS) * FPS / 1000)


async def test_a_link_to_an_instant_survives_the_log_in(browser, box):
    """The page that asked for the password goes on to the instant and the camera of the link."""
    async with person_at(browser, box, START_MS + 12_000, more="&channel=1") as person:
        await until(person, "shown(1) >= 120 && shown(1) < 400 && tiles().length === 1")
        assert "at=" in await person.ask("location.search")


async def test_forward_at_any_speed_every_picture_comes_in_its_order(browser, box):
    """D1-PL-09: 1x, 4x, 16x and a quarter; what is on the screen is what was captured then."""
    async with person_at(browser, box, START_MS + 2000) as person:
        await until(person, "shown(1) >= 20 && shown(2) >= 20")
        for keys, speed, ahead_ms in (("", 1, 3000), ("]]", 4, 8000), ("[[[[", 0.25, 1000)):
            for key in keys:
                await person.page.press(key)
            await until(person, f"Math.abs(picture(1).playbackRate / {speed} - 1) < 0.2")
            shown = await frames_of(person, 1, f"f.length > 3 && f.at(-1) > f[0] + {ahead_ms}")
            assert shown == sorted(shown)
        await person.page.press("k")
        at = await until(person, "shown(1) === shown(2) && shown(1)")
        await person.page.press(" ")
        for key in "]]]]]]":
            await person.page.press(key)
        await until(
            person, f"Math.abs(picture(1).playbackRate / 16 - 1) < 0.2 && shown(1) > {at} + 100"
        )


async def test_backward_shows_the_pictures_in_the_other_order(browser, box):
    """D1-PL-09: at 1x each of them, at 4x more than the key frames; both cameras alike."""
    async with person_at(browser, box, START_MS + 70_000) as person:
        await until(person, "shown(1) >= 700 && shown(2) >= 700")
        await person.page.press("r")
        await until(person, "shown(1) < 690 && shown(2) < 690")
        shown = await frames_of(person, 1, "f.length > 3 && f.at(-1) < f[0] - 5000")
        assert shown == sorted(shown, reverse=True)
        assert len({number_at(utc) % 20 for utc in shown}) > 10
        await person.page.press("]")
        await person.page.press("]")
        assert "\u22124\u00d7" in await person.ask("document.querySelector('output').innerText")
        shown = await frames_of(person, 2, "f.length > 3 && f.at(-1) < f[0] - 12000")
        assert shown == sorted(shown, reverse=True)
        assert len({number_at(utc) % 20 for utc in shown}) > 3
        await person.page.press("k")
        await until(person, "shown(1) >= 0 && shown(1) < 600")
        await person.page.press(" ")
        at = await ask(person, "shown(1)")
        await until(person, f"shown(1) > {at} + 10 && shown(2) > {at} + 10")


async def test_a_step_shows_the_neighbouring_picture_on_every_tile(browser, box):
    """D1-PB-20: over the border of a GOP and of a fragment, there and back."""
    async with person_at(browser, box, START_MS + 11_000) as person:
        await until(person, "shown(1) >= 110 && shown(2) >= 110")
        here = await stands_at(person, ".")
        wanted = [*range(here + 1, here + 23), *range(here + 21, here - 4, -1)]
        at = here
        for number in wanted:
            await person.page.press("." if number > at else ",")
            await until(person, f"shown(1) === {number} && shown(2) === {number}")
            at = number


async def test_a_gap_is_passed_over_in_both_directions(browser, box):
    """Nothing was recorded for a minute: playing goes on behind it, backward before it."""
    async with person_at(browser, box, START_MS + (FIRST_S - 4) * 1000) as person:
        await until(person, f"shown(1) >= {SECOND_FROM} && shown(2) >= {SECOND_FROM}", 60)
        await person.page.press("r")
        last = FIRST_S * FPS
        await until(person, f"shown(1) < {last} && shown(2) < {last} && shown(1) > {last} - 80", 60)


async def test_an_instant_in_a_gap_leads_to_the_next_recording(browser, box):
    async with person_at(browser, box, BEHIND_MS - GAP_S * 500) as person:
        await until(person, f"shown(1) >= {SECOND_FROM} && shown(2) >= {SECOND_FROM}")


async def test_the_hour_that_comes_twice_is_told_apart(browser, box):
    """Clocks go back at 03:00: pictures go on, the stamp says which of the two hours it is."""
    stamp = "[...tile(1).querySelectorAll('time')].at(-1).innerText"
    async with person_at(browser, box, CHANGE_MS - 5000) as person:
        before = await until(person, f"{stamp}.includes('02:59:5') && {stamp}")
        after = await until(person, f"{stamp}.includes('02:00:0') && {stamp}")
        middle = FIRST_S * FPS // 2
        assert await ask(person, "shown(1)") in range(middle, middle + 120)
        assert before.replace("02:59:5", "") != after.replace("02:00:0", "")
        assert "UTC+2" in before
        assert "UTC+1" in after


async def test_digital_zoom_stays_while_the_direction_changes(browser, box):
    """D1-LV-21 in the past: forward, backward and while standing still."""
    zoom = "new DOMMatrix(getComputedStyle(picture(1).parentElement.parentElement).transform).a"
    async with person_at(browser, box, START_MS + 60_000) as person:
        await until(person, "shown(1) >= 600")
        await person.page.wheel(*await person.ask("spot(tile(1), 0.5, 0.4)"), -400)
        scale = await until(person, f"{zoom} > 1.5 && {zoom}")
        await person.page.press("r")
        await until(person, f"shown(1) < 600 && {zoom} === {scale}")
        await person.page.press("k")
        assert await ask(person, zoom) == scale
        await person.page.press("Escape")
        await until(person, f"{zoom} === 1")


async def test_sound_is_heard_at_1x_only(browser, box):
    """D1-PB-20: of the chosen camera; faster and backward there is none."""
    heard = "tile(1).querySelector('audio')"
    async with person_at(browser, box, START_MS + 5000) as person:
        await until(person, "shown(1) >= 50")
        place = await person.ask("spot(tile(1), 0.5, 0.4)")
        await person.page.click(*place)
        await person.clicks_at("tile(1).querySelector('[aria-label=\"Sound on\"]')")
        at = await until(person, f"{heard} && !{heard}.paused && {heard}.currentTime")
        await until(person, f"{heard}.currentTime > {at} + 1")
        await person.page.press("]")
        await until(person, f"{heard}.paused")
        await person.page.press("[")
        await until(person, f"!{heard}.paused")
        await person.page.press("r")
        await until(person, f"!{heard} || {heard}.paused")


async def test_a_main_stream_that_cannot_be_shown_gives_way_to_the_sub_stream(browser, box):
    """D2 alone wants its main stream: H.265, which this Chromium has no decoder for."""
    async with person_at(browser, box, START_MS + 5000, more="&channel=2") as person:
        await until(person, "shown(2) >= 50 && tile(2).dataset.stream === 'sub'")
        await person.sees("H.265")


async def test_without_a_decoder_for_scripts_the_page_says_what_cannot_be_done(browser, box):
    """Backward is what needs one; forward and single frames do not."""
    without = "delete window.VideoDecoder;"
    async with person_at(browser, box, START_MS + 5000, scripts=[without]) as person:
        await until(person, "shown(1) >= 50")
        told = "This browser cannot play backward."
        button = f"all('button').find((e) => e.title.startsWith({json.dumps(told)}))"
        assert await person.ask(f"{button}.ariaDisabled") == "true"
        here = await stands_at(person, ",")
        await person.page.press(",")
        await until(person, f"shown(1) === {here - 1} && shown(2) === {here - 1}")
