"""The rules in real nftables: packets of a real neighbour pass or do not (D2-SE-30..36).

Everything happens in network namespaces of the test's own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from appliance.firewall.plan import Caller, Entry, Opening, Plan, admits
from appliance.firewall.ruleset import (
    NEW_BURST,
    NEW_EACH_SECOND,
    PINGS_BURST,
    empty_ruleset,
    ruleset,
)
from appliance.firewall.source import Ports, read_ports, read_source
from tests.firewall.lab import BOX, MACS, Lab, possible

TCP = (22, 8443, 9999)
UDP = (123, 40000)
OPENINGS = (
    Opening("tcp", Ports(8443, 8443), "HTTPS"),
    Opening("tcp", Ports(22, 22), 'SSH "; drop'),
    Opening("udp", Ports(123, 123), "NTP"),
    Opening("udp", Ports(39000, 41000), "Pictures", cameras=True),
)
CAMERAS = (ip_address("10.9.0.7"), ip_address("fd09:0::7"))
POSSIBLE = possible()
needs_namespaces = pytest.mark.skipif(not POSSIBLE, reason="no namespaces can be made here")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab()
    made.listen(TCP, UDP)
    yield made
    made.close()


def set_rules(lab: Lab, plan: Plan) -> None:
    done = lab.nft(ruleset(plan))
    assert done.returncode == 0, (ruleset(plan), done.stderr)


def some_plan(chance: random.Random) -> Plan:
    """Return one whose entries have to do with the neighbour, mostly."""
    sources = [
        *(f"10.9.{net}.{host}" for net in (0, 1) for host in range(2, 8)),
        *(f"fd09:{net}::{host}" for net in (0, 1) for host in range(2, 8)),
        "10.9.0.0/30", "10.9.0.3-10.9.0.5", "10.9.1.0/24", "10.0.0.0/8", "0.0.0.0/0",
        "172.16.0.0/12",
        "fd09:0::4-fd09:0::6", "fd09:1::/64", "::/0", *MACS, "00:1A:2B:3C:4D:5E",
    ]  # fmt: skip
    ports = ["", "", "8443", "22-123", "1-65535", "9000-50000"]
    entries = tuple(
        Entry(read_source(chance.choice(sources)), read_ports(chance.choice(ports)))
        for _ in range(chance.randrange(1, 5))
    )
    openings = tuple(o for o in OPENINGS if chance.random() < 0.8)
    return Plan(
        mode=chance.choice(["off", "allow", "allow", "block", "block"]),
        entries=entries,
        openings=openings,
        cameras=CAMERAS if chance.random() < 0.7 else (),
        time_sync=None if chance.random() < 0.7 else (read_source("10.0.0.0/8", cards=False),),
        syn_flood=False,
        icmp_flood=chance.random() < 0.5,
    )


@needs_namespaces
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_packets_pass_exactly_where_the_answer_beforehand_says_so(lab: Lab, seed: int) -> None:
    """Plans at random; each port from each address, IPv4 and IPv6, over two cards."""
    plan = some_plan(random.Random(seed))
    set_rules(lab, plan)
    questions = [
        (protocol, (f"10.9.{net}.{host}", f"fd09:{net}::{host}")[six], BOX[2 * net + six], port)
        for net in (0, 1)
        for six in (0, 1)
        for host in (2, 3, 5, 7)
        for protocol, ports in (("tcp", TCP), ("udp", UDP))
        for port in ports
    ]
    for question, came in zip(questions, lab.knock(questions), strict=True):
        protocol, source, target, port = question
        caller = Caller(ip_address(source), MACS[target in BOX[2:]].upper())
        expected = "open" if admits(plan, caller, protocol, port) else "dropped"
        assert came == expected, (question, ruleset(plan))


@needs_namespaces
@pytest.mark.parametrize("seed", range(40))
def test_nft_takes_whatever_a_plan_says(lab: Lab, seed: int) -> None:
    text = ruleset(some_plan(random.Random(1000 + seed)))
    done = lab.nft(text, check_only=True)
    assert done.returncode == 0, (text, done.stderr)


@needs_namespaces
def test_a_scan_of_all_ports_finds_what_is_declared_and_nothing_else(lab: Lab) -> None:
    """A service nobody declared (9999) listens, and is not reached."""
    set_rules(lab, Plan(openings=OPENINGS))
    ports = sorted({*range(1, 1200), *range(8000, 10050, 7), *TCP})
    found = lab.knock([("tcp", "10.9.0.2", BOX[0], port) for port in ports])
    assert [p for p, came in zip(ports, found, strict=True) if came != "dropped"] == [22, 8443]


@needs_namespaces
def test_what_is_connected_stays_connected_and_the_box_reaches_itself(lab: Lab) -> None:
    set_rules(lab, Plan(openings=OPENINGS))
    talk = (
        "import socket, sys; s = socket.create_connection(('10.9.0.1', 8443), 5, ('10.9.0.2', 0));"
        "print('in', flush=True); sys.stdin.readline(); s.settimeout(5); s.send(b'still');"
        "print(s.recv(9).decode(), flush=True)"
    )
    process = lab._start([*lab._inside(lab._other), "python3", "-c", talk], stdin=-1)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    set_rules(lab, Plan("block", (Entry(read_source("10.9.0.0/16")),), OPENINGS))
    assert lab.knock([("tcp", "10.9.0.2", BOX[0], 8443)]) == ["dropped"]
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "still\n"
    alone = "import socket; socket.create_connection(('127.0.0.1', 9999), 5)"
    lab.box("python3", "-c", alone)


@needs_namespaces
def test_rules_are_changed_as_a_whole_or_not_at_all(lab: Lab) -> None:
    lab.nft("table inet other {\n chain c {\n }\n}\n")
    set_rules(lab, Plan(openings=OPENINGS))
    before = lab.box("nft", "list", "ruleset").stdout
    broken = ruleset(Plan()).replace("iif lo accept", "iif lo accept\nnonsense")
    assert lab.nft(broken).returncode != 0
    assert lab.box("nft", "list", "ruleset").stdout == before
    assert lab.nft(empty_ruleset()).returncode == 0
    assert lab.nft(empty_ruleset()).returncode == 0
    left = lab.box("nft", "list", "ruleset").stdout
    assert "inet nvr" not in left
    assert "inet other" in left


@needs_namespaces
def test_a_flood_of_connections_is_cut_and_others_are_not(lab: Lab) -> None:
    set_rules(lab, Plan(openings=OPENINGS, syn_flood=True))
    begun = time.monotonic()
    came = lab.knock([("tcp", "10.9.0.2", BOX[0], 8443)] * (NEW_BURST + 300))
    most = NEW_BURST + NEW_EACH_SECOND * (time.monotonic() - begun) + 1
    assert NEW_BURST <= came.count("open") <= most
    assert lab.knock([("tcp", "10.9.0.3", BOX[0], 8443)]) == ["open"]


@needs_namespaces
@pytest.mark.parametrize(("source", "target"), [("10.9.0.4", BOX[0]), ("fd09:0::4", BOX[1])])
def test_a_flood_of_pings_is_cut(lab: Lab, source: str, target: str) -> None:
    set_rules(lab, Plan(openings=OPENINGS, icmp_flood=True))
    flood = (
        "import socket, struct, sys, time;"
        "six = ':' in sys.argv[1]; family = socket.AF_INET6 if six else socket.AF_INET;"
        "s = socket.socket(family, socket.SOCK_RAW, 58 if six else 1); s.bind((sys.argv[1], 0));"
        "body = lambda n: struct.pack('!BBHHH', 128 if six else 8, 0, 0, 77, n);"
        "sum_ = lambda b: (~((t := sum(struct.unpack('!4H', b))) % 65535)) & 65535;"
        "[s.sendto((lambda b: b if six else b[:2] + struct.pack('!H', sum_(b)) + b[4:])(body(n)),"
        " (sys.argv[2], 0)) for n in range(120)];"
        "s.settimeout(0.5); got = 0\n"
        "try:\n"
        "    while True:\n"
        "        data = s.recv(200)\n"
        "        got += data[0 if six else 20] == (129 if six else 0)\n"
        "except TimeoutError: print(got)"
    )
    got = int(lab.neighbour("python3", "-c", flood, source, target).stdout)
    assert PINGS_BURST <= got < PINGS_BURST + 40


@needs_namespaces
def test_answers_of_other_time_servers_are_dropped(lab: Lab) -> None:
    """The box asks port 123 of the neighbour, who answers: heard of those on the list only."""
    serve = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.bind((sys.argv[1], 123)); print('up', flush=True)\n"
        "while True:\n    data, peer = s.recvfrom(99); s.sendto(data, peer)"
    )
    for address in ("10.9.0.2", "10.9.0.3"):
        server = lab._start([*lab._inside(lab._other), "python3", "-c", serve, address])
        assert server.stdout is not None
        assert server.stdout.readline() == "up\n"
    ask = (
        "import socket, sys; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        "s.settimeout(0.5); s.connect((sys.argv[1], 123)); s.send(b'time')\n"
        "try: print(s.recv(9).decode())\n"
        "except TimeoutError: print('nothing')"
    )

    def heard(server_address: str) -> str:
        return lab.box("python3", "-c", ask, server_address).stdout.strip()

    set_rules(lab, Plan(openings=OPENINGS))
    assert heard("10.9.0.2") == heard("10.9.0.3") == "time"
    listed = (read_source("10.9.0.3", cards=False),)
    set_rules(lab, Plan(openings=OPENINGS, time_sync=listed))
    assert (heard("10.9.0.2"), heard("10.9.0.3")) == ("nothing", "time")
    assert lab.knock([("udp", "10.9.0.2", BOX[0], 123)]) == ["open"]


def test_a_name_cannot_slip_anything_into_the_rules() -> None:
    text = ruleset(Plan(openings=(Opening("tcp", Ports(1, 1), 'x" ; accept\n}'),)))
    assert 'accept comment "x  accept"' in text
