"""Finding what a range needs of a stream: from indexes, and a few `moof`s at its edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from appliance.export.blocks import Block
from appliance.media.errors import MediaError
from appliance.media.mp4.reader import parse_fragment
from appliance.storage.block_index import IndexCache
from appliance.storage.boxes import timescales, video_track
from appliance.storage.cursor import Cursor, Located
from appliance.storage.model import StreamId
from appliance.storage.reader import FootageReader
from appliance.storage.tail import IndexedFragment

NS = 1_000_000_000
KEPT_INDEXES = 24
MOST_LOOKED_AT = 90
"""Fragments read in search of a key frame, where their index does not tell of one."""


class Gathered(NamedTuple):
    """Fragments of a block from its `first` on, in its order, without a gap between them."""

    block: Block
    first: int
    fragments: Sequence[IndexedFragment]

    def part(self, start: int, end: int) -> Gathered:
        """Return some of them."""
        return Gathered(self.block, self.first + start, self.fragments[start:end])


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

    def __init__(self, reader: FootageReader) -> None:
        self._reader = reader
        self._cache = IndexCache(KEPT_INDEXES)
        self._blocks: dict[tuple[Path, int, int], Block] = {}

    def stretch(self, stream: StreamId, start_ns: int, end_ns: int) -> Iterator[Gathered]:
        """Yield the footage of [start, end), from the fragment on that `start` is decoded from.

        Raises FootageGoneError when a block is reused meanwhile, OSError.
        """
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
                yield Gathered(self._block(place), place.at, fragments)
            place = self._reader.neighbour(stream, place.row, forward=True)

    def _block(self, place: Located) -> Block:
        key = (place.view.path, place.block.number, place.block.sequence)
        block = self._blocks.get(key)
        if block is None:
            block = Block(place.view.files, place.view.path, place.block, self._cache)
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
                rest = stretch.part(at, len(stretch.fragments))
                return [rest, *stretches[number + 1 :]], lead
            looked += 1
            if looked >= MOST_LOOKED_AT:
                return [], None
    return [], None
