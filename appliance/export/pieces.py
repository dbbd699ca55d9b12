"""What a file of an export is made of: small synthesised bytes, and ranges of blocks.

A piece gives its bytes as spans: bytes, or a range of a block that the kernel may copy itself.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from appliance.export.blocks import Block, OpenedBlock
from appliance.storage.boxes import BOX_HEAD, box_head, move_times
from appliance.storage.errors import FootageGoneError
from appliance.storage.tail import IndexedFragment

_PIECE_BYTES = 600
Opener = Callable[[Block], OpenedBlock]


class BlockSpan(NamedTuple):
    """`size` bytes of a block from `offset` on, verbatim."""

    block: Block
    offset: int
    size: int


Span = bytes | BlockSpan


@dataclass(frozen=True, slots=True)
class Made:
    """Synthesised bytes."""

    data: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def spans(self, start: int, end: int, _open: Opener) -> Iterator[Span]:
        """Yield [start, end) of it."""
        yield self.data[start:end]

    def identity(self) -> object:
        """What its bytes follow from, for the ETag."""
        return hashlib.sha256(self.data).hexdigest()


class Replaced(NamedTuple):
    """The `moof` of a first fragment as stored, and as it goes out; both of one size."""

    stored: bytes
    shown: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """Fragments that lie one behind the other in a block: `count` from its `first` on.

    They begin at `start` in the block and take `size` bytes.  `ticks` is by how much the `tfdt` of
    each track is made later on the way out (negative: earlier); empty for fragments that go out
    verbatim.  The last `unflipped` of them still had `free` in front when the plan was made: they
    go out with the header they get.  `lead` replaces the `moof` of the first one.
    """

    block: Block
    first: int
    count: int
    start: int
    size: int
    ticks: Mapping[int, int]
    unflipped: int = 0
    lead: Replaced | None = None

    @property
    def fragments(self) -> Sequence[IndexedFragment]:
        """The fragments, read from the block's index.  Raises FootageGoneError, OSError."""
        return self.block.part(self.first, self.count, self.start)

    def spans(self, start: int, end: int, open_block: Opener) -> Iterator[Span]:
        """Yield [start, end) of it; reads only what has to be changed."""
        at, stop = self.start + start, self.start + end
        if not self.ticks and not self.unflipped and not self.lead:
            yield BlockSpan(self.block, at, stop - at)
            return
        fragments = self.fragments
        plain = 0 if self.ticks or self.lead else self.count - self.unflipped
        if plain and at < (until := min(stop, fragments[plain - 1].end)):
            yield BlockSpan(self.block, at, until - at)
            at = until
        number = bisect_right(fragments, at, key=lambda f: f.offset) - 1
        while at < stop:
            fragment = fragments[number]
            front = self._front(fragment, open_block)
            known = fragment.offset + len(front)
            if at < min(known, stop):
                yield front[at - fragment.offset : stop - fragment.offset]
                at = min(known, stop)
            if at < min(fragment.end, stop):
                yield BlockSpan(self.block, at, min(fragment.end, stop) - at)
                at = min(fragment.end, stop)
            number += 1

    def _front(self, fragment: IndexedFragment, open_block: Opener) -> bytes:
        """Return what of a fragment may differ from the block: its `uuid` box, and its `moof`."""
        leads = self.lead is not None and fragment.offset == self.start
        if not self.ticks and not leads:
            return box_head(b"uuid", fragment.box_bytes)
        front = open_block(self.block).front(fragment)
        box = fragment.box_bytes
        if self.lead is not None and leads:
            if front[box:] != self.lead.stored:
                raise FootageGoneError(self.block.number)
            return box_head(b"uuid", box) + front[BOX_HEAD:box] + self.lead.shown
        head = box_head(b"uuid", box)  # it may not have been turned yet
        return head + front[BOX_HEAD:box] + move_times(front[box:], self.ticks)

    def identity(self) -> object:
        """What its bytes follow from, for the ETag."""
        place = self.block.number, self.block.sequence, self.start, self.size
        lead = hashlib.sha256(self.lead.shown).hexdigest() if self.lead else ""
        return (*place, sorted(self.ticks.items()), lead)


Piece = Made | Stored


def piece_bytes(piece: Piece) -> int:
    """Return about how much memory a piece takes, without its block."""
    if isinstance(piece, Made):
        return len(piece.data)
    lead = len(piece.lead.stored) + len(piece.lead.shown) if piece.lead else 0
    return _PIECE_BYTES + lead
