"""Going through the footage of a stream, fragment by fragment, over blocks, gaps and volumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from appliance.storage.block_index import BlockIndex, read_body
from appliance.storage.catalogue_reader import PieceRow
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import RecordKind, StreamId
from appliance.storage.pieces import GAP_NS
from appliance.storage.volume import block_name

if TYPE_CHECKING:
    from appliance.storage.reader import FootageReader, VolumeView

KEY_LIMIT_NS = 3600 * 1_000_000_000
"""How far a key frame is looked for, by indexes: further than the GOP of any camera."""


class Located(NamedTuple):
    """A place in a piece: fragment `at` of its block; the piece has `length` fragments."""

    view: VolumeView
    row: PieceRow
    block: BlockIndex
    length: int
    at: int


@dataclass(frozen=True, slots=True)
class StoredFragment:
    """A fragment on a disk.

    `head` is the `ftyp`+`moov` it belongs to; its `moof`+`mdat` are `size` bytes from `offset`
    on in the file `path`: read them with `read`, which notices if the block was reused meanwhile.
    `gap_before` says that something is missing between this fragment and the one before it (or
    the instant sought).  Times are UTC nanoseconds; `media_time` is the `tfdt` of the video,
    counted from the start of the run (in the file itself times rise from run to run).
    """

    cursor: Cursor
    place: Located
    stream: StreamId
    head: bytes
    path: Path
    offset: int
    size: int
    utc_ns: int
    duration_ns: int
    run: int
    kinds: RecordKind
    may_have_key: bool
    media_time: int
    locked: bool
    gap_before: bool

    @property
    def end_ns(self) -> int:
        """UTC at its end."""
        return self.utc_ns + self.duration_ns

    def read(self) -> bytes:
        """The `moof`+`mdat`.

        Raises FootageGoneError if the block was reused (the cursor then goes on with the next
        piece of footage), OSError if the disk fails.
        """
        return self.cursor.read(self.place)


class Cursor:
    """A place in the footage of one stream; made by FootageReader.seek.  Not thread-safe."""

    def __init__(
        self, reader: FootageReader, stream: StreamId, place: Located, *, sought_ns: int
    ) -> None:
        self._reader = reader
        self.stream = stream
        self._place = place
        self._expected_ns = sought_ns
        self._first = True
        self._gone = False

    def next(self) -> StoredFragment | None:
        """The next fragment; None at the end of the footage (more may come: ask again later)."""
        place = self._place
        if self._gone or place.at >= place.row.first + place.length:
            onward = None if self._gone else self._grown()
            onward = onward or self._reader.neighbour(self.stream, place.row, forward=True)
            if onward is None:
                return None
            place = onward
            self._gone = False
        self._place = place._replace(at=place.at + 1)
        found = self._describe(place)
        self._expected_ns = found.end_ns
        self._first = False
        return found

    def previous(self) -> StoredFragment | None:
        """The fragment before the one that `next` would give; None at the beginning."""
        place = self._place
        if place.at > place.row.first and not self._gone:
            self._place = place._replace(at=place.at - 1)
        else:
            back = self._reader.neighbour(self.stream, place.row, forward=False)
            if back is None:
                return None
            self._place = back
            self._gone = False
        found = self._describe(self._place)
        self._expected_ns = found.utc_ns
        return found

    def back_to_key(self) -> bool:
        """Go back to the last fragment, before the one `next` would give, that has a key frame.

        Nothing but indexes is read; of a fragment stored before its index told, the answer is that
        it may have one.  False if there is none in the run, or something is missing in between:
        the cursor then stands where it stood.
        """
        stood = self._stand
        start = fragment = self.next()
        self._stand = stood
        while fragment is not None and start is not None:
            before = self.previous()
            if (
                before is None
                or before.run != start.run
                or abs(fragment.utc_ns - before.end_ns) > GAP_NS
                or start.utc_ns - before.utc_ns > KEY_LIMIT_NS
            ):
                break
            if before.may_have_key:
                return True
            fragment = before
        self._stand = stood
        return False

    def on_to_key(self) -> None:
        """Pass over fragments that are known to have no key frame, by their indexes."""
        began_ns: int | None = None
        while True:
            stood = self._stand
            found = self.next()
            if found is None:
                return
            began_ns = found.utc_ns if began_ns is None else began_ns
            if found.may_have_key or found.utc_ns - began_ns > KEY_LIMIT_NS:
                self._stand = stood
                return

    @property
    def _stand(self) -> tuple[Located, int, bool, bool]:
        return self._place, self._expected_ns, self._first, self._gone

    @_stand.setter
    def _stand(self, stand: tuple[Located, int, bool, bool]) -> None:
        self._place, self._expected_ns, self._first, self._gone = stand

    def read(self, place: Located) -> bytes:
        """See StoredFragment.read."""
        fragment = place.block.fragments[place.at]
        try:
            return read_body(place.view.files, place.block, fragment)
        except FootageGoneError:
            key = (place.view.path, place.block.number, place.block.sequence)
            self._reader.cache.forget(key)
            if self._place.block is place.block:
                self._gone = True
            raise

    def _grown(self) -> Located | None:
        """The same piece, if its block is being written and has more by now."""
        place = self._place
        try:
            index = self._reader.index(place.view, place.row.number, place.row.sequence)
        except (FootageGoneError, OSError):
            return None
        piece = index.piece(place.row.first)
        if piece is None or piece.fragments <= place.length:
            return None
        return place._replace(block=index, length=piece.fragments)

    def _describe(self, place: Located) -> StoredFragment:
        fragment = place.block.fragments[place.at]
        jump = fragment.utc_ns - self._expected_ns
        gap = jump > GAP_NS if self._first else abs(jump) > GAP_NS
        return StoredFragment(
            self,
            place,
            self.stream,
            place.block.head,
            place.view.path / block_name(place.block.number),
            fragment.body_offset,
            fragment.payload_bytes,
            fragment.utc_ns,
            fragment.duration_ns,
            fragment.run,
            fragment.kinds,
            fragment.may_have_key,
            fragment.media_time - fragment.media_shift,
            place.row.locked,
            gap,
        )
