"""The device's own certificate."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.certificates.device import own_names, renewed
from appliance.certificates.facts import names_of
from appliance.certificates.pair import Pair
from tests.certificates.authority import DAY, NOW

NAMES = frozenset({"localhost", "127.0.0.1", "::1", "nvr.local"})


@pytest.fixture
def pair() -> Pair:
    made, why = renewed(None, NAMES, NOW)
    assert why
    return made


def test_it_is_made_at_the_first_start(pair: Pair) -> None:
    assert isinstance(pair.leaf.public_key().curve, ec.SECP256R1)
    assert set(names_of(pair.leaf)) == NAMES
    assert pair.leaf.not_valid_after_utc - pair.leaf.not_valid_before_utc <= 397 * DAY


def test_it_stays_while_nothing_changes(pair: Pair) -> None:
    assert renewed(pair, NAMES, NOW + 300 * DAY) == (pair, "")


@pytest.mark.parametrize("days", [370, 500, -400])
def test_it_is_renewed_in_time_and_when_the_clock_was_wrong(pair: Pair, days: int) -> None:
    after, why = renewed(pair, NAMES, NOW + days * DAY)
    assert why
    assert after.leaf.public_key() == pair.leaf.public_key()
    leaf = after.leaf
    assert leaf.not_valid_before_utc <= NOW + days * DAY < leaf.not_valid_after_utc - 30 * DAY


def test_a_new_address_is_added_and_the_former_ones_stay(pair: Pair) -> None:
    after, _why = renewed(pair, frozenset({"localhost", "192.168.1.9"}), NOW)
    assert set(names_of(after.leaf)) == NAMES | {"192.168.1.9"}
    assert renewed(after, NAMES, NOW) == (after, "")


def test_more_names_than_fit_do_not_make_it_anew_each_time() -> None:
    many = frozenset(f"10.0.{n // 250}.{n % 250}" for n in range(100))
    made, _why = renewed(None, many, NOW)
    assert renewed(made, many, NOW) == (made, "")


def test_its_own_names_hold_loopback() -> None:
    assert {"localhost", "127.0.0.1", "::1"} <= own_names()
    assert "nvr.example.org" in own_names(["nvr.example.org"])
