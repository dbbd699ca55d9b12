"""A real NetworkManager in a network namespace, with a neighbour in another one.

Namespaces, mounts and system bus are its own; /sys is mounted read-only, so that NetworkManager
takes the place for a container and does without udev.  Needs root.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.network.private_bus import until_there, write_config

PROGRAM = shutil.which("NetworkManager", path="/usr/sbin:/usr/bin")
POSSIBLE = os.geteuid() == 0 and PROGRAM is not None and shutil.which("ip") is not None
DESK = "10.77.0.1"
BOX = "10.77.0.50"
CONFIG = """[main]
plugins=keyfile
no-auto-default=*
dns=none
rc-manager=unmanaged
dhcp=internal
auth-polkit=root-only
[connectivity]
enabled=false
"""
INSIDE = """set -e
mount --make-rprivate /
mount -t sysfs -o ro sysfs /sys
for d in /run/NetworkManager /var/lib/NetworkManager /etc/NetworkManager; do
  mkdir -p $d; mount -t tmpfs tmpfs $d
done
mkdir -p /etc/NetworkManager/system-connections
cp "$1/NetworkManager.conf" /etc/NetworkManager/
ip link set lo up
dbus-daemon --config-file="$1/bus.conf" --nofork --nopidfile 2>/dev/null &
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$1/bus.sock
while [ ! -S "$1/bus.sock" ]; do sleep 0.02; done
python3 -m http.server --bind 0.0.0.0 --directory "$1" 8080 >/dev/null 2>&1 &
NetworkManager --no-daemon > "$1/nm.log" 2>&1
"""
ASKER = """
import sys, urllib.request
for line in sys.stdin:
    try:
        urllib.request.urlopen(f"http://{line.strip()}:8080/", timeout=0.3).read()
        print("yes", flush=True)
    except OSError:
        print("no", flush=True)
"""


class Desk:
    """A person's computer in the neighbour namespace: asks for the recorder's page."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def reaches(self, address: str) -> bool:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{address}\n".encode())
        await self._process.stdin.drain()
        return (await self._process.stdout.readline()).strip() == b"yes"


class RealManager:
    """`address` of its bus, the desk, and the names of both namespaces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"unix:path={folder / 'bus.sock'}"
        self.box, self.desk_name = f"nvrt{os.getpid()}b", f"nvrt{os.getpid()}d"
        self.desk: Desk

    def ip(self, *words: str) -> str:
        done = subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
        return done.stdout


@contextlib.asynccontextmanager
async def real_manager(folder: Path) -> AsyncIterator[RealManager]:
    """Run one with eth0 and eth1, both wired to the desk."""
    found = RealManager(folder)
    write_config(folder)
    (folder / "NetworkManager.conf").write_text(CONFIG)
    (folder / "inside.sh").write_text(INSIDE)
    (folder / "index.html").write_text("here")
    async with contextlib.AsyncExitStack() as stack:
        for name in (found.desk_name, found.box):
            found.ip("netns", "add", name)
            stack.callback(found.ip, "netns", "delete", name)
        for number in (0, 1):
            found.ip(
                *("link", "add", f"eth{number}", "netns", found.box, "type", "veth"),
                *("peer", "name", f"desk{number}", "netns", found.desk_name),
            )
            found.ip("-n", found.desk_name, "link", "set", f"desk{number}", "up")
        found.ip("-n", found.desk_name, "address", "add", f"{DESK}/24", "dev", "desk0")
        found.ip("-n", found.desk_name, "address", "add", "10.77.9.1/24", "dev", "desk0")
        inside = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net=/run/netns/{found.box}", "unshare", "--mount"),
            *("sh", str(folder / "inside.sh"), str(folder)),
            start_new_session=True,  # so that all of it can be ended together
        )
        stack.push_async_callback(_end, inside)
        asker = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net=/run/netns/{found.desk_name}", sys.executable, "-c", ASKER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        stack.push_async_callback(_end, asker)
        found.desk = Desk(asker)
        await until_there(folder / "bus.sock")
        yield found


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
