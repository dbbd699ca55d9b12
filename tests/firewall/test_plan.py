"""Who is meant by an entry, who gets in, and what would keep everybody out (D2-SE-30, D2-SE-31)."""

from __future__ import annotations

import json
import random
from ipaddress import ip_address
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.firewall.page import FirewallPage
from appliance.firewall.plan import (
    Caller,
    Entry,
    Opening,
    Plan,
    admits,
    covers_all,
    excludes_everybody,
    plan_of_json,
    plan_to_json,
)
from appliance.firewall.source import (
    ALL_PORTS,
    Card,
    Ports,
    Range,
    SourceError,
    read_address,
    read_ports,
    read_source,
)

WEB = Opening("tcp", Ports(8443, 8443), "HTTPS")
PICTURES = Opening("udp", Ports(32768, 60999), "Pictures", cameras=True)


def entry(source: str, ports: str = "") -> Entry:
    return Entry(read_source(source), read_ports(ports))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("192.168.1.20", "192.168.1.20"),
        (" 192.168.1.0/24 ", "192.168.1.0-192.168.1.255"),
        ("192.168.1.77/24", "192.168.1.0-192.168.1.255"),
        ("10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9"),
        ("FD00::1", "fd00::1"),
        ("fd00::/127", "fd00::-fd00::1"),
        ("001a2b3c4d5e", "00:1A:2B:3C:4D:5E"),
        ("00-1a-2b-3c-4d-5e", "00:1A:2B:3C:4D:5E"),
        ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
    ],
)
def test_addresses_networks_ranges_and_cards_are_read(text: str, shown: str) -> None:
    assert str(read_source(text)) == shown
    assert str(read_source(shown)) == shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must be an address"),
        ("nvr.example.org", "must be an address"),
        ("10.0.0.9-10.0.0.1", "begin behind its end"),
        ("10.0.0.1-fd00::1", "mix IPv4 and IPv6"),
        ("10.0.0.0/33", "must be an address"),
        ("10.0.0.256", "must be an address"),
        ("fe80::1%eth0", "interface"),
        ("01:00:5e:00:00:01", "must be an address"),
        ("10.0.0.1; accept", "must be an address"),
        ("-", "must be an address"),
    ],
)
def test_what_is_none_of_them_is_refused(text: str, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        read_source(text)


@pytest.mark.parametrize("text", ["0", "65536", "a", "80-", "-80", "90-80", "80,81", "²"])
def test_wrong_ports_are_refused(text: str) -> None:
    with pytest.raises(SourceError):
        read_ports(text)
    assert (str(read_ports("80-90")), read_ports(" ")) == ("80-90", ALL_PORTS)


def test_an_ipv4_peer_of_an_ipv6_socket_is_itself() -> None:
    assert read_address("::ffff:10.0.0.1") == ip_address("10.0.0.1")
    assert read_address("fe80::1%eth0") == ip_address("fe80::1")
    assert read_address("nobody") is None


def of(address: str, mac: str = "") -> Caller:
    return Caller(ip_address(address), mac)


def test_only_services_that_are_on_are_reached() -> None:
    plan = Plan(openings=(WEB,))
    assert admits(plan, of("1.2.3.4"), "tcp", 8443)
    assert not admits(plan, of("1.2.3.4"), "tcp", 22)
    assert not admits(plan, of("1.2.3.4"), "udp", 8443)


def test_lists_let_in_and_keep_out() -> None:
    entries = (entry("10.0.0.0/24", "8443"), entry("00:1A:2B:3C:4D:5E"))
    allow, block = Plan("allow", entries, (WEB,)), Plan("block", entries, (WEB,))
    for caller, listed in (
        (of("10.0.0.7"), True),
        (of("10.0.1.7"), False),
        (of("10.0.1.7", "00:1A:2B:3C:4D:5E"), True),
    ):
        assert admits(allow, caller, "tcp", 8443) is listed
        assert admits(block, caller, "tcp", 8443) is not listed
    assert not admits(allow, of("10.0.0.7"), "tcp", 22)


def test_pictures_of_cameras_come_in_unless_they_are_blocked() -> None:
    camera = ip_address("10.0.0.9")
    allow = Plan("allow", (entry("10.9.9.9"),), (WEB, PICTURES), cameras=(camera,))
    assert admits(allow, Caller(camera), "udp", 40000)
    assert not admits(allow, Caller(camera), "tcp", 8443)
    assert not admits(allow, of("10.0.0.8"), "udp", 40000)
    block = Plan("block", (entry("10.0.0.9"),), (WEB, PICTURES), cameras=(camera,))
    assert not admits(block, Caller(camera), "udp", 40000)


@pytest.mark.parametrize(
    ("mode", "entries", "nobody"),
    [
        ("allow", [], True),
        ("allow", ["127.0.0.1"], True),
        ("allow", ["::1"], True),
        ("allow", ["224.0.0.0/4"], True),
        ("allow", ["10.0.0.1"], False),
        ("allow", ["00:1A:2B:3C:4D:5E"], False),
        ("block", [], False),
        ("block", ["0.0.0.0/0"], True),
        ("block", ["0.0.0.0/1", "128.0.0.0/1"], True),
        ("block", ["1.0.0.0-223.255.255.255"], True),
        ("block", ["0.0.0.0/1", "128.0.0.1-255.255.255.255"], False),
        ("block", ["::/0"], False),
        ("off", ["0.0.0.0/0"], False),
    ],
)
def test_a_list_that_keeps_everybody_out_is_known(
    mode: Any, entries: list[str], nobody: bool
) -> None:
    assert excludes_everybody(mode, [entry(text) for text in entries], 8443) is nobody


def test_ports_count_for_who_is_kept_out() -> None:
    assert excludes_everybody("allow", [entry("10.0.0.1", "22")], 8443)
    assert not excludes_everybody("block", [entry("0.0.0.0/0", "22")], 8443)


def test_the_union_of_ranges_is_told_apart_from_one_with_a_gap() -> None:
    """Seeded: all of IPv4 cut at random, then one address taken out."""
    chance = random.Random(7)
    for _round in range(200):
        cuts = sorted({chance.randrange(1 << 24, 224 << 24) for _ in range(8)})
        edges = [1 << 24, *cuts, 224 << 24]
        parts = [Range(ip_address(a), ip_address(b - 1)) for a, b in pairwise(edges)]
        chance.shuffle(parts)
        assert covers_all(parts)
        gone = parts.pop()
        assert not covers_all(parts)
        if gone.first != gone.last:
            assert not covers_all([*parts, Range(gone.first + 1, gone.last)])


def test_a_plan_goes_over_the_wire_and_comes_back() -> None:
    camera = ip_address("fd00::9")
    plan = Plan("block", (entry("10.0.0.0/8", "80-90"), entry("00:1A:2B:3C:4D:5E")),
                (WEB, PICTURES), (camera,), (read_source("10.0.0.1"),), True, True)  # fmt: skip
    assert plan_of_json(json.loads(json.dumps(plan_to_json(plan)))) == plan
    assert plan_of_json(plan_to_json(Plan())) == Plan()


@pytest.mark.parametrize(
    "change",
    [
        {"mode": "none"},
        {"entries": [["10.0.0.1; flush ruleset", ""]]},
        {"entries": [["10.0.0.1", "80; drop"]]},
        {"entries": [["10.0.0.1", ""]] * 300},
        {"openings": [["sctp", "80", "x", False]]},
        {"openings": "tcp"},
        {"cameras": ["00:1A:2B:3C:4D:5E"]},
        {"more": 1},
    ],
)
def test_a_plan_with_anything_wrong_in_it_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        plan_of_json({**plan_to_json(Plan()), **change})


def problems(**values: Any) -> set[tuple[str, str]]:
    """Return where and why the page refuses."""
    try:
        page = FirewallPage(**values)
    except ValidationError as error:
        return {(".".join(map(str, e["loc"])), e["type"]) for e in error.errors()}
    return {(".".join(map(str, c.path)), c.code) for c in page.conflicts()}


def test_every_wrong_field_of_the_page_is_named() -> None:
    wrong = [{"source": "10.0.0.300"}, {"source": "10.0.0.1", "ports": "99999"}]
    assert problems(mode="allow", allowed=wrong) == {
        ("allowed.0.source", "source"),
        ("allowed.1.ports", "ports"),
    }
    assert problems(mode="allow") == {("allowed", "nobody")}
    assert problems(time_sync=True) == {("time_servers", "nobody")}
    same = [{"source": "10.0.0.0/24"}, {"source": "10.0.0.0-10.0.0.255"}]
    assert problems(blocked=same) == {("blocked.1.source", "twice")}
    assert problems(mode="block", blocked=[{"source": "001a2b3c4d5e"}]) == set()


def test_an_entry_is_kept_as_it_is_meant() -> None:
    page = FirewallPage(blocked=[{"source": "192.168.1.77/24", "ports": "80 - 90"}])
    assert (page.blocked[0].source, page.blocked[0].ports) == (
        "192.168.1.0-192.168.1.255",
        "80-90",
    )
    assert isinstance(read_source("001a2b3c4d5e"), Card)
