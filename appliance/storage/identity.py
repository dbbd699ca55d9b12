"""The identity file of a volume: which volume this is, who made it, how it is cut into blocks."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from crc32c import crc32c

from appliance.storage.errors import DamagedVolumeError, ForeignVolumeError, NewerVolumeError
from appliance.storage.files import FileOps
from appliance.text import _

IDENTITY_FILE = "nvr-volume.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class VolumeIdentity:
    """Who a volume is.

    `uuid` is 32 hex digits; `maker` names the device key of the box that made it;
    `capacity_bytes` is what footage may take in all; times are UTC nanoseconds.
    """

    uuid: str
    name: str
    maker: str
    created_ns: int
    capacity_bytes: int
    block_bytes: int

    @property
    def raw(self) -> bytes:
        """The uuid as 16 bytes."""
        return bytes.fromhex(self.uuid)


def write_identity(files: FileOps, identity: VolumeIdentity) -> None:
    """Write the file so that it is there whole or not at all."""
    body: dict[str, Any] = {"format": FORMAT, **asdict(identity)}
    body["crc"] = _crc(body)
    text = json.dumps(body, indent=1).encode()
    temporary = IDENTITY_FILE + ".new"
    file = files.open(temporary, create=True)
    try:
        files.pwrite(file, [text], 0)
        files.fsync(file)
    finally:
        files.close(file)
    files.rename(temporary, IDENTITY_FILE)
    files.fsync_dir()


def read_identity(files: FileOps) -> VolumeIdentity:
    """Read and check it; raises the VolumeError that fits, or OSError."""
    try:
        text = files.read_file(IDENTITY_FILE)
    except FileNotFoundError:
        raise ForeignVolumeError(
            _(
                "{path} is not a recording volume; nothing was written to it. If its disk is "
                "missing, plug it in; else choose an empty folder or disk on the Storage page, or "
                "one that this recorder has made a volume."
            ).format(path=files.root)
        ) from None
    try:
        body = json.loads(text)
        version = int(body["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(files) from error
    if version > FORMAT:
        raise NewerVolumeError(
            _(
                "Volume {path} was made by a newer version of this software (format {version}). "
                "Update the recorder to use it; nothing was written to it."
            ).format(path=files.root, version=version)
        )
    crc = body.pop("crc", None)
    if crc != _crc(body):
        raise _damaged(files)
    body.pop("format")
    try:
        identity = VolumeIdentity(**body)
        bytes.fromhex(identity.uuid)
    except (TypeError, ValueError) as error:
        raise _damaged(files) from error
    return identity


def _crc(body: dict[str, Any]) -> int:
    return crc32c(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())


def _damaged(files: FileOps) -> DamagedVolumeError:
    return DamagedVolumeError(
        _(
            "The identity file {file} on volume {path} is damaged. "
            "Run `nvr check` on it; nothing was written to it."
        ).format(file=IDENTITY_FILE, path=files.root)
    )
