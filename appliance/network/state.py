"""What there is on the network just now: interfaces, links, addresses, Wi-Fi networks in reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from appliance.network.plan import Kind

Condition = Literal["connected", "connecting", "unplugged", "off", "failed"]
Medium = Literal["copper", "fibre", "radio", "unknown"]


class InterfaceState(BaseModel):
    """One interface.

    `addresses` are written with their prefix; `speed_mbps` is None while there is no link or the
    driver does not tell.  `bond`: of which it is part.  `signal_percent` is that of a Wi-Fi client.
    """

    name: str
    kind: Kind
    mac: str = ""
    link: bool = False
    speed_mbps: int | None = None
    mtu: int = 1500
    medium: Medium = "unknown"
    condition: Condition = "off"
    addresses: list[str] = Field(default_factory=list)
    gateway: str = ""
    gateway6: str = ""
    dns: list[str] = Field(default_factory=list)
    bond: str = ""
    ssid: str = ""
    signal_percent: int | None = None


class WifiSite(BaseModel):
    """A Wi-Fi network in reach; `secure`: it asks for a password."""

    ssid: str
    signal_percent: int
    secure: bool
    connected: bool = False


class NetworkState(BaseModel):
    """All of it; `wifi` and `dot1x` say what the hardware and its programs can do."""

    interfaces: list[InterfaceState] = Field(default_factory=list)
    wifi: bool = False
    dot1x: bool = False

    def find(self, name: str) -> InterfaceState | None:
        """Return an interface by name."""
        return next((one for one in self.interfaces if one.name == name), None)

    def mixes_media(self, names: Collection[str]) -> bool:
        """Whether there are optical and copper ones among these interfaces (D2-NW-04)."""
        media = {one.medium for one in self.interfaces if one.name in names}
        return {"copper", "fibre"} <= media

    def own_addresses(self) -> list[tuple[str, str]]:
        """Return each interface with each of its addresses, prefixes left out."""
        return [(i.name, a.partition("/")[0]) for i in self.interfaces for a in i.addresses]


def way_out(state: NetworkState, default: str) -> InterfaceState | None:
    """Return the interface by which the rest of the world is reached: the default one if it can."""
    able = [one for one in state.interfaces if one.condition == "connected" and one.gateway]
    return next((one for one in able if one.name == default), able[0] if able else None)


def is_offline(state: NetworkState, *, mode: str, members: Sequence[str], default: str) -> bool:
    """Whether the recorder counts as offline (D2-NW-01..03).

    Each by itself: the default interface is down (without one: all are).  Fault tolerance and load
    balance: every interface of the bond is down.
    """
    if mode != "single":
        return _all_down(state, members)
    if default:
        return _all_down(state, [default])
    return _all_down(state, [one.name for one in state.interfaces if one.kind != "bond"])


def _all_down(state: NetworkState, names: Iterable[str]) -> bool:
    found = [state.find(name) for name in names]
    return not any(one is not None and one.link for one in found)
