"""Which certificates are about to end: what the reminders say (N13.10)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate that ends on `day` (YYYY-MM-DD, UTC), in `days` days; negative: it has."""

    id: str
    day: str
    days: int


def endings(
    certificates: Iterable[tuple[str, x509.Certificate]],
    now: datetime.datetime,
    remind_days: int,
) -> list[Ending]:
    """Return those that end within `remind_days` (1 to 30), the first to end first.

    One that ends today in 5 hours ends in 0 days.
    """
    found = []
    for name, certificate in certificates:
        left = certificate.not_valid_after_utc - now
        if left <= remind_days * DAY:
            day = certificate.not_valid_after_utc.date().isoformat()
            found.append(Ending(name, day, left // DAY))
    return sorted(found, key=lambda ending: (ending.days, ending.id))
