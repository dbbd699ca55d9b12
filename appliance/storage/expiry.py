"""Giving up footage by age (D2-ST-03, N8.6): only while the time can be trusted.

A block is as old as its last frame says, if the clock was trusted when it was begun.  One begun
while it was not goes together with a later block of its stream, since allocation order is the
true order; so a box that once believed it was 1970 does not lose that footage when it learns
better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from appliance.storage.allocator import Allocator
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.errors import VolumeFault
from appliance.storage.model import StreamId
from appliance.text import _

DAY_NS = 86_400 * 1_000_000_000
MAX_JUMP_NS = DAY_NS
_NOTE_NS = 3600 * 1_000_000_000
"""How often the time is noted on the volume, so that a start with another clock is noticed."""

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """What an expiry run gave up (blocks), and why it did not run; both may be nothing."""

    blocks: int = 0
    fault: VolumeFault | None = None


class Expiry:
    """Watches the clock, and retires what is too old.

    The clock is in doubt while it is more than a day from where it has to be by the monotonic
    clock; after a start, from when it was last trusted: a box that was off for longer, or started
    with a wrong date, gives nothing up by age until somebody says that the clock is right.
    """

    def __init__(self, allocator: Allocator, keeper: CatalogueKeeper) -> None:
        self._allocator = allocator
        self._keeper = keeper
        self._lock = Lock()
        self._offset_ns: int | None = None
        self._trusted_ns = allocator.book.clock_ns or self._newest_ns()

    def accept_clock(self) -> None:
        """A person says that the clock is right."""
        with self._lock:
            self._offset_ns = None
            self._trusted_ns = 0

    def run(
        self, days: Mapping[StreamId, float], now_ns: int, mono_ns: int, time_trusted: bool
    ) -> ExpiryReport:
        """Retire what is older than `days` allow at UTC `now_ns`; raises OSError.

        `mono_ns` is the monotonic clock at the same moment: a wall clock that moved against it
        by more than a day stops expiry until it is back or `accept_clock` is called.
        """
        with self._lock:
            jump_ns = self._jump_ns(now_ns, mono_ns)
            doubtful = abs(jump_ns) > MAX_JUMP_NS
            if time_trusted and not doubtful:
                self._offset_ns = now_ns - mono_ns
                self._note(now_ns)
        if doubtful and days:
            return ExpiryReport(fault=_jump_fault(self._allocator.volume.name, jump_ns))
        if doubtful or not time_trusted:
            return ExpiryReport()
        retired = 0
        for stream, limit in days.items():
            retired += self._expire(stream, now_ns - int(limit * DAY_NS))
        return ExpiryReport(retired)

    def _jump_ns(self, now_ns: int, mono_ns: int) -> int:
        """How far the clock is from where it has to be; 0 if that is not known."""
        if self._offset_ns is None and self._trusted_ns:
            self._offset_ns = self._trusted_ns - mono_ns
        return 0 if self._offset_ns is None else now_ns - mono_ns - self._offset_ns

    def _note(self, now_ns: int) -> None:
        book = self._allocator.book
        if abs(now_ns - book.clock_ns) >= _NOTE_NS:
            book.clock_ns = now_ns
            self._allocator.save()

    def _newest_ns(self) -> int:
        """When the newest block was begun, for a volume on which no time was noted."""
        rows = self._keeper.rows(
            "trusted AND created_ns = (SELECT max(created_ns) FROM blocks WHERE trusted)"
        )
        return rows[0].created_ns if rows else 0

    def _expire(self, stream: StreamId, before_ns: int) -> int:
        mine = (
            "state IN ('closed', 'suspect') AND channel = ? AND stream = ? AND fragments >= 0"
            " AND NOT locked"
        )
        name = (stream.channel, stream.stream.value)
        old = self._keeper.rows(f"{mine} AND trusted AND last_ns < ?", (*name, before_ns))
        if not old:
            return 0
        rows = self._keeper.rows(f"{mine} AND sequence <= ?", (*name, old[-1].sequence))
        too_old = [
            row
            for row in rows
            if (row.last_ns < before_ns if row.trusted else True)
            and not self._allocator.policy.keeps(row.channel, row.first_ns, row.last_ns)
        ]
        return self._allocator.retire(too_old[:_AT_ONCE], "expired")


def _jump_fault(name: str, jump_ns: int) -> VolumeFault:
    return VolumeFault(
        "time_jump",
        _(
            "The clock is {days} days from where it should be, so no footage of volume {name} is "
            "deleted by age. Check the date and time, then confirm them on the page Storage."
        ).format(days=f"{jump_ns / DAY_NS:+.1f}", name=name),
    )
