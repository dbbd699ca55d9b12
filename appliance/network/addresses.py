"""Checks of IP addresses, masks and segments, in words for people (D2-NW-07, D2-NW-09, D2-NW-11).

Every check returns what is wrong as (code, text), or None.  Texts continue "The field ...".
"""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface

from appliance.text import _

Problem = tuple[str, str]
Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface

LEAST_PREFIX, MOST_PREFIX = 8, 30
"""Of an IPv4 segment with hosts in it: /31 and /32 have no room for a gateway."""
LEAST_PREFIX6, MOST_PREFIX6 = 16, 127
_BITS = 32


def prefix_of(mask: str) -> int | None:
    """Return the length of a mask written as "255.255.255.0", "24" or "/24"; None if it is none."""
    text = mask.strip().removeprefix("/")
    if text.isascii() and text.isdecimal() and len(text) <= 2:
        return int(text) if int(text) <= _BITS else None
    try:
        bits = int(IPv4Address(text))
    except ValueError:
        return None
    inverted = bits ^ 0xFFFFFFFF
    return _BITS - inverted.bit_length() if inverted & (inverted + 1) == 0 else None


def mask_text(prefix: int) -> str:
    """Return a length as a mask: 24 is "255.255.255.0"."""
    return str(IPv4Network((0, prefix)).netmask)


def parse4(text: str) -> IPv4Address | None:
    """Return an IPv4 address, None for what is none."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def parse6(text: str) -> IPv6Address | None:
    """Return an IPv6 address without a zone, None for what is none."""
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    return None if address.scope_id else address


def parse(text: str) -> Address | None:
    """Return an address of either kind."""
    return parse4(text) or parse6(text)


def address_problem(text: str) -> Problem | None:
    """Judge an IPv4 address that one host is to bear."""
    if not text:
        return "required", _("is needed")
    address = parse4(text)
    if address is None:
        return "address", _("must be an address such as 192.168.1.108")
    if _no_host(address):
        return "address", _("must be the address of one host, which this is not")
    return None


def address6_problem(text: str) -> Problem | None:
    """Judge an IPv6 address that one host is to bear."""
    if not text:
        return "required", _("is needed")
    address = parse6(text)
    if address is None:
        return "address", _("must be an address such as 2001:db8::108")
    if _no_host(address) or address.is_link_local:
        return "address", _("must be a global or unique local address of one host")
    return None


def mask_problem(text: str) -> Problem | None:
    """Judge the mask of an IPv4 segment."""
    if not text:
        return "required", _("is needed")
    prefix = prefix_of(text)
    if prefix is None:
        return "mask", _("must be a mask such as 255.255.255.0: ones first, then zeros")
    if not LEAST_PREFIX <= prefix <= MOST_PREFIX:
        return "mask", _("must leave room for hosts: from 255.0.0.0 to 255.255.255.252")
    return None


def in_segment_problem(own: Interface) -> Problem | None:
    """Judge an address within its own segment: neither its first nor, with IPv4, its last."""
    network = own.network
    if own.ip == network.network_address:
        text = _("is the address of the segment {network} itself; hosts come after it")
        return "segment", text.format(network=network)
    if isinstance(network, IPv4Network) and own.ip == network.broadcast_address:
        text = _("is the broadcast address of the segment {network}; hosts come before it")
        return "segment", text.format(network=network)
    return None


def gateway_problem(text: str, own: Interface) -> Problem | None:
    """Judge a gateway as seen from an address: both share a segment (D2-NW-07)."""
    gateway = parse4(text) if isinstance(own, IPv4Interface) else parse6(text)
    if gateway is None or _no_host(gateway):
        return "address", _("must be the address of a router")
    if isinstance(gateway, IPv6Address) and gateway.is_link_local:
        return None
    if gateway == own.ip:
        return "gateway", _("must not be the recorder's own address")
    if gateway not in own.network:
        text = _("must be in the same segment as the address ({network})")
        return "segment", text.format(network=own.network)
    return in_segment_problem(ipaddress.ip_interface((gateway, own.network.prefixlen)))


def name_server_problem(text: str, *, version: int) -> Problem | None:
    """Judge the address of a name server; names need one before they can be looked up."""
    address: Address | None = parse4(text) if version == 4 else parse6(text)
    if address is None:
        if version == 4:
            return "address", _("must be an IPv4 address such as 192.168.1.1, not a name")
        return "address", _("must be an IPv6 address such as 2001:db8::1, not a name")
    if _no_host(address):
        return "address", _("must be the address of one host, which this is not")
    return None


def destination_problem(destination: str, mask: str) -> tuple[str, str, str] | None:
    """Judge the destination of a route; return field, code and text."""
    address, prefix = parse4(destination), prefix_of(mask)
    if address is None:
        return "destination", "address", _("must be an address such as 10.20.0.0")
    if prefix is None:
        return "mask", "mask", _("must be a mask such as 255.255.255.0: ones first, then zeros")
    if prefix == 0:
        text = _("must be one network; the way to all others is the interface's gateway")
        return "mask", "mask", text
    if address.is_multicast or address.is_loopback or address.is_unspecified:
        return "destination", "address", _("must be the address of a network or host elsewhere")
    network = IPv4Network((int(address), prefix), strict=False)
    if network.network_address != address:
        text = _("must be the first address of the network, here {first}")
        return "destination", "segment", text.format(first=network.network_address)
    return None


def _no_host(address: Address) -> bool:
    """Whether nobody can bear the address: groups, loopback, "any", broadcast, class E."""
    return (
        address.is_multicast
        or address.is_loopback
        or address.is_unspecified
        or (isinstance(address, IPv4Address) and (address.is_reserved or int(address) >> 24 == 0))
    )
