"""Every page of the menu, judged by axe in a real Chromium, as wide as a desk and as a phone."""

import json
import random

import pytest
import pytest_asyncio
from page_box import administrator, box_in_use, box_with, visitor
from the_box import small_camera

from appliance.cameras.sim.simulator import Simulator
from appliance.settings.registry import PAGES
from appliance.supervisor.board_service import BOARD_VARIABLE
from appliance.web.app import STATIC_FOLDER
from scripts.bench.chromium import FOUND, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]
AXE = STATIC_FOLDER.parent / "ui" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = ((1280, 800, False), (390, 844, True))
"""Window, and whether it is a phone."""
FORMS = [f"/system/{name}" for name in PAGES if name != "channels"]
ROOMS = [
    "/live", "/search", "/search/tags", "/search/recordings", "/search/find", "/search/files",
    "/events", "/backup", "/jobs", "/cameras", "/cameras/1", "/cameras/new", "/cameras/poe",
    "/cameras/ptz", "/storage", "/system/whole", "/accounts/users", "/accounts/users/admin",
    "/accounts/users/+", "/accounts/groups", "/accounts/groups/user", "/accounts/sessions",
    "/accounts/me", "/accounts/onvif", "/network", "/wizard", "/maintain", "/maintain/log",
    "/maintain/io", "/maintain/device", "/maintain/time", "/maintain/power",
    "/maintain/information", "/maintain/nettest", "/nowhere",
]  # fmt: skip
SAMPLED = 4
"""Of the pages and of the forms, in the short runs; the long ones take all."""
BEYOND_THE_MENU = ("/api/",)
STANDS = "document.querySelector('h1') && !document.querySelector('[class*=_waiting_]')"
RESTS = "!document.getAnimations().some((a) => a.effect.getTiming().iterations !== Infinity)"
"""Nothing fades in any more: half faded text has half the contrast."""
JUDGE = """axe.run(document, {resultTypes: ['violations'], rules: RULES}).then((found) =>
  found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${rule.help}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    async with chromium() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory, browser):
    """A box in use with the simulated board and two cameras, one of which does not answer."""
    cache = tmp_path_factory.mktemp("loops")
    with pytest.MonkeyPatch.context() as patches:
        patches.setenv(BOARD_VARIABLE, "simulated")
        async with (
            Simulator([small_camera("gate"), small_camera("yard")], cache=cache) as sim,
            box_in_use(browser, tmp_path_factory.mktemp("b"), sim.camera("gate")) as made,
        ):
            await sim.camera("yard").refuse()
            await made.add(sim.camera("yard"))
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def person(browser, box):
    async with administrator(browser, box) as made:
        made.expects("404")  # the last picture of a camera that never sent one
        yield made


async def faults(person, where, *, menu=False):
    """Return what axe finds wrong with the page as it is now, or with a menu open over it.

    A menu lies above the page, outside of its landmarks, as a dialog does; axe allows it only
    the dialog.
    """
    rules = {"region": {"enabled": False}} if menu else {}
    if not await person.ask("'axe' in window"):
        await person.page.evaluate(AXE.read_text() + "; 0")
    await person.until(RESTS)
    found = await person.page.evaluate(JUDGE.replace("RULES", json.dumps(rules)))
    return [f"{where}: {told}" for told in found]


async def walk(person, paths):
    """Go through pages of the menu at each width; returns all that axe finds."""
    found = []
    for width, height, phone in WIDTHS:
        await person.page.resize(width, height, touch=phone)
        for path in paths:
            await person.ask(
                f"(history.pushState({{}}, '', {json.dumps(path)}),"
                " dispatchEvent(new PopStateEvent('popstate', {state: {}})))"
            )
            await person.until(STANDS)
            found += await faults(person, f"{path} at {width}")
    return found


async def test_pages_of_the_menu_have_no_fault_that_axe_knows(person):
    rng = random.Random(4)
    assert await walk(person, rng.sample(ROOMS, SAMPLED) + rng.sample(FORMS, SAMPLED)) == []


@pytest.mark.soak
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_no_page_of_the_menu_has_a_fault_that_axe_knows(person, scheme):
    await person.ask(f"localStorage.setItem('nvr.scheme', '{json.dumps(scheme)}')")
    await person.open("/live")
    await person.sees("LIVE")
    assert await walk(person, ROOMS + FORMS) == []


async def test_what_opens_over_the_wall_has_no_fault_that_axe_knows(person):
    found = []
    await person.until("tile(1)")
    for opens, there in (
        ("Choose a day", "[role=dialog] table"),
        ("Clip", "[role=dialog] input"),
        ("admin: account and appearance", "[role=menu]"),
    ):
        await person.clicks(opens)
        await person.until(f"all('{there}').length")
        found += await faults(person, opens, menu="menu" in there)
        await person.page.press("Escape")
        await person.until(f"!all('{there}').length")
    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await person.until("document.querySelector('[data-tile-menu]')")
    found += await faults(person, "menu of a tile", menu=True)
    await person.page.press("Escape")
    await person.ask("document.activeElement.blur()")
    await person.page.press("?")
    await person.until("all('[role=dialog][aria-labelledby] kbd').length")
    found += await faults(person, "list of keys")
    assert found == [], "\n".join(found)


async def judged_at_each_width(person, words):
    """Open the page of somebody who has not signed in; returns what axe finds."""
    found = []
    await person.open()
    await person.sees(words)
    for width, height, phone in WIDTHS:
        await person.page.resize(width, height, touch=phone)
        found += await faults(person, f"{words} at {width}")
    return found


async def test_the_log_in_has_no_fault_that_axe_knows(browser, box):
    async with visitor(browser, box) as person:
        assert await judged_at_each_width(person, "Log in") == []


@pytest.mark.soak
async def test_the_first_page_has_no_fault_that_axe_knows(browser, tmp_path_factory):
    async with box_with(tmp_path_factory.mktemp("n")) as new, visitor(browser, new) as person:
        assert await judged_at_each_width(person, "One-time code") == []


async def test_no_page_that_the_menu_leads_to_is_left_out(person):
    """The list above is whole: what its pages link to is in it."""
    linked = set()
    for path in ("/live", "/search/tags", "/cameras", "/system/general", "/accounts", "/maintain"):
        await person.open(path)
        await person.until(STANDS)
        linked |= set(await person.ask(
            "all('a[href]').map((e) => new URL(e.href)).filter((u) => u.origin === location.origin)"
            ".map((u) => u.pathname)"
        ))  # fmt: skip
    own = {"/", "/system", "/accounts", *ROOMS, *FORMS}
    kinds = {path.rsplit("/", 1)[0] for path in ("/cameras/1", "/accounts/users/admin",
                                                 "/accounts/groups/user")}  # fmt: skip
    left = {path for path in linked - own if path.rsplit("/", 1)[0] not in kinds}
    assert {path for path in left if not path.startswith(BEYOND_THE_MENU)} == set()
