"""Which blocks a recorder has in hand: written and synced before the first write to any of them.

Each owner has one small file of two slots that are written in turn, so that a torn write leaves
the other.  Blocks named there, and only those, need to be looked at after a crash.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from appliance.storage import pages
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.pages import PAGE

CLAIMS_FOLDER = "claims"
LOCK_FILE = "claims/volume.lock"
_MAGIC = b"NVRclaim"
_SLOT = 16 * PAGE


class Claim(NamedTuple):
    """A block in hand, with the generation and allocation sequence it is to have."""

    block: int
    generation: int
    sequence: int


@dataclass(slots=True)
class ClaimBook:
    """What one owner's file says.

    `touched` names blocks whose catalogue rows may be behind (a lock set, an expiry under way).
    `next_sequence` is above every allocation sequence given out when it was written.
    `catalogue` is the serial of the last catalogue change known to be durable.
    `clock_ns` is the UTC time when the clock could last be trusted; 0 if it was not noted yet.
    """

    owner: str
    serial: int = 0
    next_sequence: int = 1
    catalogue: int = 0
    clean: bool = False
    clock_ns: int = 0
    blocks: dict[int, Claim] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)

    def pack(self) -> bytes:
        """One slot."""
        body: dict[str, Any] = {
            "owner": self.owner,
            "serial": self.serial,
            "next_sequence": self.next_sequence,
            "catalogue": self.catalogue,
            "clean": self.clean,
            "clock_ns": self.clock_ns,
            "blocks": sorted(self.blocks.values()),
            "touched": sorted(self.touched),
        }
        return pages.pack_document(_MAGIC, body, _SLOT)


def _unpack(data: bytes) -> ClaimBook:
    body = pages.unpack_document(_MAGIC, data)
    try:
        return ClaimBook(
            str(body["owner"]),
            int(body["serial"]),
            int(body["next_sequence"]),
            int(body["catalogue"]),
            bool(body["clean"]),
            int(body.get("clock_ns", 0)),
            {int(c[0]): Claim(*map(int, c)) for c in body["blocks"]},
            set(map(int, body["touched"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BlockFormatError("claims malformed") from error


def read_book(files: FileOps, file: File) -> ClaimBook | None:
    """The newer readable slot, or None where there is none."""
    found: list[ClaimBook] = []
    for slot in (0, 1):
        with contextlib.suppress(BlockFormatError):
            found.append(_unpack(files.pread(file, _SLOT, slot * _SLOT)))
    return max(found, key=lambda book: book.serial) if found else None


def write_book(files: FileOps, file: File, book: ClaimBook) -> None:
    """Write the next slot and sync it; on an error the slot before it stays."""
    book.serial += 1
    files.pwrite(file, [book.pack()], book.serial % 2 * _SLOT)
    files.fdatasync(file)


def open_book(files: FileOps, owner: str) -> tuple[File, ClaimBook, bool]:
    """Open (or make) an owner's file.

    Returns the file, what it says, and whether it was readable; a file with two unreadable slots
    gives an empty book, and the blocks it named must be found by looking at all of them.
    """
    name = f"{CLAIMS_FOLDER}/{owner}"
    fresh = not files.exists(name)
    file = files.open(name, create=True)
    try:
        if fresh or files.size(file) < 2 * _SLOT:
            book = ClaimBook(owner)
            files.fallocate(file, 2 * _SLOT)
            write_book(files, file, book)
            files.fsync(file)
            files.fsync_dir(CLAIMS_FOLDER)
            return file, book, True
        found = read_book(files, file)
    except BaseException:
        files.close(file)
        raise
    return file, found or ClaimBook(owner), found is not None


def other_books(files: FileOps, owner: str) -> Iterator[ClaimBook]:
    """What all other owners claim; read under the lock of the volume."""
    for name in files.listdir(CLAIMS_FOLDER):
        if name == owner or "." in name:
            continue
        file = files.open(f"{CLAIMS_FOLDER}/{name}", writable=False)
        try:
            book = read_book(files, file)
        finally:
            files.close(file)
        if book is not None:
            yield book


@contextlib.contextmanager
def volume_lock(files: FileOps) -> Iterator[None]:
    """Hold the lock of the volume: one process at a time gives out blocks or sets locks."""
    file = files.open(LOCK_FILE, create=True)
    try:
        files.lock(file, wait=True)
        yield
    finally:
        files.close(file)
