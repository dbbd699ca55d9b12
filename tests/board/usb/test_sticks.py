"""Which sticks are plugged in, as udev tells it: of the box's own sockets, and no disks of its."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from board.profile.places import UsbSocket
from board.sim.poe_bench import BenchError
from board.sim.udev import SimDevice, SimUdev, UsbHands
from board.usb.sticks import StickWatch, sticks

SOCKETS = (UsbSocket(1, "platform-usb-0:1.1", "2.0"), UsbSocket(2, "platform-usb-0:1.2", "2.0"))


class Listed:
    """udev of a few devices."""

    def __init__(self, **devices: dict[str, Any]) -> None:
        self._devices = devices

    def block_devices(self) -> Iterable[SimDevice]:
        for name, facts in self._devices.items():
            properties = {"ID_BUS": "usb", "ID_PATH": "platform-usb-0:1.1:1.0-scsi-0", **facts}
            sectors = properties.pop("sectors", 1000)
            yield SimDevice(name, {"properties": properties, "sectors": sectors})

    def monitor(self) -> Any:
        raise NotImplementedError


DISK = {"DEVTYPE": "disk"}
FAT = {"ID_FS_USAGE": "filesystem", "ID_FS_TYPE": "vfat"}


def test_a_stick_is_its_partitions_and_a_disk_without_any_is_one_itself() -> None:
    udev = Listed(
        sda=DISK,
        sda1={"DEVTYPE": "partition", **FAT, "ID_FS_LABEL": "PHOTOS"},
        sdb={**DISK, **FAT, "ID_PATH": "platform-usb-0:1.2:1.0-scsi-0"},
    )
    found = sticks(udev, SOCKETS)
    assert set(found) == {"sda1", "sdb"}
    assert (found["sda1"].label, found["sda1"].socket) == ("PHOTOS", 1)
    assert (found["sdb"].file_system, found["sdb"].socket) == ("vfat", 2)
    assert found["sda1"].size_bytes == 512_000


def test_other_disks_and_those_of_the_box_itself_are_no_sticks() -> None:
    udev = Listed(
        sda1={"DEVTYPE": "partition", **FAT, "ID_BUS": "ata"},
        sdb1={"DEVTYPE": "partition", **FAT, "ID_FS_LABEL": "nvr-volume-2"},
        sdc1={"DEVTYPE": "partition", **FAT, "ID_PATH": "platform-usb-0:1.12:1.0"},
        sdd={**DISK, "sectors": 0},  # a card reader without a card
    )
    assert sticks(udev, SOCKETS) == {}


def test_without_sockets_every_stick_counts() -> None:
    udev = Listed(sda={**DISK, **FAT, "ID_PATH": "pci-0000:00:14.0-usb-0:3:1.0"})
    assert sticks(udev, ())["sda"].socket is None


def test_what_is_no_file_system_is_told_as_none() -> None:
    udev = Listed(sda={**DISK, "ID_FS_USAGE": "crypto", "ID_FS_TYPE": "crypto_LUKS"})
    assert sticks(udev, SOCKETS)["sda"].file_system == ""


def test_the_watch_tells_what_is_there_and_each_change(tmp_path: Path) -> None:
    udev = SimUdev(tmp_path / "usb.json", SOCKETS)
    told: queue.Queue[dict[str, Any]] = queue.Queue()
    watch = StickWatch(udev, SOCKETS, told.put)
    watch.start()
    assert told.get(timeout=20) == {}
    udev.plug(2, "fat")
    assert list(told.get(timeout=20)) == ["sdb1"]
    udev.plug(1, "blank")
    found = told.get(timeout=20)
    assert {stick.socket: stick.file_system for stick in found.values()} == {1: "", 2: "vfat"}
    udev.pull(2)
    assert {stick.socket for stick in told.get(timeout=20).values()} == {1}
    watch.stop()


def test_a_udev_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("board.usb.sticks.RETRY_S", 0.01)
    udev = SimUdev(tmp_path / "usb.json", SOCKETS)
    real, failures = udev.block_devices, [OSError("gone"), LookupError("gone")]

    def failing() -> Iterable[SimDevice]:
        if failures:
            raise failures.pop()
        return real()

    monkeypatch.setattr(udev, "block_devices", failing)
    told: queue.Queue[dict[str, Any]] = queue.Queue()
    watch = StickWatch(udev, SOCKETS, told.put)
    watch.start()
    assert told.get(timeout=20) == {}
    watch.stop()


def test_a_stick_of_the_bench_stays_over_a_restart(tmp_path: Path) -> None:
    hands = UsbHands(SimUdev(tmp_path / "usb.json", SOCKETS))
    hands.act("plug", {"number": 1, "kind": "exfat"})
    again = UsbHands(SimUdev(tmp_path / "usb.json", SOCKETS))
    assert again.state()["sockets"] == [
        {"number": 1, "kind": "exfat"},
        {"number": 2, "kind": ""},
    ]
    again.act("pull", {"number": 1})
    assert {entry["kind"] for entry in again.state()["sockets"]} == {""}


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("plug", {"number": 3, "kind": "fat"}),
        ("plug", {"number": 1, "kind": "floppy"}),
        ("plug", {}),
        ("burn", {"number": 1}),
    ],
)
def test_the_bench_refuses_what_is_not_there(
    tmp_path: Path, action: str, params: dict[str, Any]
) -> None:
    with pytest.raises(BenchError):
        UsbHands(SimUdev(tmp_path / "usb.json", SOCKETS)).act(action, params)
