"""The small interface behind which the network lies: the box's own, or a simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from appliance.network.plan import Plan
from appliance.network.state import NetworkState, WifiSite


class NetworkError(Exception):
    """The network could not be read or changed; `text` is for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class NetworkHost(Protocol):
    """A computer's network.  Every call may raise NetworkError."""

    simulated: bool

    async def read(self) -> NetworkState:
        """Return what there is."""

    async def apply(self, plan: Plan, rollback_s: int) -> str:
        """Make it so; after `rollback_s` it is undone by itself unless kept.  Return a handle.

        With 0 it holds at once, and the handle is "".
        """

    async def keep(self, handle: str) -> None:
        """Let what was applied hold for good."""

    async def revert(self, handle: str) -> None:
        """Undo what was applied."""

    async def who_has(self, interface: str, address: str) -> list[str]:
        """Return the hardware addresses of all others in the segment that answer for `address`."""

    async def bind(self, interface: str, address: str, mac: str) -> None:
        """Fix the hardware address of a neighbour; "" lets it be learned again."""

    async def scan(self, interface: str) -> list[WifiSite]:
        """Look for Wi-Fi networks, the strongest first."""

    async def counters(self) -> Mapping[str, tuple[int, int]]:
        """Return received and sent bytes by interface since the computer started."""
