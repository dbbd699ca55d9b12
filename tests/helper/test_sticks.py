"""USB sticks in the helper: what it mounts, how, and what it refuses whoever asks."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.helper.contract import HelperError
from appliance.helper.host import Finished
from appliance.helper.real_system import RealSystem
from appliance.helper.requests.sticks import MountStick, ReleaseStick
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.helper.verbs import sticks
from appliance.supervisor.helper_service import HelperService
from board.profile.places import UsbSocket
from board.sim.udev import SimUdev

SOCKETS = (UsbSocket(1, "usb-0:1.1", "2.0"), UsbSocket(2, "usb-0:1.2", "2.0"))


class Recording(SimulatedSystem):
    """Remembers the programs that were run."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.ran: list[list[str]] = []

    async def run(self, path: str, arguments: Sequence[str], **more: Any) -> Finished:
        self.ran.append([path, *arguments])
        return await super().run(path, arguments, **more)

    @property
    def mounts(self) -> list[list[str]]:
        return [line for line in self.ran if line[0] == "/usr/bin/mount"]


class Computer:
    def __init__(self, root: Path) -> None:
        self.machine = Machine(root / "computer")
        self.udev = SimUdev(self.machine.root / "usb.json", SOCKETS)
        self.system = Recording(self.machine)
        self.server = HelperServer(
            root / "helper.sock", [sticks.DOMAIN], self.system, uids={os.getuid()}
        )
        self.helper = HelperService(root / "helper.sock")


@pytest.fixture
async def computer(tmp_path: Path) -> AsyncIterator[Computer]:
    made = Computer(tmp_path)
    await made.server.start()
    made.helper.start()
    yield made
    await made.helper.close()
    await made.server.close()


@pytest.mark.parametrize(
    "device", ["sda1; reboot", "../sda1", "loop0", "nvme0n1", "sda1\n", "", "sdabc1", "sda1234"]
)
def test_only_names_of_disks_are_taken(device: str) -> None:
    with pytest.raises(ValidationError):
        MountStick(device=device)
    with pytest.raises(ValidationError):
        ReleaseStick(device=device)


async def test_a_stick_is_mounted_so_that_nothing_on_it_runs(computer: Computer) -> None:
    computer.udev.plug(1, "fat")
    mounted = await computer.helper.call(MountStick(device="sda1"))
    assert (mounted.file_system, mounted.read_only) == ("vfat", False)
    Path(mounted.path, "a.mp4").write_bytes(b"x")
    [line] = computer.system.mounts
    assert line[-2:] == ["/dev/sda1", "/media/nvr/sda1"]
    options = line[line.index("-o") + 1].split(",")
    assert {"nosuid", "nodev", "noexec"} <= set(options)
    assert line[line.index("-t") + 1] == "vfat"  # never by what the stick says it is


async def test_asked_twice_it_is_mounted_once(computer: Computer) -> None:
    computer.udev.plug(1, "fat")
    first = await computer.helper.call(MountStick(device="sda1"))
    assert await computer.helper.call(MountStick(device="sda1")) == first
    assert len(computer.system.mounts) == 1


async def test_a_stick_that_was_let_go_of_can_be_mounted_again(computer: Computer) -> None:
    computer.udev.plug(1, "fat")
    mounted = await computer.helper.call(MountStick(device="sda1"))
    await computer.helper.call(ReleaseStick(device="sda1"))
    assert not Path(mounted.path).exists()
    await computer.helper.call(ReleaseStick(device="sda1"))  # twice is no error
    assert await computer.helper.call(MountStick(device="sda1")) == mounted


@pytest.mark.parametrize(
    ("kind", "code"), [("blank", "sticks.file_system"), ("torn", "sticks.damaged")]
)
async def test_what_cannot_be_read_is_refused_with_what_to_do(
    computer: Computer, kind: str, code: str
) -> None:
    computer.udev.plug(1, kind)
    with pytest.raises(HelperError) as caught:
        await computer.helper.call(MountStick(device="sda1"))
    assert caught.value.code == code
    assert "computer" in caught.value.text
    assert not computer.machine.path("/media/nvr/sda1").exists()


async def test_a_disk_of_the_box_is_never_mounted(computer: Computer) -> None:
    computer.udev.plug(1, "ext4")
    for facts in (
        {"ID_BUS": "ata"},
        {"ID_FS_LABEL": "nvr-data"},
    ):
        state = computer.machine.state("usb")
        state["sda1"]["properties"] |= {"ID_BUS": "usb", "ID_FS_LABEL": "x", **facts}
        computer.machine.save("usb", state)
        with pytest.raises(HelperError) as caught:
            await computer.helper.call(MountStick(device="sda1"))
        assert caught.value.code == "sticks.no_stick"
    assert computer.system.mounts == []


async def test_a_stick_that_is_gone_is_said_to_be(computer: Computer) -> None:
    with pytest.raises(HelperError) as caught:
        await computer.helper.call(MountStick(device="sda1"))
    assert caught.value.code == "sticks.gone"


# -- the real kernel -------------------------------------------------------------------------


class UsbLoop(RealSystem):
    """The real computer; only udev takes the loop device for a stick."""

    async def run(self, path: str, arguments: Sequence[str], **more: Any) -> Finished:
        if path.endswith("udevadm"):
            return Finished(0, b"ID_BUS=usb\nID_FS_USAGE=filesystem\nID_FS_TYPE=ext4\n")
        return await super().run(path, arguments, **more)


DEVICE = "sdzz9"


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system on a loop device that goes by a disk's name; yields where it is mounted."""
    image = tmp_path / "stick.img"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    node = Path("/dev", DEVICE)
    try:
        subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
        made = subprocess.run(
            ["losetup", "--find", "--show", image], check=True, capture_output=True, text=True
        )
        os.mknod(node, stat.S_IFBLK | 0o600, os.stat(made.stdout.strip()).st_rdev)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"loop devices cannot be used here: {error}")
    folder = tmp_path / "media"
    monkeypatch.setattr(sticks, "FOLDER", str(folder))
    yield folder / DEVICE
    subprocess.run(["umount", "-l", folder / DEVICE], check=False, capture_output=True)
    subprocess.run(["losetup", "--detach", made.stdout.strip()], check=False)
    node.unlink()


async def test_the_kernel_mounts_and_lets_go(loop: Path, tmp_path: Path) -> None:
    server = HelperServer(
        tmp_path / "helper.sock",
        [sticks.DOMAIN],
        UsbLoop(spool=tmp_path / "spool"),
        uids={os.getuid()},
    )
    helper = HelperService(tmp_path / "helper.sock")
    await server.start()
    helper.start()
    try:
        mounted = await helper.call(MountStick(device=DEVICE))
        assert (mounted.path, mounted.file_system) == (str(loop), "ext4")
        assert loop.is_mount()
        flags = os.statvfs(loop).f_flag
        assert flags & os.ST_NOSUID and flags & os.ST_NODEV and flags & os.ST_NOEXEC
        assert await helper.call(MountStick(device=DEVICE)) == mounted
        with (loop / "a.mp4").open("wb") as busy:
            busy.write(b"x")
            await helper.call(ReleaseStick(device=DEVICE))  # somebody is still at it
            assert not loop.exists()
        await helper.call(MountStick(device=DEVICE))
        assert (loop / "a.mp4").read_bytes() == b"x"
        await helper.call(ReleaseStick(device=DEVICE))
        assert not loop.exists()
    finally:
        await helper.close()
        await server.close()
