"""A person with a browser: a whole box, its page in a real Chromium, real mouse and keys."""

import pytest
import pytest_asyncio
from page_box import PASSWORD, administrator, box_in_use, box_with, set_up, visitor
from the_box import small_camera

from appliance.cameras.sim.simulator import Simulator
from appliance.web.app import STATIC_FOLDER
from scripts.bench.chromium import FOUND, chromium

GUTTER_PX = 44
NO_SESSION = "401 (Unauthorized)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
]
module = pytest_asyncio.fixture(scope="module", loop_scope="module")


@module
async def browser():
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    async with chromium() as made:
        yield made


@module
async def sim(tmp_path_factory):
    """Four cameras; the first two are channels of the boxes below."""
    names = ("gate", "yard", "shed", "porch")
    cache = tmp_path_factory.mktemp("loops")
    async with Simulator([small_camera(name) for name in names], cache=cache) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(tmp_path_factory, sim):
    """A box nobody has set up; it records two cameras already."""
    async with box_with(
        tmp_path_factory.mktemp("f"), sim.camera("gate"), sim.camera("yard")
    ) as made:
        yield made


@module
async def box(tmp_path_factory, browser, sim):
    """A box in use: its administrator has a password, two cameras are recorded."""
    folder = tmp_path_factory.mktemp("b")
    async with box_in_use(browser, folder, sim.camera("gate"), sim.camera("yard")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def person(browser, box):
    """The administrator, signed in."""
    async with administrator(browser, box) as made:
        yield made


async def test_the_first_person_sets_the_password_and_sees_live_past_and_live_again(
    browser, fresh, sim
):
    """D1-IZ-02, D1-LV-01: code, password, moving pictures, recording, the bar, ten seconds ago."""
    async with visitor(browser, fresh) as person:
        await person.open()
        await person.sees("Set up this recorder")
        await refuses_what_is_wrong(person)
        await set_up(person, fresh)

        shown = await person.sees_moving(1, 2)
        assert {tile["stream"] for tile in shown.values()} == {"sub"}
        await person.until("all('[data-channel] [aria-label=Recording]').length === 2")

        await shows_two_minutes(person)
        wanted = await has_green(person, seconds_ago=10)
        await person.page.click(*await spot_of(person, wanted))
        await person.until("clickable('LIVE').getAttribute('aria-pressed') === 'false'")
        await person.sees_moving(1, 2)
        behind = await person.ask("Date.now() - Number(all('canvas')[0].ariaValueNow)")
        assert 8_000 < behind < 20_000
        await person.until("all('[data-channel] [aria-label=Recording]').length === 0")

        await person.clicks("LIVE")
        await person.until("clickable('LIVE').getAttribute('aria-pressed') === 'true'")
        await person.sees_moving(1, 2)
        await person.until("Date.now() - Number(all('canvas')[0].ariaValueNow) < 1500")


async def refuses_what_is_wrong(person):
    """A wrong code and a weak password are refused beside their fields, and not taken."""
    await person.writes("One-time code", "WRONG-CODE")
    await person.writes("Password of admin", "weak")
    await person.writes("Password again", "week")
    await person.clicks("Set password and open the live view")
    await person.until(
        "fieldBox('Password of admin').innerText.includes('does not meet the rules')"
        " && fieldBox('Password again').innerText.includes('differ')"
    )
    await person.writes("Password of admin", PASSWORD)
    await person.writes("Password again", PASSWORD)
    person.expects("422 (Unprocessable Entity)")
    await person.clicks("Set password and open the live view")
    await person.until("fieldBox('One-time code').querySelector('[class*=error]')?.innerText")
    await person.until("field('Password of admin').getAttribute('aria-invalid') !== 'true'")


async def shows_two_minutes(person):
    """Zoom the time bar in by its key, an hour to less than two minutes."""
    await person.until("all('canvas').length && (all('canvas')[0].focus(), true)")
    for _ in range(5):
        await person.page.press("+")
    await person.until(
        "Number(all('canvas')[0].ariaValueMax) - Number(all('canvas')[0].ariaValueMin) < 120000"
    )


async def has_green(person, seconds_ago):
    """Wait until the bar is green in the row of the first camera there; returns the instant."""
    green = f"""(() => {{
        const bar = all('canvas')[0];
        const at = Date.now() - {seconds_ago * 1000};
        const [from, to] = [Number(bar.ariaValueMin), Number(bar.ariaValueMax)];
        const x = {GUTTER_PX} + (at - from) / (to - from) * (bar.clientWidth - {GUTTER_PX});
        const probe = ink(2, 1);
        probe.drawImage(bar, x, 30, 1, 1, 0, 0, 1, 1);
        probe.fillStyle = getComputedStyle(bar).getPropertyValue('--nvr-general').trim();
        probe.fillRect(1, 0, 1, 1);
        const [dot, general] = [0, 1].map((i) => [...probe.getImageData(i, 0, 1, 1).data]);
        return dot.every((value, i) => Math.abs(value - general[i]) < 12) && at;
    }})()"""
    return await person.until(green, 30)


async def spot_of(person, at_ms):
    """Return where on the screen an instant lies in the first row of the time bar."""
    return await person.ask(f"""(() => {{
        const bar = all('canvas')[0];
        const box = bar.getBoundingClientRect();
        const [from, to] = [Number(bar.ariaValueMin), Number(bar.ariaValueMax)];
        const share = ({at_ms} - from) / (to - from);
        return [box.left + {GUTTER_PX} + share * (box.width - {GUTTER_PX}), box.top + 30];
    }})()""")


async def test_search_opens_the_wall_in_the_past_and_live_brings_it_back(person):
    """D1-PL-07, D1-PB-12, D1-PB-20: found over the web, played, paused, stopped."""
    await person.sees_moving(1)
    await person.clicks("Search")
    await person.until("clickable('LIVE').getAttribute('aria-pressed') === 'false'")
    await person.sees_moving(1)
    assert await person.ask("location.pathname") == "/search"
    await person.clicks("Pause")
    await person.until("video(1).paused && clickable('Play')")
    await person.clicks("Play")
    await person.sees_moving(1)
    await person.clicks("Stop and return to live")
    await person.until("location.pathname === '/live'")
    await person.until("clickable('LIVE').getAttribute('aria-pressed') === 'true'")
    await person.sees_moving(1)


async def test_a_double_click_enlarges_a_tile_to_its_main_stream_and_back(person):
    """D1-LV-02."""
    assert (await person.sees_moving(1))["1"]["width"] == 160
    await person.clicks_at("tile(1)", 0.5, 0.3, times=2)
    await person.until("tile(1).dataset.stream === 'main'")
    assert (await person.sees_moving(1))["1"]["width"] == 320
    await person.clicks_at("tile(1)", 0.5, 0.3, times=2)
    await person.until("tile(1).dataset.stream === 'sub'")
    await person.sees_moving(1)


async def test_who_signs_out_is_out_and_a_wrong_password_is_refused_in_words(person):
    await person.clicks("admin: account and appearance")
    await person.clicks("Log out")
    await person.sees("Log in to see the cameras")
    assert await person.ask("fetch('/api/v1/status').then((r) => r.status)") == 401
    person.expects(NO_SESSION)
    await person.signs_in("admin", "Wrong7Password")
    await person.until("all('[role=alert]').some((e) => /wrong|refused|not right/i.test(words(e)))")
    assert await person.ask("field('Password').value") == ""
    await person.signs_in("admin", PASSWORD)
    await person.sees("LIVE")


async def test_the_own_password_is_changed_and_other_browsers_are_signed_out(browser, fresh):
    """D2-AC-06: every wrong field is told; this page goes on, the other one has to sign in."""
    async with visitor(browser, fresh) as person, visitor(browser, fresh) as other:
        await set_up(person, fresh)
        await other.open("/live")
        await other.signs_in("admin", PASSWORD)
        await other.sees_moving(1)
        other.expects(NO_SESSION)  # what it asked for in the moment its session ended
        await person.sees_moving(1)

        await changes_password(person, "", "weak", "week")
        await person.sees("Enter the password now in use.")
        await person.sees("The password does not meet the rules below.")
        await person.sees("The two passwords differ.")
        person.expects("422 (Unprocessable Entity)")
        await changes_password(person, "Wrong7Field", "Harbour8Stone", "Harbour8Stone")
        await person.sees("This is not the password now in use.")
        await changes_password(person, PASSWORD, "Harbour8Stone", "Harbour8Stone")
        await person.sees("1 other browser was signed out.")
        await person.sees_moving(1)
        await other.sees("Your session has ended.")
        await other.signs_in("admin", "Harbour8Stone")
        await other.sees_moving(1)


async def changes_password(person, old, new, again):
    """Fill the dialog of the person's menu, opened if it is not, and send it."""
    if not await person.ask("Boolean(field('New password'))"):
        await person.clicks("admin: account and appearance")
        await person.clicks("Change password")
        await person.until("document.activeElement === field('Password now in use')")
    await person.writes("Password now in use", old)
    await person.writes("New password", new)
    await person.writes("Password again", again)
    await person.clicks_at("document.querySelector('[role=dialog] [type=submit]')")


async def test_a_deep_link_survives_the_log_in(browser, box):
    async with visitor(browser, box) as person:
        await person.open("/system/general?field=zone")
        await person.signs_in("admin", PASSWORD)
        await person.until("field('Time zone')")
        assert await person.ask("location.pathname + location.search") == (
            "/system/general?field=zone"
        )
        await person.until("document.querySelector('#field-zone').dataset.lit !== undefined")


async def test_a_camera_is_tested_and_added_by_its_address(person, box, sim):
    """D2-FQ-17: a wrong password in words, the right one shows the picture; then it is live."""
    shed = sim.camera("shed")
    await person.open("/cameras/new")
    await person.writes("Name", "Shed")
    await person.writes("Main stream", shed.url("main", credentials=False))
    await person.writes("User", shed.gate.user)
    await person.writes("Password", "not this one")
    await person.clicks("Test the camera")
    await person.sees("The camera refuses the user name or the password.")
    await person.writes("Password", shed.gate.password)
    await person.clicks("Test the camera")
    await person.sees("The camera answers.")
    picture = "document.querySelector('img[alt=\"First frame of the camera\"]')"
    await person.until(f"{picture}?.naturalWidth === 320")
    await person.clicks("Add this camera")
    await person.sees("Shed was added.")
    await person.clicks("Live")
    await person.sees_moving(*await ids(box, "Shed"))
    await person.until("all('[data-channel] [aria-label=Recording]').length >= 3")


async def ids(box, name):
    page = await box.bus.request("settings.get", {"page": "channels"})
    return [entry["id"] for entry in page["values"]["items"] if entry["name"] == name]


async def test_a_setting_is_changed_and_a_wrong_value_is_told_in_place(person, box):
    await person.open("/system/web")
    await person.writes("Longest session", "0")
    await person.clicks("Apply changes")
    await person.until(
        "/1/.test(fieldBox('Longest session').innerText)"
        " && document.activeElement === field('Longest session')"
        " && field('Longest session').getAttribute('aria-invalid') === 'true'"
    )
    await person.writes("Longest session", "45")
    await person.clicks("Apply changes")
    await person.sees("Applied.")
    page = await box.bus.request("settings.get", {"page": "web"})
    assert page["values"]["session_hours"] == 45
    await person.open("/system/web")
    assert await person.reads("Longest session") == "45"


async def test_a_camera_that_dies_is_told_in_its_tile_and_listed_as_an_event(person, box, sim):
    porch = sim.camera("porch")
    number = await box.add(porch, name="Porch")
    await person.sees_moving(number)
    await porch.refuse()
    try:
        await person.until(f"tile({number}).innerText.includes('refuses connections')")
        await person.clicks("Events")
        row = "all('tbody tr').map(words).find((r) => r.includes('Camera offline'))"
        told = await person.until(row)
        assert "Porch" in told
        assert "refuses connections" in told
        assert "going on" in told
    finally:
        await porch.refuse(on=False)
    await person.until(f"!{row}.includes('going on')", 30)


async def test_on_a_phone_the_menu_is_a_bar_at_the_bottom(browser, box):
    async with visitor(browser, box, width=390, height=844) as person:
        await person.page.resize(390, 844, touch=True)
        await person.open()
        await person.signs_in("admin", PASSWORD)
        await person.sees_moving(1)
        bar = await person.ask("all('nav')[0].getBoundingClientRect().toJSON()")
        assert bar["bottom"] == 844
        assert bar["width"] == 390
        names = await person.ask("all('nav a, nav button').map(words)")
        assert names == ["Live", "Events", "Search", "Cameras", "More"]
        assert await person.ask("document.documentElement.scrollWidth") <= 390
        heights = await person.ask("all('nav a, nav button').map((e) => e.clientHeight)")
        assert min(heights) >= 40


@pytest.mark.parametrize("lacking", ["MediaSource", "WebSocket", "ResizeObserver"])
async def test_an_old_browser_is_told_what_it_lacks(browser, box, lacking):
    """Bad input: an old browser; a message in words instead of an empty page."""
    async with visitor(browser, box) as person:
        await person.page.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source=f"delete window.{lacking}; delete window.Managed{lacking};",
        )
        await person.open()
        await person.sees("This browser is too old for the recorder's page")
        await person.sees("Recording is not affected")
        assert await person.ask("document.getElementById('root').innerText") == ""


async def test_a_browser_without_scripts_is_told_to_switch_them_on(browser, box):
    async with visitor(browser, box) as person:
        await person.page.call("Emulation.setScriptExecutionDisabled", value=True)
        await person.open()
        await person.sees("This page needs JavaScript")
