"""Locking footage against being overwritten: whole blocks, told by the blocks themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.storage.allocator import Allocator
from appliance.storage.block import BlockWriter
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import other_books, volume_lock
from appliance.storage.errors import BlockFormatError
from appliance.storage.head import BlockHead, change_flags, read_head
from appliance.storage.model import StreamId
from appliance.storage.rebuild import refresh
from appliance.storage.volume import Volume, block_name


@dataclass(frozen=True, slots=True)
class LockReport:
    """How many blocks are as asked for now, and how many were being given up at that moment."""

    blocks: int
    missed: int


def set_lock(
    volume: Volume,
    allocator: Allocator,
    keeper: CatalogueKeeper,
    held: Mapping[int, BlockWriter],
    streams: Sequence[StreamId],
    start_ns: int,
    end_ns: int,
    locked: bool,
) -> LockReport:
    """Lock or unlock all blocks that hold footage of `streams` within [start, end).

    Durable in the blocks when this returns, then entered in the catalogue.  Blocks that are open
    in other recorders are theirs to lock.  Raises OSError.
    """
    wanted: dict[int, int] = {}
    for stream in streams:
        for row in keeper.holding(stream, start_ns, end_ns):
            if row.locked != locked and row.state != "open":
                wanted[row.number] = row.sequence
    for number, block in held.items():
        if block.identity.stream in streams and _overlaps(block, start_ns, end_ns):
            wanted[number] = block.identity.sequence
    if not wanted:
        return LockReport(0, 0)
    with allocator.locked(), volume_lock(volume.files):
        others = other_books(volume.files, allocator.book.owner)
        taken = {claim.block for book in others for claim in book.blocks.values()}
        taken |= set(allocator.book.blocks) - set(held)
        ours = {n: s for n, s in wanted.items() if n not in taken}
        allocator.touch(ours)
        done = [n for n, s in ours.items() if _write(volume, n, s, held, locked)]
    refresh(volume, keeper, allocator)
    return LockReport(len(done), len(wanted) - len(done))


def _overlaps(block: BlockWriter, start_ns: int, end_ns: int) -> bool:
    return any(f.utc_ns < end_ns and f.end_ns > start_ns for f in list(block.fragments))


def _write(
    volume: Volume, number: int, sequence: int, held: Mapping[int, BlockWriter], locked: bool
) -> bool:
    file = volume.files.open(block_name(number))
    try:
        head = read_head(volume.files, file)
        if not isinstance(head, BlockHead) or head.identity.sequence != sequence:
            return False
        flags = change_flags(volume.files, file, head.identity, locked=locked)
    except BlockFormatError:
        return False
    finally:
        volume.files.close(file)
    if number in held:
        held[number].flags = flags
    return True
