"""udev of the bench: sticks that are plugged in, kept in a file that the simulated computer reads.

The file maps the kernel's names to what is known of them: udev's properties, `sectors`, and
`content`, the folder that stands for what is on the stick.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from board.profile.places import UsbSocket
from board.sim.poe_bench import BenchError

GB = 1_000_000_000
SECTOR = 512
KINDS: Mapping[str, dict[str, str]] = {
    "fat": {"name": "FAT32, 16 GB", "type": "vfat", "label": "STICK"},
    "exfat": {"name": "exFAT, 64 GB", "type": "exfat", "label": "Holiday films"},
    "ext4": {"name": "ext4, 32 GB", "type": "ext4", "label": "backup"},
    "blank": {"name": "without a file system", "type": "", "label": ""},
    "torn": {"name": "FAT32, damaged", "type": "vfat", "label": "TORN"},
}
SIZES_GB = {"fat": 16, "exfat": 64, "ext4": 32, "blank": 8, "torn": 4}


class SimDevice:
    """As much of pyudev.Device as is asked for."""

    def __init__(self, name: str, facts: Mapping[str, Any]) -> None:
        self.sys_name = name
        self.properties: dict[str, str] = dict(facts["properties"])
        self.attributes = {"size": str(facts["sectors"]).encode()}


class SimMonitor:
    """As much of pyudev.Monitor."""

    def __init__(self, udev: SimUdev) -> None:
        self._udev = udev
        self._seen = udev.changes

    def poll(self, timeout: float) -> object | None:
        """Wait for a change."""
        with self._udev.changed:
            self._udev.changed.wait_for(lambda: self._udev.changes > self._seen, timeout)
            told, self._seen = self._udev.changes > self._seen, self._udev.changes
        return self if told else None


class SimUdev:
    """The sockets of the box; a stick in one of them stays there over a restart of the program."""

    def __init__(self, file: Path, sockets: tuple[UsbSocket, ...]) -> None:
        self._file = file
        self._sockets = {socket.number: socket for socket in sockets}
        self.changed = threading.Condition()
        self.changes = 0
        try:
            self._devices: dict[str, dict[str, Any]] = json.loads(file.read_text())
        except (OSError, ValueError):
            self._devices = {}

    @property
    def sockets(self) -> dict[int, str]:
        """What is in each socket: a name of KINDS, "" for nothing."""
        kinds = {facts["socket"]: str(facts["kind"]) for facts in self._devices.values()}
        return {number: kinds.get(number, "") for number in self._sockets}

    def block_devices(self) -> Iterable[SimDevice]:
        """Return what is plugged in: each stick is a disk with one partition."""
        with self.changed:
            return [SimDevice(name, facts) for name, facts in self._devices.items()]

    def monitor(self) -> SimMonitor:
        """Listen."""
        return SimMonitor(self)

    def plug(self, number: int, kind: str) -> None:
        """Plug a stick of KINDS in; what was there is pulled.  Raises BenchError."""
        socket = self._sockets.get(number)
        if socket is None:
            raise BenchError("bench.no_socket", f"There is no USB socket {number}.")
        if kind not in KINDS:
            raise BenchError("bench.no_stick", f"There is no stick {kind[:32]!r}.")
        disk = f"sd{'abcdefghijklmnop'[number - 1]}"
        shared = {
            "ID_BUS": "usb",
            "ID_MODEL": "Bench_stick",
            "USEC_INITIALIZED": str(time.time_ns() // 1000),
            "ID_PATH": f"{socket.path}:1.0-scsi-0:0:0:0",
        }
        named = {"ID_FS_LABEL": KINDS[kind]["label"], "ID_FS_TYPE": KINDS[kind]["type"]}
        file_system = {**named, "ID_FS_USAGE": "filesystem"} if named["ID_FS_TYPE"] else {}
        sectors = SIZES_GB[kind] * GB // SECTOR
        content = self._file.parent / "sticks" / f"{number}-{kind}"
        about = {"socket": number, "kind": kind, "content": str(content)}
        new = {
            disk: {**about, "sectors": sectors, "properties": {**shared, "DEVTYPE": "disk"}},
            f"{disk}1": {
                **about,
                "sectors": sectors - 2048,
                "properties": {**shared, **file_system, "DEVTYPE": "partition"},
            },
        }
        content.mkdir(parents=True, exist_ok=True)
        self._change(number, new)

    def pull(self, number: int) -> None:
        """Pull what is in a socket, ejected or not."""
        self._change(number, {})

    def _change(self, number: int, new: Mapping[str, dict[str, Any]]) -> None:
        with self.changed:
            others = {n: facts for n, facts in self._devices.items() if facts["socket"] != number}
            self._devices = {**others, **new}
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._file.with_suffix(".new")
            temporary.write_text(json.dumps(self._devices))
            temporary.replace(self._file)
            self.changes += 1
            self.changed.notify_all()


class UsbHands:
    """The bench page's USB part."""

    def __init__(self, udev: SimUdev) -> None:
        self._udev = udev

    def state(self) -> dict[str, Any]:
        """Return the sockets and what can be plugged in."""
        return {
            "sockets": [{"number": n, "kind": kind} for n, kind in self._udev.sockets.items()],
            "catalogue": [{"kind": kind, "name": KINDS[kind]["name"]} for kind in KINDS],
        }

    def act(self, action: str, params: dict[str, Any]) -> None:
        """Plug or pull; raise BenchError."""
        number = params.get("number")
        if not isinstance(number, int):
            raise BenchError("bench.bad_value", "number is missing.")
        match action:
            case "plug":
                self._udev.plug(number, str(params.get("kind", "")))
            case "pull":
                self._udev.pull(number)
            case _:
                raise BenchError("bench.no_action", f"USB has no action {action[:32]!r}.")
