"""Dead cameras: reports of a recorder in, a real controller on the bench, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.events.book import EventBook
from appliance.settings.pages.poe import PoePage
from appliance.supervisor import board_dead_cameras
from appliance.supervisor.board_dead_cameras import BETWEEN_S, DeadCameras, bindings
from appliance.supervisor.board_poe_events import PoeEvents
from board.poe.controller import PoeController
from board.poe.model import PoeSettings, PortSettings
from board.poe.ownership import Evidence
from board.poe.recovery import FIRST_S, MOST_A_DAY
from board.pse.bus import I2cBus
from board.sim.devices import camera
from tests.board.made_poe import Made

DEAD_S = 300
MAC = "02:00:5e:00:00:01"


class Bus:
    def subscribe(self, topic: str, handler: Callable[..., None]) -> None:
        assert topic == "channel.status"
        self.handler = handler


class Box:
    """Ports with cameras on the bench, their channels, and a recorder's reports."""

    def __init__(self, made: Made, book: EventBook) -> None:
        self.made = made
        self.book = book
        self.events = PoeEvents(book)
        self.controller = PoeController(
            made.poe,
            {1: I2cBus(1, made.bench.opened)},
            temperature=lambda: 35.0,
            told=self.events.tell,
            now=made.clock,
            drivers=made.new_drivers(),
        )
        self.settings: dict[str, dict[str, Any]] = {
            "poe": {
                "recovery": True,
                "dead_after_s": DEAD_S,
                "items": [{"id": n, "channel": None} for n in range(1, 9)],
            },
            "channels": {
                "items": [
                    {"id": n, "enabled": True, "main_url": f"rtsp://10.0.0.{n}/main"}
                    for n in range(1, 9)
                ]
            },
        }
        self.behind: dict[int, tuple[str, ...]] = {}
        self.dead = DeadCameras(
            Bus(),  # type: ignore[arg-type]
            self.settings.__getitem__,
            self.controller,
            self.events,
            self.look,
        )
        self.faults: dict[int, str] = {}
        self.never_played: set[int] = set()
        self.frames: dict[int, int] = {}

    def look(self, port: int, host: str) -> Evidence:
        assert host == f"10.0.0.{port}"
        now = self.controller.ports[port]
        return Evidence(
            powered=now.powered,
            unplugs=now.unplugs,
            link=True,
            behind=self.behind.get(port, ()),
        )

    def report(self) -> None:
        channels = []
        for number in range(1, 9):
            code = self.faults.get(number)
            if not code and number not in self.never_played:
                self.frames[number] = round(1000 * self.made.clock())
            fault = None if code is None else {"code": code, "text": "", "since": 1}
            stream = {"state": "waiting" if code else "playing", "fault": fault}
            channels.append(
                {
                    "id": number,
                    "name": f"Gate {number}",
                    "streams": {"main": stream},
                    "last_frame_utc": self.frames.get(number),
                }
            )
        self.dead.take({"channels": channels})

    async def run(self, seconds: int) -> None:
        for _ in range(0, seconds, 5):
            self.made.clock.run(5.0)
            await self.controller.step()
            self.report()
            await self.dead.look_after()

    async def plug(self, *numbers: int) -> None:
        for number in numbers:
            self.made.bench.plug(number, camera())
        await self.run(120)
        assert all(self.controller.ports[number].powered for number in numbers)

    def note(self, port: int) -> tuple[str, str]:
        _channel, code, text = self.dead.of_port(port)
        return code, text

    def cycles(self) -> list[dict[str, Any]]:
        return [e.details for e in self.recorded if e.kind == "poe_cycled"]

    @property
    def recorded(self) -> list[Any]:
        return self._recorded

    _recorded: list[Any]


@pytest.fixture
async def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Box]:
    book = EventBook(tmp_path / "events.db")
    await book.start()
    made = Made("reference")
    monkeypatch.setattr(board_dead_cameras, "monotonic", made.clock)
    box = Box(made, book)
    box._recorded = []
    raise_event = book.raise_event

    def recorded(*args: Any, **params: Any) -> Any:
        found = raise_event(*args, **params)
        box._recorded.append(found[0])
        return found

    monkeypatch.setattr(book, "raise_event", recorded)
    yield box
    await book.close()


async def test_a_camera_that_hangs_is_restarted_once_and_the_reason_is_told(box: Box) -> None:
    await box.plug(2)
    box.faults[2] = "connect_timeout"
    await box.run(DEAD_S - 20)
    assert box.note(2)[0] == "waiting"
    assert box.cycles() == []
    await box.run(30)
    assert [c["port"] for c in box.cycles()] == [2]
    assert box.cycles()[0]["reason"] == "D2 Gate 2 had power but did not answer for 300 s."
    assert not any(c["port"] == 2 for c in box.cycles()[1:])
    del box.faults[2]
    await box.run(10)
    assert box.note(2) == ("", "")


async def test_it_is_tried_ever_more_rarely_then_no_more_and_a_person_is_told(box: Box) -> None:
    await box.plug(2)
    box.faults[2] = "no_answer"
    await box.run(DEAD_S + 100)
    assert len(box.cycles()) == 1
    await box.run(int(FIRST_S) - 110)
    assert (len(box.cycles()), box.note(2)[0]) == (1, "backing_off")
    await box.run(8400)
    assert len(box.cycles()) == MOST_A_DAY
    code, text = box.note(2)
    assert code == "daily_limit"
    assert "6 times within a day" in text
    assert [e.kind for e in box.book.open_events] == ["poe_camera_dead"]
    del box.faults[2]
    await box.run(10)
    assert not box.book.open_events


@pytest.mark.parametrize("code", ["password_refused", "not_found", "busy", "no_key_frame"])
async def test_a_camera_that_answers_whatever_is_not_dead(box: Box, code: str) -> None:
    await box.plug(2)
    box.faults[2] = code
    await box.run(2 * DEAD_S)
    assert (box.cycles(), box.note(2)) == ([], ("", ""))


async def test_one_that_never_had_pictures_is_left_as_it_is(box: Box) -> None:
    box.never_played.add(2)
    box.faults[2] = "connect_timeout"
    await box.plug(2)
    await box.run(2 * DEAD_S)
    assert box.cycles() == []


async def test_what_is_disabled_or_switched_off_is_left_as_it_is(box: Box) -> None:
    await box.plug(2, 3, 4)
    box.faults = dict.fromkeys((2, 3, 4), "connect_timeout")
    box.settings["channels"]["items"][1]["enabled"] = False
    box.settings["poe"]["items"][2]["channel"] = 0
    await box.controller.configure(PoeSettings({4: PortSettings(enabled=False)}))
    await box.run(2 * DEAD_S)
    assert box.cycles() == []
    assert box.note(2) == ("", "")
    assert box.dead.of_port(3) == (None, "", "")
    assert box.note(4)[0] == "not_powered"
    box.settings["poe"]["recovery"] = False
    box.settings["channels"]["items"][1]["enabled"] = True
    await box.run(2 * DEAD_S)
    assert (box.cycles(), box.note(2)[0]) == ([], "switched_off")


async def test_a_camera_that_is_updated_is_left_alone(box: Box) -> None:
    await box.plug(2)
    box.controller.leave_alone(2, 3600)
    box.faults[2] = "connect_timeout"
    await box.run(DEAD_S + 600)
    assert (box.cycles(), box.note(2)[0]) == ([], "left_alone")
    box.controller.leave_alone(2, 0)
    await box.run(int(BETWEEN_S) + 10)
    assert len(box.cycles()) == 1


async def test_somebody_elses_device_is_never_restarted(box: Box) -> None:
    box.behind[2] = (MAC,)
    await box.plug(2)
    box.behind[2] = ()  # its link went with its last picture
    await box.run(5)
    box.faults[2] = "connect_timeout"
    box.behind[2] = ("02:00:5e:00:00:99",)
    await box.run(2 * DEAD_S)
    assert (box.cycles(), box.note(2)[0]) == ([], "other_device")
    assert [(e.kind, e.details["port"]) for e in box.book.open_events] == [("poe_camera_dead", 2)]
    box.behind[2] = ()
    await box.run(10)
    assert len(box.cycles()) == 1
    assert not box.book.open_events


async def test_a_camera_that_only_its_number_binds_needs_power_from_its_port(box: Box) -> None:
    await box.run(20)  # it plays, and nothing is plugged into port 5
    box.made.bench.plug(5, camera())
    box.faults[5] = "connect_timeout"
    await box.run(2 * DEAD_S)
    assert (box.cycles(), box.note(5)[0]) == ([], "not_powered_by_it")


async def test_several_that_fall_silent_together_are_restarted_one_by_one(box: Box) -> None:
    await box.plug(1, 2, 3)
    box.faults = dict.fromkeys((1, 2, 3), "unreachable")
    await box.run(DEAD_S + 20)
    assert len(box.cycles()) == 1
    assert [box.note(n)[0] for n in (2, 3)] == ["queued", "queued"]
    await box.run(3 * int(BETWEEN_S))
    assert sorted(c["port"] for c in box.cycles()) == [1, 2, 3]


async def test_nothing_is_concluded_while_no_recorder_reports(box: Box) -> None:
    await box.plug(2)
    box.faults[2] = "connect_timeout"
    await box.run(DEAD_S - 50)
    for _ in range(200):
        box.made.clock.run(1.0)
        await box.controller.step()
        await box.dead.look_after()
    await box.run(100)
    assert box.cycles() == []


async def test_entries_of_ports_that_a_larger_board_had_are_passed_over(box: Box) -> None:
    box.settings["poe"]["items"] += [{"id": 12, "channel": 8}, {"id": 16, "channel": None}]
    await box.run(20)
    assert box.dead.of_port(8)[0] == 8
    assert box.dead.of_port(12) == (None, "", "")


def test_ports_are_bound_by_number_unless_it_is_set() -> None:
    entries = [{"id": n, "channel": None} for n in range(1, 5)]
    assert bindings(entries) == {n: (n, False) for n in range(1, 5)}
    entries[0]["channel"] = 3  # the camera of channel 3 is on port 1
    entries[1]["channel"] = 0
    assert bindings(entries) == {3: (1, True), 4: (4, False)}


def test_a_channel_is_bound_to_one_port_only() -> None:
    page = PoePage(items=[{"id": 1, "channel": 5}, {"id": 2, "channel": 5}])
    assert [conflict.path for conflict in page.conflicts()] == [("items", 1, "channel")]
    assert not list(PoePage(items=[{"id": 1, "channel": 0}, {"id": 2, "channel": 0}]).conflicts())
