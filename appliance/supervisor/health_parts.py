"""Puts together what tells how the box is: senses, checks, status, and the set-up's progress."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.health.facts import PoeFacts
from appliance.paths import Paths
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.health_hands import SupervisorHands
from appliance.supervisor.health_ping import RecordingPing
from appliance.supervisor.health_senses import AccountMethod, Senses
from appliance.supervisor.health_service import HealthService
from appliance.supervisor.reports import Reports
from appliance.supervisor.security import Security
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.status import StatusService
from appliance.supervisor.table import ProcessTable
from appliance.supervisor.wizard_service import WizardService


class HealthParts:
    """All of it, for the supervisor to start and stop.  `on_box`: the whole computer is ours."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        table: ProcessTable,
        board: BoardService,
        accounts: Mapping[str, AccountMethod],
        paths: Paths,
        reports: Reports,
        security: Security,
    ) -> None:
        self._table = table
        self._board = board
        self.senses = Senses(
            bus,
            events,
            settings,
            accounts,
            pids=self._pids,
            declared=security.services.declared,
            certificates=security.certificates.facts,
            ssh=lambda: security.services.ssh_on,
            whole_computer=paths.on_box,
        )
        hands = SupervisorHands(bus, table, board, self.senses.seen)
        self._ping = RecordingPing(bus, settings)
        aside = paths.state / "health" / "aside.json"
        self.service = HealthService(bus, events, aside, hands, self._ping)
        store = settings.store
        self.status = StatusService(
            paths.state, store, events, table, reports, self.service, self.senses
        )
        self.wizard = WizardService(bus, paths.state / "wizard.json", store, self.status.facts)
        self.status.power_w = board.power_w
        self.status.poe = self._poe
        self.status.setup = self.wizard.setup
        self.service.ask = self.status.get

    async def start(self) -> None:
        """Begin, once board and bus are there."""
        await self.service.start()
        await self.wizard.start()
        self.senses.start()
        io = self._board.devices.io
        if io is not None:
            io.events.aside = self.service.aside_events

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        self.senses.settings_changed(page)
        self._ping.settings_changed(page)

    async def close(self) -> None:
        """End."""
        await self._ping.close()
        await self.senses.close()

    def _poe(self) -> PoeFacts | None:
        """Return what the PoE ports draw, None without any."""
        return None if self._board.poe is None else self._board.poe.facts()

    def _pids(self) -> Collection[int]:
        pids = [process["pid"] for process in self._table.status()]
        return [os.getpid(), *(pid for pid in pids if pid is not None)]
