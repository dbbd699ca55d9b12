"""What can be wrong with a volume, in words for people and codes for programs."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import ClassVar

from appliance.text import _


@dataclass(frozen=True, slots=True)
class VolumeFault:
    """A trouble that recording survived: a stable code and a sentence for people."""

    code: str
    text: str


class VolumeError(Exception):
    """A volume cannot be used; `code` is stable, `text` says what to do."""

    code: ClassVar[str] = "volume_error"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    @property
    def fault(self) -> VolumeFault:
        """The same as data."""
        return VolumeFault(self.code, self.text)


class ForeignVolumeError(VolumeError):
    """A folder or disk that is not a volume of this box."""

    code = "volume_foreign"


class SwappedVolumeError(VolumeError):
    """Another volume than the one expected at this place."""

    code = "volume_swapped"


class ClonedVolumeError(VolumeError):
    """Two volumes carry one identity, or this one is an old copy."""

    code = "volume_cloned"


class NewerVolumeError(VolumeError):
    """Made by a newer version of this program."""

    code = "volume_newer"


class DamagedVolumeError(VolumeError):
    """The identity of the volume cannot be read."""

    code = "volume_damaged"


class ReadOnlyVolumeError(VolumeError):
    """The file system refuses writes."""

    code = "volume_read_only"


class FullVolumeError(VolumeError):
    """No block is free and none may be reused."""

    code = "volume_full"


class VanishedVolumeError(VolumeError):
    """The disk or its mount is gone."""

    code = "volume_vanished"


class BusyVolumeError(VolumeError):
    """Another process records as the same owner."""

    code = "volume_busy"


class FaultyVolumeError(VolumeError):
    """The disk fails to read or write."""

    code = "volume_io"


class FootageGoneError(Exception):
    """The block was reused while it was being read; its footage is no more."""


class BlockFormatError(Exception):
    """Bytes of a block do not follow the layout."""


SLOW_CODE = "volume_slow"

_VANISHED = frozenset(
    {errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN}
)


def error_of(error: OSError, name: str) -> VolumeError:
    """Put an operating system's error on volume `name` into words."""
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FullVolumeError(
            _(
                "Volume {name} has no free space although room was reserved. "
                "Remove files that do not belong to the recorder, or enlarge it."
            ).format(name=name)
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnlyVolumeError(
            _(
                "Volume {name} cannot be written ({reason}). "
                "Check the disk; a file system turns read-only after errors."
            ).format(name=name, reason=reason)
        )
    if error.errno in _VANISHED:
        return VanishedVolumeError(
            _("Volume {name} is gone ({reason}). Check that the disk is plugged in.").format(
                name=name, reason=reason
            )
        )
    return FaultyVolumeError(
        _("Volume {name} failed to write or read ({reason}). Check or replace the disk.").format(
            name=name, reason=reason
        )
    )


def slow_fault(name: str, seconds: float) -> VolumeFault:
    """The warning that a group commit took `seconds`, too long to keep up."""
    return VolumeFault(
        SLOW_CODE,
        _(
            "Volume {name} needed {seconds} s to store one second of footage. "
            "Record fewer streams on it or use a faster disk."
        ).format(name=name, seconds=f"{seconds:.1f}"),
    )
