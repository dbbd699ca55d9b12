"""After a stop or a crash: what became of the blocks that were in hand, and only of those.

The power may be pulled at any instant of recording (D2-PW-05).
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from appliance.storage.allocator import Allocator
from appliance.storage.block import BlockWriter
from appliance.storage.boxes import BOX_HEAD
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import Claim
from appliance.storage.errors import BlockFormatError
from appliance.storage.head import BlockHead, Erased, read_head
from appliance.storage.tail import free_tail, pack_tail, read_tail
from appliance.storage.volume import Volume, block_name
from appliance.storage.walk import mend, walk

log = logging.getLogger(__name__)


class Leftover(NamedTuple):
    """A block that was being written, with its claim."""

    claim: Claim
    head: BlockHead


def classify(volume: Volume, allocator: Allocator, keeper: CatalogueKeeper) -> list[Leftover]:
    """Sort the claimed blocks: erased ones wait again, cut-off erasings are finished.

    Returns those with footage of their claim.  Reads one head for each block; raises OSError.
    """
    leftovers: list[Leftover] = []
    if keeper.serial < allocator.book.catalogue:
        keeper.distrust("it is an old copy")
    if not allocator.readable:
        keeper.distrust("the claims cannot be read")
        allocator.claim_again(_safe_sequence(volume, keeper))
    for claim in sorted(allocator.book.blocks.values(), key=lambda c: c.sequence):
        try:
            file = volume.files.open(block_name(claim.block))
        except FileNotFoundError:
            allocator.erase_claimed(claim, None)
            continue
        try:
            volume.files.forget_cached(file)
            head = read_head(volume.files, file)
        except BlockFormatError:
            allocator.erase_claimed(claim, None)  # torn before anything in it was promised
            continue
        finally:
            volume.files.close(file)
        if isinstance(head, BlockHead):
            if head.identity.sequence == claim.sequence:
                leftovers.append(Leftover(claim, head))
            else:
                allocator.erase_claimed(claim, head.identity)
        elif _ready(head, claim, volume):
            allocator.give(claim)
            allocator.retired[claim.block] = head.retired
            keeper.erased([(claim.block, head.generation)])
        else:
            allocator.erase_claimed(claim, None)
    return leftovers


def resume_block(
    volume: Volume, allocator: Allocator, keeper: CatalogueKeeper, leftover: Leftover
) -> BlockWriter | None:
    """Walk and mend a block; returns it for more footage, or None if it is done with."""
    files = volume.files
    identity, flags = leftover.head.identity, leftover.head.flags
    file = files.open(block_name(identity.block))
    keep = False
    try:
        files.expect_random(file)
        found = walk(files, file, identity, flags)
        if flags.suspect:
            keeper.closed(identity, flags.locked, found.fragments, "suspect")
            allocator.release([identity.block])
            return None
        try:
            tail = read_tail(files, file, identity)
            whole = len(tail.fragments) == len(found.fragments)
        except BlockFormatError:
            whole = False
        mend(files, file, identity, found)
        block = BlockWriter.resume(files, file, leftover.head, found)
        if whole:
            _seal(block, tail.closing)
            keeper.closed(identity, flags.locked, tail.fragments)
            if volume.ledger:
                volume.ledger.append(tail.closing)
            allocator.release([identity.block])
            return None
        place = identity.geometry
        if files.pread(file, BOX_HEAD, place.tail_at) != free_tail(place)[:BOX_HEAD]:
            files.pwrite(file, [free_tail(place)], place.tail_at)
            files.fdatasync(file)
        keeper.opened(identity, flags.locked)
        log.info(
            "block %d of volume %s goes on behind %d fragments",
            identity.block,
            volume.name,
            len(found.fragments),
        )
        keep = True
        return block
    finally:
        if not keep:
            files.close(file)


def _seal(block: BlockWriter, closing: dict[str, object]) -> None:
    """Finish a closing: the index is whole, its header may not be."""
    place = block.place
    tail = pack_tail(block.identity, closing, block.fragments, block.track)
    found = block.files.pread(block.file, place.tail_bytes, place.tail_at)
    if found != tail:
        block.files.pwrite(block.file, [tail], place.tail_at)
        block.files.fdatasync(block.file)


def _ready(head: Erased, claim: Claim, volume: Volume) -> bool:
    return (
        head.generation == claim.generation - 1
        and head.block == claim.block
        and head.volume == volume.identity.raw
    )


def _safe_sequence(volume: Volume, keeper: CatalogueKeeper) -> int:
    """A sequence above all that can have been given out, when the claims were lost."""
    known = max((row.sequence for row in keeper.rows("1")), default=0)
    if volume.ledger:
        known = max(known, volume.ledger.highest_sequence(volume.identity.uuid))
    return known + (1 << 20)
