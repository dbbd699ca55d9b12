"""The rules of nftables for a plan: one text, one table, one transaction.

`nft -f` takes the text as a whole or not at all (nft(8)): the table is made if it is not there,
deleted, and made anew, so that no packet ever meets half of it.  Other tables are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from appliance.firewall.plan import Entry, Opening, Plan
from appliance.firewall.source import ALL_PORTS, Address, Card, Range, Source

TABLE = "inet nvr"
NEW_EACH_SECOND = 50
"""New connections of one address a second; a browser opens 6, a wall of 64 tiles 1."""
NEW_BURST = 200
PINGS_EACH_SECOND = 10
PINGS_BURST = 20
SET_SIZE = 16384
"""Addresses that are counted at a time; those beyond are let through, not kept out."""
FORGET_S = 30
_NO_COMMENT = re.compile(r"[^A-Za-z0-9 _.-]")
_NEIGHBOURS = (
    "nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, nd-router-solicit, "
    "mld-listener-query, packet-too-big, time-exceeded, parameter-problem, destination-unreachable"
)
"""ICMPv6 without which IPv6 does not work (RFC 4890 section 4.4.1)."""


def ruleset(plan: Plan) -> str:
    """Return the text for `nft -f -`."""
    lines = [f"table {TABLE}", f"delete table {TABLE}", f"table {TABLE} {{"]
    if plan.syn_flood:
        lines += _counting_sets("syn")
    if plan.icmp_flood:
        lines += _counting_sets("ping")
    lines += _block("chain services", _services(plan.openings))
    head = "type filter hook input priority filter; policy drop;"
    lines += _block("chain input", [head, *_input(plan)])
    return "\n".join([*lines, "}", ""])


def empty_ruleset() -> str:
    """Return the text that takes our rules away."""
    return f"table {TABLE}\ndelete table {TABLE}\n"


def _input(plan: Plan) -> Iterator[str]:
    yield "iif lo accept"
    if plan.time_sync is not None:
        yield from _time_sync(plan.time_sync)
    if plan.syn_flood:
        syn = "tcp flags & (fin | syn | rst | ack) == syn"
        rate = f"{NEW_EACH_SECOND}/second burst {NEW_BURST} packets"
        yield from _floods(f"{syn} meta nfproto ipv4", f"{syn} meta nfproto ipv6", "syn", rate)
    if plan.icmp_flood:
        rate = f"{PINGS_EACH_SECOND}/second burst {PINGS_BURST} packets"
        ping = "type echo-request"
        yield from _floods(f"icmp {ping}", f"icmpv6 {ping}", "ping", rate)
    yield "ct state established,related accept"
    yield "ct state invalid drop"
    yield f"icmpv6 type {{ {_NEIGHBOURS} }} accept"
    yield 'udp sport 67 udp dport 68 accept comment "DHCP"'
    yield 'udp sport 547 udp dport 546 ip6 saddr fe80::/10 accept comment "DHCPv6"'
    if plan.mode == "block":
        for entry in plan.entries:
            yield f"{_match(entry)} drop"
    yield from _cameras(plan)
    if plan.mode == "allow":
        for entry in plan.entries:
            yield f"{_match(entry)} jump services"
    else:
        yield "jump services"


def _services(openings: Sequence[Opening]) -> Iterator[str]:
    for opening in openings:
        if not opening.cameras:
            yield f'{opening.protocol} dport {opening.ports} accept comment "{_plain(opening)}"'
    yield "icmp type echo-request accept"
    yield "icmpv6 type echo-request accept"


def _cameras(plan: Plan) -> Iterator[str]:
    for version, name in ((4, "ip"), (6, "ip6")):
        addresses = _addresses(plan.cameras, version)
        for opening in plan.openings:
            if opening.cameras and addresses:
                yield (
                    f"{name} saddr {{ {addresses} }} {opening.protocol} dport {opening.ports} "
                    f'accept comment "{_plain(opening)}"'
                )


def _addresses(addresses: Sequence[Address], version: int) -> str:
    return ", ".join(str(a) for a in dict.fromkeys(addresses) if a.version == version)


def _time_sync(listed: Sequence[Range]) -> Iterator[str]:
    """Drop answers of other time servers: what was asked of port 123 and comes back (RFC 5905)."""
    for found in listed:
        family = "ip" if found.version == 4 else "ip6"
        yield f"ct direction reply udp sport 123 {family} saddr {found} accept"
    yield 'ct direction reply udp sport 123 drop comment "not a time server of the list"'


def _floods(ipv4: str, ipv6: str, name: str, rate: str) -> Iterator[str]:
    """Drop what one address, or one /64 of IPv6, sends beyond the rate."""
    yield f"{ipv4} add @{name}4 {{ ip saddr limit rate over {rate} }} drop"
    whole = "ip6 saddr & ffff:ffff:ffff:ffff::"
    yield f"{ipv6} add @{name}6 {{ {whole} limit rate over {rate} }} drop"


def _counting_sets(name: str) -> Iterator[str]:
    for version, kind in ((4, "ipv4_addr"), (6, "ipv6_addr")):
        yield from _block(
            f"set {name}{version}",
            [f"type {kind}", f"size {SET_SIZE}", "flags dynamic,timeout", f"timeout {FORGET_S}s"],
        )


def _match(entry: Entry) -> str:
    ports = "" if entry.ports == ALL_PORTS else f" th dport {entry.ports}"
    protocols = " meta l4proto { tcp, udp }" if ports else ""
    return f"{_source(entry.source)}{protocols}{ports}"


def _source(source: Source) -> str:
    if isinstance(source, Card):
        return f"ether saddr {source.mac.lower()}"
    return f"{'ip' if source.version == 4 else 'ip6'} saddr {source}"


def _plain(opening: Opening) -> str:
    return _NO_COMMENT.sub("", opening.name)[:60]


def _block(head: str, body: Sequence[str] | Iterator[str]) -> list[str]:
    return [f"  {head} {{", *(f"    {line}" for line in body), "  }"]
