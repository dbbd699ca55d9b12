"""A volume: a mounted disk (in development a folder) that holds blocks and knows who it is."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path

from appliance.storage.claims import CLAIMS_FOLDER
from appliance.storage.errors import (
    ClonedVolumeError,
    ForeignVolumeError,
    ReadOnlyVolumeError,
    SwappedVolumeError,
    VanishedVolumeError,
    VolumeError,
    error_of,
)
from appliance.storage.files import FileOps
from appliance.storage.head import MAX_BLOCK_BYTES, MIN_BLOCK_BYTES
from appliance.storage.identity import VolumeIdentity, read_identity, write_identity
from appliance.storage.ledger import Ledger
from appliance.storage.pages import PAGE
from appliance.storage.signing import DeviceKey
from appliance.text import _

BLOCKS_FOLDER = "blocks"
CATALOGUE_FILE = "catalogue.sqlite"
DEFAULT_BLOCK_BYTES = 256 << 20
_BLOCKS_WANTED = 512
_BLOCKS_LEAST = 64
_ROOMY = 4 << 20
_TOLERATED = {"lost+found"}

OpenFiles = Callable[[Path], FileOps]


def block_name(number: int) -> str:
    """The file of a block, below the root of its volume."""
    return f"{BLOCKS_FOLDER}/{number:08d}.mp4"


def block_number(name: str) -> int | None:
    """The number in a file's name; None for files that are not ours."""
    stem, dot, suffix = name.partition(".")
    return int(stem) if dot and suffix == "mp4" and len(stem) == 8 and stem.isdigit() else None


def default_block_bytes(capacity_bytes: int) -> int:
    """256 MiB, on small volumes the power of two that gives about 512 blocks.

    Below 4 MiB, where large key frames would not fit any more, rather fewer blocks: 64 at least.
    """
    share = max(capacity_bytes // _BLOCKS_WANTED, min(_ROOMY, capacity_bytes // _BLOCKS_LEAST))
    return min(DEFAULT_BLOCK_BYTES, 1 << (max(MIN_BLOCK_BYTES, share).bit_length() - 1))


class Volume:
    """An opened volume.  Make it with `create` or `open`; `close` gives its descriptors back."""

    def __init__(
        self,
        path: Path,
        files: FileOps,
        identity: VolumeIdentity,
        device_key: DeviceKey,
        ledger: Ledger | None,
    ) -> None:
        self.path = path
        self.files = files
        self.identity = identity
        self.device_key = device_key
        self.ledger = ledger

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        capacity_bytes: int | None,
        name: str,
        block_bytes: int | None = None,
        device_key: DeviceKey | None = None,
        files: OpenFiles = FileOps,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> VolumeIdentity:
        """Make an empty folder or file system a volume; never touches one that holds anything.

        `capacity_bytes` limits what footage may take (None: all that is free now).
        Raises ForeignVolumeError where something lies there already, or another VolumeError.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            ops = files(path)
            try:
                if left := sorted(set(ops.listdir()) - _TOLERATED):
                    raise ForeignVolumeError(
                        _(
                            "{path} is not empty (it holds {name}). Choose an empty folder or "
                            "disk; nothing was written to it."
                        ).format(path=path, name=left[0])
                    )
                capacity = ops.free_bytes() if capacity_bytes is None else capacity_bytes
                size = block_bytes or default_block_bytes(capacity)
                if not MIN_BLOCK_BYTES <= size <= MAX_BLOCK_BYTES or size % PAGE:
                    raise ValueError(f"block of {size} bytes")
                ops.mkdir(BLOCKS_FOLDER)
                ops.mkdir(CLAIMS_FOLDER)
                maker = device_key.name if device_key else ""
                identity = VolumeIdentity(uuid.uuid4().hex, name, maker, now_ns(), capacity, size)
                write_identity(ops, identity)
                return identity
            finally:
                ops.shut()
        except OSError as error:
            raise error_of(error, name) from error

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        device_key: DeviceKey,
        files: OpenFiles = FileOps,
        ledger: Ledger | None = None,
        expected_uuid: str | None = None,
        adopt: bool = False,
    ) -> Volume:
        """Open for recording.

        `expected_uuid` is the volume the settings name for this place.  `adopt` is a person's
        word that a volume made by another box, or an old copy, may be written to.
        Raises the VolumeError that says what is wrong and what to do.
        """
        try:
            ops = files(path)
        except OSError as error:
            raise error_of(error, str(path)) from error
        try:
            identity = read_identity(ops)
            _refuse_wrong(path, identity, device_key, ledger, expected_uuid, adopt)
            if os.statvfs(path).f_flag & os.ST_RDONLY:
                raise ReadOnlyVolumeError(
                    _(
                        "Volume {name} is mounted read-only. Check the disk; a file system turns "
                        "read-only after errors."
                    ).format(name=identity.name)
                )
        except OSError as error:
            ops.shut()
            raise error_of(error, str(path)) from error
        except VolumeError:
            ops.shut()
            raise
        return cls(path, ops, identity, device_key, ledger)

    @property
    def name(self) -> str:
        """The name a person gave it."""
        return self.identity.name

    @property
    def block_bytes(self) -> int:
        """Size of every block file."""
        return self.identity.block_bytes

    @property
    def max_blocks(self) -> int:
        """How many blocks the limit allows, room for catalogue and claims set aside."""
        capacity = self.identity.capacity_bytes
        return max(0, capacity - capacity // 64 - (1 << 18)) // self.identity.block_bytes

    def error(self, error: OSError) -> VolumeError:
        """What an OSError on this volume means, the disk's absence told apart."""
        if not self.files.still_mounted():
            return VanishedVolumeError(
                _("Volume {name} is gone. Check that the disk is plugged in.").format(
                    name=self.name
                )
            )
        return error_of(error, self.name)

    def close(self) -> None:
        """Give back the descriptors."""
        self.files.shut()


def refuse_clones(identities: Iterable[tuple[Path, VolumeIdentity]]) -> dict[Path, VolumeError]:
    """Volumes that share an identity, each with the error to show; none of them may be written."""
    places: dict[str, list[tuple[Path, VolumeIdentity]]] = {}
    for path, identity in identities:
        places.setdefault(identity.uuid, []).append((path, identity))
    refused: dict[Path, VolumeError] = {}
    for twins in places.values():
        if len(twins) > 1:
            everywhere = ", ".join(str(path) for path, _identity in twins)
            for path, identity in twins:
                refused[path] = ClonedVolumeError(
                    _(
                        "The volumes at {paths} both say that they are {name}: one is a copy. "
                        "Remove one of them; nothing was written to either."
                    ).format(paths=everywhere, name=identity.name)
                )
    return refused


def peek_identity(path: Path) -> VolumeIdentity:
    """Read a volume's identity without opening it for recording; raises VolumeError."""
    try:
        ops = FileOps(path)
        try:
            return read_identity(ops)
        finally:
            ops.shut()
    except OSError as error:
        raise error_of(error, str(path)) from error


def _refuse_wrong(
    path: Path,
    identity: VolumeIdentity,
    key: DeviceKey,
    ledger: Ledger | None,
    expected_uuid: str | None,
    adopt: bool,
) -> None:
    if expected_uuid and identity.uuid != expected_uuid:
        raise SwappedVolumeError(
            _(
                "Another volume ({name}) is at {path} than the one set up there. Put the right "
                "disk back or add this one in the storage settings; nothing was written to it."
            ).format(name=identity.name, path=path)
        )
    if adopt:
        return
    if identity.maker and identity.maker != key.name:
        raise ForeignVolumeError(
            _(
                "Volume {name} at {path} was made by another recorder. Add it in the storage "
                "settings to record on it; nothing was written to it."
            ).format(name=identity.name, path=path)
        )
    if ledger and _is_old_copy(path, identity, ledger):
        raise ClonedVolumeError(
            _(
                "Volume {name} at {path} is an old copy: this box has recorded more on it than "
                "it holds. Add it in the storage settings to use it all the same."
            ).format(name=identity.name, path=path)
        )


def _is_old_copy(path: Path, identity: VolumeIdentity, ledger: Ledger) -> bool:
    """Whether the ledger knows a later allocation than any claim on the volume."""
    from appliance.storage.claims import other_books

    ops = FileOps(path)
    try:
        given = max((book.next_sequence for book in other_books(ops, "")), default=0)
    finally:
        ops.shut()
    return 0 < given <= ledger.highest_sequence(identity.uuid)
