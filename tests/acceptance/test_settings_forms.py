"""Every page of the settings in a real Chromium: each field takes right and edge values, refuses
wrong ones in place, and API, form and store say the same."""

import json
import os
import random

import pytest
import pytest_asyncio
from form_samples import NEEDS, ON_TRIAL, as_kept, samples
from page_box import administrator, box_in_use
from the_box import small_camera

from appliance.cameras.sim.simulator import Simulator
from appliance.settings.forms import all_forms
from appliance.web.app import STATIC_FOLDER
from scripts.bench.chromium import FOUND, chromium

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(FOUND is None, reason="needs Chromium (Debian's package chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]
module = pytest_asyncio.fixture(scope="module", loop_scope="module")
FORMS = {form["page"]: form for form in all_forms()}
ENTRY = {"channels": 1, "record": 1, "holidays": 1, "storage": "volume-1"}
"""Entries whose fields are walked through, too."""
SAMPLED = 1
"""Of the fields of a page, so many are tried in the short runs; the long ones try all."""
HOLIDAY = {"name": "May", "kind": "date", "first": "2026-05-01"}

API = """(async (method, path, body) => {
  const {csrf} = await (await fetch('/api/v1/session')).json();
  const answer = await fetch('/api/v1' + path, {method, body: body && JSON.stringify(body),
    headers: {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}});
  return {status: answer.status, data: await answer.json()};
})"""


@module
async def site(tmp_path_factory):
    """A browser, and a box in use with one camera and one holiday."""
    assert (STATIC_FOLDER / "index.html").exists(), "the page is not built: run `make setup`"
    folder = tmp_path_factory.mktemp("forms")
    async with (
        chromium() as browser,
        Simulator([small_camera("gate")], cache=tmp_path_factory.mktemp("loops")) as sim,
        box_in_use(browser, folder, sim.camera("gate")) as box,
    ):
        await box.bus.request("settings.add", {"page": "holidays", "values": HOLIDAY})
        yield browser, box


@pytest_asyncio.fixture(loop_scope="module")
async def person(site):
    """The administrator, signed in at a page of their own."""
    browser, box = site
    async with administrator(browser, box) as made:
        made.box = box
        made.expects("422", "412")
        yield made


class Walk:
    """One field of one form: where it is, what it says, what the box has."""

    def __init__(self, person, page, field, item):
        self.person, self.page, self.field, self.item = person, page, field, item
        self.name = field["name"]
        self.element = f"document.getElementById('field-{self.name}')"
        self.path = f"/settings/{page}" + (f"/{item}" if item is not None else "")

    async def api(self, method, path, body=None):
        call = f"{API}({json.dumps(method)}, {json.dumps(path)}, {json.dumps(body)})"
        return await self.person.page.evaluate(call)

    async def patch(self, changes):
        params = {"page": self.page, "changes": changes, "actor": "the test"}
        if self.item is not None:
            params["item"] = self.item
        await self.person.box.bus.request("settings.patch", params)

    def _value(self, values):
        if self.item is None:
            return values[self.name]
        listed = values[FORMS[self.page]["collection"]["field"]]
        return next(entry for entry in listed if entry["id"] == self.item)[self.name]

    async def told(self):
        """What the API says."""
        return self._value((await self.api("GET", f"/settings/{self.page}"))["data"]["values"])

    async def kept(self):
        """What the store has."""
        page = await self.person.box.bus.request("settings.get", {"page": self.page})
        return self._value(page["values"])

    async def open(self):
        """Go to the field by the address that the search gives."""
        if self.page == "channels":
            base = f"/cameras/{self.item}" if self.item is not None else "/cameras"
        else:
            base = f"/system/{self.page}"
        await self.person.open(f"{base}?field={self.name}")
        if self.page == "holidays":
            await self.person.clicks("Edit")
        await self.person.until(f"!!{self.element}")

    async def write(self, value):
        """Enter a value as a person does."""
        person, kind = self.person, self.field["widget"]
        inside = f"{self.element}.querySelector('input, textarea')"
        if kind == "switch":
            if await person.ask(f"{inside}.checked") != value:
                await person.clicks_at(f"{self.element}.querySelector('label')")
        elif kind in ("select", "time_zone"):
            choices = self.field["choices"] or [{"value": value, "title": value}]
            title = next(c["title"] for c in choices if c["value"] == value)
            if await person.ask(f"!!{self.element}.querySelector('[type=radio]')"):
                await person.clicks_at(
                    f"[...{self.element}.querySelectorAll('label')]"
                    f".find((e) => words(e) === {json.dumps(title)})"
                )
            else:
                await person.clicks_at(inside)
                if kind == "time_zone":
                    await person.page.type(title)
                option = f"all('[role=option]').find((e) => words(e) === {json.dumps(title)})"
                await person.until(f"{option} && ({option}.click(), true)")  # the list moves
        else:
            await person.until(f"({inside}.focus(), document.activeElement === {inside})")
            if kind == "date":
                await person.page.evaluate(
                    f"(() => {{ const e = {inside}; Object.getOwnPropertyDescriptor("
                    f"HTMLInputElement.prototype, 'value').set.call(e, {json.dumps(value)});"
                    "e.dispatchEvent(new Event('input', {bubbles: true})); })()"
                )
            else:
                await person.page.type("" if value is None else str(value))

    async def clicks(self, name):
        """Click a button of the form that the field is in; a page may hold several forms."""
        await self.person.clicks_at(
            f"[...{self.element}.closest('form').querySelectorAll('button')]"
            f".find((e) => words(e) === {json.dumps(name)})"
        )

    async def shown(self):
        """What the form shows, in the terms of the value."""
        inside = f"{self.element}.querySelector('input, textarea')"
        kind = self.field["widget"]
        if kind == "switch":
            return await self.person.ask(f"{inside}.checked")
        if kind in ("select", "time_zone"):
            title = await self.person.ask(
                f"{self.element}.querySelector('[type=radio]') ?"
                f" words({self.element}.querySelector('[type=radio]:checked + label'))"
                f" : {inside}.value"
            )
            choices = self.field["choices"] or [{"value": title, "title": title}]
            return next(c["value"] for c in choices if c["title"] == title)
        text = await self.person.ask(f"{inside}.value")
        if kind in ("number", "duration"):
            return float(text) if "." in text else int(text)
        return text

    async def takes(self, value):
        """Enter a value that is right; then all three have it."""
        if await self.kept() == as_kept(self.page, self.field, value) and not self.field["secret"]:
            return
        await self.open()
        await self.write(value)
        await self.clicks("Apply changes")
        await self.person.sees("Applied.")
        await self.person.until("!document.querySelector('[class*=applyBar][data-changed]')")
        wanted = as_kept(self.page, self.field, value)
        assert await self.kept() == wanted
        assert await self.told() == wanted
        if not self.field["secret"]:
            await self.open()
            assert await self.shown() == wanted

    async def refuses(self, value, *, typed):
        """Send a wrong value, and enter it where the form allows: it is named, nothing changes."""
        before = await self.kept()
        answer = await self.api("PATCH", self.path, {self.name: value})
        assert answer["status"] == 422, (value, answer)
        paths = [problem["path"].split(".")[0] for problem in answer["data"]["fields"]]
        assert self.name in paths, (value, answer)
        if typed:
            await self.open()
            await self.write(value)
            await self.clicks("Apply changes")
            await self.person.until(
                f"{self.element}.querySelector('[aria-invalid=true], [role=alert]')"
            )
            await self.clicks("Discard changes")
        assert await self.kept() == before
        assert await self.told() == before


def walks():
    """Yield page, field and entry of everything that is shown."""
    for page, form in FORMS.items():
        if page in ON_TRIAL:
            continue
        for section in form["sections"]:
            for field in section["fields"]:
                yield page, field, None
        if page in ENTRY:
            for section in form["collection"]["sections"]:
                for field in section["fields"]:
                    if field["name"] != "id":
                        yield page, field, ENTRY[page]


@pytest.mark.parametrize("count", [SAMPLED, pytest.param(None, marks=pytest.mark.soak)])
@pytest.mark.parametrize("page", sorted({page for page, _field, _item in walks()}))
async def test_each_field_takes_what_is_right_and_names_what_is_wrong(person, page, count):
    fields = [(field, item) for of, field, item in walks() if of == page]
    if count is not None:
        seed = int(os.environ.get("NVR_TEST_SEED", random.randrange(1 << 30)))
        print("seed", seed)
        fields = random.Random(seed).sample(fields, min(count, len(fields)))
    tried = 0
    for field, item in fields:
        walk = Walk(person, page, field, item)
        found = samples(page, field)
        before = await walk.kept()
        needed = {n: values[0] for n, values in (field["visible_when"] or {}).items()}
        for name in [*needed, field["name"]]:
            needed = NEEDS.get((page, name), {}) | needed
        former = {n: (await Walk(person, page, {"name": n}, item).kept()) for n in needed}
        if needed:
            await walk.patch(needed)
        if found.tried:
            await walk.takes(found.valid)
            await walk.takes(found.edge)
        await walk.refuses(found.wrong, typed=found.typed)
        await walk.patch({field["name"]: "" if field["secret"] else before} | former)
        tried += 1
    assert tried


async def test_unsaved_changes_are_asked_about_before_they_are_lost(person):
    await person.open("/system/general")
    await person.writes("Name", "Not applied")
    await person.clicks("Events")
    await person.sees("Leave without applying")
    assert await person.ask("location.pathname") == "/system/general"
    await person.clicks("Stay on this page")
    await person.clicks("Discard changes")
    await person.clicks("Events")
    await person.until("location.pathname === '/events'")


async def test_two_people_at_one_page_see_both_values_and_choose(person):
    await person.open("/system/general")
    await person.writes("Name", "Mine")
    changes = {"name": "Theirs", "clock": "12h"}
    await person.box.bus.request("settings.patch", {"page": "general", "changes": changes})
    await person.sees("Somebody else has changed this meanwhile")
    await person.sees("Theirs")
    await person.clicks("Take theirs")
    assert await person.ask("field('Name').value") == "Theirs"
    await person.clicks("Keep mine")
    await person.clicks("Apply changes")
    await person.sees("Applied.")
    page = await person.box.bus.request("settings.get", {"page": "general"})
    assert (page["values"]["name"], page["values"]["clock"]) == ("Mine", "12h")
    changes = {"name": "NVR", "clock": "24h"}
    await person.box.bus.request("settings.patch", {"page": "general", "changes": changes})


async def test_settings_are_found_by_other_words_for_them(person):
    await person.open("/system/general")
    await person.writes("Search the settings", "log out timeout")
    await person.until("all('[data-hits] a').some((e) => e.innerText.includes('Sign out after'))")
    await person.clicks_at("all('[data-hits] a')[0]")
    await person.until("document.activeElement === field('Sign out after')")


async def test_the_log_shows_who_did_what_and_that_it_is_whole(person):
    await person.open("/maintain/log")
    await person.sees("none altered or removed")
    await person.sees("admin signed in from")
    await person.writes("Words", "Somebody-Who-Was-Never-Here")
    await person.sees("Nothing in the log fits these filters")
    await person.open("/maintain/log?view=system")
    await person.sees("What the processes of the recorder write for technicians")


async def test_settings_are_reset_after_a_look_at_what_changes(person):
    await person.box.bus.request(
        "settings.patch", {"page": "general", "changes": {"name": "Shop", "number": 7}}
    )
    await person.open("/system/whole")
    await person.clicks_at("all('button').filter((e) => words(e) === 'Show what changes').at(-1)")
    await person.sees("Name: Shop → NVR")
    await person.clicks("Reset now")
    await person.until("!!document.activeElement.closest('[role=dialog]')")  # it has opened
    await person.writes("Type the name of the recorder, Shop", "Shop")
    await person.clicks_at("all('[role=dialog] button').find((e) => words(e) === 'Reset now')")
    await person.sees("The settings are as they were at first.")
    page = await person.box.bus.request("settings.get", {"page": "general"})
    assert (page["values"]["name"], page["values"]["number"]) == ("NVR", 1)
