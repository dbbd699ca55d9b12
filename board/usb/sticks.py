"""Which USB sticks are plugged in, from udev: asked whole after each change, so none is missed."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from board.profile.places import UsbSocket

_log = logging.getLogger(__name__)

OWN_LABEL = "nvr-"
"""File systems of the box itself, recording disks among them, are labelled so: no sticks."""

LOOK_EVERY_S = 30.0
"""So often they are looked at without being told of a change."""

SETTLE_S = 0.2
"""A stick comes as a disk and its partitions, one after the other."""

RETRY_S = 5.0
SECTOR_BYTES = 512
"""Unit of the kernel's `size` (Documentation/ABI/stable/sysfs-block)."""

MOST_LABEL = 64


class Device(Protocol):
    """What is asked of a pyudev.Device."""

    @property
    def sys_name(self) -> str:
        """The kernel's name, "sda1"."""

    @property
    def properties(self) -> Mapping[str, str]:
        """What udev knows."""

    @property
    def attributes(self) -> Any:
        """Files of sysfs: `get(name)` returns bytes or None."""


class Monitor(Protocol):
    """What is asked of a pyudev.Monitor."""

    def poll(self, timeout: float) -> object | None:
        """Return a device that changed, None after `timeout` seconds."""


class Udev(Protocol):
    """What is asked of udev; `PyUdev` is the real one."""

    def block_devices(self) -> Iterable[Device]:
        """Return disks and partitions there are now."""

    def monitor(self) -> Monitor:
        """Begin to listen to changes of disks and partitions."""


@dataclass(frozen=True, slots=True)
class Stick:
    """A file system on a stick.  `file_system` as blkid names it ("" if none was found).

    `plugged` tells this plugging-in from another, also where one stick quickly follows another.
    """

    device: str
    plugged: str
    socket: int | None
    label: str
    model: str
    file_system: str
    size_bytes: int


def sticks(udev: Udev, sockets: tuple[UsbSocket, ...]) -> dict[str, Stick]:
    """Return what is plugged into USB, by device; blocks for milliseconds.

    With `sockets`, only those count.  A whole disk counts where it has no partitions.
    """
    found: dict[str, Stick] = {}
    parted: set[str] = set()
    for device in udev.block_devices():
        facts = device.properties
        if facts.get("ID_BUS") != "usb" or facts.get("DEVTYPE") not in ("disk", "partition"):
            continue
        socket = _socket(facts.get("ID_PATH", ""), sockets)
        size = _size(device)
        if (sockets and socket is None) or not size:
            continue  # a card reader without a card has no size
        if facts["DEVTYPE"] == "partition":
            parted.add(device.sys_name.rstrip("0123456789"))
        label = facts.get("ID_FS_LABEL", "")
        if label.startswith(OWN_LABEL):
            continue
        found[device.sys_name] = Stick(
            device.sys_name,
            facts.get("USEC_INITIALIZED", ""),
            socket,
            label[:MOST_LABEL],
            facts.get("ID_MODEL", "").replace("_", " ").strip()[:MOST_LABEL],
            facts.get("ID_FS_TYPE", "") if facts.get("ID_FS_USAGE") == "filesystem" else "",
            size,
        )
    return {name: stick for name, stick in found.items() if name not in parted}


class StickWatch:
    """Calls `changed(sticks)`, in a thread of its own, at first and whenever they change."""

    def __init__(
        self,
        udev: Udev,
        sockets: tuple[UsbSocket, ...],
        changed: Callable[[dict[str, Stick]], None],
    ) -> None:
        self._udev = udev
        self._sockets = sockets
        self._changed = changed
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="usb sticks", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End; a wait for udev that is under way is not waited for."""
        self._ended.set()

    def _run(self) -> None:
        last: dict[str, Stick] | None = None
        while not self._ended.is_set():
            try:
                monitor = self._udev.monitor()
                while not self._ended.is_set():
                    now = sticks(self._udev, self._sockets)
                    if now != last and not self._ended.is_set():
                        last = now
                        self._changed(now)
                    self._wait(monitor)
            except Exception:  # noqa: BLE001 - no device may end the watch of the others
                _log.exception("USB sticks cannot be watched; trying again")
                self._ended.wait(RETRY_S)

    def _wait(self, monitor: Monitor) -> None:
        if monitor.poll(LOOK_EVERY_S) is None:
            return
        until = time.monotonic() + SETTLE_S
        while (left := until - time.monotonic()) > 0:
            monitor.poll(left)


class PyUdev:
    """The real udev."""

    def __init__(self) -> None:
        import pyudev

        self._pyudev = pyudev
        self._context = pyudev.Context()

    def block_devices(self) -> Iterable[Device]:
        """Return disks and partitions."""
        found: Iterable[Device] = self._context.list_devices(subsystem="block")
        return found

    def monitor(self) -> Monitor:
        """Listen to what udev tells after it has looked at a device."""
        monitor: Any = self._pyudev.Monitor.from_netlink(self._context)
        monitor.filter_by("block")
        monitor.start()
        listening: Monitor = monitor
        return listening


def _socket(path: str, sockets: tuple[UsbSocket, ...]) -> int | None:
    for socket in sockets:
        rest = path.removeprefix(socket.path)
        if rest != path and not rest[:1].isdigit():  # ...usb-0:1.1 is not ...usb-0:1.12
            return socket.number
    return None


def _size(device: Device) -> int:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return int(device.attributes.get("size")) * SECTOR_BYTES
    return 0
