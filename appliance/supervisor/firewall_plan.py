"""The firewall's plan of the settings in force, and whether settings would lock everybody out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from appliance.firewall.plan import MOST_CAMERAS, Entry, Mode, Plan, excludes_everybody
from appliance.firewall.source import Address, Range, read_address, read_ports, read_source
from appliance.services.declare import Read
from appliance.services.register import openings, wanted
from appliance.settings.problems import FieldProblem
from appliance.text import _

LISTS: Mapping[Mode, str] = {"allow": "allowed", "block": "blocked"}


def plan_of(page: Mapping[str, Any], read: Read) -> Plan:
    """Return the plan of the page Firewall (its values) beside the other settings."""
    mode: Mode = page["mode"]
    return Plan(
        mode=mode,
        entries=tuple(entries_of(page)),
        openings=openings(wanted(read)),
        cameras=tuple(cameras_of(read("channels")["items"])),
        time_sync=tuple(time_servers_of(page)) if page["time_sync"] else None,
        syn_flood=page["syn_flood"],
        icmp_flood=page["icmp_flood"],
    )


def entries_of(page: Mapping[str, Any]) -> list[Entry]:
    """Return the entries of the list that is in force."""
    name = LISTS.get(page["mode"])
    rows = page[name] if name else []
    return [Entry(read_source(row["source"]), read_ports(row["ports"])) for row in rows]


def time_servers_of(page: Mapping[str, Any]) -> list[Range]:
    """Return the hosts that may set the time."""
    found = [read_source(row["source"], cards=False) for row in page["time_servers"]]
    return [each for each in found if isinstance(each, Range)]


def may_set_time(page: Mapping[str, Any], address: str) -> bool:
    """Whether somebody at an address may set the clock by hand (D2-SE-36); the box itself may."""
    if not page["time_sync"]:
        return True
    found = read_address(address)
    if found is None or found.is_loopback:
        return True
    return any(found in each for each in time_servers_of(page))


def cameras_of(channels: Iterable[Mapping[str, Any]]) -> list[Address]:
    """Return the addresses of cameras that are entered as such; names are not looked up."""
    found = []
    for channel in channels:
        for field in ("main_url", "sub_url"):
            try:
                host = urlsplit(str(channel.get(field) or "")).hostname or ""
                found.append(ipaddress.ip_address(host))
            except ValueError:
                continue
    return list(dict.fromkeys(found))[:MOST_CAMERAS]


def vet_firewall(page: Mapping[str, Any], https_port: int) -> list[FieldProblem]:
    """Name the list that would keep everybody from the web page, for the store to refuse."""
    name = LISTS.get(page["mode"])
    if name is None or not excludes_everybody(page["mode"], entries_of(page), https_port):
        return []
    if page["mode"] == "allow":
        text = _("lets nobody reach the web page (port {port}), so it would keep everybody out")
    else:
        text = _("keeps every IPv4 address from the web page (port {port}), so nobody could enter")
    return [FieldProblem((name,), "nobody", text.format(port=https_port))]


def vet_web(page: Mapping[str, Any], firewall: Mapping[str, Any]) -> list[FieldProblem]:
    """Name the HTTPS port where the firewall would let nobody through to it."""
    if not vet_firewall(firewall, page["https_port"]):
        return []
    text = _("is a port to which the firewall lets nobody through; change its list first")
    return [FieldProblem(("https_port",), "nobody", text)]
