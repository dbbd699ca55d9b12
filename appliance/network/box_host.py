"""The computer's own network: NetworkManager, ARP and the neighbour table put together.

Only the privileged side uses it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Container, Mapping
from pathlib import Path

from appliance.network import arp, neighbours
from appliance.network.counters import read_counters
from appliance.network.host import NetworkError
from appliance.network.manager import NetworkManager
from appliance.network.nm_bus import NmBus
from appliance.network.plan import InterfacePlan, Plan
from appliance.network.profiles import Files
from appliance.network.state import Medium, NetworkState, WifiSite
from appliance.settings.files import make_folder, write_atomically
from appliance.text import _
from board.switch.ethtool import Ethtool, get_command, is_fibre

SUPPLICANT = "wpa_supplicant"
_SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


class BoxHost:
    """See `host.NetworkHost`.

    `keys` is the folder for certificates and keys of 802.1X, which only root may read; `address`
    is the bus NetworkManager is on, "" for the system's.
    """

    simulated = False

    def __init__(self, keys: Path, *, ignored: Container[str] = (), address: str = "") -> None:
        self._keys = keys
        self._bus = NmBus(address)
        self._manager = NetworkManager(
            self._bus, ignored=ignored, files_for=self._files_for, medium_of=medium_of
        )

    async def read(self) -> NetworkState:
        """Return what there is."""
        state = await self._manager.read()
        state.dot1x = shutil.which(SUPPLICANT, path=_SBIN) is not None
        return state

    async def apply(self, plan: Plan, rollback_s: int) -> str:
        """Make it so."""
        return await self._manager.apply(plan, rollback_s)

    async def keep(self, handle: str) -> None:
        """Let what was applied hold."""
        await self._manager.keep(handle)

    async def revert(self, handle: str) -> None:
        """Undo what was applied."""
        await self._manager.revert(handle)

    async def who_has(self, interface: str, address: str) -> list[str]:
        """Return who answers."""
        return await arp.who_has(interface, address)

    async def bind(self, interface: str, address: str, mac: str) -> None:
        """Fix a neighbour."""
        await asyncio.to_thread(neighbours.bind, interface, address, mac)

    async def scan(self, interface: str) -> list[WifiSite]:
        """Look for Wi-Fi networks."""
        return await self._manager.scan(interface)

    async def counters(self) -> Mapping[str, tuple[int, int]]:
        """Return the bytes of each interface."""
        return read_counters()

    async def close(self) -> None:
        """Leave the bus."""
        await self._bus.close()

    def _files_for(self, one: InterfacePlan) -> Files:
        """Write certificates and key where NetworkManager and the supplicant read them."""
        assert one.dot1x is not None
        parts = {"ca": one.dot1x.ca, "certificate": one.dot1x.certificate, "key": one.dot1x.key}
        found: dict[str, str] = {}
        try:
            make_folder(self._keys)
            for part, text in parts.items():
                path = self._keys / f"{one.name}-{part}.pem"
                if not text:
                    path.unlink(missing_ok=True)
                    continue
                write_atomically(path, text.encode())
                found[part] = str(path)
        except OSError as error:
            text = _("The certificates of 802.1X could not be stored: {reason}.")
            raise NetworkError("network.not_stored", text.format(reason=error.strerror)) from error
        return found


def medium_of(name: str) -> Medium:
    """Return what a cable of the interface is made of, as its driver tells it."""
    try:
        fibre = is_fibre(Ethtool().call(name, get_command()))
    except OSError:
        return "unknown"
    return "unknown" if fibre is None else "fibre" if fibre else "copper"
