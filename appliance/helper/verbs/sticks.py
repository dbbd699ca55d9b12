"""Mounts USB sticks: no others, nothing on them runs, and each file system as little as it can do.

Who plugs a stick in is a stranger to the box.  Only file systems of this list are mounted, never
by what the stick itself says it is (mount -t), with nosuid, nodev and noexec.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from appliance.helper.contract import Done, HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.requests.sticks import Mounted, MountStick, ReleaseStick
from appliance.text import _

FOLDER = "/media/nvr"
"""Mount points are folders in it, named as the devices are."""

DOMAIN = Domain(
    "sticks",
    programs={
        "udevadm": "/usr/bin/udevadm",
        "findmnt": "/usr/bin/findmnt",
        "mkdir": "/usr/bin/mkdir",
        "mount": "/usr/bin/mount",
        "umount": "/usr/bin/umount",
        "rmdir": "/usr/bin/rmdir",
    },
)

OWN_LABEL = "nvr-"
"""File systems of the box itself are labelled so."""

SAFE = "nosuid,nodev,noexec,noatime"
_OWNED = "uid=nvr,gid=nvr,dmask=0007,fmask=0117"
TYPES: Mapping[str, tuple[str, str]] = {
    "vfat": ("vfat", f"{_OWNED},utf8,errors=remount-ro"),
    "exfat": ("exfat", f"{_OWNED},iocharset=utf8,errors=remount-ro"),
    "ntfs": ("ntfs3", f"{_OWNED},iocharset=utf8"),
    "ext2": ("ext4", "errors=remount-ro"),
    "ext3": ("ext4", "errors=remount-ro"),
    "ext4": ("ext4", "errors=remount-ro"),
    "udf": ("udf", "ro"),
    "iso9660": ("iso9660", "ro"),
}
"""What blkid calls it: the kernel's name, and options."""


@DOMAIN.verb(MountStick)
async def mount_stick(request: MountStick, host: Host) -> Mounted:
    """See MountStick."""
    facts = await _facts(host, request.device)
    if facts.get("ID_BUS") != "usb" or facts.get("ID_FS_LABEL", "").startswith(OWN_LABEL):
        raise HelperError("sticks.no_stick", _("That is no USB stick."))
    known = await _mounted(host, request.device)
    if known is not None:
        return known
    kind = facts.get("ID_FS_TYPE", "") if facts.get("ID_FS_USAGE") == "filesystem" else ""
    if kind not in TYPES:
        text = _(
            "There is no file system on the stick that the recorder reads. It reads FAT32, exFAT, "
            "NTFS and ext4: format the stick on a computer."
        )
        raise HelperError("sticks.file_system", text)
    target = f"{FOLDER}/{request.device}"
    await host.must("mkdir", "-p", "-m", "0755", target)
    driver, options = TYPES[kind]
    options = f"{SAFE},{options}"
    done = await host.run(
        "mount", "-t", driver, "-o", options, f"/dev/{request.device}", target, timeout_s=40
    )
    if done.code != 0:
        await host.run("rmdir", target)
        text = _(
            "The stick cannot be read: {reason} Look at it on a computer; it may be damaged."
        ).format(reason=done.complaint[:160])
        raise HelperError("sticks.damaged", text)
    found = await _mounted(host, request.device)
    if found is None:
        raise HelperError("sticks.gone", _("The stick was pulled."))
    return found


@DOMAIN.verb(ReleaseStick)
async def release_stick(request: ReleaseStick, host: Host) -> Done:
    """See ReleaseStick.  What somebody still reads is let go of when he ends."""
    target = f"{FOLDER}/{request.device}"
    if await _mounted(host, request.device) is not None:
        done = await host.run("umount", target, timeout_s=40)
        if done.code != 0:
            await host.must("umount", "-l", target)
    await host.run("rmdir", target)
    return Done()


async def _facts(host: Host, device: str) -> dict[str, str]:
    done = await host.run("udevadm", "info", "--query=property", f"--name=/dev/{device}")
    if done.code != 0:
        raise HelperError("sticks.gone", _("The stick was pulled."))
    pairs = (line.partition("=") for line in done.text.splitlines())
    return {name: value for name, _equals, value in pairs}


async def _mounted(host: Host, device: str) -> Mounted | None:
    """Return what findmnt (util-linux) tells of the mount point, None where nothing is mounted."""
    target = f"{FOLDER}/{device}"
    done = await host.run(
        "findmnt", "--json", "--mountpoint", target, "--output", "TARGET,FSTYPE,OPTIONS"
    )
    if done.code != 0:
        return None
    try:
        found = json.loads(done.text)["filesystems"][-1]
        return Mounted(
            path=str(host.system.where(target)),
            file_system=str(found["fstype"]),
            read_only="ro" in str(found["options"]).split(","),
        )
    except (ValueError, LookupError, TypeError):
        raise HelperError("helper.failed", "findmnt answers what it must not.") from None
