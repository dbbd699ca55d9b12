"""What the firewall is to do, as a value: from it come the rules and the answer who gets in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from appliance.firewall.source import (
    ALL_PORTS,
    Address,
    Card,
    Ports,
    Range,
    Source,
    read_ports,
    read_source,
)

Mode = Literal["off", "allow", "block"]
Protocol = Literal["tcp", "udp"]
MOST_ENTRIES = 256
MOST_OPENINGS = 64
MOST_CAMERAS = 256


@dataclass(frozen=True, slots=True)
class Opening:
    """A service that listens: everybody may reach it, or, with `cameras`, only the cameras."""

    protocol: Protocol
    ports: Ports
    name: str
    cameras: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the allow list or block list (D2-SE-31)."""

    source: Source
    ports: Ports = ALL_PORTS


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it.  `mode` "off": everybody reaches what listens, nobody anything else.

    `time_sync`: the only hosts whose answers may set the clock, None for all (D2-SE-36).
    `cameras`: addresses that send pictures by UDP without a connection.
    """

    mode: Mode = "off"
    entries: tuple[Entry, ...] = ()
    openings: tuple[Opening, ...] = ()
    cameras: tuple[Address, ...] = ()
    time_sync: tuple[Range, ...] | None = None
    syn_flood: bool = False
    icmp_flood: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who begins to speak to the box; `mac` "" where the card is not known."""

    address: Address
    mac: str = ""


def admits(plan: Plan, caller: Caller, protocol: Protocol, port: int) -> bool:
    """Whether the rules of `plan` let a new connection of `caller` to a port through.

    What is established, and what comes from the box itself, always passes and is not asked here.
    Flood limits are not counted.
    """
    listed = any(_is_listed(entry, caller, port) for entry in plan.entries)
    if plan.mode == "block" and listed:
        return False
    if caller.address in plan.cameras and _opens(plan, protocol, port, cameras=True):
        return True
    if plan.mode == "allow" and not listed:
        return False
    return _opens(plan, protocol, port, cameras=False)


def excludes_everybody(mode: Mode, entries: Iterable[Entry], port: int) -> bool:
    """Whether nobody could reach a TCP port: an empty allow list, a block list of all of IPv4.

    An allow list that names only this machine itself, or another port, lets in nobody either.
    """
    fitting = [entry for entry in entries if port in entry.ports]
    if mode == "off":
        return False
    if mode == "allow":
        return not any(_is_somebody(entry.source) for entry in fitting)
    ranges = [e.source for e in fitting if isinstance(e.source, Range) and e.source.version == 4]
    return covers_all(ranges)


def covers_all(ranges: Iterable[Range]) -> bool:
    """Whether ranges of IPv4 together hold every unicast address (1.0.0.0 to 223.255.255.255)."""
    reached = 1 << 24
    for found in sorted(ranges, key=lambda each: int(each.first)):
        if int(found.first) > reached:
            return False
        reached = max(reached, int(found.last) + 1)
    return reached >= 224 << 24


def _is_somebody(source: Source) -> bool:
    if isinstance(source, Card):
        return True
    ends = (source.first, source.last)
    return not any(
        all(getattr(end, what) for end in ends)
        for what in ("is_loopback", "is_multicast", "is_unspecified")
    )


def _is_listed(entry: Entry, caller: Caller, port: int) -> bool:
    if port not in entry.ports:
        return False
    if isinstance(entry.source, Card):
        return entry.source.mac == caller.mac
    return caller.address in entry.source


def _opens(plan: Plan, protocol: Protocol, port: int, *, cameras: bool) -> bool:
    return any(
        o.cameras == cameras and o.protocol == protocol and port in o.ports for o in plan.openings
    )


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return the form that goes over the bus."""
    return {
        "mode": plan.mode,
        "entries": [[str(e.source), str(e.ports)] for e in plan.entries],
        "openings": [[o.protocol, str(o.ports), o.name, o.cameras] for o in plan.openings],
        "cameras": [str(address) for address in plan.cameras],
        "time_sync": None if plan.time_sync is None else [str(r) for r in plan.time_sync],
        "syn_flood": plan.syn_flood,
        "icmp_flood": plan.icmp_flood,
    }


def plan_of_json(raw: Any) -> Plan:
    """Return what `plan_to_json` wrote, every part checked anew; raise ValueError."""
    if not isinstance(raw, dict) or raw.keys() != plan_to_json(Plan()).keys():
        raise ValueError("a plan has other parts")
    lists = [raw["entries"], raw["openings"], raw["cameras"], raw["time_sync"] or []]
    most = (MOST_ENTRIES, MOST_OPENINGS, MOST_CAMERAS, MOST_ENTRIES)
    for found, bound in zip(lists, most, strict=True):
        if not isinstance(found, list) or len(found) > bound:
            raise ValueError("a list of the plan is too long")
    if raw["mode"] not in ("off", "allow", "block"):
        raise ValueError("no such mode")
    time_sync = None
    if raw["time_sync"] is not None:
        time_sync = tuple(_range_of(text) for text in raw["time_sync"])
    return Plan(
        mode=raw["mode"],
        entries=tuple(
            Entry(read_source(str(source)), read_ports(str(ports)))
            for source, ports in raw["entries"]
        ),
        openings=tuple(_opening_of(*each) for each in raw["openings"]),
        cameras=tuple(_range_of(text).first for text in raw["cameras"]),
        time_sync=time_sync,
        syn_flood=raw["syn_flood"] is True,
        icmp_flood=raw["icmp_flood"] is True,
    )


def _range_of(text: Any) -> Range:
    found = read_source(str(text), cards=False)
    assert isinstance(found, Range)
    return found


def _opening_of(protocol: Any, ports: Any, name: Any, cameras: Any) -> Opening:
    if protocol not in ("tcp", "udp") or not isinstance(name, str):
        raise ValueError("no such opening")
    return Opening(protocol, read_ports(str(ports)), name, cameras is True)
