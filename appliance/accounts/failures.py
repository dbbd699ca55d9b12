"""Failed sign-ins: lock address and account, then the address; slow the account for others."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

FREE_TRIES = 5
"""Failures of one address on one account before it is locked."""
ADDRESS_TRIES = 20
"""Failures of one address over all accounts before it is locked for all of them."""
NETWORK_TRIES = 60
"""Failures of one IPv6 /64 network over all accounts before it is locked: who has it has all of its
addresses, but so have the neighbours in an office."""
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
    out; after more failures on any accounts it is locked for all of them.  So is an IPv6 network
    after yet more, but for those of its addresses that signed in before.  An account under attack
    from many addresses answers each try later, at most 5 s; not so for loopback (the person at the
    box) and for addresses that signed in to it before.  A `browser` known to have signed in counts
    by itself, whatever its address and others do.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._addresses: OrderedDict[tuple[str, str], _Address] = OrderedDict()
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.free_tries = FREE_TRIES
        self.first_lock_s = FIRST_LOCK_S
        self.longest_lock_s = LONGEST_LOCK_S

    def check(self, account: str, address: str, browser: str | None = None) -> Verdict:
        """Say whether a try may go on; nothing is counted."""
        now = self._clock()
        host, place = host_of(address), place_of(address)
        if browser is not None:
            return Verdict(self._locked_s((account, _BROWSER + browser), now), 0.0)
        locked_s = self._locked_s((account, host), now)
        if host != LOOPBACK:
            locked_s = max(locked_s, self._locked_s(("", host), now))
        if host != place and (account, host) not in self._known:
            locked_s = max(locked_s, self._locked_s(("", place), now))
        return Verdict(locked_s, self._delay(account, host, now))

    def failed(self, account: str, address: str, browser: str | None = None) -> None:
        """Count a failure of `address`, or of a known `browser`, on `account`."""
        now = self._clock()
        host, place = host_of(address), place_of(address)
        if browser is not None:
            self._count((account, _BROWSER + browser), self.free_tries, now)
            return
        self._count((account, host), self.free_tries, now)
        self._count(("", host), max(ADDRESS_TRIES, self.free_tries), now)
        if host != place:
            self._count(("", place), max(NETWORK_TRIES, self.free_tries), now)
        whole = self._accounts.setdefault(account, _Account(last=now))
        whole.failures = self._decayed(whole, now) + 1
        whole.last = now
        _keep(self._accounts, account, MAX_ACCOUNTS)

    def succeeded(self, account: str, address: str, browser: str | None = None) -> None:
        """Forget the failures of `address` on `account`, and know it from now on."""
        key = (account, host_of(address))
        self._addresses.pop(key, None)
        if browser is not None:
            self._addresses.pop((account, _BROWSER + browser), None)
        self._known[key] = None
        _keep(self._known, key, MAX_KNOWN)

    def _locked_s(self, key: tuple[str, str], now: float) -> float:
        entry = self._addresses.get(key)
        return max(0.0, entry.locked_until - now) if entry else 0.0

    def _count(self, key: tuple[str, str], tries: int, now: float) -> None:
        entry = self._addresses.setdefault(key, _Address())
        if now - max(entry.last, entry.locked_until) > FORGET_S:
            entry.failures = 0
        entry.failures += 1
        entry.last = now
        if entry.failures >= tries:
            doublings = min(entry.failures - tries, 16)
            lock_s = min(self.first_lock_s * 2**doublings, self.longest_lock_s)
            entry.locked_until = now + lock_s
        _keep(self._addresses, key, MAX_ADDRESSES)

    def _delay(self, account: str, host: str, now: float) -> float:
        entry = self._accounts.get(account)
        if entry is None or host == LOOPBACK or (account, host) in self._known:
            return 0.0
        beyond = self._decayed(entry, now) - ACCOUNT_FREE
        if beyond < 0:
            return 0.0
        return float(min(FIRST_DELAY_S * 2 ** min(beyond, 16), LONGEST_DELAY_S))

    @staticmethod
    def _decayed(entry: _Account, now: float) -> float:
        return max(0.0, entry.failures - (now - entry.last) / ACCOUNT_DECAY_S)


LOOPBACK = "loopback"
_BROWSER = "browser "


def host_of(address: str) -> str:
    """Return what names one computer: its address in one form, loopback."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64] or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return LOOPBACK if parsed.is_loopback else str(parsed)


def place_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, an IPv6 /64 network, loopback."""
    host = host_of(address)
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network((host, 64), strict=False))
    except ValueError:
        return host


def _keep(table: OrderedDict[K, V], key: K, most: int) -> None:
    """Mark `key` as the newest of `table` and let the oldest beyond `most` go."""
    table.move_to_end(key)
    while len(table) > most:
        table.popitem(last=False)
