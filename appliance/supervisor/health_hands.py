"""What the supervisor does for the buttons of findings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.spec import RECORDER_PREFIX
from appliance.supervisor.table import ProcessTable
from appliance.text import _

ASK_S = 5.0


class SupervisorHands:
    """`seen` is called when a person has looked at mended settings."""

    def __init__(
        self,
        bus: BusServer,
        table: ProcessTable,
        board: BoardService,
        seen: Callable[[], None],
    ) -> None:
        self._bus = bus
        self._table = table
        self._board = board
        self.seen = seen

    async def ask(self, peer: str, method: str, params: dict[str, Any]) -> Any:
        """Ask another process; raise BusError."""
        return await self._bus.request(peer, method, params, timeout_s=ASK_S)

    async def cycle_port(self, port: int) -> None:
        """Switch a PoE port off and on; raise BusError."""
        if self._board.poe is None:
            raise BusError("poe.no_port", _("This box has no such PoE port."))
        await self._board.poe.cycle(port)

    def restart_process(self, name: str, actor: str) -> None:
        """Start a process anew; raise BusError where there is none of that name."""
        if name not in self._table.names:
            raise BusError("process.unknown", _("There is no such process."))
        self._table.restart(name, f"{actor} asked for it")

    def recorders(self) -> list[str]:
        """Return the names of the recorders that run."""
        return [name for name in self._bus.peers if name.startswith(RECORDER_PREFIX)]
