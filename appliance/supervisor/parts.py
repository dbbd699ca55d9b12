"""The parts of the supervisor: made in the order they need each other, started and ended so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from appliance.accounts.service import ROLES as ACCOUNT_ROLES
from appliance.bus.server import plain
from appliance.events.log_book import LogBook
from appliance.events.tags_book import TagBook
from appliance.supervisor.board_devices import BoardDevices
from appliance.supervisor.board_io import Orders
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.clock_service import ClockService
from appliance.supervisor.computer_parts import ComputerParts, Senses
from appliance.supervisor.events_service import EventsService
from appliance.supervisor.footage_eraser import FootageEraser
from appliance.supervisor.foundation import Foundation
from appliance.supervisor.health_parts import HealthParts
from appliance.supervisor.leaving import Leaving
from appliance.supervisor.log_service import LogService
from appliance.supervisor.maintenance import Maintenance
from appliance.supervisor.network_helper import HelperHost
from appliance.supervisor.network_service import NetworkService
from appliance.supervisor.recorder_groups import RecorderGroups
from appliance.supervisor.reports import Reports
from appliance.supervisor.security import Security
from appliance.supervisor.settings_transfer import Beyond
from appliance.supervisor.signing_service import SigningService
from appliance.supervisor.sticks_service import SticksService
from appliance.supervisor.tags_service import TagsService
from appliance.text import _

_log = logging.getLogger(__name__)

DEVICE_KEY = "device.key"


class Parts:
    """All of them.  `board`: a board profile; `leave(how)` ends everything."""

    def __init__(self, base: Foundation, board: str, leave: Callable[[Leaving], None]) -> None:
        self._base = base
        bus, events, settings, paths = base.bus, base.events, base.settings, base.paths
        self._tasks: set[asyncio.Task[Any]] = set()
        self.recorders = RecorderGroups(paths, base.store, base.table, events)
        self.security = Security(
            bus, paths, base.vault, settings, base.transfer, base.helper, events
        )
        self.clock = ClockService(bus, partial(base.tell, "clock_jump"))
        senses = Senses(
            recording=lambda: self.health.status.recording(),
            starts=lambda: self.board.starts,
            rtc_ahead_s=lambda: self.board.clock_ahead_s(),
            look_at_clock=self.clock.look,
            leave=leave,
        )
        self.computer = ComputerParts(bus, events, base.store, paths, base.helper, senses)
        orders = Orders(self.computer.power.front_panel, self._reset_all)
        devices = BoardDevices(bus, events, settings, paths, orders)
        self.board = BoardService(bus, events, settings, board, devices, paths.state / "board")
        self.health = HealthParts(
            bus,
            events,
            settings,
            base.table,
            self.board,
            base.accounts.methods(),
            paths,
            Reports(bus),
            self.security,
        )
        self.health.status.clock = self.computer.time.facts
        self.maintenance = Maintenance(
            bus,
            paths,
            settings,
            base.vault,
            base.accounts,
            self.board,
            base.helper,
            base.tell,
        )
        host = HelperHost(base.helper, self.board.own_ports)
        self.network = NetworkService(bus, events, settings, host, paths.state / "network")
        self.sticks = SticksService(
            bus,
            events,
            base.helper,
            paths,
            allowed=lambda: base.store.raw("services")["usb"] == "on",
        )
        EventsService(bus, events)
        LogService(bus, LogBook(events))
        SigningService(bus, paths.state / DEVICE_KEY)
        TagsService(bus, TagBook(events))
        for name, method in base.accounts.methods().items():
            bus.handle(name, plain(method), roles=ACCOUNT_ROLES)
        bus.on_leave(lambda _peer: self.recorders.end_events_of_removed())
        self._extend_reset(base)

    def _extend_reset(self, base: Foundation) -> None:
        """Say what a reset of everything means beyond the settings."""
        transfer = base.transfer
        transfer.also(Beyond(_("Accounts, groups and API tokens"), self._reset_accounts))
        transfer.also(Beyond(_("The set-up begins anew"), self.health.wizard.reset))
        volumes = base.paths.state / "volumes"
        transfer.erase_by(
            FootageEraser(base.store, base.table, volumes, self.recorders.match, base.tell)
        )

    async def start(self, ending: str) -> list[Coroutine[Any, Any, None]]:
        """Start them, once the bus serves; return the work that goes on until the end.

        `ending`: how the supervisor's life before ended, see `lifemark.LastLife`.
        """
        await self.board.start(ending)
        await self.network.start()
        self.board.start_sticks(self.sticks, self._base.paths)
        await self.health.start()
        return self.computer.start()

    def ends(self) -> list[Callable[[], Awaitable[None]]]:
        """Return what ends them, in order; security ends later, with the bus."""
        return [self.health.close, self.network.close, self.sticks.close, self.board.close]

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        self.board.settings_changed(page)
        self.computer.time.settings_changed(page)
        self.health.settings_changed(page)
        self.network.settings_changed(page)
        self.sticks.settings_changed(page)
        self.security.settings_changed(page)
        if page == "channels":
            self.recorders.match()
            self._begin(self._forget_channels(), _("The rights to removed channels"))

    async def _forget_channels(self) -> None:
        await self._base.accounts.forget_channels()
        self._base.bus.publish("accounts.changed", {})

    async def _reset_accounts(self) -> None:
        await self._base.accounts.reset()
        self._base.bus.publish("accounts.changed", {})

    def _reset_all(self) -> None:
        """Set the factory state because the reset button was held."""
        self._begin(self._base.transfer.reset("all", _("the reset button")), "The factory reset")

    def _begin(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("%s failed: %s", task.get_name(), task.exception())
