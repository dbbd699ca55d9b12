"""The place of a volume in the settings: what is opened there, and when one is made."""

from __future__ import annotations

import fcntl
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.recording.config import VolumeConfig
from appliance.storage.errors import ForeignVolumeError, VolumeError
from appliance.storage.identity import IDENTITY_FILE
from appliance.storage.ledger import Ledger
from appliance.storage.place import PlaceProblem, problem_of_place
from appliance.storage.policy import VolumePolicy
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume, default_block_bytes
from appliance.storage.writer import VolumeWriter
from appliance.text import _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class VolumePlace:
    """Opens the volume of one place for the recorder `owner`; blocks its thread.

    `uuid_file` remembers which volume was set up here.  `block_bytes` is the size of blocks the
    settings want; small volumes get smaller ones.  `disks_only`: on the box only a mounted disk
    becomes a volume, in development a folder with a size limit too.
    """

    config: VolumeConfig
    owner: str
    device_key: DeviceKey
    ledger: Ledger
    uuid_file: Path
    block_bytes: int
    disks_only: bool = False

    def open_writer(self, policy: VolumePolicy) -> VolumeWriter:
        """Open the volume, made first if the settings say so; raises VolumeError or OSError."""
        self.uuid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.uuid_file.with_suffix(".lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # one recorder makes a new volume, the others find it
            return self._open(Path(self.config.path), policy)

    def _open(self, path: Path, policy: VolumePolicy) -> VolumeWriter:
        expected = self.uuid_file.read_text().strip() if self.uuid_file.exists() else None
        self._create_if_told(path, expected)
        volume = Volume.open(
            path, device_key=self.device_key, ledger=self.ledger, expected_uuid=expected
        )
        try:
            writer = VolumeWriter(volume, self.owner, policy=policy)
        except VolumeError:
            volume.close()
            raise
        if expected is None:
            self._remember(volume.identity.uuid)
        return writer

    def _remember(self, uuid: str) -> None:
        """Note which volume belongs here; recording does not wait for a full system disk."""
        temporary = self.uuid_file.with_suffix(".new")
        try:
            temporary.write_text(uuid + "\n")
            temporary.replace(self.uuid_file)
        except OSError as error:
            log.warning(
                "which volume belongs to %s could not be noted: %s", self.config.path, error
            )

    def _create_if_told(self, path: Path, expected: str | None) -> None:
        """Make a volume of an empty place that the settings name and that never was one.

        A folder needs a size limit and a parent; without a limit only a mount point will do, so
        that footage never lands on the system disk where a recording disk is missing.
        """
        if expected is not None or (path / IDENTITY_FILE).exists():
            return
        limit = self.config.size_limit
        self._judge(path)
        path.mkdir(exist_ok=True)
        disk = shutil.disk_usage(path).total  # a limit may be beyond what the disk has
        room = disk if limit is None else min(limit, disk)
        Volume.create(
            path,
            capacity_bytes=limit,
            name=self.config.name,
            block_bytes=min(self.block_bytes, default_block_bytes(room)),
            device_key=self.device_key,
        )

    def _judge(self, path: Path) -> None:
        """Raise the VolumeError that fits where no volume may be made."""
        found = problem_of_place(path, self.config.size_limit, disks_only=self.disks_only)
        if found is None:
            return
        problem, part = found
        if problem is PlaceProblem.NO_PARENT:
            text = _(
                "Volume {name} cannot be made: there is no folder {part}. Plug the disk in, or "
                "correct the folder {path} on the Storage page."
            )
        elif problem is PlaceProblem.NO_FOLDER:
            text = _(
                "Volume {name} cannot be made: {part} is no folder. Correct the folder {path} on "
                "the Storage page."
            )
        elif self.disks_only:
            text = _(
                "No disk is mounted at {path}. Plug the disk in, or correct the folder of volume "
                "{name} on the Storage page; this recorder only records to disks of their own."
            )
        else:
            text = _(
                "No disk is mounted at {path}. Plug the disk in, or give the folder a size limit "
                "to record into it."
            )
        raise ForeignVolumeError(text.format(name=self.config.name, part=part, path=path))
