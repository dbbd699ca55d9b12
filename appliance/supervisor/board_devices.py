"""Contacts, serial ports and climate of the board, real or on the bench, as one part."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.bus.io_messages import DeviceStatus, SerialStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.supervisor.board_climate import ClimateService
from appliance.supervisor.board_guardian import Guardian
from appliance.supervisor.board_io import FACES, IoService, Orders
from appliance.supervisor.board_io_events import IoEvents
from appliance.supervisor.board_io_status import nothing_fitted
from appliance.supervisor.board_serial import SerialService
from appliance.supervisor.settings_service import SettingsService
from board.climate.hwmon import HWMON, Hwmon
from board.climate.rtc import RTC_CLASS
from board.errors import BoardError
from board.lines.contract import LineBank
from board.lines.open import open_lines
from board.profile.model import BoardProfile
from board.relays.guardian import Plan
from board.timing import LoopTiming

if TYPE_CHECKING:
    from board.sim.bench import Bench
    from board.sim.io_bench import IoBench

_log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class BoardDevices:
    """Services of what the profile has; each answers on the bus even where nothing is fitted."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        paths: Paths,
        orders: Orders,
    ) -> None:
        self._bus = bus
        self._book = events
        self._settings = settings
        self._paths = paths
        self._orders = orders
        self._bench: IoBench | None = None
        self._guardian: Guardian | None = None
        self.io: IoService | None = None
        self.serial: SerialService | None = None
        self.climate: ClimateService | None = None

    async def start(self, profile: BoardProfile | None, bench: Bench | None, ending: str) -> None:
        """Start what the board has; `ending`: how the supervisor's life before ended."""
        if profile is not None and bench is not None:
            self._set_up_bench(profile, bench)
        bank = None if profile is None else self._open_bank(profile)
        timing, state = LoopTiming(), self._paths.state / "board"
        events = IoEvents(self._book)
        if profile is not None and bank is not None:
            self.io = IoService(
                self._bus,
                self._book,
                self._settings,
                profile,
                bank,
                timing,
                state / "relays.json",
                self._orders,
            )
            events = self.io.events
            await self._start_guardian(profile)
            await self.io.start()
        else:
            self._bus.handle("io.get", self._no_io, roles=FACES)
        if profile is None:
            self._bus.handle("serial.get", self._no_serial, roles=FACES)
            self._bus.handle("device.get", self._no_device, roles=FACES)
            return
        self.serial = SerialService(
            self._bus,
            self._settings,
            events,
            profile.serial,
            timing,
            state=state,
            run=self._paths.run,
            device=str if self._bench is None else self._bench.device,
        )
        await self.serial.start()
        await self._start_climate(profile, events, state / "starts.json", ending)

    async def close(self) -> None:
        """Open every output, stop every camera, let go."""
        if self.io is not None:
            await self.io.close()
        if self._guardian is not None:
            await self._guardian.close()
        if self.serial is not None:
            await self.serial.close()
        if self.climate is not None:
            await self.climate.close()
        if self._bench is not None:
            self._bench.stop()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        if self.io is not None:
            self.io.settings_changed(page)
        if self.serial is not None:
            self.serial.settings_changed(page)

    def _set_up_bench(self, profile: BoardProfile, bench: Bench) -> None:
        from board.sim.io_bench import IoBench
        from board.sim.io_hands import IoHands

        poe = bench.poe
        self._bench = IoBench(
            profile,
            self._paths.run / "bench",
            LoopTiming(),
            asyncio.get_running_loop(),
            warmth=None if poe is None else lambda: poe.temperature_c,
        )
        self._bench.start()
        bench.parts["io"] = IoHands(self._bench)

    def _open_bank(self, profile: BoardProfile) -> LineBank | None:
        if self._bench is not None:
            return self._bench.bank
        if profile.gpio is None:
            return None
        try:
            return open_lines(profile.gpio.backend, asyncio.get_running_loop())
        except BoardError as error:
            _log.error("Contacts, outputs and lights cannot be used: %s", error)
            IoEvents(self._book).fault("gpio", profile.gpio.chip, error)
            return None

    async def _start_guardian(self, profile: BoardProfile) -> None:
        lines = profile.lines
        outputs = (
            *((relay.line, relay.active_low) for relay in lines.relays),
            *((supply.line, supply.active_low) for supply in lines.supplies),
        )
        if profile.gpio is None or not outputs:
            return
        backend, library, chip = profile.gpio.backend, "", profile.gpio.chip
        if self._bench is not None:  # its chip is a file that outlives us
            backend, library, chip = "gpiod", "board.sim.kept_gpiod", str(self._bench.levels)
        self._guardian = Guardian(Plan(backend, library, chip, outputs))
        await self._guardian.start()

    async def _start_climate(
        self, profile: BoardProfile, events: IoEvents, starts: Path, ending: str
    ) -> None:
        bench = self._bench
        self.climate = ClimateService(
            self._bus,
            events,
            profile,
            starts,
            boot_id=await asyncio.to_thread(_boot_id),
            hwmon=Hwmon(HWMON if bench is None else bench.hwmon.root),
            rtc_root=RTC_CLASS if bench is None else bench.rtc_root,
            turn=(lambda: None) if bench is None else bench.turn,
            set_clock=_set_clock if bench is None and self._paths.on_box else None,
        )
        await self.climate.start(ending)

    async def _no_io(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return nothing_fitted()

    async def _no_serial(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        status: SerialStatus = {"ports": [], "box": "off", "channels": []}
        return status

    async def _no_device(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        status: DeviceStatus = {
            "sensors": [],
            "fans": [],
            "clock": {
                "fitted": False,
                "utc": None,
                "ahead_s": None,
                "battery_low": None,
                "fault": "",
            },
            "starts": [],
            "history": [],
        }
        return status


def _set_clock(utc_s: float) -> None:
    time.clock_settime(time.CLOCK_REALTIME, utc_s)


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return "-"
