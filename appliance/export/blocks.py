"""Bytes of blocks, and whether a block still is what it was when the export was planned.

A block that is reused is erased (synced) before anything in it is overwritten: if its identity
stands *after* bytes were read, or have left the machine, they were the right ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.storage.block_index import BlockIndex, IndexCache, load_index
from appliance.storage.boxes import BOX_HEAD, parse_box
from appliance.storage.errors import BlockFormatError, FootageGoneError
from appliance.storage.files import File, FileOps
from appliance.storage.head import unpack_identity
from appliance.storage.model import StreamId
from appliance.storage.pages import PAGE
from appliance.storage.tail import IndexedFragment, read_closing
from appliance.storage.volume import block_name

READ_AHEAD = 16 << 20
_STEP = 128 << 10
"""The kernel cuts each wish to the read-ahead of the device, and forgets the rest of it."""

_MOOF_GUESS = 4096
_MOOF_MOST = 8 << 20


class Block:
    """One use of a block's file; told apart by identity.

    A day of sixteen channels has a million fragments, so a plan does not keep them: they are read
    from the block again when they are needed, through `cache`.
    """

    __slots__ = (
        "_cache", "_pinned", "files", "head", "number", "path", "sequence", "state_at", "stream",
    )  # fmt: skip

    def __init__(
        self, files: FileOps, path: Path, index: BlockIndex, head: bytes, cache: IndexCache
    ) -> None:
        self.files = files
        self.path = path
        self.number: int = index.number
        self.sequence: int = index.sequence
        self.state_at: int = index.state_at
        self.head = head
        self.stream: StreamId = index.stream
        self._cache = cache
        self._pinned: BlockIndex | None = None

    @property
    def pinned(self) -> bool:
        """Whether the fragments are kept here."""
        return self._pinned is not None

    def pin(self, index: BlockIndex) -> None:
        """Keep the fragments of a block that has no index of its own yet."""
        self._pinned = index

    def fragments(self) -> Sequence[IndexedFragment]:
        """The fragments of the block, in its order.  Raises FootageGoneError, OSError."""
        index = self._pinned or self._cache.get(
            (self.path, self.number, self.sequence),
            lambda: load_index(self.files, self.number, self.sequence),
        )
        return index.fragments

    def part(self, first: int, count: int, offset: int) -> Sequence[IndexedFragment]:
        """Return `count` fragments from number `first` on, which begins at `offset`.

        Raises FootageGoneError where the block is not what it was, OSError.
        """
        found = self.fragments()[first : first + count]
        if len(found) != count or found[0].offset != offset:
            raise FootageGoneError(self.number)
        return found

    @property
    def kept_fragments(self) -> int:
        """How many fragments are kept here."""
        return len(self._pinned.fragments) if self._pinned else 0

    def open(self) -> OpenedBlock:
        """Open for reading.  Raises FootageGoneError, OSError."""
        try:
            return OpenedBlock(self, self.files.open(block_name(self.number), writable=False))
        except FileNotFoundError as error:
            raise FootageGoneError(self.number) from error


class OpenedBlock:
    """A block's file while it is read; a context manager."""

    def __init__(self, block: Block, file: File) -> None:
        self.block = block
        self.file = file
        self._ahead = 0

    def __enter__(self) -> OpenedBlock:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        self.block.files.close(self.file)

    @property
    def fd(self) -> int:
        """The descriptor, for the kernel to copy from."""
        return self.file.fd

    def pread(self, size: int, offset: int) -> bytes:
        """Read exactly `size` bytes.  Raises FootageGoneError where the file ends, OSError."""
        data = self.block.files.pread(self.file, size, offset)
        if len(data) != size:
            raise FootageGoneError(self.block.number)
        return data

    def read_ahead(self, offset: int) -> None:
        """Have the disk busy with what follows `offset`, for who reads on from there."""
        if not offset <= self._ahead <= offset + READ_AHEAD + _STEP:
            self._ahead = offset
        while self._ahead < offset + READ_AHEAD:
            self.block.files.will_need(self.file, self._ahead, _STEP)
            self._ahead += _STEP

    def moof(self, fragment: IndexedFragment) -> bytes:
        """Read the `moof` of a fragment.  Raises FootageGoneError, OSError."""
        return self._with_moof(fragment, fragment.body_offset)

    def front(self, fragment: IndexedFragment) -> bytes:
        """Read a fragment up to behind its `moof`.  Raises FootageGoneError, OSError."""
        return self._with_moof(fragment, fragment.offset)

    def _with_moof(self, fragment: IndexedFragment, start: int) -> bytes:
        before = fragment.body_offset - start
        most = fragment.payload_bytes
        data = self.pread(before + min(_MOOF_GUESS, most), start)
        try:
            box = parse_box(data, before)
        except BlockFormatError as error:
            raise FootageGoneError(self.block.number) from error
        if box.kind != b"moof" or not BOX_HEAD < box.size <= min(most, _MOOF_MOST):
            raise FootageGoneError(self.block.number)
        if before + box.size > len(data):
            data = self.pread(before + box.size, start)
        return data[: before + box.size]

    def flipped(self, fragment: IndexedFragment) -> bool:
        """Whether the header page of a fragment has been turned into a `uuid` box yet."""
        return self.pread(BOX_HEAD, fragment.offset)[4:] == b"uuid"

    def closing(self) -> dict[str, object] | None:
        """Return the signed end of the block, None while it has none.

        Raises FootageGoneError if it is another block by now, OSError.
        """
        page = self.block.files.pread(self.file, PAGE, self.block.state_at)
        try:
            identity = unpack_identity(page)
        except BlockFormatError as error:
            raise FootageGoneError(self.block.number) from error
        if identity.sequence != self.block.sequence:
            raise FootageGoneError(self.block.number)
        try:
            return read_closing(self.block.files, self.file, identity)
        except BlockFormatError:
            return None

    def check(self) -> None:
        """Raise FootageGoneError unless the file is still the same use of the block."""
        page = self.block.files.pread(self.file, PAGE, self.block.state_at)
        try:
            same = unpack_identity(page).sequence == self.block.sequence
        except BlockFormatError:
            same = False
        if not same:
            raise FootageGoneError(self.block.number)
