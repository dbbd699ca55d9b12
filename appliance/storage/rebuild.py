"""Making the catalogue anew from the blocks themselves, beside recording.

Heads first (where every block's sequence and lock stand, so that reuse can go on), then indexes,
newest first (so that recent footage is found first).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from appliance.storage.allocator import Allocator
from appliance.storage.catalogue import DAMAGE, BlockRow, BlockState, erased_row, used_row
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import ClaimBook, other_books
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.head import BlockHead, read_head
from appliance.storage.pieces import Piece, pieces_of
from appliance.storage.tail import read_tail
from appliance.storage.volume import BLOCKS_FOLDER, Volume, block_name, block_number
from appliance.storage.walk import walk

log = logging.getLogger(__name__)
_BATCH = 16
_LOCK_FILE = "claims/rebuild.lock"


def block_row(
    files: FileOps, number: int, claimed_sequence: int | None
) -> tuple[BlockRow, list[Piece]] | None:
    """What the catalogue must say of a block, read from the block; None for a file without form.

    `claimed_sequence` is that of a claim on it, None if nobody has it in hand.
    """
    file = files.open(block_name(number), writable=False)
    try:
        try:
            head = read_head(files, file)
        except BlockFormatError:
            return None
        if not isinstance(head, BlockHead):
            return erased_row(number, head.generation), []
        return _used(files, file, head, claimed_sequence)
    finally:
        files.close(file)


def _used(
    files: FileOps, file: File, head: BlockHead, claimed_sequence: int | None
) -> tuple[BlockRow, list[Piece]]:
    identity, flags = head.identity, head.flags
    if claimed_sequence is not None and identity.sequence == claimed_sequence:
        return used_row(identity, "open", flags.locked, ()), []
    try:
        fragments = read_tail(files, file, identity).fragments
    except BlockFormatError:
        files.expect_random(file)
        fragments = walk(files, file, identity, flags).fragments
    state: BlockState = "suspect" if flags.suspect else "closed"
    return used_row(identity, state, flags.locked, fragments), pieces_of(fragments)


def refresh(volume: Volume, keeper: CatalogueKeeper, allocator: Allocator) -> None:
    """Enter anew the blocks whose rows may be behind; raises OSError."""
    with allocator.locked():
        rows = []
        for number in allocator.book.touched:
            claim = allocator.book.blocks.get(number)
            row = block_row(volume.files, number, claim.sequence if claim else None)
            if row is not None:
                rows.append(row)
        keeper.put(rows)
        allocator.book.touched.clear()
        allocator.save()


def read_closing(volume: Volume, row: BlockRow) -> dict[str, Any] | None:
    """The signed closing that a closed block bears; None where it has none."""
    try:
        file = volume.files.open(block_name(row.number), writable=False)
    except FileNotFoundError:
        return None
    try:
        head = read_head(volume.files, file)
        if isinstance(head, BlockHead) and head.identity.sequence == row.sequence:
            return read_tail(volume.files, file, head.identity).closing
    except BlockFormatError:
        return None
    finally:
        volume.files.close(file)
    return None


class Rebuild:
    """One run over all blocks of a volume; others of its kind, in any process, wait for it."""

    def __init__(self, volume: Volume, keeper: CatalogueKeeper, allocator: Allocator) -> None:
        self._volume = volume
        self._keeper = keeper
        self._allocator = allocator
        self.done = 0
        self.total = 0

    def run(self, stopping: Callable[[], bool] = lambda: False) -> bool:
        """Make the catalogue anew; False if it was stopped or another process is at it.

        Raises OSError where the blocks cannot be read.
        """
        lock = self._volume.files.open(_LOCK_FILE, create=True)
        try:
            if not self._volume.files.lock(lock, wait=False):
                return False
            return self._run(stopping)
        finally:
            self._volume.files.close(lock)

    def _run(self, stopping: Callable[[], bool]) -> bool:
        catalogue = self._keeper.empty()
        if catalogue is None:
            return False
        heads = []
        for number in self._numbers():
            if stopping():
                return False
            row = self._head_row(number)
            if row is not None:
                heads.append(row)
        self.total = len(heads)
        try:
            books = [self._allocator.book, *self._others()]
            catalogue.begin_at(max(book.catalogue for book in books) + 1)
            catalogue.put_heads(heads)
            heads.sort(key=lambda row: row.sequence, reverse=True)
            for start in range(0, len(heads), _BATCH):
                if stopping():
                    return False
                self._read_batch(heads[start : start + _BATCH])
            catalogue.set_complete()
        except DAMAGE as error:
            log.warning("catalogue of volume %s: %s", self._volume.name, error)
            return False
        self._keeper.needs_rebuild = False
        log.info("catalogue of volume %s made anew: %d blocks", self._volume.name, self.total)
        return True

    def _read_batch(self, heads: list[BlockRow]) -> None:
        with self._allocator.locked():
            claims = self._claims()
            rows = [block_row(self._volume.files, h.number, claims.get(h.number)) for h in heads]
            self._keeper.put([row for row in rows if row is not None], only_unread=True)
        self.done += len(heads)

    def _numbers(self) -> list[int]:
        names = self._volume.files.listdir(BLOCKS_FOLDER)
        return sorted(n for n in map(block_number, names) if n is not None)

    def _head_row(self, number: int) -> BlockRow | None:
        files = self._volume.files
        file = files.open(block_name(number), writable=False)
        try:
            head = read_head(files, file)
        except BlockFormatError:
            return None
        finally:
            files.close(file)
        if isinstance(head, BlockHead):
            state: BlockState = "suspect" if head.flags.suspect else "closed"
            return used_row(head.identity, state, head.flags.locked, ())
        return erased_row(number, head.generation)

    def _others(self) -> Iterator[ClaimBook]:
        return other_books(self._volume.files, self._allocator.book.owner)

    def _claims(self) -> dict[int, int]:
        books = [self._allocator.book, *self._others()]
        return {c.block: c.sequence for book in books for c in book.blocks.values()}
