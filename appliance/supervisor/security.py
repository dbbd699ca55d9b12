"""Certificates, firewall and services as one part of the supervisor."""

from __future__ import annotations

from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.settings.vault import Vault
from appliance.supervisor.certificates_service import CertificatesService
from appliance.supervisor.firewall_service import FirewallService
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.services_service import ServicesService
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import Beyond, SettingsTransfer
from appliance.text import _


class Security:
    """Starts, ends and tells its parts."""

    def __init__(
        self,
        bus: BusServer,
        paths: Paths,
        vault: Vault,
        settings: SettingsService,
        transfer: SettingsTransfer,
        helper: HelperService,
        events: EventBook,
    ) -> None:
        store = settings.store
        self.certificates = CertificatesService(bus, paths.state, vault, store, events)
        self.services = ServicesService(
            bus,
            store,
            helper,
            events,
            paths.state / "services" / "ssh.json",
            on_box=paths.on_box,
            changed=lambda: self.firewall.look(),
        )
        self.firewall = FirewallService(
            bus,
            settings,
            helper,
            events,
            paths.state / "firewall" / "kept.json",
            self.services.read,
        )
        transfer.also(
            Beyond(_("Certificates but that of the device, trusted authorities"),
                   self.certificates.reset)
        )  # fmt: skip

    async def start(self) -> None:
        """Have everything in force; called before the bus lets anybody in."""
        await self.certificates.start()
        await self.services.start()
        await self.firewall.start()

    async def close(self) -> None:
        """End."""
        await self.firewall.close()
        await self.services.close()
        await self.certificates.close()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        self.certificates.settings_changed(page)
        self.services.settings_changed(page)
        self.firewall.settings_changed(page)
