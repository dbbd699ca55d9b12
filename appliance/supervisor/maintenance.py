"""What maintaining the box takes in the supervisor, put together: the configuration as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appliance.accounts.service import AccountService
from appliance.bus.server import BusServer
from appliance.paths import Paths
from appliance.settings.vault import Vault
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.configuration_service import ConfigurationService
from appliance.supervisor.ptz_book import PtzBook
from appliance.supervisor.ptz_part import PtzPart
from appliance.supervisor.settings_service import SettingsService


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
        told: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._board = board
        self.configuration = ConfigurationService(
            bus, settings, vault, paths.state / "settings", about=self._about, told=told
        )
        self.configuration.also(accounts.part)
        self.configuration.also(PtzPart(paths.state / "board" / "ptz.json", self._ptz_book))

    async def resume(self) -> None:
        """Finish what a power cut interrupted."""
        await self.configuration.resume()

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
