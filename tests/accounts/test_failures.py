"""Failed sign-ins."""

from __future__ import annotations

import itertools

import pytest

from appliance.accounts import failures
from appliance.accounts.failures import FailureLock, place_of


class LockClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> LockClock:
    return LockClock()


def fail(lock: FailureLock, address: str, times: int, account: str = "admin") -> None:
    for _ in range(times):
        lock.failed(account, address)


def test_an_address_is_locked_after_five_failures_and_free_after_a_minute(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "10.0.0.7", 4)
    assert lock.check("admin", "10.0.0.7").locked_s == 0
    fail(lock, "10.0.0.7", 1)
    assert lock.check("admin", "10.0.0.7").locked_s == 60
    clock.now += 60
    assert lock.check("admin", "10.0.0.7").locked_s == 0


def test_going_on_doubles_the_lock_up_to_half_an_hour(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "10.0.0.7", 5)
    seen = []
    for _ in range(7):
        clock.now += lock.check("admin", "10.0.0.7").locked_s
        fail(lock, "10.0.0.7", 1)
        seen.append(lock.check("admin", "10.0.0.7").locked_s)
    assert seen == [120, 240, 480, 960, 1800, 1800, 1800]


def test_a_lock_holds_for_one_account_and_one_address(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "10.0.0.7", 5)
    assert lock.check("admin", "10.0.0.8").locked_s == 0
    assert lock.check("guard", "10.0.0.7").locked_s == 0


def test_signing_in_forgets_the_failures(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "10.0.0.7", 4)
    lock.succeeded("admin", "10.0.0.7")
    fail(lock, "10.0.0.7", 4)
    assert lock.check("admin", "10.0.0.7").locked_s == 0


def test_many_addresses_slow_an_account_down_but_never_lock_it(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for number in range(500):
        lock.failed("admin", f"10.0.{number // 250}.{number % 250}")
    verdict = lock.check("admin", "10.9.9.9")
    assert verdict.locked_s == 0
    assert verdict.delay_s == failures.LONGEST_DELAY_S


def test_the_delay_grows_and_fades(clock: LockClock) -> None:
    lock = FailureLock(clock)
    delays = []
    for number in range(16):
        lock.failed("admin", f"10.0.0.{number}")
        delays.append(lock.check("admin", "10.9.9.9").delay_s)
    assert delays[:9] == [0] * 9
    assert delays[9:] == [0.25, 0.5, 1, 2, 4, 5, 5]
    clock.now += 16 * failures.ACCOUNT_DECAY_S
    assert lock.check("admin", "10.9.9.9").delay_s == 0


def test_the_person_at_the_box_is_never_held_up_by_the_network(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for number in range(500):
        lock.failed("admin", f"10.0.{number // 250}.{number % 250}")
    assert lock.check("admin", "127.0.0.1") == lock.check("admin", "::1")
    assert lock.check("admin", "127.0.0.1").delay_s == 0


def test_an_address_that_signed_in_before_is_not_slowed_down(clock: LockClock) -> None:
    lock = FailureLock(clock)
    lock.succeeded("admin", "10.9.9.9")
    for number in range(100):
        lock.failed("admin", f"10.0.0.{number}")
    assert lock.check("admin", "10.9.9.9").delay_s == 0


def test_the_tables_stay_bounded_whatever_the_attacker_does(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for number in range(failures.MAX_ADDRESSES + 500):
        lock.failed(f"user{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        lock.succeeded(f"other{number}", "10.0.0.1")
    assert len(lock._addresses) == failures.MAX_ADDRESSES
    assert len(lock._accounts) == failures.MAX_ACCOUNTS
    assert len(lock._known) == failures.MAX_KNOWN


def test_a_whole_ipv6_network_is_one_place() -> None:
    places = {place_of(f"2001:db8:1:2::{tail:x}") for tail in range(1, 100)}
    assert len(places) == 1
    assert place_of("2001:db8:1:3::1") not in places


def test_a_neighbour_on_an_ipv6_network_locks_nobody_else(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "2001:db8:1:2::bad", 9)
    assert lock.check("admin", "2001:db8:1:2::bad").locked_s > 0
    assert lock.check("admin", "2001:DB8:1:2:0::bad").locked_s > 0
    assert lock.check("admin", "2001:db8:1:2::7").locked_s == 0


def test_who_changes_addresses_within_an_ipv6_network_is_locked_all_the_same(
    clock: LockClock,
) -> None:
    lock = FailureLock(clock)
    lock.succeeded("admin", "2001:db8:1:2::7")
    for number in range(failures.NETWORK_TRIES):
        assert lock.check("admin", "2001:db8:1:2::ffff").locked_s == 0
        lock.failed(f"name {number}", f"2001:db8:1:2::1:{number:x}")
    assert lock.check("admin", "2001:db8:1:2::ffff").locked_s > 0
    assert lock.check("anna", "2001:db8:1:2::7").locked_s > 0
    assert lock.check("admin", "2001:db8:1:2::7").locked_s == 0, "it signed in before"
    assert lock.check("admin", "2001:db8:1:3::7").locked_s == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
    ],
)
def test_forms_of_an_address_are_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_quiet_time_forgets(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for _ in itertools.repeat(None, 5):
        lock.failed("admin", "10.0.0.7")
    clock.now += 60 + failures.FORGET_S + 1
    lock.failed("admin", "10.0.0.7")
    assert lock.check("admin", "10.0.0.7").locked_s == 0


def test_an_address_that_tries_many_accounts_is_locked_for_all(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for number in range(failures.ADDRESS_TRIES):
        assert lock.check("admin", "10.0.0.7").locked_s == 0
        lock.failed(f"name {number}", "10.0.0.7")
    assert lock.check("admin", "10.0.0.7").locked_s == 60
    assert lock.check("admin", "10.0.0.8").locked_s == 0


def test_an_attacker_cannot_push_the_own_lock_out_of_the_table(clock: LockClock) -> None:
    lock = FailureLock(clock)
    tries = 0
    for number in range(2 * failures.MAX_ADDRESSES):
        if lock.check(f"name {number}", "10.0.0.7").locked_s == 0:
            lock.failed(f"name {number}", "10.0.0.7")
            tries += 1
    assert tries == failures.ADDRESS_TRIES


def test_wrong_names_at_the_box_lock_no_other_account_there(clock: LockClock) -> None:
    lock = FailureLock(clock)
    for number in range(2 * failures.ADDRESS_TRIES):
        lock.failed(f"name {number}", "127.0.0.1")
    assert lock.check("admin", "127.0.0.1") == failures.Verdict(0.0, 0.0)


def test_a_known_browser_counts_by_itself(clock: LockClock) -> None:
    lock = FailureLock(clock)
    fail(lock, "10.0.0.7", 30)
    assert lock.check("admin", "10.0.0.7", "b1") == failures.Verdict(0.0, 0.0)
    for _ in range(5):
        lock.failed("admin", "10.9.9.9", "b1")
    assert lock.check("admin", "10.1.1.1", "b1").locked_s == 60
    assert lock.check("admin", "10.9.9.9").locked_s == 0
