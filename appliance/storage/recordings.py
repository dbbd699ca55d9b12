"""The list of recordings: whole blocks with time, size, kinds and lock (D1-PB-33), page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from appliance.storage.block_index import BlockIndex
from appliance.storage.catalogue_reader import FileRow
from appliance.storage.model import RecordKind, StreamName
from appliance.storage.reader import FootageReader, VolumeView
from appliance.storage.tail import kinds_of

MAX_LIMIT = 500


class FilePlace(NamedTuple):
    """Where a file stands in the list, which is sorted by this, the largest first."""

    start_ns: int
    channel: int
    stream: str
    number: int
    volume: str

    def text(self) -> str:
        """The place as a cursor."""
        return ":".join(map(str, self))

    @classmethod
    def parse(cls, text: str) -> FilePlace:
        """Read a cursor; raises ValueError."""
        start, channel, stream, number, volume = text.split(":")
        digits = start.removeprefix("-") + channel + number
        if not (digits.isascii() and digits.isdigit() and len(text) <= 120):
            raise ValueError(text[:120])
        return cls(int(start), int(channel), StreamName(stream).value, int(number), volume)


@dataclass(frozen=True, slots=True)
class FileFilter:
    """Which files: those of some channels and streams that touch [start, end), UTC nanoseconds.

    `kinds`: those that hold any of these; `locked`: True for locked ones only; `after`: the place
    of the last file of the page before.
    """

    channels: tuple[int, ...]
    streams: tuple[StreamName, ...]
    start_ns: int
    end_ns: int
    kinds: RecordKind = RecordKind.NONE
    locked: bool = False
    after: FilePlace | None = None
    limit: int = 100


class RecordedFile(NamedTuple):
    """A block with footage; `bytes` of footage, `kinds` as they occur in its pieces.

    `open` says that it is being written: it grows.
    """

    place: FilePlace
    volume_name: str
    end_ns: int
    bytes: int
    kinds: frozenset[RecordKind]
    locked: bool
    open: bool


def recordings(
    reader: FootageReader, wanted: FileFilter
) -> tuple[list[RecordedFile], FilePlace | None]:
    """Return a page of files, the latest start first, and the place to go on after."""
    found: list[RecordedFile] = []
    for view in reader.views():
        in_hand = reader.in_hand(view)  # before the catalogue, to which they go
        opened = {index.number for index in in_hand}
        found += _open_files(view, in_hand, wanted)
        rows = view.catalogue.files(
            wanted.channels,
            [name.value for name in wanted.streams],
            wanted.start_ns,
            wanted.end_ns,
            kinds=int(wanted.kinds),
            locked=wanted.locked,
            after=wanted.after[:4] if wanted.after else None,
            limit=wanted.limit + 2 + len(opened),
        )
        found += [_closed_file(view, row) for row in rows if row.number not in opened]
    if wanted.after is not None:
        found = [file for file in found if file.place < wanted.after]
    found.sort(key=lambda file: file.place, reverse=True)
    page = found[: wanted.limit]
    return page, page[-1].place if len(found) > wanted.limit else None


def _closed_file(view: VolumeView, row: FileRow) -> RecordedFile:
    place = FilePlace(row.start_ns, row.channel, row.stream, row.number, view.identity.uuid)
    kinds = frozenset(map(kinds_of, row.kinds))
    return RecordedFile(
        place, view.identity.name, row.end_ns, row.bytes, kinds, row.locked, open=False
    )


def _open_files(
    view: VolumeView, blocks: Iterable[BlockIndex], wanted: FileFilter
) -> list[RecordedFile]:
    found = []
    for index in blocks:
        if not index.fragments or index.stream.channel not in wanted.channels:
            continue
        if index.stream.stream not in wanted.streams or (wanted.locked and not index.locked):
            continue
        start_ns = min(fragment.utc_ns for fragment in index.fragments)
        end_ns = max(fragment.end_ns for fragment in index.fragments)
        kinds = frozenset(kinds_of(piece.kinds) for piece in index.pieces)
        if start_ns >= wanted.end_ns or end_ns <= wanted.start_ns:
            continue
        if wanted.kinds and not any(kind & wanted.kinds for kind in kinds):
            continue
        place = FilePlace(start_ns, *index.stream, index.number, view.identity.uuid)
        size = sum(fragment.end - fragment.offset for fragment in index.fragments)
        found.append(
            RecordedFile(place, view.identity.name, end_ns, size, kinds, index.locked, open=True)
        )
    return found
