"""One MP4 of an export: where its bytes come from, and reading them."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from appliance.export.blocks import READ_AHEAD, Block, OpenedBlock
from appliance.export.pieces import BlockSpan, Piece, Span, Stored, piece_bytes
from appliance.storage.model import StreamId

KEPT_OPEN = 8
_STRETCH_BYTES = 200


@dataclass(frozen=True, slots=True)
class Stretch:
    """Footage without a break: UTC ns, and where it begins in the file (ns from its start)."""

    start_ns: int
    end_ns: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Movie:
    """A file of an export.

    `pieces` are its bytes in order: the head, ranges of blocks, the tail.  `start_ns` and `end_ns`
    (UTC) are what it shows; `stretches` tell where in it what time is.  `scales` are the
    timescales of its tracks, `coding` says in words what it holds.
    """

    name: str
    title: str
    stream: StreamId
    start_ns: int
    end_ns: int
    stretches: tuple[Stretch, ...]
    scales: dict[int, int]
    coding: str
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...] = field(init=False)
    size: int = field(init=False)
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        """Sum up."""
        starts = tuple(accumulate((p.size for p in self.pieces), initial=0))
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "size", starts[-1])
        told = json.dumps([p.identity() for p in self.pieces])
        object.__setattr__(self, "etag", hashlib.sha256(told.encode()).hexdigest()[:32])

    @property
    def kept_bytes(self) -> int:
        """About how much memory it takes, without its blocks."""
        return sum(map(piece_bytes, self.pieces)) + _STRETCH_BYTES * len(self.stretches)

    @property
    def blocks(self) -> list[Block]:
        """The blocks it takes from."""
        found: dict[Block, None] = {}
        for piece in self.pieces:
            block = getattr(piece, "block", None)
            if block is not None:
                found[block] = None
        return list(found)


class MovieReader:
    """Reads movies at any place; blocking, for one thread at a time.  A context manager."""

    def __init__(self) -> None:
        self._open: dict[Block, OpenedBlock] = {}

    def __enter__(self) -> MovieReader:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give all descriptors back."""
        while self._open:
            self._open.popitem()[1].close()

    def opened(self, block: Block) -> OpenedBlock:
        """Return a block's file; the few used last stay open.  Raises FootageGoneError, OSError."""
        found = self._open.pop(block, None)
        if found is None:
            found = block.open()
            while len(self._open) >= KEPT_OPEN:
                self._open.pop(next(iter(self._open))).close()
        self._open[block] = found
        return found

    def at(self, span: BlockSpan) -> OpenedBlock:
        """Return the block of a span to be read now.  Raises FootageGoneError, OSError."""
        opened = self.opened(span.block)
        opened.read_ahead(span.offset)
        return opened

    def spans(self, movie: Movie, start: int, end: int) -> Iterator[Span]:
        """Yield where [start, end) of a movie comes from.  Raises FootageGoneError, OSError."""
        number = bisect_right(movie.starts, start) - 1
        pieces: Sequence[Piece] = movie.pieces
        while start < end and number < len(pieces):
            begin = movie.starts[number]
            until = min(end, movie.starts[number + 1])
            if start < until:
                spans = pieces[number].spans(start - begin, until - begin, self.opened)
                if until < end:
                    spans = self._with_next(spans, until - start, pieces[number + 1])
                yield from spans
            start = max(start, until)
            number += 1

    def _with_next(self, spans: Iterator[Span], left: int, following: Piece) -> Iterator[Span]:
        """Yield spans; before their end, have the first of the next piece read."""
        begun = not isinstance(following, Stored)
        for span in spans:
            yield span
            left -= span.size if isinstance(span, BlockSpan) else len(span)
            if not begun and left <= READ_AHEAD and isinstance(following, Stored):
                self.opened(following.block).read_ahead(following.start)
                begun = True

    def read(self, movie: Movie, start: int, end: int) -> bytes:
        """Read [start, end); the right bytes or none.  Raises FootageGoneError, OSError."""
        parts = []
        used: dict[Block, None] = {}
        for span in self.spans(movie, start, min(end, movie.size)):
            if isinstance(span, BlockSpan):
                used[span.block] = None
                parts.append(self.at(span).pread(span.size, span.offset))
            else:
                parts.append(span)
        self.check(list(used))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def check(self, blocks: Sequence[Block]) -> None:
        """Raise FootageGoneError unless all of these blocks are what they were, OSError."""
        for block in blocks:
            self.opened(block).check()
