"""The device's own certificate: made at the first start, renewed in time, ECDSA P-256."""

from __future__ import annotations

import datetime
import socket
from collections.abc import Iterable

import psutil

from appliance.certificates.facts import names_of
from appliance.certificates.issue import BACKDATED_DAYS, MOST_NAMES, Subject, new_key, self_signed
from appliance.certificates.pair import Pair

VALID_DAYS = 397
"""What browsers accept at most of a certificate a person trusts by hand."""
RENEW_DAYS = 30
COMMON_NAME = "Video recorder"
Names = frozenset[str]


def own_names(more: Iterable[str] = ()) -> Names:
    """Return the host names and addresses this box is reached by, and `more`."""
    host = socket.gethostname()
    names = {"localhost", "127.0.0.1", "::1", host, f"{host.partition('.')[0]}.local", *more}
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                names.add(address.address.partition("%")[0])
    return frozenset(name for name in names if name)


def renewed(pair: Pair | None, names: Names, now: datetime.datetime) -> tuple[Pair, str]:
    """Return the device certificate to use, and why it was issued anew ("" if it was not).

    The key stays when the certificate changes.  Names once in it stay too, so that a lease that
    comes and goes does not change it each time.
    """
    names = frozenset(sorted(names)[:MOST_NAMES])
    why = _why_renew(pair, names, now)
    if pair is not None and not why:
        return pair, ""
    key = pair.key if pair is not None else new_key()
    former = frozenset(names_of(pair.leaf)) if pair is not None else frozenset()
    wanted = (sorted(names) + sorted(former - names))[:MOST_NAMES]
    subject = Subject(COMMON_NAME, tuple(wanted))
    return self_signed(key, subject, now, VALID_DAYS - BACKDATED_DAYS), why


def _why_renew(pair: Pair | None, names: Names, now: datetime.datetime) -> str:
    if pair is None:
        return "there was none"
    leaf = pair.leaf
    if now < leaf.not_valid_before_utc:
        return "it was not valid yet; the clock was set"
    if leaf.not_valid_after_utc - now < datetime.timedelta(days=RENEW_DAYS):
        return "it was about to end"
    missing = names - frozenset(names_of(leaf))
    return f"new names {', '.join(sorted(missing))}" if missing else ""
