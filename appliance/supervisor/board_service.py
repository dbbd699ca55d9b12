"""The board in the supervisor: its profile, the parts it has, and in development the bench."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.bus.board_messages import PoeStatus
from appliance.bus.errors import BusError
from appliance.bus.io_messages import StartStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.supervisor.board_devices import BoardDevices
from appliance.supervisor.board_poe import FACES, PoeService, nothing_fitted
from appliance.supervisor.board_poe_events import PoeEvents
from appliance.supervisor.board_words import error_text
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.sticks_service import SticksService
from board.errors import BoardError, ProfileError
from board.profile.load import check_computer, for_this_computer, load
from board.profile.model import BoardProfile
from board.pse.bus import open_smbus
from board.switch.ethtool import Ethtool
from board.switch.netlink import Netlink
from board.switch.watch import SwitchWatch
from board.usb.sticks import PyUdev

if TYPE_CHECKING:
    from board.sim.bench import Bench

_log = logging.getLogger(__name__)

BOARD_VARIABLE = "NVR_BOARD"
"""Name of a board profile, or path of one; empty: the one for this computer."""


class BoardService:
    """Everything of the board.  A box whose profile is wrong records all the same.

    `board`: see BOARD_VARIABLE; `state`: the folder for what is kept over a restart.
    """

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        board: str,
        devices: BoardDevices,
        state: Path,
    ) -> None:
        self._bus = bus
        self._events = events
        self._settings = settings
        self._wanted = board
        self.devices = devices
        self._state = state
        self._profile: BoardProfile | None = None
        self.bench: Bench | None = None
        self.poe: PoeService | None = None

    async def start(self, ending: str) -> None:
        """Read the profile and start what the board has.

        `ending`: how the supervisor's life before ended, see `lifemark.LastLife`.
        """
        try:
            self._profile = await asyncio.to_thread(self._read)
        except ProfileError as error:
            _log.error("The board cannot be used: %s", error.text)
            PoeEvents(self._events).board_unusable(error_text(error))
        profile = self._profile
        if profile is None:
            self._bus.handle("poe.get", self._no_poe, roles=FACES)
            await self.devices.start(None, None, ending)
            return
        self._events.end_event("board_unusable", "board")
        _log.info("The board is %s", profile.board.name)
        if profile.board.hardware == "simulated":
            self._set_up_bench(profile)
        await self.devices.start(profile, self.bench, ending)
        await self._start_poe(profile)

    @property
    def profile(self) -> BoardProfile | None:
        """What board this is, None where nothing is known of it."""
        return self._profile

    def start_sticks(self, service: SticksService, paths: Paths) -> None:
        """Have USB sticks watched: those of the bench, or on the box the real ones.

        The sticks of a developer's computer are his own.
        """
        if self._profile is None:
            return
        if self.bench is not None:
            from board.sim.udev import SimUdev, UsbHands

            udev = SimUdev(paths.computer / "usb.json", self._profile.usb)
            self.bench.parts["usb"] = UsbHands(udev)
            service.start(udev, self._profile.usb)
        elif paths.on_box:
            service.start(PyUdev(), self._profile.usb)

    async def close(self) -> None:
        """Let go of the board; ports stay as they are, outputs open."""
        await self.devices.close()
        if self.poe is not None:
            await self.poe.close()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        self.devices.settings_changed(page)
        if self.poe is not None:
            self.poe.settings_changed(page)

    def power_w(self) -> tuple[float, float] | None:
        """Return what PoE ports draw and may draw in watts, None without such ports."""
        return None if self.poe is None else self.poe.power_w()

    def clock_ahead_s(self) -> float | None:
        """Return how far the system's clock is ahead of the battery-backed one, None without it."""
        climate = self.devices.climate
        return None if climate is None else climate.clock_ahead_s

    @property
    def starts(self) -> list[StartStatus]:
        """Why the computer started, the newest first."""
        climate = self.devices.climate
        return [] if climate is None else climate.starts

    def temperature_c(self) -> float | None:
        """Return the temperature of the board in degrees Celsius, None while nothing tells it."""
        climate, profile = self.devices.climate, self._profile
        if climate is None or profile is None or profile.poe is None or profile.poe.sensor is None:
            return None
        return climate.celsius(profile.poe.sensor)

    def own_ports(self) -> list[str]:
        """Return the net devices of the camera ports: they have no addresses for a person to set.

        What leads to the office network is not among them.
        """
        switch = None if self._profile is None else self._profile.switch
        if switch is None:
            return []
        return [switch.bridge, *(port.netdev for port in switch.ports if not port.uplink)]

    def _read(self) -> BoardProfile | None:
        if not self._wanted:
            return for_this_computer()
        profile = load(self._wanted)
        check_computer(profile, self._wanted)
        return profile

    def _set_up_bench(self, profile: BoardProfile) -> None:
        from board.sim.bench import Bench

        self.bench = Bench(profile)
        self._bus.handle("bench.get", self._bench_get, roles={"cli"})
        self._bus.handle("bench.act", self._bench_act, roles={"cli"})

    async def _start_poe(self, profile: BoardProfile) -> None:
        if profile.poe is None:
            self._bus.handle("poe.get", self._no_poe, roles=FACES)
            return
        bench = self.bench
        sockets = None
        if profile.switch is not None:
            kernel = bench.switch if bench is not None and bench.switch is not None else Netlink()
            tool = bench.switch if bench is not None and bench.switch is not None else Ethtool()
            sockets = SwitchWatch(profile.switch, kernel, tool, time.monotonic)
        self.poe = PoeService(
            self._bus,
            self._events,
            self._settings,
            profile,
            profile.poe,
            opened=bench.poe.opened if bench is not None and bench.poe is not None else open_smbus,
            temperature=self.temperature_c,
            sockets=sockets,
            kept=self._state / "poe-history.json",
        )
        await self.poe.start()

    async def _no_poe(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        name = "" if self._profile is None else self._profile.board.name
        status: PoeStatus = nothing_fitted(name)
        return status

    async def _bench_get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        assert self.bench is not None
        return self.bench.state()

    async def _bench_act(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        assert self.bench is not None
        values = params.get("params")
        try:
            self.bench.act(
                str(params.get("part")),
                str(params.get("action")),
                values if isinstance(values, dict) else {},
            )
        except BoardError as error:
            raise BusError(error.code, error.text) from None
        return {}
