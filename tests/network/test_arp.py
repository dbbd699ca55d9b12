"""ARP frames: who counts as bearer of an address (RFC 5227), and what cut frames do."""

from __future__ import annotations

import struct

import pytest

from appliance.network.arp import bearer, probe
from appliance.network.neighbours import request

OWN = bytes.fromhex("520000000001")
OTHER = bytes.fromhex("520000000002")
ADDRESS = "192.168.1.108"
WANTED = bytes([192, 168, 1, 108])
NOBODY = bytes(4)


def frame(operation: int, mac: bytes, sender: bytes, target: bytes, **over: int) -> bytes:
    head = struct.pack("!6s6sH", b"\xff" * 6, mac, over.get("kind", 0x0806))
    protocol = over.get("protocol", 0x0800)
    return head + struct.pack(
        "!HHBBH6s4s6s4s", 1, protocol, 6, 4, operation, mac, sender, bytes(6), target
    )


def test_a_probe_claims_nothing_and_asks_everybody() -> None:
    asked = probe(OWN, ADDRESS)
    assert asked == frame(1, OWN, NOBODY, WANTED)
    assert len(asked) == 42


@pytest.mark.parametrize("operation", [1, 2])
def test_whoever_sends_from_the_address_bears_it(operation: int) -> None:
    assert bearer(frame(operation, OTHER, WANTED, NOBODY), ADDRESS, OWN) == "52:00:00:00:00:02"


def test_whoever_probes_for_it_at_the_same_time_is_a_conflict_too() -> None:
    assert bearer(frame(1, OTHER, NOBODY, WANTED), ADDRESS, OWN) == "52:00:00:00:00:02"


@pytest.mark.parametrize(
    "other",
    [
        frame(2, OWN, WANTED, NOBODY),
        frame(1, OTHER, bytes([192, 168, 1, 9]), WANTED),
        frame(2, OTHER, bytes([192, 168, 1, 9]), NOBODY),
        frame(2, b"\x01" + OTHER[1:], WANTED, NOBODY),
        frame(9, OTHER, WANTED, NOBODY),
        frame(2, OTHER, WANTED, NOBODY, protocol=0x86DD),
        frame(2, OTHER, WANTED, NOBODY, kind=0x0800),
        b"",
        *(frame(2, OTHER, WANTED, NOBODY)[:length] for length in (1, 14, 41)),
    ],
)
def test_what_says_nothing_about_the_address_is_nobody(other: bytes) -> None:
    assert bearer(other, ADDRESS, OWN) is None


def test_a_permanent_neighbour_is_set_and_removed_by_one_message_each() -> None:
    bound = request(3, "192.168.1.1", "52:00:00:00:00:02")
    assert struct.unpack_from("=IHH", bound) == (len(bound), 28, 0x0505)
    assert struct.unpack_from("=BxxxiH", bound, 16) == (2, 3, 0x80)
    assert bytes([192, 168, 1, 1]) in bound
    assert OTHER in bound
    gone = request(3, "2001:db8::1", "")
    assert struct.unpack_from("=IHH", gone) == (len(gone), 29, 0x0005)
    assert gone[16] == 10
