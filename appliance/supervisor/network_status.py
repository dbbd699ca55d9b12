"""What the supervisor tells of the network, as it goes over the bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.network_messages import (
    NetworkHistory,
    NetworkInterface,
    NetworkOutcome,
    NetworkStatus,
    NetworkTrial,
)
from appliance.network.load import STEPS, LoadHistory
from appliance.network.page_checks import BOND
from appliance.network.state import InterfaceState, way_out
from appliance.network.trial import TrialDesk
from appliance.supervisor.network_watch import NetworkWatch
from appliance.text import _

BITS = 8
_NOT_LINKED = frozenset({"bind_gateway", "gateway_mac"})


def status_of(
    watch: NetworkWatch,
    page: Mapping[str, Any],
    trial: NetworkTrial | None,
    outcome: NetworkOutcome | None,
    *,
    simulated: bool,
) -> NetworkStatus:
    """Return the whole status."""
    out = way_out(watch.state, page["default_interface"])
    default = "" if out is None else out.name
    return {
        "simulated": simulated,
        "offline": watch.offline(),
        "mode": page["mode"],
        "fault": watch.fault,
        "interfaces": [_interface(watch, one, default) for one in watch.state.interfaces],
        "trial": trial,
        "outcome": outcome,
    }


def _interface(watch: NetworkWatch, one: InterfaceState, default: str) -> NetworkInterface:
    rate = watch.loads.get(one.name, LoadHistory()).now()
    plain = {address.partition("/")[0] for address in one.addresses}
    taken = [mac for address, mac in watch.conflicts.items() if address in plain]
    return {
        "name": one.name,
        "kind": one.kind,
        "mac": one.mac,
        "link": one.link,
        "speed_mbps": one.speed_mbps,
        "mtu": one.mtu,
        "medium": one.medium,
        "condition": one.condition,
        "addresses": one.addresses,
        "gateway": one.gateway,
        "gateway6": one.gateway6,
        "dns": one.dns,
        "bond": one.bond,
        "ssid": one.ssid,
        "signal_percent": one.signal_percent,
        "default": one.name == default,
        "conflict": taken[0] if taken else "",
        "rx_bps": None if rate is None else rate[0] * BITS,
        "tx_bps": None if rate is None else rate[1] * BITS,
    }


def history_of(watch: NetworkWatch, interface: str, span: Any) -> NetworkHistory:
    """Return the load of an interface over time; raise BusError."""
    load = watch.loads.get(interface)
    if watch.state.find(interface) is None:
        raise BusError("network.no_interface", _("There is no such interface."))
    if span not in STEPS:
        raise BusError("network.no_span", _("There is no such span."))
    rates = [] if load is None else load.steps(span)
    return {
        "interface": interface,
        "span": span,
        "step_s": STEPS[span][0],
        "rx_bps": [None if rate is None else rate[0] * BITS for rate in rates],
        "tx_bps": [None if rate is None else rate[1] * BITS for rate in rates],
    }


def trial_of(desk: TrialDesk, page: Mapping[str, Any]) -> NetworkTrial | None:
    """Return the trial that is open, and where the recorder is to be reached by it."""
    trial = desk.trial
    if trial is None:
        return None
    fixed = [entry["address"] for entry in page["items"] if _counts(entry, page, "ipv4")]
    fixed += [entry["address6"] for entry in page["items"] if _counts(entry, page, "ipv6")]
    return {
        "left_s": desk.left_s,
        "actor": trial.actor,
        "applied": trial.phase == "applied",
        "addresses": fixed,
    }


def _counts(entry: Mapping[str, Any], page: Mapping[str, Any], family: str) -> bool:
    """Whether an entry's fixed address is in force: members of a bond have none of their own."""
    if page["mode"] == "single":
        own = entry["id"] != BOND
    else:
        own = entry["id"] == BOND or not entry["member"]
    return bool(own and entry[family] == "manual")


def linked(page: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by which somebody may be cut off: those that a plan is made of."""
    return {name: value for name, value in page.items() if name not in _NOT_LINKED}
