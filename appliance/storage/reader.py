"""Finding and reading footage on all volumes, beside the recorders and without disturbing them."""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from appliance.storage.block_index import BlockIndex, IndexCache, index_of, load_index
from appliance.storage.catalogue_reader import CatalogueReader, PieceRow
from appliance.storage.cells import LEVELS_NS, QUARTER_NS, CellRow, Stretch, level_for
from appliance.storage.cursor import Cursor, Located
from appliance.storage.errors import FootageGoneError, VolumeError
from appliance.storage.files import FileOps
from appliance.storage.head import Geometry
from appliance.storage.identity import read_identity
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pieces import GAP_NS, Piece, merged
from appliance.storage.report import OpenBlock
from appliance.storage.tail import kinds_of

log = logging.getLogger(__name__)
_WALKED_FOR_S = 5.0
_NS = 1_000_000_000


class TimelineSpan(NamedTuple):
    """A stretch of footage of one stream, of one set of kinds; UTC nanoseconds."""

    stream: StreamId
    start_ns: int
    end_ns: int
    kinds: RecordKind
    locked: bool


class VolumeView:
    """A volume as readers see it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = FileOps(path)
        try:
            self.identity = read_identity(self.files)
        except BaseException:
            self.files.shut()
            raise
        self.catalogue = CatalogueReader(path)
        self.walked: dict[tuple[int, int], tuple[float, BlockIndex]] = {}

    def close(self) -> None:
        """Give everything back."""
        self.catalogue.close()
        self.files.shut()


class FootageReader:
    """Read-only access to the footage on some volumes; thread-safe.

    `open_blocks` returns what the recorders last said of the blocks in their hands.  Volumes
    that cannot be read are passed over, and tried again at the next question.
    """

    def __init__(
        self,
        volume_paths: Sequence[Path],
        open_blocks: Callable[[], Sequence[OpenBlock]] = lambda: (),
    ) -> None:
        self._paths = list(volume_paths)
        self._open_blocks = open_blocks
        self._views: dict[Path, VolumeView] = {}
        self._lock = Lock()
        self.cache = IndexCache()

    def set_volumes(self, volume_paths: Sequence[Path]) -> None:
        """Other volumes from now on."""
        with self._lock:
            self._paths = list(volume_paths)
            for path in [p for p in self._views if p not in self._paths]:
                self._views.pop(path).close()

    def close(self) -> None:
        """Give back all descriptors."""
        for view in self._views.values():
            view.close()
        self._views.clear()

    def streams(self) -> list[StreamId]:
        """All streams of which there is footage."""
        found: set[StreamId] = set()
        for view in self.views():
            found.update(stream for _index, stream in self._in_hand(view, None))
            found.update(view.catalogue.streams())
        return sorted(found)

    def timeline(
        self,
        streams: Sequence[StreamId],
        start_ns: int,
        end_ns: int,
        *,
        gap_ns: int = GAP_NS,
        locked_only: bool = False,
    ) -> list[TimelineSpan]:
        """What footage there is in [start, end), by stream and time, clipped to it.

        Exact, and so as costly as the footage is finely cut: `overview` is for long times.
        Breaks of up to `gap_ns` are bridged; times are UTC nanoseconds.
        """
        found: list[TimelineSpan] = []
        for stream in streams:
            spans: list[tuple[int, int, int, bool]] = []
            for view in self.views():
                for index, _stream in self._in_hand(view, stream):
                    if index.locked or not locked_only:
                        spans += [
                            (p.start_ns, p.end_ns, p.kinds, index.locked) for p in index.pieces
                        ]
                ask = view.catalogue.locked_spans if locked_only else view.catalogue.spans
                spans += ask(stream, start_ns, end_ns)
            found += [
                TimelineSpan(
                    stream,
                    start if start > start_ns else start_ns,
                    end if end < end_ns else end_ns,
                    kinds_of(kinds),
                    bool(locked),
                )
                for start, end, kinds, locked in merged(spans, gap_ns)
                if start < end_ns and end > start_ns
            ]
        return found

    def overview(
        self, stream: StreamId, start_ns: int, end_ns: int, resolution_ns: int
    ) -> list[Stretch] | None:
        """What to draw for a stream in [start, end) where `resolution_ns` is as wide as a pixel.

        Sorted by time, clipped to the range.

        A pixel is drawn if anything in it was recorded, as the kind that comes first.  None if
        the pixels are so short that the spans of `timeline` are to be drawn.
        """
        level = level_for(resolution_ns)
        if level is None:
            return None
        row = CellRow(LEVELS_NS[level], start_ns, end_ns)
        self._enter_cells(row, stream, level, start_ns, end_ns)
        found = row.stretches(resolution_ns)
        if found:
            found[0] = (max(start_ns, found[0][0]), *found[0][1:])
            last = found[-1]
            found[-1] = (last[0], min(end_ns, last[1]), *last[2:])
        return [s for s in found if s[0] < s[1]]

    def days_with_footage(
        self, channels: Iterable[int], start_ns: int, end_ns: int, zone: tzinfo
    ) -> list[date]:
        """The calendar days, in a time zone, on which channels have footage within [start, end).

        Start and end count to the quarter of an hour.
        """
        row = CellRow(QUARTER_NS, start_ns, end_ns)
        for channel in channels:
            for name in StreamName:
                stream = StreamId(channel, name)
                self._enter_cells(row, stream, len(LEVELS_NS) - 1, start_ns, end_ns)
        days: list[date] = []
        day = datetime.fromtimestamp(start_ns // _NS, zone).date()
        while (begin_ns := _midnight_ns(day, zone)) < end_ns:
            following = day + timedelta(days=1)
            if row.any(begin_ns, _midnight_ns(following, zone)):
                days.append(day)
            day = following
        return days

    def _enter_cells(
        self, row: CellRow, stream: StreamId, level: int, start_ns: int, end_ns: int
    ) -> None:
        for view in self.views():
            for index, _stream in self._in_hand(view, stream):
                for piece in index.pieces:
                    row.add(piece.start_ns, piece.end_ns, piece.kinds, index.locked)
            for bucket, kept in view.catalogue.cells(stream, level, start_ns, end_ns):
                row.add_bucket(bucket, kept)

    def seek(self, stream: StreamId, utc_ns: int, *, forward: bool = True) -> Cursor | None:
        """Stand before the fragment that holds an instant.

        In a gap: before the next fragment, or with `forward` False before the last one.  None if
        there is no footage on that side.
        """
        place = self._locate(stream, utc_ns, forward=forward)
        return None if place is None else Cursor(self, stream, place, sought_ns=utc_ns)

    def in_hand(self, view: VolumeView) -> list[BlockIndex]:
        """The blocks of a volume that the catalogue does not describe yet: they are written."""
        return [index for index, _stream in self._in_hand(view, None)]

    def views(self) -> list[VolumeView]:
        """The volumes that can be read now."""
        with self._lock:
            views = [self._view(path) for path in self._paths]
        return [view for view in views if view is not None]

    def _view(self, path: Path) -> VolumeView | None:
        view = self._views.get(path)
        if view is not None and not view.files.still_mounted():
            self._views.pop(path).close()
            view = None
        if view is None:
            try:
                view = self._views[path] = VolumeView(path)
            except (OSError, VolumeError) as error:
                log.debug("volume %s cannot be read: %s", path, error)
        return view

    def index(self, view: VolumeView, number: int, sequence: int) -> BlockIndex:
        """What a block holds; raises FootageGoneError, OSError."""
        for block, _stream in self._in_hand(view, None, number):
            if block.sequence == sequence:
                return block
        return self.cache.get(
            (view.path, number, sequence), lambda: load_index(view.files, number, sequence)
        )

    def neighbour(self, stream: StreamId, row: PieceRow, *, forward: bool) -> Located | None:
        """The piece next in time to another one; pieces that are gone are passed over."""
        found: list[tuple[PieceRow, VolumeView]] = []
        for view in self.views():
            side = view.catalogue.after if forward else view.catalogue.before
            rows = [*self._open_rows(view, stream), *side(stream, row.start_ns)]
            found += [(r, view) for r in rows if (r[:4] > row[:4] if forward else r[:4] < row[:4])]
        found.sort(key=lambda item: item[0], reverse=not forward)
        for piece, view in found:
            place = self._enter(view, piece)
            if place is not None:
                return place if forward else place._replace(at=piece.first + place.length - 1)
        return None

    def _locate(self, stream: StreamId, utc_ns: int, *, forward: bool) -> Located | None:
        holding: list[tuple[PieceRow, VolumeView]] = []
        for view in self.views():
            rows = [*self._open_rows(view, stream), *view.catalogue.around(stream, utc_ns)]
            holding += [(r, view) for r in rows if r.start_ns <= utc_ns < r.end_ns]
        for row, view in sorted(holding, key=lambda item: item[0], reverse=True):
            place = self._enter(view, row)
            if place is not None:
                fragments = place.block.fragments
                last = place.row.first + place.length
                at = bisect_right(
                    fragments, utc_ns, lo=place.row.first, hi=last, key=lambda f: f.utc_ns
                )
                return place._replace(at=max(place.row.first, at - 1))
        edge = utc_ns + 1 if forward else utc_ns
        first = -1 if forward else 1 << 62
        return self.neighbour(
            stream, PieceRow(edge, first, first, first, 0, 0, False), forward=forward
        )

    def _enter(self, view: VolumeView, row: PieceRow) -> Located | None:
        try:
            index = self.index(view, row.number, row.sequence)
        except (FootageGoneError, OSError) as error:
            log.info("block %d of %s passed over: %r", row.number, view.path, error)
            return None
        piece = index.piece(row.first)
        if piece is None or not piece.fragments:
            return None
        return Located(view, row, index, piece.fragments, row.first)

    def _open_rows(self, view: VolumeView, stream: StreamId) -> list[PieceRow]:
        return [
            _piece_row(index, piece)
            for index, _stream in self._in_hand(view, stream)
            for piece in index.pieces
        ]

    def _in_hand(
        self, view: VolumeView, stream: StreamId | None, number: int | None = None
    ) -> list[tuple[BlockIndex, StreamId]]:
        """Blocks that the catalogue does not describe yet: recorders do, or the block itself.

        To be asked *before* the catalogue: a block goes from hand to catalogue, so whoever asks in
        this order may see one twice, which does no harm, and in the other order not at all.
        """
        told = [
            b
            for b in self._open_blocks()
            if b.volume == view.identity.uuid
            and (stream is None or b.stream == stream)
            and (number is None or b.number == number)
        ]
        entered = view.catalogue.sequences([b.number for b in told])
        found = [
            (self._told(view, b), b.stream) for b in told if entered.get(b.number) != b.sequence
        ]
        known = {b.number for b in told}
        for other, sequence, _locked in view.catalogue.open_numbers(stream):
            if other not in known and number in (None, other):
                index = self._walk(view, other, sequence)
                if index is not None:
                    found.append(index)
        return found

    def _told(self, view: VolumeView, block: OpenBlock) -> BlockIndex:
        geometry = Geometry(view.identity.block_bytes, len(block.head))
        key = (block.number, block.sequence)
        cached = view.walked.get(key)
        if (
            cached is not None
            and len(cached[1].fragments) == len(block.fragments)
            and cached[1].locked == block.locked
        ):
            return cached[1]
        index = index_of(block, geometry.state_at)
        if len(view.walked) > 256:
            view.walked.clear()
        view.walked[key] = (time.monotonic(), index)
        return index

    def _walk(
        self, view: VolumeView, number: int, sequence: int
    ) -> tuple[BlockIndex, StreamId] | None:
        """A block whose recorder is not running: ask the block, at most every few seconds."""
        now = time.monotonic()
        cached = view.walked.get((number, sequence))
        if cached is None or now - cached[0] > _WALKED_FOR_S:
            try:
                cached = (now, load_index(view.files, number, sequence))
            except (FootageGoneError, OSError):
                return None
            view.walked[(number, sequence)] = cached
        return cached[1], cached[1].stream


def _midnight_ns(day: date, zone: tzinfo) -> int:
    """When a day begins in a time zone; days of 23 and 25 hours included."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * _NS


def _piece_row(index: BlockIndex, piece: Piece) -> PieceRow:
    return PieceRow(
        piece.start_ns,
        index.sequence,
        piece.first,
        index.number,
        piece.end_ns,
        piece.fragments,
        index.locked,
    )
