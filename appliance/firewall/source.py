"""Who a rule is about: an address, a network, a range, a network card; and which ports."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TypeAlias

from appliance.accounts.neighbours import read_mac
from appliance.text import _

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
HIGHEST_PORT = 65535


class SourceError(ValueError):
    """A text is no address, range, card or port; the message says so to people."""


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses of one family from `first` to `last`, both within."""

    first: Address
    last: Address

    @property
    def version(self) -> int:
        """4 or 6."""
        return self.first.version

    def __contains__(self, address: object) -> bool:
        """Whether an address is one of them."""
        if not isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address):
            return False
        return address.version == self.version and int(self.first) <= int(address) <= int(self.last)

    def __str__(self) -> str:
        """Return it as nftables and people write it."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Card:
    """A network card by its hardware address, "00:1A:2B:3C:4D:5E"."""

    mac: str

    def __str__(self) -> str:
        """Return it as people write it."""
        return self.mac


Source: TypeAlias = Range | Card


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports from `first` to `last` (1 to 65535), both within."""

    first: int
    last: int

    def __contains__(self, port: object) -> bool:
        """Whether a port is one of them."""
        return isinstance(port, int) and self.first <= port <= self.last

    def __str__(self) -> str:
        """Return them as nftables and people write them."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


ALL_PORTS = Ports(1, HIGHEST_PORT)


def read_source(text: str, *, cards: bool = True) -> Source:
    """Return what a person typed: address, network (10.0.0.0/24), range (a-b), or card.

    Raises SourceError.
    """
    text = text.strip()
    if cards and (mac := read_mac(text)):
        return Card(mac)
    if "%" in text:
        raise SourceError(_("must be an address without the name of an interface behind %"))
    try:
        return _range(text)
    except ValueError as error:
        if isinstance(error, SourceError):
            raise
    if cards:
        raise SourceError(
            _(
                "must be an address (192.168.1.20), a network (192.168.1.0/24), a range "
                "(192.168.1.20-192.168.1.40) or the hardware address of a card (00:1A:2B:3C:4D:5E)"
            )
        )
    raise SourceError(
        _(
            "must be an address (192.168.1.20), a network (192.168.1.0/24) or a range "
            "(192.168.1.20-192.168.1.40)"
        )
    )


def _range(text: str) -> Range:
    first, dash, last = text.partition("-")
    if dash:
        one, other = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
        if one.version != other.version:
            raise SourceError(_("must not mix IPv4 and IPv6 in a range"))
        if int(one) > int(other):
            raise SourceError(_("must not begin behind its end"))
        return Range(one, other)
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        return Range(network[0], network[-1])
    address = ipaddress.ip_address(text)
    return Range(address, address)


def read_ports(text: str) -> Ports:
    """Return "80" or "8000-8100", all ports for "".  Raises SourceError."""
    text = text.strip()
    if not text:
        return ALL_PORTS
    first, dash, last = (part.strip() for part in text.partition("-"))
    numbers = (first, last) if dash else (first, first)
    if not all(part.isascii() and part.isdigit() and len(part) <= 5 for part in numbers):
        raise SourceError(_("must be a port (80) or a range of ports (8000-8100)"))
    low, high = int(numbers[0]), int(numbers[1])
    if not 1 <= low <= HIGHEST_PORT or not 1 <= high <= HIGHEST_PORT:
        raise SourceError(_("must be a port from 1 to 65535"))
    if low > high:
        raise SourceError(_("must not begin behind its end"))
    return Ports(low, high)


def read_address(text: str) -> Address | None:
    """Return the address of a peer, an IPv4 one in IPv6 clothes as itself; None if it is none."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
