"""Findings become events, are put aside and mended."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.health.facts import Facts
from appliance.supervisor.health_service import LASTS_S, SETTLE_S, HealthService
from appliance.supervisor.listeners import open_sockets

NOW = 1_800_000_000_000
DOWN: Any = {
    "name": "web", "state": "waiting", "pid": None, "since": NOW, "restarts": 1,
    "last_reason": "it ended with code 1", "retry_s": 0.0, "rss": None,
}  # fmt: skip


class DoubleHands:
    """Remembers what fixups asked for."""

    def __init__(self) -> None:
        self.did: list[tuple[Any, ...]] = []

    async def ask(self, peer: str, method: str, params: dict[str, Any]) -> Any:
        self.did.append((peer, method, params))

    async def cycle_port(self, port: int) -> None:
        self.did.append(("cycle", port))

    def restart_process(self, name: str, actor: str) -> None:
        self.did.append(("restart", name, actor))

    def recorders(self) -> list[str]:
        return ["recorder@1", "recorder@2"]

    def seen(self) -> None:
        self.did.append(("seen",))


class Quiet:
    """Nobody outside is called."""

    def turn(self, _channels: Any) -> None:
        pass

    def status(self) -> Any:
        return {"called": False, "last": None, "failure": ""}


class Box:
    """A service on a bus, with facts and a clock that a test moves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now_s = 0.0
        self.facts = Facts(now=NOW)
        self.hands = DoubleHands()
        self.bus: BusServer
        self.book: EventBook
        self.service: HealthService

    async def start(self) -> None:
        self.bus = BusServer(self.root / "bus", instance="s")
        self.book = EventBook(self.root / "events.db")
        await self.book.start()
        self.service = HealthService(
            self.bus,
            self.book,
            self.root / "aside.json",
            self.hands,
            Quiet(),  # type: ignore[arg-type]
            clock=lambda: self.now_s,
            wall_ms=lambda: NOW + round(self.now_s * 1000),
        )
        self.service.ask = self.turn
        await self.service.start()
        await self.bus.start()

    async def stop(self) -> None:
        await self.bus.close()
        await self.book.close()

    async def turn(self, **changes: Any) -> Any:
        self.facts = replace(self.facts, **changes, now=NOW + round(self.now_s * 1000),
                             now_s=self.now_s)  # fmt: skip
        return self.service.turn(self.facts)

    def open(self) -> list[tuple[str, str]]:
        return sorted((event.kind, event.details["code"]) for event in self.book.open_events)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.start()
    yield box
    await box.stop()


@pytest.fixture
async def web(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.root / "bus", "web", "w") as client:
        yield client


async def test_a_finding_that_no_event_tells_is_one_from_begin_to_end(box: Box) -> None:
    await box.turn(free_state_bytes=1)
    assert box.open() == [], "it may be over in a moment"
    box.now_s = LASTS_S
    await box.turn()
    await box.turn()
    assert box.open() == [("health_error", "system_disk_full")]
    [event] = box.book.open_events
    assert event.as_dict()["text"].startswith("The system disk is nearly full")
    assert event.repeats == 0
    box.now_s = SETTLE_S + 1
    await box.turn(free_state_bytes=1 << 40)
    box.now_s += 60
    await box.turn()
    assert box.open() == []


async def test_findings_that_have_their_own_events_and_advices_raise_none(box: Box) -> None:
    health = await box.turn(processes=[DOWN], volumes_set_up=0)
    assert {item["code"] for item in health["items"]} >= {"process_down", "no_volume"}
    assert box.open() == []


async def test_a_new_supervisor_goes_on_with_the_event_of_the_one_before(box: Box) -> None:
    await box.turn(free_state_bytes=1)
    box.now_s = LASTS_S
    await box.turn()
    [first] = box.book.open_events
    await box.stop()
    await box.start()
    await box.turn(free_state_bytes=None)
    assert [event.id for event in box.book.open_events] == [first.id], "not yet known to be over"
    await box.turn(free_state_bytes=1)
    box.now_s += 10
    await box.turn()
    assert [event.id for event in box.book.open_events] == [first.id]
    box.now_s += 40
    await box.turn(free_state_bytes=1 << 40)
    assert box.open() == []


async def test_what_is_put_aside_does_not_count_and_lights_nothing(
    box: Box, web: BusClient
) -> None:
    await box.turn(free_state_bytes=1)
    box.now_s = SETTLE_S + 1
    health = await box.turn()
    assert box.open() == [("health_error", "system_disk_full")]
    assert health["level"] == "error"
    finding = health["items"][0]["finding"]
    for wrong in ({"hours": 0, "reason": "why not"}, {"hours": 10**9, "reason": "why not"},
                  {"hours": 2, "reason": " "}, {"hours": True, "reason": "why not"}):  # fmt: skip
        with pytest.raises(BusError) as error:
            await web.request("health.snooze", {"finding": finding, **wrong})
        assert error.value.fields
    asked = {"finding": finding, "hours": 2, "reason": "a disk is ordered", "by": "ann"}
    await web.request("health.snooze", asked)
    health = (await web.request("health.get"))["health"]
    assert (health["level"], health["items"]) == ("ok", [])
    [aside] = health["aside"]
    assert (aside["snoozed"]["by"], aside["snoozed"]["reason"]) == ("ann", "a disk is ordered")
    assert box.open() == []
    await web.request("health.wake", {"finding": finding})
    assert (await web.request("health.get"))["health"]["level"] == "error"
    box.now_s += LASTS_S
    await box.turn()
    assert box.open() == [("health_error", "system_disk_full")]


async def test_the_light_of_an_event_goes_out_with_its_finding(box: Box, web: BusClient) -> None:
    box.book.raise_event("poe_fault", key="port 3", source="poe", details={"port": 3, "code": ""})
    health = await box.turn(events=tuple(box.book.open_events))
    assert box.service.aside_events() == set()
    asked = {"finding": health["items"][0]["finding"], "hours": 1, "reason": "the cable is cut"}
    await web.request("health.snooze", asked)
    assert box.service.aside_events() == {("poe_fault", "port 3")}


async def test_a_button_does_what_it_says_and_no_other_is_there(box: Box, web: BusClient) -> None:
    health = await box.turn(processes=[DOWN])
    [item] = health["items"]
    asked = {"finding": item["finding"], "fix": "restart_process", "actor": "ann"}
    answer = await web.request("health.fix", asked)
    assert answer["finding"] == item["text"]
    assert box.hands.did == [("restart", "web", "ann")]
    with pytest.raises(BusError, match="no such button"):
        await web.request("health.fix", {**asked, "fix": "accept_clock"})
    with pytest.raises(BusError, match="is over"):
        await web.request("health.fix", {**asked, "finding": "000000000000"})
    assert len(box.hands.did) == 1


async def test_the_time_is_accepted_by_every_recorder(box: Box, web: BusClient) -> None:
    """D2-ST-03."""
    jump = {"code": "time_jump", "text": "The clock jumped.", "since": NOW}
    health = await box.turn(volumes=[{"name": "A", "state": "ok", "expiry_paused": jump}])
    await web.request(
        "health.fix", {"finding": health["items"][0]["finding"], "fix": "accept_clock"}
    )
    assert box.hands.did == [
        ("recorder@1", "clock.accept", {}),
        ("recorder@2", "clock.accept", {}),
    ]


def test_a_socket_that_others_can_reach_is_seen_and_one_of_this_machine_is_not() -> None:
    with socket.socket() as outside, socket.socket() as inside:
        outside.bind(("0.0.0.0", 0))
        inside.bind(("127.0.0.1", 0))
        outside.listen()
        inside.listen()
        here = {"outside": outside.getsockname()[1], "inside": inside.getsockname()[1]}
        ports = {found.port for found in open_sockets() if found.proto == "tcp"}
        assert here["outside"] in ports
        assert here["inside"] not in ports
        assert open_sockets(pids=[]) == set()
    import os

    with socket.socket(socket.AF_INET6) as own:
        own.bind(("::", 0))
        own.listen()
        [found] = [f for f in open_sockets([os.getpid()]) if f.port == own.getsockname()[1]]
        assert (found.address, bool(found.program)) == ("::", True)
