"""What the parts of the supervisor stand on: bus, settings, events, accounts, processes, helper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.accounts.service import AccountService
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import SettingsTransfer
from appliance.supervisor.table import ProcessTable


@dataclass(frozen=True, slots=True)
class Foundation:
    """One of each for the whole supervisor; none of them knows the parts above."""

    paths: Paths
    vault: Vault
    bus: BusServer
    events: EventBook
    accounts: AccountService
    settings: SettingsService
    transfer: SettingsTransfer
    table: ProcessTable
    helper: HelperService

    @property
    def store(self) -> SettingsStore:
        """The settings as they are."""
        return self.settings.store

    def tell(self, kind: str, details: dict[str, Any]) -> None:
        """Raise an event of the box as a whole."""
        self.events.raise_event(kind, details=details)
