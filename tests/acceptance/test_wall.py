"""A person at the live wall: recording by hand, the tile's menu, instant playback, digital zoom."""

import pytest
import pytest_asyncio
from page_box import administrator, box_in_use
from the_box import small_camera

from appliance.cameras.sim.simulator import Simulator
from appliance.web.app import STATIC_FOLDER
from scripts.bench.chromium import FOUND, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
]
SHIFT = 8
REPLAY = "tile(1).querySelector('[data-replay]')"
LIVE = "clickable('LIVE').getAttribute('aria-pressed')"
LAG_S = "(Date.now() - new Date(stamp(1).dateTime)) / 1000"
STAMP = "const stamp = (n) => [...tile(n).querySelectorAll('time')].at(-1);"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser():
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    async with chromium() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box(tmp_path_factory, browser):
    """A box in use that records two cameras."""
    names = ("gate", "yard")
    cache = tmp_path_factory.mktemp("loops")
    async with Simulator([small_camera(name) for name in names], cache=cache) as sim:
        cameras = [sim.camera(name) for name in names]
        async with box_in_use(browser, tmp_path_factory.mktemp("b"), *cameras) as made:
            await made.bus.request(
                "settings.patch", {"page": "general", "changes": {"zone": "Asia/Tokyo"}}
            )
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def person(browser, box):
    """The administrator at the wall, both cameras live."""
    async with administrator(browser, box) as made:
        await made.sees_moving(1, 2)
        yield made


async def mode_of(box, channel):
    page = await box.bus.request("settings.get", {"page": "channels"})
    return next(item["mode"] for item in page["values"]["items"] if item["id"] == channel)


async def until_stamp(person, expression):
    """Wait for something said of stamps, `stamp(channel)` at hand; returns its value."""
    return await person.until(f"(() => {{ {STAMP} return ({expression}); }})()")


async def chooses(person, words):
    """Choose an entry of the menu that is open; the bar of a tile may call a button the same."""
    entries = "all('[data-tile-menu] [role=menuitem]')"
    await person.clicks_at(f"{entries}.find((e) => words(e) === '{words}')")


async def test_recording_is_switched_by_hand_from_the_wall(person, box):
    """N8.7, T8.6, D1-SR-05, D2-WB-07: right click, Off and Manual; the tile's mark follows."""
    marked = "tile(2).querySelector('[aria-label=Recording]')"
    await person.until(marked)
    await person.clicks_at("tile(2)", 0.5, 0.4, button="right")
    await person.clicks("Recording: Off")
    await person.until(f"!{marked} && tile(2).innerText.includes('Recording is off')")
    assert await mode_of(box, 2) == "off"

    await person.ask("tile(2).focus()")
    await person.page.press("F10", modifiers=SHIFT)
    await person.until("clickable('Recording: Off').ariaChecked === 'true'")
    await person.clicks("Recording: Manual")
    await person.until(f"{marked} && !tile(2).innerText.includes('Recording is off')")
    assert await mode_of(box, 2) == "manual"
    assert await mode_of(box, 1) == "auto"


async def test_each_picture_tells_its_camera_date_and_time_in_the_zone_of_the_box(person):
    """D1-LV-02: enlarged and in the past with the date; what it says is when it was taken."""
    await person.clicks_at("tile(1)", 0.5, 0.4, times=2)
    await person.until("tile(1).dataset.stream === 'main'")
    said = """(() => {
        const at = new Date(stamp(1).dateTime);
        const [day, clock] = ['day', 'clock'].map((what) => new Intl.DateTimeFormat('en-GB', {
            timeZone: 'Asia/Tokyo', hourCycle: 'h23', ...(what === 'day'
              ? { year: 'numeric', month: 'short', day: 'numeric' }
              : { hour: '2-digit', minute: '2-digit', second: '2-digit' }) }).format(at));
        const [date, time] = [...stamp(1).children];
        return seen(date) && date.innerText === day && time.innerText === clock;
    })()"""
    await until_stamp(person, f"{LAG_S} < 5 && {said}")
    assert "D1 gate" in await person.ask("tile(1).innerText")
    await person.clicks("Back 10 s")
    await until_stamp(person, f"{LAG_S} > 8 && {LAG_S} < 25 && {said}")
    await person.clicks("LIVE")
    await person.ask("tile(1).focus()")
    await person.page.press("Escape")
    await person.sees_moving(1, 2)


async def test_one_tile_plays_the_last_minutes_while_the_others_stay_live(person):
    """D1-LV-20: slider, pause, close; the layout stays until then."""
    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await chooses(person, "Instant playback")
    await person.until(f"{REPLAY}?.dataset.replay === 'playing'")
    await until_stamp(person, f"{LAG_S} > 3")
    assert await person.ask(LIVE) == "true"
    assert await person.ask("clickable('1 picture').disabled")
    await person.sees_moving(2)

    slider = f"{REPLAY}.querySelector('input[type=range]')"
    await person.ask(f"{slider}.focus()")
    await person.page.press("Home")  # to its start, as far back as there is footage
    await until_stamp(person, f"{REPLAY} && {LAG_S} > 6")
    await person.until(f"{REPLAY}.dataset.replay === 'playing'")
    await person.ask(f"{slider}.focus()")
    await person.page.press("End")  # its end is now
    await person.until(f"!{REPLAY}")
    await person.sees_moving(1, 2)

    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await chooses(person, "Instant playback")
    await person.until(f"{REPLAY}?.dataset.replay === 'playing'")
    await person.clicks_at(f"{REPLAY}.querySelector('[aria-label=Pause]')")
    await person.until(f"{REPLAY}.querySelector('video').paused")
    await person.clicks("Close instant playback")
    await person.until(f"!{REPLAY} && !clickable('1 picture').disabled")
    await person.sees_moving(1, 2)

    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await chooses(person, "Instant playback")
    await person.until(REPLAY)
    await person.clicks("Events")  # who leaves the wall ends it
    await person.until("location.pathname === '/events'")
    await person.clicks("Live")
    await person.sees_moving(1, 2)
    assert not await person.ask(REPLAY)


async def test_pictures_are_zoomed_into_by_wheel_box_and_keys_several_at_once(person):
    """D1-LV-21, D1-LV-22: a right click, a double click and Esc restore."""
    zoom = """const zoom = (n) => {
        const picture = video(n).parentElement.parentElement;
        return new DOMMatrix(getComputedStyle(picture).transform).a; };"""

    async def until_zoom(expression):
        await person.until(f"(() => {{ {zoom} return ({expression}); }})()")

    place = await person.ask("spot(tile(1), 0.5, 0.4)")
    await person.page.wheel(*place, -400)
    await until_zoom("zoom(1) > 1.5 && zoom(2) === 1")
    await person.ask("tile(2).focus()")
    await person.page.press("+")
    await until_zoom("zoom(1) > 1.5 && zoom(2) === 1.5")
    await person.page.press("Escape")
    await until_zoom("zoom(1) > 1.5 && zoom(2) === 1")
    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await until_zoom("zoom(1) === 1")
    assert not await person.ask("document.querySelector('[data-tile-menu]')")

    await person.clicks_at("tile(1)", 0.5, 0.4, button="right")
    await chooses(person, "Digital zoom")
    start, end = await person.ask("[spot(tile(1), 0.3, 0.3), spot(tile(1), 0.55, 0.55)]")
    await person.page.drag(start, end)
    await until_zoom("Math.abs(zoom(1) - 4) < 0.2")
    await person.sees_moving(1)
    await person.clicks_at("tile(1)", 0.5, 0.4, times=2)
    await until_zoom("zoom(1) === 1")
    assert await person.ask("tile(1).dataset.stream") == "sub"


async def test_playback_jumps_to_the_beginning_of_the_recording_and_says_where_there_is_none(
    person,
):
    """D1-PB-20: previous and next recording or event."""
    await person.clicks("Previous recording or event")
    await person.until(f"{LIVE} === 'false'")
    await person.sees_moving(1)
    for _ in range(4):
        await person.clicks("Previous recording or event")
        if await person.ask("document.body.innerText.includes('There is no recording or event')"):
            break
    await person.sees("There is no recording or event before this point.")
    await person.clicks("LIVE")
    await person.until(f"{LIVE} === 'true'")
