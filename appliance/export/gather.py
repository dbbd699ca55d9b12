"""Finding what a range needs of a stream: from indexes, and a few `moof`s at its edges.

What is gathered is compact (17 bytes a fragment) and counted, so that a plan of any range has its
bounds in memory and work before it is made.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from appliance.export.blocks import Block
from appliance.export.limits import STRETCH_COSTS, Allowance
from appliance.media.errors import MediaError
from appliance.media.mp4.reader import parse_fragment
from appliance.storage.boxes import timescales, video_track
from appliance.storage.cursor import Cursor, Located
from appliance.storage.model import StreamId
from appliance.storage.pieces import GAP_NS
from appliance.storage.reader import FootageReader
from appliance.storage.tail import IndexedFragment

NS = 1_000_000_000
MOST_LOOKED_AT = 90
"""Fragments read in search of a key frame, where their index does not tell of one."""

_BOX, _PAYLOAD, _KEY, _TIME = (
    IndexedFragment._fields.index(name)
    for name in ("box_bytes", "payload_bytes", "key", "media_time")
)


@dataclass(slots=True)
class Columns:
    """What the indexes of a file need of each fragment.

    Its time (ticks of the video), the bytes before its `moof`, those of `moof` + `mdat`, and
    whether it begins with a key frame.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    fronts: array[int] = field(default_factory=lambda: array("I"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    keys: bytearray = field(default_factory=bytearray)

    def __len__(self) -> int:
        """Return how many fragments there are."""
        return len(self.keys)

    def take(self, fragments: Sequence[IndexedFragment]) -> None:
        """Add fragments."""
        columns = list(zip(*fragments, strict=True))
        self.times.extend(columns[_TIME])
        self.fronts.extend(columns[_BOX])
        self.sizes.extend(columns[_PAYLOAD])
        self.keys.extend(columns[_KEY])

    def join(self, other: Columns, moved: int) -> None:
        """Add those of `other`, their times moved by `moved`."""
        self.times.extend([time + moved for time in other.times] if moved else other.times)
        self.fronts.extend(other.fronts)
        self.sizes.extend(other.sizes)
        self.keys.extend(other.keys)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Fragments of one run of a block, from its number `first` on, without a gap between them."""

    block: Block
    first: int
    begin: IndexedFragment
    last: IndexedFragment
    columns: Columns

    @classmethod
    def of(cls, block: Block, first: int, fragments: Sequence[IndexedFragment]) -> Gathered:
        """Take fragments of a block that lie one behind the other."""
        columns = Columns()
        columns.take(fragments)
        return cls(block, first, fragments[0], fragments[-1], columns)

    @property
    def count(self) -> int:
        """How many fragments."""
        return len(self.columns)

    @property
    def fragments(self) -> Sequence[IndexedFragment]:
        """The fragments, read from the block's index.  Raises FootageGoneError, OSError."""
        return self.block.part(self.first, self.count, self.begin.offset)

    def from_(self, at: int) -> Gathered:
        """Return what is left without the first `at`.  Raises FootageGoneError, OSError."""
        return Gathered.of(self.block, self.first + at, self.fragments[at:]) if at else self


class Key(NamedTuple):
    """A sample that a player can begin with: UTC ns, its number, ticks of decoding before it."""

    utc_ns: int
    number: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Lead:
    """The `moof` of a file's first fragment, taken apart.

    `offset` is pts - dts of its first sample, `base` its `tfdt`, `others` the least of those of
    other tracks (None without), all in ticks of the video.
    """

    moof: bytes
    offset: int
    base: int
    others: int | None
    keys: tuple[Key, ...]


class Footage:
    """Gathers for one plan; blocks that come again are the same object."""

    def __init__(self, reader: FootageReader, allowance: Allowance) -> None:
        self._reader = reader
        self._allowance = allowance
        self._blocks: dict[tuple[Path, int, int], Block] = {}
        self._heads: dict[bytes, bytes] = {}

    def stretch(self, stream: StreamId, start_ns: int, end_ns: int) -> Iterator[Gathered]:
        """Yield the footage of [start, end), from the fragment on that `start` is decoded from.

        Raises FootageGoneError when a block is reused meanwhile, OSError, and ExportError
        (too_large, cancelled).
        """
        waiting: list[tuple[Block, int, Sequence[IndexedFragment]]] = []
        for block, first, fragments in self._runs(stream, start_ns, end_ns):
            self._allowance.take(stream, len(fragments))
            if waiting and not _adjoins(waiting[-1], block, first, fragments[0]):
                yield self._joined(stream, waiting)
                waiting = []
            waiting.append((block, first, fragments))
        if waiting:
            yield self._joined(stream, waiting)

    def _joined(
        self, stream: StreamId, parts: list[tuple[Block, int, Sequence[IndexedFragment]]]
    ) -> Gathered:
        self._allowance.take(stream, STRETCH_COSTS)
        block, first, fragments = parts[0]
        last = parts[-1][2][-1]
        columns = Columns()
        for _block, _first, some in parts:
            columns.take(some)
        return Gathered(block, first, fragments[0], last, columns)

    def _runs(
        self, stream: StreamId, start_ns: int, end_ns: int
    ) -> Iterator[tuple[Block, int, Sequence[IndexedFragment]]]:
        """Yield fragments of one run of a block, their number and the block."""
        cursor = self._reader.seek(stream, start_ns)
        first = cursor.next() if cursor else None
        if cursor is None or first is None or first.utc_ns >= end_ns:
            return
        place: Located | None = first.place
        if first.utc_ns <= start_ns:
            place = self._back_to_key(cursor, first.place, start_ns) or first.place
        while place is not None and place.row.start_ns < end_ns:
            fragments = place.block.fragments[place.at : place.row.first + place.length]
            if place.row.end_ns > end_ns:
                fragments = list(takewhile(lambda f: f.utc_ns < end_ns, fragments))
            if fragments:
                block = self._block(place)
                for at, run in _by_run(fragments):
                    yield block, place.at + at, run
            place = self._reader.neighbour(stream, place.row, forward=True)

    def _block(self, place: Located) -> Block:
        key = (place.view.path, place.block.number, place.block.sequence)
        block = self._blocks.get(key)
        if block is None:
            head = self._heads.setdefault(place.block.head, place.block.head)
            block = Block(place.view.files, place.view.path, place.block, head, self._reader.cache)
            self._blocks[key] = block
            with block.open() as opened:
                if opened.closing() is None:
                    block.pin(place.block)
        elif block.pinned:
            block.pin(place.block)  # it may have grown since
        return block

    def _back_to_key(self, cursor: Cursor, here: Located, utc_ns: int) -> Located | None:
        """Return the fragment of the same run with the last key frame at or before an instant."""
        place = here
        for _looked in range(MOST_LOOKED_AT):
            fragment = place.block.fragments[place.at]
            lead = self.lead(self._block(place), fragment) if fragment.may_have_key else None
            if lead and any(key.utc_ns <= utc_ns for key in lead.keys):
                return place
            cursor.previous()
            back = cursor.next() if cursor.back_to_key() else None
            if back is None or back.head != here.block.head:
                return None
            place = back.place
        return None

    def lead(self, block: Block, fragment: IndexedFragment) -> Lead | None:
        """Look into a fragment; None if it cannot be read as video.

        Raises FootageGoneError, OSError.
        """
        with block.open() as opened:
            moof = opened.moof(fragment)
            opened.check()
        return lead_of(block.head, fragment, moof)


def lead_of(head: bytes, fragment: IndexedFragment, moof: bytes) -> Lead | None:
    """Take a `moof` apart."""
    track, scales = video_track(head), timescales(head)
    try:
        tracks = {t.track_id: t for t in parse_fragment(moof)}
    except MediaError:
        return None
    found, scale = tracks.get(track), scales.get(track)
    if found is None or not found.samples or not scale:
        return None
    zero, time = found.samples[0].offset, 0
    keys = []
    for number, sample in enumerate(found.samples):
        if sample.key:
            at = fragment.utc_ns + (time + sample.offset - zero) * NS // scale
            keys.append(Key(at, number, time))
        time += sample.duration
    others = [
        t.base_dts * scale // scales[t.track_id]
        for t in tracks.values()
        if t.samples and t.track_id != track and t.track_id in scales
    ]
    return Lead(moof, zero, found.base_dts, min(others, default=None), tuple(keys))


def _adjoins(
    before: tuple[Block, int, Sequence[IndexedFragment]],
    block: Block,
    first: int,
    begin: IndexedFragment,
) -> bool:
    """Whether fragments go on where others end: the store cuts also where the kind changes."""
    there, at, fragments = before
    last = fragments[-1]
    return (
        there is block
        and at + len(fragments) == first
        and last.run == begin.run
        and abs(begin.utc_ns - last.end_ns) <= GAP_NS
    )


def _by_run(
    fragments: Sequence[IndexedFragment],
) -> Iterator[tuple[int, Sequence[IndexedFragment]]]:
    """Yield the fragments of each run, and the number of their first."""
    if len({f.run for f in fragments}) == 1:
        yield 0, fragments
        return
    begin = 0
    for at in range(1, len(fragments) + 1):
        if at == len(fragments) or fragments[at].run != fragments[begin].run:
            yield begin, fragments[begin:at]
            begin = at


def from_first_key(
    footage: Footage, stretches: list[Gathered]
) -> tuple[list[Gathered], Lead | None]:
    """Drop what lies before the first fragment with a key frame; its `moof` taken apart.

    Nothing is left where none of the first fragments has one.
    """
    looked = 0
    for number, stretch in enumerate(stretches):
        for at, fragment in enumerate(stretch.fragments):
            if not fragment.may_have_key:
                continue
            lead = footage.lead(stretch.block, fragment)
            if lead and lead.keys:
                return [stretch.from_(at), *stretches[number + 1 :]], lead
            looked += 1
            if looked >= MOST_LOOKED_AT:
                return [], None
    return [], None
