"""Bytes of blocks, and whether a block still is what it was when the export was planned.

A block that is reused is erased (synced) before anything in it is overwritten: if its identity
stands *after* bytes were read, or have left the machine, they were the right ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.storage.block_index import BlockIndex
from appliance.storage.boxes import BOX_HEAD, parse_box
from appliance.storage.errors import BlockFormatError, FootageGoneError
from appliance.storage.files import File, FileOps
from appliance.storage.head import unpack_identity
from appliance.storage.pages import PAGE
from appliance.storage.tail import IndexedFragment
from appliance.storage.volume import block_name

_MOOF_GUESS = 4096
_MOOF_MOST = 8 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One use of a block's file: `index` says which.  Compared by identity."""

    files: FileOps
    path: Path
    index: BlockIndex

    @property
    def key(self) -> tuple[str, int, int]:
        """Volume's folder, number, sequence: what tells it from others."""
        return str(self.path), self.index.number, self.index.sequence

    def open(self) -> OpenedBlock:
        """Open for reading.  Raises FootageGoneError, OSError."""
        try:
            return OpenedBlock(self, self.files.open(block_name(self.index.number), writable=False))
        except FileNotFoundError as error:
            raise FootageGoneError(self.index.number) from error


class OpenedBlock:
    """A block's file while it is read; a context manager."""

    def __init__(self, block: Block, file: File) -> None:
        self.block = block
        self.file = file

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
            raise FootageGoneError(self.block.index.number)
        return data

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
            raise FootageGoneError(self.block.index.number) from error
        if box.kind != b"moof" or not BOX_HEAD < box.size <= min(
            fragment.payload_bytes, _MOOF_MOST
        ):
            raise FootageGoneError(self.block.index.number)
        if before + box.size > len(data):
            data = self.pread(before + box.size, start)
        return data[: before + box.size]

    def flipped(self, fragment: IndexedFragment) -> bool:
        """Whether the header page of a fragment has been turned into a `uuid` box yet."""
        return self.pread(BOX_HEAD, fragment.offset)[4:] == b"uuid"

    def check(self) -> None:
        """Raise FootageGoneError unless the file is still the same use of the block."""
        page = self.block.files.pread(self.file, PAGE, self.block.index.state_at)
        try:
            same = unpack_identity(page).sequence == self.block.index.sequence
        except BlockFormatError:
            same = False
        if not same:
            raise FootageGoneError(self.block.index.number)
