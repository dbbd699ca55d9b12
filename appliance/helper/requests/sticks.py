"""USB sticks: mounted for exports, configuration and updates, and let go of again."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from appliance.helper.contract import Answer, Done, Request

DeviceName = Annotated[str, StringConstraints(pattern=r"^sd[a-z]{1,2}[0-9]{0,3}$")]
"""The kernel's name of a disk or partition; no path."""


class Mounted(Answer):
    """Where a stick is to be found; `read_only` as it was mounted."""

    path: str
    file_system: str
    read_only: bool


class MountStick(Request[Mounted]):
    """Mount what is on a USB stick, or tell where it is mounted already.

    HelperError: "sticks.gone", "sticks.no_stick" (not on USB, or the box's own),
    "sticks.file_system" (none, or one that is not read), "sticks.damaged".
    """

    verb: ClassVar[str] = "sticks.mount"
    timeout_s: ClassVar[float] = 60.0
    device: DeviceName

    def shown(self) -> str:
        """Return the device."""
        return self.device


class ReleaseStick(Request[Done]):
    """Unmount a stick, written out if it is still there; also one that was pulled."""

    verb: ClassVar[str] = "sticks.release"
    timeout_s: ClassVar[float] = 60.0
    device: DeviceName

    def shown(self) -> str:
        """Return the device."""
        return self.device
