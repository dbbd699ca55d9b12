"""The startup wizard: steps, how far it is, and that it goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.health.facts import AccountFacts, Facts
from appliance.supervisor.wizard_service import WizardService
from appliance.wizard import progress
from appliance.wizard.register import MODULES, steps


class Zone:
    """As much of the settings as the wizard reads."""

    def raw(self, _page: str) -> Any:
        return {"zone": "UTC"}


class Box:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.facts = Facts(volumes_set_up=0, accounts=AccountFacts(file=False))
        self.bus: BusServer
        self.wizard: WizardService

    async def start(self) -> None:
        self.bus = BusServer(self.root / "bus", instance="s")
        zone: Any = Zone()
        self.wizard = WizardService(self.bus, self.root / "wizard.json", zone, lambda: self.facts)
        await self.wizard.start()
        await self.bus.start()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.bus.close()


@pytest.fixture
async def web(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.root / "bus", "web", "w") as client:
        yield client


def states(answer: Any) -> dict[str, str]:
    return {step["id"]: step["state"] for step in answer["steps"]}


async def test_steps_stand_in_order_and_what_is_there_already_is_done(
    box: Box, web: BusClient
) -> None:
    answer = await web.request("wizard.get")
    found = [step["id"] for step in answer["steps"]]
    assert found == ["time", "account", "recovery", "network", "disks", "cameras", "check"]
    assert set(states(answer).values()) == {"open"}
    box.facts = replace(
        box.facts,
        volumes_set_up=1,
        accounts=AccountFacts(hint=True, file=True),
        channels=[{"id": 1, "enabled": True, "recording": True}],
    )
    now = states(await web.request("wizard.get"))
    assert [name for name, state in now.items() if state == "done"] == [
        "account", "recovery", "disks", "cameras", "check",
    ]  # fmt: skip


async def test_going_past_a_step_does_not_make_it_done_where_the_box_knows_better(
    box: Box, web: BusClient
) -> None:
    for step in ("recovery", "network"):
        answer = await web.request("wizard.mark", {"step": step, "state": "done"})
    assert (states(answer)["recovery"], states(answer)["network"]) == ("skipped", "done")
    box.facts = replace(box.facts, accounts=AccountFacts(file=True))
    assert states(await web.request("wizard.get"))["recovery"] == "done"


async def test_it_goes_on_where_it_was_after_a_restart(box: Box, web: BusClient) -> None:
    await web.request("wizard.mark", {"step": "time", "state": "done"})
    await web.request("wizard.mark", {"step": "recovery", "state": "skipped"})
    await web.request("wizard.show", {"step": "network"})
    await box.bus.close()
    await box.start()
    answer = await web.request("wizard.get")
    assert (answer["at"], answer["finished"], answer["later"]) == ("network", False, False)
    assert (states(answer)["time"], states(answer)["recovery"]) == ("done", "skipped")
    assert box.wizard.setup().zone_chosen


async def test_it_is_put_off_ended_begun_anew(box: Box, web: BusClient) -> None:
    await web.request("wizard.mark", {"step": "time", "state": "done"})
    assert (await web.request("wizard.end", {"later": True}))["later"]
    again = await web.request("wizard.show", {"step": "disks"})
    assert not again["later"], "who opens it again has not put it off"
    done = await web.request("wizard.end", {"finished": True})
    assert (done["finished"], states(done)["time"]) == (True, "done")
    anew = await web.request("wizard.end", {})
    assert (anew["finished"], states(anew)["time"], anew["at"]) == (False, "open", "")


async def test_a_reset_of_everything_begins_it_anew(box: Box, web: BusClient) -> None:
    """D1-SR-01."""
    await web.request("wizard.end", {"finished": True})
    await box.wizard.reset()
    assert not (await web.request("wizard.get"))["finished"]
    assert not progress.read(box.root / "wizard.json").finished


async def test_what_is_no_step_or_no_state_is_refused(box: Box, web: BusClient) -> None:
    for method, params in (
        ("wizard.mark", {"step": "tea", "state": "done"}),
        ("wizard.mark", {"step": "time", "state": "drunk"}),
        ("wizard.mark", {"step": None, "state": "done"}),
        ("wizard.show", {"step": ["time"]}),
    ):
        with pytest.raises(BusError):
            await web.request(method, params)
    assert not (box.root / "wizard.json").exists()


async def test_progress_that_cannot_be_stored_is_not_claimed(box: Box, web: BusClient) -> None:
    (box.root / "wizard.json.new").mkdir()
    with pytest.raises(BusError) as error:
        await web.request("wizard.mark", {"step": "time", "state": "done"})
    assert error.value.code == "wizard.not_saved"
    assert states(await web.request("wizard.get"))["time"] == "open"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"marks": 1}', '{"marks": {}, "at": ""}'])
def test_a_damaged_file_is_the_beginning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wizard.json"
    path.write_text(text)
    assert progress.read(path) == progress.Progress()


def test_a_step_that_is_there_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="twice"):
        steps((*MODULES, *MODULES))
