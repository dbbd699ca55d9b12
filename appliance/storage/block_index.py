"""What a reader knows of one block: head, fragments, and whether it is still the same block."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from appliance.storage.boxes import parse_box, shift_times, timescales, video_track
from appliance.storage.errors import BlockFormatError, FootageGoneError
from appliance.storage.files import FileOps
from appliance.storage.head import BlockHead, read_head, unpack_identity
from appliance.storage.model import StreamId
from appliance.storage.pages import PAGE
from appliance.storage.pieces import Piece, pieces_of
from appliance.storage.report import OpenBlock
from appliance.storage.tail import IndexedFragment, read_tail
from appliance.storage.volume import block_name
from appliance.storage.walk import walk

_KEPT = 48


@dataclass(frozen=True, slots=True)
class BlockIndex:
    """The fragments of a block at one moment; `state_at` is where its identity stands."""

    number: int
    sequence: int
    head: bytes
    state_at: int
    fragments: Sequence[IndexedFragment]
    pieces: Sequence[Piece]
    locked: bool
    stream: StreamId

    def piece(self, first: int) -> Piece | None:
        """The piece that begins with fragment `first`."""
        return next((p for p in self.pieces if p.first == first), None)


def load_index(files: FileOps, number: int, sequence: int) -> BlockIndex:
    """Read a block's own index, or walk it where it has none yet.

    Raises FootageGoneError if the file holds something else by now, or OSError.
    """
    try:
        file = files.open(block_name(number), writable=False)
    except FileNotFoundError as error:
        raise FootageGoneError(number) from error
    try:
        head = read_head(files, file)
        if not isinstance(head, BlockHead) or head.identity.sequence != sequence:
            raise FootageGoneError(number)
        try:
            fragments: Sequence[IndexedFragment] = read_tail(files, file, head.identity).fragments
        except BlockFormatError:
            fragments = walk(files, file, head.identity, head.flags).fragments
    except BlockFormatError as error:
        raise FootageGoneError(number) from error
    finally:
        files.close(file)
    return BlockIndex(
        number,
        sequence,
        head.head,
        head.identity.geometry.state_at,
        fragments,
        pieces_of(fragments),
        head.flags.locked,
        head.identity.stream,
    )


def index_of(block: OpenBlock, state_at: int) -> BlockIndex:
    """The index of a block that a recorder is writing, from what the recorder says."""
    return BlockIndex(
        block.number,
        block.sequence,
        block.head,
        state_at,
        block.fragments,
        pieces_of(block.fragments),
        block.locked,
        block.stream,
    )


def read_body(files: FileOps, index: BlockIndex, fragment: IndexedFragment) -> bytes:
    """The `moof`+`mdat` of a fragment, as it was handed over to be stored.

    A block that is reused is erased before anything in it is overwritten: if its identity still
    stands after the read, what was read is what was meant.  Raises FootageGoneError, OSError.
    """
    try:
        file = files.open(block_name(index.number), writable=False)
    except FileNotFoundError as error:
        raise FootageGoneError(index.number) from error
    try:
        body = files.pread(file, fragment.payload_bytes, fragment.body_offset)
        page = files.pread(file, PAGE, index.state_at)
    finally:
        files.close(file)
    try:
        same = unpack_identity(page).sequence == index.sequence
    except BlockFormatError:
        same = False
    if not same or len(body) != fragment.payload_bytes:
        raise FootageGoneError(index.number)
    if fragment.media_shift:
        track, scales = video_track(index.head), timescales(index.head)
        moof = parse_box(body).size
        return shift_times(body[:moof], scales, track, -fragment.media_shift) + body[moof:]
    return body


class IndexCache:
    """The indexes used last; thread-safe."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._lock = Lock()
        self._entries: OrderedDict[tuple[Path, int, int], BlockIndex] = OrderedDict()

    def get(self, key: tuple[Path, int, int], load: Callable[[], BlockIndex]) -> BlockIndex:
        """The index under a key, loaded if it is not there."""
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
                return found
        found = load()
        with self._lock:
            self._entries[key] = found
            while len(self._entries) > self._kept:
                self._entries.popitem(last=False)
        return found

    def forget(self, key: tuple[Path, int, int]) -> None:
        """Drop an entry."""
        with self._lock:
            self._entries.pop(key, None)
