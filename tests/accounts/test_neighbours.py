"""Network cards of peers on the link."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.accounts.neighbours import card_of, cards, read_mac


def message(address: str, card: bytes | None, kind: int = 28) -> bytes:
    """One RTM_NEWNEIGH as the kernel sends it (rtnetlink(7), struct ndmsg)."""
    ip = ipaddress.ip_address(address)
    body = struct.pack("=BxxxiHBB", 2 if ip.version == 4 else 10, 3, 2, 0, 1)
    for number, value in ((1, ip.packed), (2, card), (3, struct.pack("=IIII", 1, 2, 3, 4))):
        if value is not None:
            length = 4 + len(value)
            body += struct.pack("=HH", length, number) + value + b"\0" * (-length % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


CARD = bytes.fromhex("001a2b3c4d5e")


def test_neighbours_of_both_families_are_read() -> None:
    data = (
        message("192.168.1.20", CARD)
        + message("fe80::1", bytes.fromhex("020000000001"))
        + message("192.168.1.21", None)  # asked for, not answered
        + message("192.168.1.22", b"\xff" * 6)
        + message("192.168.1.23", CARD, kind=20)  # an address of our own
    )
    assert [(str(address), card) for address, card in cards(data)] == [
        ("192.168.1.20", "00:1A:2B:3C:4D:5E"),
        ("fe80::1", "02:00:00:00:00:01"),
    ]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    list(cards(data))
    list(cards(message("10.0.0.1", CARD) + data))


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_message_that_is_cut_off_is_no_neighbour(cut: int) -> None:
    assert list(cards(message("192.168.1.20", CARD)[:-cut])) == []


@pytest.mark.parametrize("text", ["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", " 001a2b3c4d5e "])
def test_a_card_is_written_in_one_way(text: str) -> None:
    assert read_mac(text) == "00:1A:2B:3C:4D:5E"


@pytest.mark.parametrize(
    "text", ["00:11", "x", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:00:5e:00:00:01", None, 5]
)
def test_what_is_no_card_is_none(text: object) -> None:
    assert read_mac(text) is None


def test_no_card_is_an_empty_text() -> None:
    assert read_mac("") == ""


@pytest.mark.parametrize("address", ["203.0.113.77", "2001:db8::77", "nonsense", "127.0.0.1"])
def test_who_is_not_on_the_link_has_no_card_that_could_be_known(address: str) -> None:
    assert card_of(address) is None
