"""How full a volume is, and how far back it reaches before footage is overwritten."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.storage.catalogue import Totals

if TYPE_CHECKING:
    from appliance.storage.writer import VolumeWriter

_DAY_NS = 86_400 * 1_000_000_000
_SOME_TIME_NS = 600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """The state of a volume: sizes in bytes, `oldest_ms` UTC or None while it is empty.

    `retention_days` is how long footage written now will last at the rate of the last 24 hours,
    None while that cannot be said.  `wanted_days` is the most any stream is to be kept;
    `retention_short` is that number where it will not be reached, else None.
    """

    size: int
    used: int
    free: int
    oldest_ms: int | None
    retention_days: float | None
    wanted_days: float | None
    retention_short: float | None
    blocks: int
    locked_blocks: int
    catalogue_complete: bool


def usage(
    writer: VolumeWriter, *, time_trusted: bool = True, now_ns: int | None = None
) -> VolumeUsage:
    """Ask a writer's catalogue; without trusted time the past rate says nothing."""
    now = time.time_ns() if now_ns is None else now_ns
    totals = writer.keeper.totals(now - _DAY_NS, now)
    size = writer.volume.block_bytes
    total = writer.volume.max_blocks
    policy = writer.policy
    days = None
    if time_trusted and policy.when_full == "overwrite":
        in_hand = len(writer.allocator.book.blocks)
        days = _days(totals, max(0, total - totals.locked - in_hand), now)
    wanted = max(policy.wanted_days.values(), default=None)
    short = wanted if days is not None and wanted is not None and days < wanted else None
    begun = [b.fragments[0].utc_ns for b in writer.open_blocks() if b.fragments]
    oldest_ns = min([*begun, totals.oldest_ns] if totals.oldest_ns else begun, default=None)
    return VolumeUsage(
        size=total * size,
        used=totals.used * size,
        free=max(0, total - totals.used) * size,
        oldest_ms=oldest_ns // 1_000_000 if oldest_ns else None,
        retention_days=days,
        wanted_days=wanted,
        retention_short=short,
        blocks=totals.used,
        locked_blocks=totals.locked,
        catalogue_complete=not writer.keeper.needs_rebuild,
    )


def _days(totals: Totals, turning: int, now_ns: int) -> float | None:
    """Blocks that take part in the turn, by those begun in a day (or since the first)."""
    if totals.first_ns is None:
        return None
    span = now_ns - totals.first_ns
    fresh = totals.begun - totals.streams  # blocks begun with, and not yet filled, are no rate
    if span < _SOME_TIME_NS or fresh <= 0:
        return None
    return turning / fresh * span / _DAY_NS
