"""Network: NetworkManager, ARP and the neighbour table, or a simulated computer's."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from weakref import WeakKeyDictionary

from appliance.helper.contract import Done, HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Host, System
from appliance.helper.requests.network import (
    Applied,
    ApplyNetwork,
    Bearers,
    BindNeighbour,
    KeepNetwork,
    ReadNetwork,
    RevertNetwork,
    ScanWifi,
    Sites,
    StateTold,
    WhoHas,
)
from appliance.network.host import NetworkError, NetworkHost
from appliance.network.simulated import SimulatedHost
from appliance.text import _

DOMAIN = Domain("network")
KEYS = Path("/var/lib/nvr-helper/8021x")
"""Certificates and keys of 802.1X, where only root reads."""

_hosts: WeakKeyDictionary[System, NetworkHost] = WeakKeyDictionary()


def network_of(host: Host) -> NetworkHost:
    """Return the network of the computer that the helper changes: one for as long as it runs."""
    found = _hosts.get(host.system)
    if found is None:
        if host.simulated:
            found = SimulatedHost(clock=time.monotonic)
        else:
            # Only where it is real: D-Bus is no use to a simulated computer.
            from appliance.network.box_host import BoxHost

            found = BoxHost(KEYS, address=host.system_bus)
        _hosts[host.system] = found
    return found


@DOMAIN.verb(ReadNetwork)
async def read(request: ReadNetwork, host: Host) -> StateTold:
    """Tell what there is."""
    network = network_of(host)
    try:
        state = await network.read()
    except NetworkError as error:
        raise _told(error) from None
    state.interfaces = [one for one in state.interfaces if one.name not in request.ignored]
    return StateTold(simulated=network.simulated, state=state)


@DOMAIN.verb(ApplyNetwork)
async def apply(request: ApplyNetwork, host: Host) -> Applied:
    """Make it so."""
    _refuse_ignored([one.name for one in request.plan.interfaces], request.ignored)
    try:
        handle = await network_of(host).apply(request.plan, request.rollback_s)
    except NetworkError as error:
        raise _told(error) from None
    return Applied(handle=handle)


@DOMAIN.verb(KeepNetwork)
async def keep(request: KeepNetwork, host: Host) -> Done:
    """Let it hold."""
    try:
        await network_of(host).keep(request.handle)
    except NetworkError as error:
        raise _told(error) from None
    return Done()


@DOMAIN.verb(RevertNetwork)
async def revert(request: RevertNetwork, host: Host) -> Done:
    """Undo it."""
    try:
        await network_of(host).revert(request.handle)
    except NetworkError as error:
        raise _told(error) from None
    return Done()


@DOMAIN.verb(WhoHas)
async def who_has(request: WhoHas, host: Host) -> Bearers:
    """Ask the segment."""
    try:
        return Bearers(macs=await network_of(host).who_has(request.interface, request.address))
    except NetworkError as error:
        raise _told(error) from None


@DOMAIN.verb(BindNeighbour)
async def bind(request: BindNeighbour, host: Host) -> Done:
    """Fix a neighbour."""
    try:
        await network_of(host).bind(request.interface, request.address, request.mac or "")
    except NetworkError as error:
        raise _told(error) from None
    return Done()


@DOMAIN.verb(ScanWifi)
async def scan(request: ScanWifi, host: Host) -> Sites:
    """Look for Wi-Fi networks."""
    try:
        return Sites(sites=await network_of(host).scan(request.interface))
    except NetworkError as error:
        raise _told(error) from None


def _refuse_ignored(names: Collection[str], ignored: Collection[str]) -> None:
    for name in names:
        if name in ignored or name == "lo":
            text = _("{interface} is not to be set.").format(interface=name)
            raise HelperError("network.forbidden", text)


def _told(error: NetworkError) -> HelperError:
    return HelperError(error.code, error.text)
