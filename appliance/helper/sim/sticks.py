"""USB sticks of the simulated computer: udevadm, mount and their like, on the sticks of the bench.

Which sticks there are is in `usb.json`, which the bench writes (board/sim/udev.py).  Mounting makes
the mount point a link to the folder that stands for what is on the stick.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.helper.host import Finished
from appliance.helper.sim_system import Machine, SimProgram

STICKS = "usb"
MOUNTS = "mounts"
BROKEN = "torn"


async def udevadm(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `udevadm info --query=property --name=/dev/NAME`; rules are taken without effect."""
    if arguments and arguments[0] in ("control", "trigger"):
        return Finished(0)
    named = [word for word in arguments if word.startswith("--name=/dev/")]
    facts = machine.state(STICKS).get(named[0].removeprefix("--name=/dev/")) if named else None
    if facts is None:
        return Finished(1, err=b"Unknown device: No such device\n")
    lines = [f"{name}={value}\n" for name, value in facts["properties"].items()]
    return Finished(0, "".join(lines).encode())


async def mount(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `mount -t TYPE -o OPTIONS /dev/NAME TARGET`."""
    _t, kind, _o, options, device, target = arguments
    facts: dict[str, Any] | None = machine.state(STICKS).get(device.removeprefix("/dev/"))
    if facts is None:
        return Finished(
            32, err=f"mount: {target}: special device {device} does not exist.".encode()
        )
    if facts["kind"] == BROKEN:
        text = f"mount: {target}: wrong fs type, bad option, bad superblock on {device}."
        return Finished(32, err=text.encode())
    place = machine.path(target)
    place.rmdir()
    place.symlink_to(facts["content"])
    entry = {"fstype": kind, "options": f"rw,{options}"}
    machine.save(MOUNTS, {**machine.state(MOUNTS), target: entry})
    return Finished(0)


async def umount(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `umount [-l] TARGET`."""
    target = arguments[-1]
    mounts = machine.state(MOUNTS)
    if mounts.pop(target, None) is None:
        return Finished(32, err=f"umount: {target}: not mounted.".encode())
    machine.path(target).unlink()
    machine.path(target).mkdir()
    machine.save(MOUNTS, mounts)
    return Finished(0)


async def findmnt(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `findmnt --json --mountpoint TARGET --output TARGET,FSTYPE,OPTIONS`."""
    target = arguments[arguments.index("--mountpoint") + 1]
    entry = machine.state(MOUNTS).get(target)
    if entry is None:
        return Finished(1)
    return Finished(0, json.dumps({"filesystems": [{"target": target, **entry}]}).encode())


async def mkdir(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `mkdir -p -m MODE FOLDER`."""
    machine.path(arguments[-1]).mkdir(parents=True, exist_ok=True)
    return Finished(0)


async def rmdir(machine: Machine, arguments: Sequence[str], _stdin: bytes) -> Finished:
    """Answer `rmdir FOLDER`."""
    try:
        await asyncio.to_thread(machine.path(arguments[-1]).rmdir)
    except OSError as error:
        return Finished(1, err=f"rmdir: {arguments[-1]}: {error.strerror}".encode())
    return Finished(0)


PROGRAMS: Mapping[str, SimProgram] = {
    "/usr/bin/udevadm": udevadm,
    "/usr/bin/mount": mount,
    "/usr/bin/umount": umount,
    "/usr/bin/findmnt": findmnt,
    "/usr/bin/mkdir": mkdir,
    "/usr/bin/rmdir": rmdir,
}
