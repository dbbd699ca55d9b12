"""What does not fit together on the page TCP/IP; each wrong field is named in place."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface
from typing import Any

from appliance.network import addresses
from appliance.text import _

Entry = Mapping[str, Any]
Found = tuple[str, str, str]
FoundAt = tuple[tuple[str | int, ...], str, str]

MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")
LEAST_WIFI_PASSWORD = 8
BOND = "bond0"


def own_ipv4(entry: Entry) -> IPv4Interface | None:
    """Return the fixed IPv4 address of an entry with its mask, None where it has no valid one."""
    if entry["ipv4"] != "manual":
        return None
    address, prefix = addresses.parse4(entry["address"]), addresses.prefix_of(entry["mask"])
    if address is None or prefix is None:
        return None
    return IPv4Interface((int(address), prefix))


def own_ipv6(entry: Entry) -> IPv6Interface | None:
    """Return the fixed IPv6 address of an entry with its prefix, None where it has no valid one."""
    address = addresses.parse6(entry["address6"]) if entry["ipv6"] == "manual" else None
    return None if address is None else IPv6Interface((int(address), entry["prefix6"]))


def interface_problems(entry: Entry) -> Iterator[Found]:
    """Yield field, code and text of all that is wrong with one interface."""
    if entry["ipv4"] == "off" and entry["ipv6"] == "off":
        text = _("must not be switched off together with IPv6: nothing could reach the recorder")
        yield "ipv4", "conflict", text
    if entry["ipv4"] == "manual":
        yield from _fixed4(entry)
    if entry["ipv4"] != "off":
        yield from _name_servers(entry, ("dns1", "dns2"), 4)
    if entry["ipv6"] == "manual":
        yield from _fixed6(entry)
        yield from _name_servers(entry, ("dns6_1", "dns6_2"), 6)
    yield from _dot1x(entry)
    yield from _wifi(entry)


def _fixed4(entry: Entry) -> Iterator[Found]:
    wrong = addresses.address_problem(entry["address"])
    wrong_mask = addresses.mask_problem(entry["mask"])
    if wrong_mask is not None:
        yield "mask", *wrong_mask
    own = own_ipv4(entry) if wrong is None and wrong_mask is None else None
    if own is not None:
        wrong = addresses.in_segment_problem(own)
    if wrong is not None:
        yield "address", *wrong
    if entry["gateway"] and own is not None:
        if (problem := addresses.gateway_problem(entry["gateway"], own)) is not None:
            yield "gateway", *problem
    elif entry["gateway"] and addresses.parse4(entry["gateway"]) is None:
        yield "gateway", "address", _("must be the address of a router")


def _fixed6(entry: Entry) -> Iterator[Found]:
    wrong, own = addresses.address6_problem(entry["address6"]), own_ipv6(entry)
    if wrong is not None:
        yield "address6", *wrong
    if entry["gateway6"]:
        if own is not None and wrong is None:
            problem = addresses.gateway_problem(entry["gateway6"], own)
        else:
            given = addresses.parse6(entry["gateway6"])
            problem = None if given else ("address", _("must be the address of a router"))
        if problem is not None:
            yield "gateway6", *problem


def _name_servers(entry: Entry, names: tuple[str, str], version: int) -> Iterator[Found]:
    first, second = names
    for name in names:
        if entry[name]:
            problem = addresses.name_server_problem(entry[name], version=version)
            if problem is not None:
                yield name, *problem
    if entry[second] and not entry[first]:
        yield second, "conflict", _("needs a preferred name server before it")
    elif entry[second] and addresses.parse(entry[second]) == addresses.parse(entry[first]):
        yield second, "duplicate", _("must be another server than the preferred one")


def _dot1x(entry: Entry) -> Iterator[Found]:
    if entry["dot1x"] == "off":
        return
    if not entry["dot1x_user"]:
        yield "dot1x_user", "required", _("is needed to sign in to the switch")
    if entry["dot1x"] == "peap" and not entry["dot1x_password"]:
        yield "dot1x_password", "required", _("is needed to sign in to the switch")
    if entry["dot1x"] == "tls":
        for name in ("dot1x_ca", "dot1x_certificate", "dot1x_key"):
            if not entry[name]:
                yield name, "required", _("is needed for EAP-TLS")
    for name, mark in (
        ("dot1x_ca", "CERTIFICATE"),
        ("dot1x_certificate", "CERTIFICATE"),
        ("dot1x_key", "PRIVATE KEY"),
    ):
        value = entry[name]
        if isinstance(value, str) and value and not is_pem(value, mark):
            text = _("must be PEM: from -----BEGIN to the -----END that belongs to it")
            yield name, "pem", text


def is_pem(text: str, mark: str) -> bool:
    """Whether a text holds a whole PEM block (RFC 7468) whose label ends in `mark`."""
    block = re.search(rf"-----BEGIN ([A-Z0-9 ]*{mark})-----(.+?)-----END \1-----", text, re.DOTALL)
    return block is not None and len(block[2].strip()) > LEAST_WIFI_PASSWORD


def _wifi(entry: Entry) -> Iterator[Found]:
    if entry["wifi"] and not entry["ssid"]:
        yield "ssid", "required", _("is needed to connect")
    password = entry["wifi_password"]
    if isinstance(password, str) and password and len(password) < LEAST_WIFI_PASSWORD:
        yield "wifi_password", "too_short", _("must have 8 to 63 characters")
    if len(entry["ssid"].encode()) > 32:
        yield "ssid", "too_long", _("must be at most 32 bytes")


def page_problems(
    entries: Sequence[Entry],
    routes: Sequence[Mapping[str, str]],
    *,
    mode: str,
    default: str,
    gateway_mac: str,
) -> Iterator[FoundAt]:
    """Yield path, code and text of what does not fit across interfaces, bond and routes."""
    members = {entry["id"] for entry in entries if entry["member"] and entry["id"] != BOND}
    used = [(number, entry) for number, entry in enumerate(entries)
            if (entry["id"] == BOND) == (mode != "single" and entry["id"] == BOND)
            and not (mode != "single" and entry["id"] in members)]  # fmt: skip
    names = {entry["id"] for _number, entry in used}
    if mode != "single" and len(members) < 2:
        yield ("mode",), "members", _("needs at least two interfaces that are part of the bond")
    if default and default not in names:
        text = _("must be an interface that has an address of its own: {names}")
        yield ("default_interface",), "unknown", text.format(names=", ".join(sorted(names)))
    if gateway_mac and not MAC.fullmatch(gateway_mac):
        yield ("gateway_mac",), "mac", _("must be a hardware address such as 00:11:22:33:44:55")
    elif gateway_mac and int(gateway_mac[:2], 16) & 1:
        yield ("gateway_mac",), "mac", _("must be the hardware address of one device")
    yield from _shared_segments(used)
    yield from _routes(used, routes)


def _shared_segments(used: Sequence[tuple[int, Entry]]) -> Iterator[FoundAt]:
    seen: list[tuple[str, IPv4Interface]] = []
    for number, entry in used:
        own = own_ipv4(entry)
        if own is None:
            continue
        for name, other in seen:
            if own.ip == other.ip:
                text = _("is the address of {interface} already")
            elif own.network.overlaps(other.network):
                text = _("must be in another segment than {interface}; or bond the two")
            else:
                continue
            yield ("items", number, "address"), "conflict", text.format(interface=name)
            break
        seen.append((entry["id"], own))


def _routes(
    used: Sequence[tuple[int, Entry]], routes: Sequence[Mapping[str, str]]
) -> Iterator[FoundAt]:
    names = {entry["id"]: entry for _number, entry in used}
    networks: list[IPv4Network] = []
    for number, route in enumerate(routes):
        at = ("routes", number)
        wrong = addresses.destination_problem(route["destination"], route["mask"])
        if wrong is not None:
            yield (*at, wrong[0]), wrong[1], wrong[2]
        else:
            prefix = addresses.prefix_of(route["mask"])
            network = ipaddress.IPv4Network(f"{route['destination']}/{prefix}")
            if network in networks:
                yield (*at, "destination"), "duplicate", _("has a route already")
            networks.append(network)
            own = [entry["id"] for entry in names.values() if _is_own(entry, network)]
            if own:
                text = _("is the segment of {interface}, which needs no route")
                yield (*at, "destination"), "conflict", text.format(interface=own[0])
        yield from _route_gateway(at, route, names)


def _is_own(entry: Entry, network: IPv4Network) -> bool:
    own = own_ipv4(entry)
    return own is not None and own.network == network


def _route_gateway(
    at: tuple[str, int], route: Mapping[str, str], names: Mapping[str, Entry]
) -> Iterator[FoundAt]:
    gateway = addresses.parse4(route["gateway"])
    if gateway is None or addresses.address_problem(route["gateway"]) is not None:
        yield (*at, "gateway"), "address", _("must be the address of a router")
        return
    if route["interface"] and route["interface"] not in names:
        text = _("must be an interface that has an address of its own: {names}")
        yield (*at, "interface"), "unknown", text.format(names=", ".join(sorted(names)))
        return
    candidates = [names[route["interface"]]] if route["interface"] else list(names.values())
    fixed = [own for own in map(own_ipv4, candidates) if own is not None]
    if any(gateway == own.ip for own in fixed):
        yield (*at, "gateway"), "gateway", _("must not be the recorder's own address")
    elif not any(gateway in own.network for own in fixed):
        # With DHCP the segment is known only once there is a lease.
        if any(entry["ipv4"] == "dhcp" for entry in candidates) and route["interface"]:
            return
        if any(entry["ipv4"] == "dhcp" for entry in candidates):
            text = _("is in no fixed segment of the recorder: say which interface it is behind")
            yield (*at, "interface"), "required", text
        else:
            yield (*at, "gateway"), "segment", _("must be in a segment of the recorder")
