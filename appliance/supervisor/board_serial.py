"""Serial ports in the supervisor: PTZ cameras and an alarm box on RS-485, RS-232 passed through."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from appliance.bus.errors import BusError
from appliance.bus.io_messages import PtzStatus, SerialPortStatus, SerialStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.supervisor.board_io_events import IoEvents
from appliance.supervisor.board_words import error_text
from appliance.supervisor.ptz_book import MAX_NAME, MAX_TOURS, PtzBook
from appliance.supervisor.serial_pipe import SerialPipe
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _
from board.errors import BoardError
from board.profile.serial import SerialPort
from board.serial.alarm_box import AlarmBox
from board.serial.arbiter import LEASE_S
from board.serial.bus import SerialBus, open_port
from board.serial.motion import ActionKind, Motion
from board.serial.ptz import PtzBus
from board.serial.tours import TourStep, checked_steps
from board.serial.transparent import LineSettings
from board.timing import Timing

_log = logging.getLogger(__name__)

PTZ, SERIAL = "ptz", "serial"
SERVICES = "services"
PAGES = frozenset({PTZ, SERIAL, SERVICES})
FACES = frozenset({"web", "cli", "gui"})
ASK_S = 3.0
AXES = ("pan", "tilt", "zoom", "focus", "iris")


class SerialService:
    """The serial ports of a board; `device` maps a profile's device to the one to open."""

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsService,
        events: IoEvents,
        ports: tuple[SerialPort, ...],
        timing: Timing,
        *,
        state: Path,
        run: Path,
        device: Callable[[str], str] = str,
        box_changed: Callable[[int, bool], None] = lambda number, active: None,
    ) -> None:
        self._settings = settings
        self._events = events
        self._box_changed = box_changed
        self._book = PtzBook(state / "ptz.json")
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._bus: SerialBus | None = None
        self._ptz: PtzBus | None = None
        self._box: AlarmBox | None = None
        self._box_page: dict[str, Any] = {}
        self._pipe: SerialPipe | None = None
        for port in ports:
            path = device(port.device)
            if port.kind == "rs485" and self._bus is None:
                rts = port.rts_direction

                def opener(path: str = path, rts: bool = rts) -> Any:
                    return open_port(path, 9600, rts_direction=rts)

                self._bus = SerialBus(port.name, opener, self._bus_changed)
                self._ptz = PtzBus(self._bus, timing)
            elif port.kind == "rs232" and self._pipe is None:
                self._pipe = SerialPipe(port.name, path, run / "rs232.sock", self._pipe_changed)
        for name, handler in (
            ("serial.get", self._get),
            ("ptz.get", self._get_ptz),
            ("ptz.move", self._move),
            ("ptz.stop", self._stop),
            ("ptz.gone", self._gone),
            ("ptz.act", self._act),
            ("ptz.program", self._program),
            ("ptz.tour", self._tour),
            ("ptz.ask", self._ask),
        ):
            bus.handle(name, handler, roles=FACES)
        bus.on_leave(self._face_left)

    @property
    def book(self) -> PtzBook:
        """Names of presets, and tours."""
        return self._book

    async def start(self) -> None:
        """Open what is used."""
        await asyncio.to_thread(self._book.load)
        await self._apply()
        if self._bus is not None:
            self._bus.start()
        self._tasks.append(asyncio.create_task(self._follow_settings()))

    async def close(self) -> None:
        """Stop what moves and close the ports."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._ptz is not None:
            self._ptz.close()
        if self._bus is not None:
            await self._bus.stop()
        if self._pipe is not None:
            await self._pipe.close()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        if page in PAGES:
            self._changed.set()

    # -- settings ------------------------------------------------------------------------------

    async def _follow_settings(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._apply()

    async def _apply(self) -> None:
        store = self._settings.store
        if self._ptz is not None:
            items = store.raw(PTZ)["items"] if store.raw(SERVICES)["serial"] else []
            wanted = {item["id"]: item for item in items}
            for channel in {*self._ptz.cameras, *wanted}:
                item = wanted.get(channel)
                name = None if item is None or item["protocol"] == "none" else item["protocol"]
                try:
                    self._ptz.configure(
                        channel,
                        name,
                        item["address"] if item else 1,
                        item["baud"] if item else 9600,
                    )
                except BoardError as error:
                    _log.warning("PTZ of D%d is not applied: %s", channel, error.text)
        page = store.raw(SERIAL)
        if not store.raw(SERVICES)["serial"]:  # nothing is sent or heard (D2-AP-52)
            page = {**page, "box": False, "rs232": "off"}
        self._apply_box(page)
        if self._pipe is not None:
            settings = LineSettings(
                page["baud"], page["data_bits"], page["stop_bits"], page["parity"]
            )
            await self._pipe.configure(settings if page["rs232"] == "transparent" else None)

    def _apply_box(self, page: Mapping[str, Any]) -> None:
        wanted = {name: page[name] for name in ("box", "box_address", "box_inputs", "box_baud")}
        if self._bus is None or wanted == self._box_page:
            return
        self._box_page = wanted
        if self._box is not None:
            self._events.box(self._box.address, silent=False)
            self._box.stop()
            for number, active in enumerate(self._box.active, 1):
                if active:
                    self._tell_box(number, active=False)
            self._box = None
        if page["box"]:
            self._box = AlarmBox(
                self._bus,
                page["box_address"],
                page["box_inputs"],
                page["box_baud"],
                changed=lambda number, active: self._tell_box(number, active=active),
                noticed=lambda box: self._events.box(box.address, silent=box.fault is not None),
            )
            self._box.start()

    # -- what happens --------------------------------------------------------------------------

    def _bus_changed(self, bus: SerialBus) -> None:
        self._events.serial(bus.name, bus.fault)

    def _pipe_changed(self, pipe: SerialPipe) -> None:
        self._events.serial(pipe.name, pipe.fault)

    def _tell_box(self, number: int, *, active: bool) -> None:
        name = _("Alarm box, input {number}").format(number=number)
        self._events.alarm(f"box-{number}", name, active=active)
        self._box_changed(number, active)

    def _face_left(self, peer: PeerInfo) -> None:
        """Stop what was moved through a process that has gone."""
        if self._ptz is None:
            return
        for client in set(self._ptz.moving.values()):
            if client.startswith(f"{peer.name}:"):
                self._ptz.client_gone(client)

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        ports: list[SerialPortStatus] = []
        if self._bus is not None:
            ports.append(
                {
                    "name": self._bus.name,
                    "kind": "rs485",
                    "use": "ptz",
                    "open": self._bus.open,
                    "fault": error_text(self._bus.fault),
                    "connected": False,
                    "sent": self._bus.frames_sent,
                }
            )
        if self._pipe is not None:
            ports.append(self._pipe.status())
        box = self._box
        status: SerialStatus = {
            "ports": ports,
            "box": "off" if box is None else "silent" if box.fault is not None else "answers",
            "channels": [] if self._ptz is None else sorted(self._ptz.cameras),
        }
        return status

    async def _get_ptz(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        camera = ptz.cameras[channel]
        program = ptz.programs.get(channel)
        status: PtzStatus = {
            "channel": channel,
            "protocol": camera.encoder.title,
            "address": camera.address,
            "baud": camera.baud,
            "actions": sorted(camera.encoder.actions),
            "last_preset": camera.encoder.last_preset,
            "presets": [
                {"number": number, "name": name}
                for number, name in self._book.presets(channel).items()
            ],
            "tours": [
                {"number": number, "name": name, "steps": steps}
                for number, (name, steps) in self._book.tours(channel).items()
            ],
            "program": "none" if program is None else program.kind,
            "program_number": 0 if program is None else program.number,
            "moving": channel in ptz.moving,
            "fault": error_text(self._bus.fault) if self._bus is not None else "",
            "lease_s": LEASE_S,
        }
        return status

    async def _move(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        try:
            motion = Motion(**{axis: params.get(axis, 0) for axis in AXES})
            ptz.move(channel, motion, _client(params, peer))
        except BoardError as error:
            raise _refusal(error) from None
        return {}

    async def _stop(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        ptz.stop(channel)
        return {}

    async def _gone(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        if self._ptz is not None:
            self._ptz.client_gone(_client(params, peer))
        return {}

    async def _act(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        kind = cast("ActionKind", str(params.get("kind")))
        number, name = _number(params), str(params.get("name") or "")[:MAX_NAME]
        try:
            ptz.act(channel, kind, number)
        except BoardError as error:
            raise _refusal(error) from None
        if kind == "preset_set":
            self._book.name_preset(channel, number, name)
            await self._save()
        elif kind == "preset_clear":
            self._book.name_preset(channel, number, None)
            await self._save()
        return {}

    async def _program(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        number = _number(params)
        try:
            match params.get("kind"):
                case "none":
                    ptz.stop(channel)
                case "scan":
                    ptz.scan(channel)
                case "auto_pan":
                    ptz.auto_pan(channel, number)
                case "tour":
                    _name, steps = self._book.tours(channel).get(number, ("", []))
                    ptz.tour(channel, number, [TourStep(*step) for step in steps])
                case _:
                    raise BusError("ptz.bad_request", _("A camera can run a tour, scan or pan."))
        except BoardError as error:
            raise _refusal(error) from None
        return {}

    async def _tour(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        number, raw = _number(params), params.get("steps")
        if not 1 <= number <= MAX_TOURS:
            text = _("A camera has tours 1 to {most}.").format(most=MAX_TOURS)
            raise BusError("ptz.number", text)
        try:
            steps = [TourStep(int(preset), int(dwell)) for preset, dwell in raw or []]
        except (TypeError, ValueError):
            text = _("The steps of a tour are a preset and seconds each.")
            raise BusError("ptz.bad_request", text) from None
        try:
            if steps:
                checked_steps(steps, ptz.cameras[channel].encoder.last_preset)
        except BoardError as error:
            raise _refusal(error) from None
        name = str(params.get("name") or "")[:MAX_NAME]
        self._book.put_tour(channel, number, name, [(s.preset, s.dwell_s) for s in steps])
        await self._save()
        return {}

    async def _ask(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        channel, ptz = self._channel(params)
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def heard(answered: bool) -> None:
            if not answer.done():
                answer.set_result(answered)

        try:
            ptz.ask(channel, heard)
            async with asyncio.timeout(ASK_S):
                return {"answered": await answer}
        except BoardError as error:
            raise _refusal(error) from None
        except TimeoutError:
            raise BusError("ptz.busy", _("The bus is busy. Try again in a moment.")) from None

    async def _save(self) -> None:
        try:
            await asyncio.to_thread(self._book.save)
        except OSError as error:
            text = _("Names and tours could not be stored: {reason}.")
            raise BusError("ptz.not_stored", text.format(reason=error.strerror)) from error

    def _channel(self, params: Mapping[str, Any]) -> tuple[int, PtzBus]:
        channel = params.get("channel")
        if self._ptz is None:
            raise BusError("ptz.no_bus", _("This box has no RS-485."))
        if (
            isinstance(channel, bool)
            or not isinstance(channel, int)
            or channel not in self._ptz.cameras
        ):
            text = _("This channel has no PTZ camera on RS-485. Choose its protocol under {page}.")
            raise BusError("ptz.no_camera", text.format(page=_("PTZ on RS-485")))
        return channel, self._ptz


def _client(params: Mapping[str, Any], peer: PeerInfo) -> str:
    return f"{peer.name}:{str(params.get('client'))[:80]}"


def _number(params: Mapping[str, Any]) -> int:
    number: object = params.get("number", 0)
    if isinstance(number, bool) or not isinstance(number, int):
        raise BusError("ptz.number", _("Presets, tours and patterns are told by number."))
    return number


def _refusal(error: BoardError) -> BusError:
    return BusError(error.code, error_text(error))
