"""Certificates, firewall and services of a supervisor, with a helper that only plays a computer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.helper.registry import load_domains
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.firewall_plan import vet_firewall, vet_web
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.security import Security
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import SettingsTransfer


class SecurityLab:
    """One life of the parts on the folders of `root`; `trial_s` is how long rules are on trial."""

    def __init__(self, root: Path, *, trial_s: float = 60.0, system: Any = None) -> None:
        self.paths = Paths.below(root)
        self.paths.run.mkdir(parents=True, exist_ok=True)
        self.paths.state.mkdir(parents=True, exist_ok=True)
        self.machine = Machine(root / "computer")
        self._system = system or SimulatedSystem(self.machine)
        self._trial_s = trial_s
        self._tasks: list[asyncio.Task[None]] = []
        self._peers: dict[str, BusClient] = {}

    async def start(self) -> None:
        domains = [d for d in load_domains() if d.name in ("firewall", "services")]
        self.helper_server = HelperServer(
            self.paths.helper_socket, domains, self._system, uids={os.getuid()}
        )
        await self.helper_server.start()
        vault = Vault.open(self.paths.state / "keys" / "device.key")
        store = self.store = SettingsStore(
            DocumentFiles(self.paths.state / "settings"),
            vault,
            vets={
                "firewall": lambda _b, after: vet_firewall(after, store.raw("web")["https_port"]),
                "web": lambda _b, after: vet_web(after, store.raw("firewall")),
            },
        )
        self.bus = BusServer(self.paths.bus_socket, instance="s")
        self.events = EventBook(self.paths.state / "events.db", chain_key=b"k" * 32)
        await self.events.start()
        self.settings = SettingsService(
            self.bus,
            store,
            changed=lambda page: self.security.settings_changed(page),
            told=lambda _kind, _details: None,
        )
        transfer = SettingsTransfer(
            self.bus, self.settings, seed=lambda: None, told=lambda _kind, _details: None
        )
        self.helper = HelperService(self.paths.helper_socket)
        self.helper.start()
        self.security = Security(
            self.bus, self.paths, vault, self.settings, transfer, self.helper, self.events
        )
        self.security.firewall._trial_s = self._trial_s
        await self.settings.open()
        await self.security.start()
        await self.bus.start()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.security.close()
        await self.helper.close()
        await self.bus.close()
        await self.events.close()
        self.settings.close()
        await self.helper_server.close()

    async def peer(self, name: str = "web") -> BusClient:
        if name in self._peers:
            return self._peers[name]
        client = self._peers[name] = BusClient(self.paths.bus_socket, name, name)
        self._tasks.append(asyncio.create_task(client.run()))
        async with asyncio.timeout(5):
            await client.connected.wait()
        return client

    async def set(self, web: BusClient, page: str, **changes: Any) -> Any:
        return await web.request(
            "settings.patch", {"page": page, "changes": changes, "actor": "admin@10.0.0.1"}
        )

    def open_events(self) -> set[tuple[str, str]]:
        return {(event.kind, event.key) for event in self.events.open_events}

    def rules(self) -> str:
        """What the played nftables was given last."""
        return str(self.machine.state("nftables").get("rules", ""))

    @staticmethod
    async def until(condition: Callable[[], Any], limit_s: float = 8) -> None:
        async with asyncio.timeout(limit_s):
            while not condition():
                await asyncio.sleep(0.01)
