"""The timeline at a distance: time cut into cells of equal length, one byte for each.

The byte of a cell has the bits of the kinds recorded in it, and one if any of it is locked; 0 is
a cell without footage.  Cells are laid from the epoch on, so cells of several blocks, streams and
volumes go together by OR, and those of a quarter of an hour end where days end in every time zone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from appliance.storage.model import RecordKind
from appliance.storage.pieces import BUCKET_NS

_NS = 1_000_000_000
LEVELS_NS = (30 * _NS, 900 * _NS)
"""Lengths of the cells that are kept; each divides the next, and the last divides a bucket."""

QUARTER_NS = LEVELS_NS[-1]
LOCKED = 1 << 7
_KINDS = LOCKED - 1
_SHOWN = bytes(int(RecordKind(v & _KINDS).effective()) | v & LOCKED for v in range(256))
"""Of each byte, what is shown: of several kinds the one that comes first (D1-RC-07)."""

Stretch = tuple[int, int, int, bool]
"""Start and end (UTC nanoseconds), the kind that is shown, whether any of it is locked."""


def level_for(resolution_ns: int) -> int | None:
    """The level with the longest cells that `resolution_ns` can take; None: exact spans."""
    fitting = [level for level, cell_ns in enumerate(LEVELS_NS) if cell_ns <= resolution_ns]
    return fitting[-1] if fitting else None


def cells_of_bucket(bucket: int, spans: Iterable[tuple[int, int, int, bool]]) -> list[bytes]:
    """The cells of a bucket at each level, from the spans that lie in it."""
    row = CellRow(LEVELS_NS[0], bucket * BUCKET_NS, (bucket + 1) * BUCKET_NS)
    for span in spans:
        row.add(*span)
    return [pack(row.coarser(cell_ns // LEVELS_NS[0])) for cell_ns in LEVELS_NS]


def pack(cells: bytes) -> bytes:
    """Cells as they are kept: a single byte where all are the same."""
    return cells[:1] if cells.count(cells[0]) == len(cells) else cells


class CellRow:
    """The cells of a stretch of time, to which spans and kept buckets are added.

    The stretch grows to whole cells.
    """

    def __init__(self, cell_ns: int, start_ns: int, end_ns: int) -> None:
        self.cell_ns = cell_ns
        self.first = start_ns // cell_ns
        self.cells = bytearray(max(0, -(-end_ns // cell_ns) - self.first))

    def add(self, start_ns: int, end_ns: int, kinds: int, locked: bool) -> None:
        """Enter a span; what lies outside is left out."""
        value = kinds & _KINDS or int(RecordKind.GENERAL)
        value |= LOCKED if locked else 0
        begin = max(0, start_ns // self.cell_ns - self.first)
        end = max(start_ns, end_ns - 1) // self.cell_ns + 1 - self.first
        for at in range(begin, min(end, len(self.cells))):
            self.cells[at] |= value

    def add_bucket(self, bucket: int, kept: bytes) -> None:
        """Enter what `cells_of_bucket` gave for cells of this length; ValueError if it did not."""
        count = BUCKET_NS // self.cell_ns
        if len(kept) not in (1, count):
            raise ValueError("cells of another length")
        if len(kept) == 1:
            kept = kept * count
        at = bucket * count - self.first
        kept = kept[max(0, -at) : max(0, len(self.cells) - at)]
        at = max(0, at)
        there = self.cells[at : at + len(kept)]
        self.cells[at : at + len(kept)] = kept if not any(there) else either(there, kept)

    def any(self, start_ns: int, end_ns: int) -> bool:
        """Whether anything was recorded in the cells that begin within [start, end)."""
        begin, end = (max(0, -(-at // self.cell_ns) - self.first) for at in (start_ns, end_ns))
        return any(self.cells[begin:end])

    def coarser(self, times: int) -> bytes:
        """The cells joined `times` by `times`, from a multiple of that on since the epoch."""
        if times == 1:
            return bytes(self.cells)
        before = bytes(self.first % times)
        cells = before + self.cells + bytes(-(len(before) + len(self.cells)) % times)
        joined = cells[::times]
        for part in range(1, times):
            joined = either(joined, cells[part::times])
        return joined

    def stretches(self, resolution_ns: int) -> list[Stretch]:
        """What the cells say, joined to about `resolution_ns`; sorted by time."""
        times = max(1, (2 * resolution_ns + self.cell_ns) // (2 * self.cell_ns))
        begin, long_ns = self.first // times, self.cell_ns * times
        cells = self.coarser(times).translate(_SHOWN)
        changed = differences(b"\0" + cells, cells + b"\0")
        edges = itertools.compress(range(len(changed)), changed)
        return [
            ((begin + a) * long_ns, (begin + b) * long_ns, cells[a] & _KINDS, cells[a] >= LOCKED)
            for a, b in itertools.pairwise(edges)
            if cells[a]
        ]


def either(one: bytes | bytearray, other: bytes | bytearray) -> bytes:
    """OR of two rows of cells of the same length."""
    both = int.from_bytes(one, "big") | int.from_bytes(other, "big")
    return both.to_bytes(len(one), "big")


def differences(one: bytes, other: bytes) -> bytes:
    """XOR of two rows of cells of the same length."""
    both = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return both.to_bytes(len(one), "big")
