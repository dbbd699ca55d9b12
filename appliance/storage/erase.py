"""Making blocks empty: new files, and the signed end of footage that is given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import Claim
from appliance.storage.files import File
from appliance.storage.head import Erased, Identity, blank_identity
from appliance.storage.ledger import retirement_entry
from appliance.storage.tail import free_tail
from appliance.storage.volume import BLOCKS_FOLDER, Volume, block_name

log = logging.getLogger(__name__)
Reason = Literal["overwritten", "expired"]


def make_blocks(volume: Volume, keeper: CatalogueKeeper, claims: Sequence[Claim]) -> list[Claim]:
    """Give new files, and files whose head cannot be read, the front of an erased block.

    Returns the claims whose files could be made; a disk that is full makes fewer.
    """
    files = volume.files
    made: list[Claim] = []
    opened: list[File] = []
    try:
        for claim in claims:
            name = block_name(claim.block)
            file = files.open(name, create=True)
            opened.append(file)
            try:
                if files.size(file) < volume.block_bytes:
                    files.fallocate(file, volume.block_bytes)
            except OSError as error:
                files.unlink(name)
                log.warning(
                    "volume %s has less room than its limit allows (%s)",
                    volume.name,
                    error.strerror,
                )
                break
            erased = Erased(volume.identity.raw, claim.block, claim.generation - 1)
            files.pwrite(file, [erased.page(volume.block_bytes)], 0)
            made.append(claim)
        for file in opened[: len(made)]:
            files.fsync(file)
    finally:
        for file in opened:
            files.close(file)
    files.fsync_dir(BLOCKS_FOLDER)
    keeper.erased((claim.block, claim.generation - 1) for claim in made)
    return made


def retire_blocks(
    volume: Volume, keeper: CatalogueKeeper, victims: Mapping[int, Identity], reason: Reason
) -> dict[int, dict[str, Any]]:
    """Sign, strike from the catalogue, erase; in that order.  Returns the signed entries.

    Erasing takes head, identity and index, so that neither players nor we find footage that is
    about to be overwritten; the boxes stay well formed whichever of them reaches the disk.
    """
    entries = {
        number: volume.device_key.sign(
            retirement_entry(
                volume.identity.uuid,
                number,
                old.generation,
                old.sequence,
                old.stream,
                time.time_ns(),
                reason,
            )
        )
        for number, old in victims.items()
    }
    if volume.ledger:
        try:
            volume.ledger.append(*entries.values())
        except OSError as error:
            log.error("the ledger cannot be written (%s); blocks keep the proof", error)
    keeper.erased((number, old.generation) for number, old in victims.items())
    files = volume.files
    opened: list[File] = []
    try:
        for number, old in victims.items():
            place = old.geometry
            file = files.open(block_name(number))
            opened.append(file)
            erased = Erased(old.volume, number, old.generation, entries[number])
            files.pwrite(file, [erased.page(place.block_bytes)], 0)
            files.pwrite(file, [blank_identity()], place.state_at)
            files.pwrite(file, [free_tail(place)], place.tail_at)
        for failure in files.sync_group(opened).values():
            raise failure
    finally:
        for file in opened:
            files.close(file)
    return entries
