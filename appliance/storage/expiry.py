"""Giving up footage by age (D2-ST-03, N8.6): only while the time can be trusted.

A block is as old as its last frame says, if the clock was trusted when it was begun.  One begun
while it was not goes together with a later block of its stream, since allocation order is the
true order; so a box that once believed it was 1970 does not lose that footage when it learns
better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.storage.allocator import Allocator
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.errors import VolumeFault
from appliance.storage.model import StreamId
from appliance.text import _

DAY_NS = 86_400 * 1_000_000_000
MAX_JUMP_NS = DAY_NS
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class ExpiryReport:
    """What an expiry run gave up (blocks), and why it did not run; both may be nothing."""

    blocks: int = 0
    fault: VolumeFault | None = None


class Expiry:
    """Watches the clock, and retires what is too old."""

    def __init__(self, allocator: Allocator, keeper: CatalogueKeeper) -> None:
        self._allocator = allocator
        self._keeper = keeper
        self._offset_ns: int | None = None

    def accept_clock(self) -> None:
        """A person says that the clock is right after a jump."""
        self._offset_ns = None

    def run(
        self, days: Mapping[StreamId, float], now_ns: int, mono_ns: int, time_trusted: bool
    ) -> ExpiryReport:
        """Retire what is older than `days` allow at UTC `now_ns`; raises OSError.

        `mono_ns` is the monotonic clock at the same moment: a wall clock that moved against it
        by more than a day stops expiry until it is back or `accept_clock` is called.
        """
        if not time_trusted:
            return ExpiryReport()
        if self._offset_ns is None:
            self._offset_ns = now_ns - mono_ns
        jump_ns = now_ns - mono_ns - self._offset_ns
        if abs(jump_ns) > MAX_JUMP_NS:
            return ExpiryReport(fault=_jump_fault(self._allocator.volume.name, jump_ns))
        retired = 0
        for stream, limit in days.items():
            retired += self._expire(stream, now_ns - int(limit * DAY_NS))
        return ExpiryReport(retired)

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
            "The clock moved by {days} days, so no footage of volume {name} is given up by age. "
            "Check the date and time, then confirm them."
        ).format(days=f"{jump_ns / DAY_NS:+.1f}", name=name),
    )
