"""The computer's network as the supervisor has it: through the helper, which may change it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from appliance.helper.contract import Answer, HelperError, Request
from appliance.helper.requests.network import (
    ApplyNetwork,
    BindNeighbour,
    KeepNetwork,
    ReadNetwork,
    RevertNetwork,
    ScanWifi,
    WhoHas,
)
from appliance.network.counters import loopback_counters, read_counters
from appliance.network.host import NetworkError
from appliance.network.plan import Plan
from appliance.network.state import NetworkState, WifiSite
from appliance.supervisor.helper_service import HelperService

WAIT_S = 0.2
"""What is asked every few seconds waits no longer for a helper that is starting again."""
A = TypeVar("A", bound=Answer)


class HelperHost:
    """See `appliance.network.host.NetworkHost`; `ignored` names the camera ports' net devices."""

    def __init__(self, helper: HelperService, ignored: Callable[[], Sequence[str]]) -> None:
        self._helper = helper
        self._ignored = ignored
        self._state = NetworkState()
        self.simulated = False

    async def read(self) -> NetworkState:
        """Return what there is."""
        answer = await self._ask(ReadNetwork(ignored=tuple(self._ignored())))
        self.simulated, self._state = answer.simulated, answer.state
        return answer.state

    async def apply(self, plan: Plan, rollback_s: int) -> str:
        """Make it so."""
        request = ApplyNetwork(plan=plan, rollback_s=rollback_s, ignored=tuple(self._ignored()))
        return (await self._ask(request)).handle

    async def keep(self, handle: str) -> None:
        """Let what was applied hold."""
        await self._ask(KeepNetwork(handle=handle))

    async def revert(self, handle: str) -> None:
        """Undo what was applied."""
        await self._ask(RevertNetwork(handle=handle))

    async def who_has(self, interface: str, address: str) -> list[str]:
        """Return who answers."""
        return (await self._ask(WhoHas(interface=interface, address=address))).macs

    async def bind(self, interface: str, address: str, mac: str) -> None:
        """Fix a neighbour."""
        await self._ask(BindNeighbour(interface=interface, address=address, mac=mac or None))

    async def scan(self, interface: str) -> list[WifiSite]:
        """Look for Wi-Fi networks."""
        return (await self._ask(ScanWifi(interface=interface))).sites

    async def counters(self) -> Mapping[str, tuple[int, int]]:
        """Return the kernel's own; reading them needs no rights.

        A simulated network's first interface and bond carry what simulated cameras send.
        """
        if not self.simulated:
            return read_counters()
        connected = [one for one in self._state.interfaces if one.condition == "connected"]
        carried, nothing = loopback_counters(), (0, 0)
        return {
            one.name: carried if one is connected[0] or one.kind == "bond" else nothing
            for one in connected
        }

    async def _ask(self, request: Request[A]) -> A:
        try:
            return await self._helper.call(request, wait_s=WAIT_S)
        except HelperError as error:
            away = error.code.startswith("helper.") and error.code != "helper.refused"
            raise NetworkError("network.away" if away else error.code, error.text) from error
