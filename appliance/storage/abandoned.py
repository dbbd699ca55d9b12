"""What recorders that are no more had in hand: closed, and free to be reused by the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from appliance.storage.claims import other_books
from appliance.storage.errors import BusyVolumeError
from appliance.storage.files import FileOps
from appliance.storage.ledger import Ledger
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter

log = logging.getLogger(__name__)
_PATIENCE_S = 600.0


def settle_abandoned(
    path: Path,
    abandoned: Callable[[str], bool],
    *,
    device_key: DeviceKey,
    ledger: Ledger,
    uuid: str,
) -> list[str]:
    """Close the blocks of owners for whom `abandoned` is true; returns the owners it was done for.

    An owner whose process still runs is left for the next time.  `uuid` is the volume expected at
    `path`.  Blocks, reads and writes; raises VolumeError or OSError.
    """
    files = FileOps(path)
    try:
        owners = [b.owner for b in other_books(files, "") if b.blocks and abandoned(b.owner)]
    finally:
        files.shut()
    settled = []
    for owner in owners:
        volume = Volume.open(path, device_key=device_key, ledger=ledger, expected_uuid=uuid)
        try:
            writer = VolumeWriter(volume, owner, resume_budget_s=_PATIENCE_S)
        except BusyVolumeError:
            continue
        else:
            writer.close(for_good=True)
            log.info("volume %s: what %s had in hand is closed", volume.name, owner)
            settled.append(owner)
        finally:
            volume.close()
    return settled
