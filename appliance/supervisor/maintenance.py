"""What maintaining the box takes in the supervisor, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.accounts.service import AccountService
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.paths import Paths
from appliance.settings.vault import Vault
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.capture_service import CaptureService
from appliance.supervisor.configuration_service import ConfigurationService
from appliance.supervisor.diagnosis_service import DiagnosisService
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.ptz_book import PtzBook
from appliance.supervisor.ptz_part import PtzPart
from appliance.supervisor.settings_service import SettingsService

SERIAL = Path("/proc/device-tree/serial-number")
"""Serial number of the board, where the firmware tells one."""


class Maintenance:
    """The services of the menu MAINTAIN; other parts may join the configuration by `also`."""

    def __init__(
        self,
        bus: BusServer,
        paths: Paths,
        settings: SettingsService,
        vault: Vault,
        accounts: AccountService,
        board: BoardService,
        helper: HelperService,
        told: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._board = board
        self.configuration = ConfigurationService(
            bus, settings, vault, paths.state / "settings", about=self._about, told=told
        )
        self.configuration.also(accounts.part)
        bus.handle("information.get", self._information, roles={"web", "cli", "gui"})
        DiagnosisService(bus, settings, accounts)
        CaptureService(bus, helper)
        self.configuration.also(PtzPart(paths.state / "board" / "ptz.json", self._ptz_book))

    async def resume(self) -> None:
        """Finish what a power cut interrupted."""
        await self.configuration.resume()

    async def _information(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return {**self._about(), "serial": await asyncio.to_thread(_serial)}

    def _about(self) -> Mapping[str, Any]:
        profile = self._board.profile
        if profile is None:
            return {"board": "", "ports": 0}
        return {
            "board": profile.board.name,
            "ports": 0 if profile.poe is None else len(profile.poe.ports),
        }

    def _ptz_book(self) -> PtzBook | None:
        serial = self._board.devices.serial
        return None if serial is None else serial.book


def _serial() -> str:
    try:
        return SERIAL.read_text(encoding="ascii", errors="replace").strip("\0 \n")[:64]
    except OSError:
        return ""
