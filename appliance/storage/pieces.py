"""Stretches of footage: what a block holds in one piece, and how pieces join on the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from appliance.storage.tail import IndexedFragment

GAP_NS = 500_000_000
"""A break in the capture time longer than this is a gap; shorter ones are jitter of clocks."""

MAX_DURATION_NS = 60_000_000_000
BUCKET_NS = 6 * 3600 * 1_000_000_000
"""Merged spans are kept per stretch of six hours, so that a change touches one or two of them."""


LONGEST_PIECE_NS = BUCKET_NS + MAX_DURATION_NS


class Piece(NamedTuple):
    """`fragments` of a block from `first` on: without a gap, of the same kinds.

    Never longer than LONGEST_PIECE_NS.
    """

    start_ns: int
    end_ns: int
    kinds: int
    first: int
    fragments: int


class Span(NamedTuple):
    """A stretch of the timeline of one stream."""

    start_ns: int
    end_ns: int
    kinds: int
    locked: bool


def pieces_of(fragments: Sequence[IndexedFragment], first: int = 0) -> list[Piece]:
    """Cut the fragments of a block, in the order of the file, into pieces."""
    pieces: list[Piece] = []
    start = end = kinds = begin = 0
    open_piece = False
    for number, f in enumerate(fragments, first):
        joins = f.kinds == kinds and -GAP_NS <= f.utc_ns - end <= GAP_NS
        if open_piece and joins and f.utc_ns - start < BUCKET_NS:
            end = max(end, f.utc_ns + f.duration_ns)
            continue
        if open_piece:
            pieces.append(Piece(start, end, kinds, begin, number - begin))
        start, end = f.utc_ns, f.utc_ns + f.duration_ns
        kinds, begin, open_piece = int(f.kinds), number, True
    if open_piece:
        pieces.append(Piece(start, end, kinds, begin, first + len(fragments) - begin))
    return pieces


def merge(spans: Iterable[tuple[int, int, int, bool]], gap_ns: int = GAP_NS) -> list[Span]:
    """Join spans of the same kinds and lock that touch or leave no more than `gap_ns`.

    The result depends on the set of spans only, not on their order; it is sorted by start.
    """
    return [Span(s, e, kinds, bool(locked)) for s, e, kinds, locked in merged(spans, gap_ns)]


def merged(spans: Iterable[tuple[int, int, int, bool]], gap_ns: int) -> list[list[int]]:
    """As `merge`, as plain lists: timelines have tens of thousands of spans."""
    last: dict[tuple[int, bool], list[int]] = {}
    found: list[list[int]] = []
    for start, end, kinds, locked in sorted(spans):
        key = (kinds, locked)
        before = last.get(key)
        if before is not None and start - before[1] <= gap_ns:
            before[1] = max(before[1], end)
        else:
            last[key] = fresh = [start, end, kinds, locked]
            found.append(fresh)
    return found


def buckets(start_ns: int, end_ns: int) -> range:
    """The six-hour buckets that a stretch touches."""
    return range(start_ns // BUCKET_NS, max(start_ns, end_ns - 1) // BUCKET_NS + 1)


def clip(span: Span, bucket: int) -> Span:
    """The part of a span within a bucket."""
    return span._replace(
        start_ns=max(span.start_ns, bucket * BUCKET_NS),
        end_ns=min(span.end_ns, (bucket + 1) * BUCKET_NS),
    )
