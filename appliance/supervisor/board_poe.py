"""The PoE ports in the supervisor: settings in, status and events out, orders over the bus."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from appliance.bus.board_messages import (
    PoeChipStatus,
    PoeHistory,
    PoePortStatus,
    PoeStatus,
    SocketStatus,
)
from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.health.facts import PoeFacts
from appliance.settings.files import make_folder, write_atomically
from appliance.supervisor.board_dead_cameras import DeadCameras
from appliance.supervisor.board_poe_events import PoeEvents
from appliance.supervisor.board_poe_words import reason_text
from appliance.supervisor.board_words import error_text
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _
from board.poe.controller import PoeController
from board.poe.history import PortHistory, Span
from board.poe.keep import pack, unpack
from board.poe.model import ChipSnapshot, PoeError, PoeSettings, PortSettings, PortSnapshot
from board.poe.ownership import Evidence
from board.profile.model import BoardProfile
from board.profile.poe import Poe
from board.profile.switch import SwitchPort
from board.pse.bus import I2cBus, SmBus
from board.switch.watch import SocketReading, SwitchWatch

_log = logging.getLogger(__name__)

PAGE = "poe"
SOCKETS_S = 2.0
AGAIN_S = 5.0
KEEP_S = 600.0
"""A power cut costs the history of so long at most."""
FACES = frozenset({"web", "cli", "gui"})
_SPANS: Mapping[str, Span] = {"minutes": "minutes", "day": "day", "week": "week"}


class PoeService:
    """The ports of a board that has some; `opened` makes the object with smbus2's calls."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        profile: BoardProfile,
        poe: Poe,
        *,
        opened: Callable[[int], SmBus],
        temperature: Callable[[], float | None],
        sockets: SwitchWatch | None,
        kept: Path,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._profile = profile
        self._events = PoeEvents(events)
        self._buses = {chip.bus: I2cBus(chip.bus, opened) for chip in poe.chips}
        self._controller = PoeController(
            poe, self._buses, temperature=temperature, told=self._events.tell
        )
        self._numbers = [port.number for port in poe.ports]
        self._sockets = sockets
        self._kept = kept
        self._readings: dict[int, SocketReading] = {}
        self._hosts: dict[str, str] = {}
        self._dead = DeadCameras(
            bus, settings.store.raw, self._controller, self._events, self._evidence
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        for name, handler in (
            ("poe.get", self._get),
            ("poe.history", self._history),
            ("poe.cycle", self._cycle),
        ):
            bus.handle(name, handler, roles=FACES)
        bus.handle("poe.leave_alone", self._leave_alone, roles=FACES | {"cameras"})

    async def start(self) -> None:
        """Take over the ports: what is up stays up."""
        self._events.begin()
        await asyncio.to_thread(self._recall)
        await self._add_entries()
        await self._apply()
        for work in (
            self._controller.run,
            self._follow_settings,
            self._follow_sockets,
            self._keep_histories,
            self._dead.run,
        ):
            self._tasks.append(asyncio.create_task(_kept_up(work)))

    async def close(self) -> None:
        """Let go; the chips keep the ports as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._write_histories)
        for bus in self._buses.values():
            await bus.close()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        if page == PAGE:
            self._changed.set()

    def power_w(self) -> tuple[float, float]:
        """Return what the ports draw now, and may draw, in watts."""
        now = self._controller.snapshot()
        return now.measured_w, now.budget_w

    def facts(self) -> PoeFacts:
        """Return what the checks of the health look at."""
        now = self._controller.snapshot()
        powered = frozenset(port.number for port in now.ports if port.watts > 0)
        return PoeFacts(now.budget_w, now.booked_w, powered)

    # -- settings ------------------------------------------------------------------------------

    async def _follow_settings(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._add_entries()
            await self._apply()

    async def _add_entries(self) -> None:
        """Give each port an entry of its own on the page, where a reset took it."""
        store = self._settings.store
        for number in self._numbers:
            if number in {item["id"] for item in store.raw(PAGE)["items"]}:
                continue
            try:
                await self._settings.change(
                    lambda number=number: store.add(PAGE, {"id": number})[1],  # type: ignore[misc]
                    "supervisor",
                )
            except BusError as error:
                _log.warning("Port %d has no entry on the page PoE: %s", number, error.text)

    async def _apply(self) -> None:
        page = self._settings.store.raw(PAGE)
        entries = [item for item in page["items"] if item["id"] in self._numbers]
        ports = {
            item["id"]: PortSettings(item["enabled"], item["priority"], item["limit_w"])
            for item in entries
        }
        try:
            await self._controller.configure(PoeSettings(ports, page["learn"], page["recovery"]))
        except PoeError as error:
            _log.warning("The settings of the PoE ports are not applied: %s", error.text)
        if self._sockets is None or self._profile.switch is None:
            return
        by_poe = {item["id"]: bool(item["enhancement"]) for item in entries}
        longer = {
            socket.number: by_poe[socket.poe]
            for socket in self._profile.switch.ports
            if socket.poe in by_poe
        }
        for failure in await asyncio.to_thread(self._sockets.offer, longer):
            _log.warning("Longer reach cannot be set. %s", failure)

    # -- histories -----------------------------------------------------------------------------

    @property
    def _histories(self) -> dict[int, PortHistory]:
        return {number: port.history for number, port in self._controller.ports.items()}

    def _recall(self) -> None:
        try:
            document = json.loads(self._kept.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            _log.warning("The history of the PoE ports cannot be read: %s", error)
            return
        if not unpack(document, self._histories, time.time()):
            _log.warning("The history of the PoE ports begins anew: %s is void", self._kept)

    async def _keep_histories(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            await asyncio.to_thread(self._write_histories)

    def _write_histories(self) -> None:
        text = json.dumps(pack(self._histories, time.time()))
        try:
            make_folder(self._kept.parent)
            write_atomically(self._kept, text.encode())
        except OSError as error:
            _log.warning("The history of the PoE ports cannot be kept: %s", error)

    # -- sockets -------------------------------------------------------------------------------

    async def _follow_sockets(self) -> None:
        while self._sockets is not None:
            before, self._readings = self._readings, await asyncio.to_thread(self._sockets.read)
            self._hosts = await asyncio.to_thread(self._sockets.hosts)
            for socket in self._profile.switch.ports if self._profile.switch else ():
                was, now = before.get(socket.number), self._readings[socket.number]
                if socket.poe is not None and now.other_switch != (was and was.other_switch):
                    self._events.other_switch(socket.poe, len(now.behind) * now.other_switch)
            await asyncio.sleep(SOCKETS_S)

    def _evidence(self, port: int, host: str) -> Evidence:
        """Return how a port is, and where the camera at `host` was seen (see DeadCameras)."""
        now = self._controller.ports[port]
        sockets = self._profile.switch.ports if self._profile.switch else ()
        mac = self._hosts.get(host, "")
        own = next((self._readings.get(s.number) for s in sockets if s.poe == port), None)
        where = {s.poe for s in sockets if mac and mac in self._reading_of(s).behind}
        return Evidence(
            powered=now.powered,
            unplugs=now.unplugs,
            link=None if own is None else own.link,
            behind=() if own is None else own.behind,
            other_switch=own is not None and own.other_switch,
            mac=mac,
            mac_elsewhere=bool(where) and port not in where,
        )

    def _reading_of(self, socket: SwitchPort) -> SocketReading:
        return self._readings.get(socket.number) or SocketReading(socket.number)

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        now = self._controller.snapshot()
        enabled = {n: port.settings.enabled for n, port in self._controller.ports.items()}
        status: PoeStatus = {
            "fitted": True,
            "board": self._profile.board.name,
            "budget_w": now.budget_w,
            "most_w": now.most_w,
            "guard_w": now.guard_w,
            "booked_w": now.booked_w,
            "measured_w": now.measured_w,
            "temperature_c": now.temperature_c,
            "derated": now.derated,
            "ports": [
                _port(port, self._dead.of_port(port.number), enabled=enabled[port.number])
                for port in now.ports
            ],
            "chips": [
                cast("PoeChipStatus", _told(chip) | {"failure": error_text(chip.failure)})
                for chip in now.chips
            ],
            "sockets": [
                _socket(socket, self._reading_of(socket))
                for socket in (self._profile.switch.ports if self._profile.switch else ())
            ],
        }
        return status

    async def _history(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        number, span = _number(params), _SPANS.get(str(params.get("span")))
        if span is None:
            raise BusError("poe.bad_span", _("A history is of minutes, a day or a week."))
        try:
            step_s, mean_w, most_w = self._controller.history(number, span)
        except PoeError as error:
            raise BusError(error.code, _refusal(error)) from None
        history: PoeHistory = {
            "port": number,
            "span": span,
            "step_s": step_s,
            "mean_w": mean_w,
            "most_w": most_w,
        }
        return history

    async def cycle(self, port: int) -> None:
        """Switch a port off for 5 s; raise BusError."""
        try:
            await self._controller.cycle(port)
        except PoeError as error:
            raise BusError(error.code, _refusal(error)) from None

    async def _cycle(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        await self.cycle(_number(params))
        return {}

    async def _leave_alone(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        """Restart no dead camera on a port for some seconds: it is being updated, say."""
        seconds = params.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise BusError("poe.alone", _("How long a port is left alone is told in seconds."))
        try:
            self._controller.leave_alone(_number(params), seconds)
        except PoeError as error:
            raise BusError(error.code, _refusal(error)) from None
        return {}


async def _kept_up(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do work that goes on for ever, and begin it anew where a mistake of ours ended it."""
    while True:
        try:
            return await work()
        except Exception:  # noqa: BLE001 - one mistake must not leave the ports uncontrolled
            _log.exception("A part of the PoE control broke down; ports stay as they are")
        await asyncio.sleep(AGAIN_S)


def _refusal(error: PoeError) -> str:
    texts = {
        "poe.no_port": _("This box has no such PoE port."),
        "poe.disabled": _("This port is switched off. Switch it on in the settings of the port."),
        "poe.unreachable": _("The controller of this port does not answer; nothing was changed."),
    }
    return texts.get(error.code) or error_text(error)


def _number(params: Mapping[str, Any]) -> int:
    number = params.get("port")
    if not isinstance(number, int) or isinstance(number, bool):
        raise BusError("poe.bad_port", _("A port is named by its number."))
    return number


def _port(
    port: PortSnapshot, camera: tuple[int | None, str, str], *, enabled: bool
) -> PoePortStatus:
    told = _told(port)
    del told["unplugs"]
    more = {
        "text": reason_text(port.reason),
        "enabled": enabled,
        "channel": camera[0],
        "camera": camera[1],
        "camera_text": camera[2],
    }
    return cast("PoePortStatus", told | more)


def _told(snapshot: PortSnapshot | ChipSnapshot) -> dict[str, Any]:
    """Return a snapshot by its fields; what is in them is not copied."""
    return {field.name: getattr(snapshot, field.name) for field in fields(snapshot)}


def _socket(socket: SwitchPort, now: SocketReading) -> SocketStatus:
    return {
        "number": socket.number,
        "label": socket.label,
        "column": socket.column,
        "row": socket.row,
        "netdev": socket.netdev,
        "uplink": socket.uplink,
        "poe": socket.poe,
        "enhancement": socket.enhancement,
        "link": now.link,
        "speed_mbps": now.speed_mbps,
        "full_duplex": now.full_duplex,
        "rx": now.rx_bytes,
        "tx": now.tx_bytes,
        "errors": now.errors,
        "behind": list(now.behind),
        "other_switch": now.other_switch,
    }


def nothing_fitted(board: str) -> PoeStatus:
    """Return the status of a board without PoE."""
    return {
        "fitted": False,
        "board": board,
        "budget_w": 0.0,
        "most_w": 0.0,
        "guard_w": 0.0,
        "booked_w": 0.0,
        "measured_w": 0.0,
        "temperature_c": None,
        "derated": False,
        "ports": [],
        "chips": [],
        "sockets": [],
    }
