"""Failed sign-ins: lock one address for one account, slow the account down for all others."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

FREE_TRIES = 5
"""Failures of one address on one account before it is locked."""
FIRST_LOCK_S = 60.0
LONGEST_LOCK_S = 1800.0
FORGET_S = 1800.0
"""Quiet time after which the failures of an address are forgotten."""
ACCOUNT_FREE = 10
"""Failures on an account, over all addresses, before it slows down."""
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 5.0
ACCOUNT_DECAY_S = 30.0
"""One failure of an account is forgotten each time so much time has passed."""
MAX_ADDRESSES = 4096
MAX_ACCOUNTS = 256
MAX_KNOWN = 1024
K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class _Address:
    failures: int = 0
    last: float = 0.0
    locked_until: float = 0.0


@dataclass(slots=True)
class _Account:
    failures: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`locked_s` > 0: refuse, and say to wait so long.  Else wait `delay_s` before hashing."""

    locked_s: float
    delay_s: float


class FailureLock:
    """Counts in memory, within bounds; `clock` is monotonic seconds.

    An address is locked for an account by its own failures only, so nobody can lock somebody else
    out.  An account under attack from many addresses answers each try later, at most 5 s; not so
    for loopback (the person at the box) and for addresses that signed in to it before.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._addresses: OrderedDict[tuple[str, str], _Address] = OrderedDict()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.free_tries = FREE_TRIES
        self.first_lock_s = FIRST_LOCK_S
        self.longest_lock_s = LONGEST_LOCK_S

    def check(self, account: str, address: str) -> Verdict:
        """Say whether a try may go on; nothing is counted."""
        now = self._clock()
        place = place_of(address)
        entry = self._addresses.get((account, place))
        locked_s = max(0.0, entry.locked_until - now) if entry else 0.0
        return Verdict(locked_s, self._delay(account, place, now))

    def failed(self, account: str, address: str) -> None:
        """Count a failure of `address` on `account`."""
        now = self._clock()
        key = (account, place_of(address))
        entry = self._addresses.setdefault(key, _Address())
        if now - max(entry.last, entry.locked_until) > FORGET_S:
            entry.failures = 0
        entry.failures += 1
        entry.last = now
        if entry.failures >= self.free_tries:
            doublings = min(entry.failures - self.free_tries, 16)
            lock_s = min(self.first_lock_s * 2**doublings, self.longest_lock_s)
            entry.locked_until = now + lock_s
        _keep(self._addresses, key, MAX_ADDRESSES)
        whole = self._accounts.setdefault(account, _Account(last=now))
        whole.failures = self._decayed(whole, now) + 1
        whole.last = now
        _keep(self._accounts, account, MAX_ACCOUNTS)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of `address`, and know it from now on."""
        key = (account, place_of(address))
        self._addresses.pop(key, None)
        self._known[key] = None
        _keep(self._known, key, MAX_KNOWN)

    def _delay(self, account: str, place: str, now: float) -> float:
        entry = self._accounts.get(account)
        if entry is None or place == LOOPBACK or (account, place) in self._known:
            return 0.0
        beyond = self._decayed(entry, now) - ACCOUNT_FREE
        if beyond < 0:
            return 0.0
        return float(min(FIRST_DELAY_S * 2 ** min(beyond, 16), LONGEST_DELAY_S))

    @staticmethod
    def _decayed(entry: _Account, now: float) -> float:
        return max(0.0, entry.failures - (now - entry.last) / ACCOUNT_DECAY_S)


LOOPBACK = "loopback"


def place_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, an IPv6 /64 network, loopback."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64] or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return place_of(str(parsed.ipv4_mapped))
        if not parsed.is_loopback:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
    return LOOPBACK if parsed.is_loopback else str(parsed)


def _keep(table: OrderedDict[K, V], key: K, most: int) -> None:
    """Mark `key` as the newest of `table` and let the oldest beyond `most` go."""
    table.move_to_end(key)
    while len(table) > most:
        table.popitem(last=False)
