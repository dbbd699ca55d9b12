"""Shapes of what the supervisor tells of the recorder's own network.

Requests, of web, cli and gui only, and what they answer:

    network.get {}                              NetworkStatus
    network.history {interface, span}           NetworkHistory
    network.test {interface, address}           {used_by: [hardware address]}
    network.scan {interface}                    {sites: [WifiSite]}
    network.change {item?, changes, etag?, actor}   NetworkChanged; errors carry `fields`
    network.keep {token?, actor}                {}: the recorder was reached under the new settings
    network.revert {actor}                      {}: back to the settings before

Refusals have codes that begin with "network.".
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class NetworkInterface(TypedDict):
    """An interface; `rx_bps`, `tx_bps` are bit/s, None until they are known."""

    name: str
    kind: Literal["ethernet", "wifi", "bond"]
    mac: str
    link: bool
    speed_mbps: int | None
    mtu: int
    medium: Literal["copper", "fibre", "radio", "unknown"]
    condition: Literal["connected", "connecting", "unplugged", "off", "failed"]
    addresses: list[str]
    gateway: str
    gateway6: str
    dns: list[str]
    bond: str
    ssid: str
    signal_percent: int | None
    default: bool
    conflict: str
    rx_bps: float | None
    tx_bps: float | None


class NetworkTrial(TypedDict):
    """A change being tried: `left_s` until it is taken back, where it is to be reached."""

    left_s: float
    actor: str
    applied: bool
    addresses: list[str]


OutcomeCode = Literal["kept", "taken_back", "failed"]


class NetworkOutcome(TypedDict):
    """How the last trial ended; `text` says why."""

    code: OutcomeCode
    text: str


class NetworkStatus(TypedDict):
    """All of it; `fault` says why nothing can be changed, "" while it can.

    `outcome` is that of the last trial since the supervisor started.
    """

    simulated: bool
    offline: bool
    mode: str
    fault: str
    interfaces: list[NetworkInterface]
    trial: NetworkTrial | None
    outcome: NetworkOutcome | None


class NetworkHistory(TypedDict):
    """Bit/s of steps of `step_s`, the last ends now; None where nothing was read."""

    interface: str
    span: Literal["minutes", "day"]
    step_s: float
    rx_bps: list[float | None]
    tx_bps: list[float | None]


class NetworkChanged(TypedDict):
    """After a change: its trial and the token that confirms it, None where nothing is tried."""

    version: int
    token: str | None
    trial: NetworkTrial | None
