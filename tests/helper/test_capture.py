"""Captures: what is wanted is written as pcap, within bounds of time, size and disk."""

from __future__ import annotations

import asyncio
import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from appliance.helper import packets
from appliance.helper.contract import HelperError
from appliance.helper.host import Host
from appliance.helper.packets import Capture, Wanted
from appliance.helper.requests.capture import ReadCapture, StartCapture, StopCapture
from appliance.helper.sim.packets import _arp, _udp
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.helper.verbs import capture as verbs

CAMERA, BOX, OTHER = bytes([192, 168, 1, 21]), bytes([192, 168, 1, 2]), bytes([10, 0, 0, 1])
V6 = bytes(14 - 2) + b"\x86\xdd" + bytes([0x60, 0, 0, 0, 0, 12, 6, 64])


def v6(source: bytes, target: bytes, port: int) -> bytes:
    return V6 + source + target + struct.pack("!HH", port, 9) + bytes(8)


def tagged(frame: bytes) -> bytes:
    return frame[:12] + b"\x81\x00\x00\x05" + frame[12:]


@pytest.mark.parametrize(
    ("wanted", "udp", "arp", "six"),
    [
        (("", 0, "any"), True, True, True),
        (("192.168.1.21", 0, "any"), True, True, False),
        (("192.168.1.99", 0, "any"), False, False, False),
        (("", 5004, "any"), True, False, False),
        (("", 80, "any"), False, False, True),
        (("", 0, "udp"), True, False, False),
        (("", 0, "tcp"), False, False, True),
        (("", 0, "arp"), False, True, False),
        (("", 0, "icmp"), False, False, False),
        (("192.168.1.2", 5004, "udp"), True, False, False),
        (("fd00::1", 80, "tcp"), False, False, True),
    ],
)
def test_only_what_is_wanted_is_taken(wanted: Any, udp: bool, arp: bool, six: bool) -> None:
    made = Wanted.of(*wanted)
    frames = (_udp(CAMERA, BOX, 1), _arp(), v6(b"\xfd" + bytes(14) + b"\x01", bytes(16), 80))
    assert tuple(made.matches(frame) for frame in frames) == (udp, arp, six)
    assert tuple(made.matches(tagged(frame)) for frame in frames) == (udp, arp, six)


def test_no_frame_breaks_the_filter() -> None:
    made = Wanted.of("192.168.1.21", 80, "tcp")
    whole = [_udp(CAMERA, BOX, 1), _arp(), v6(bytes(16), bytes(16), 80)]
    for frame in [*whole, *map(tagged, whole)]:
        for length in range(len(frame)):
            made.matches(frame[:length])


class Frames:
    """A source with so many frames, then silence."""

    def __init__(self, *frames: bytes) -> None:
        self._frames = list(frames)
        self.closed = False

    def read(self) -> bytes | None:
        return self._frames.pop(0) if self._frames else None

    def missed(self) -> int:
        return 3

    def close(self) -> None:
        self.closed = True


def made(path: Path, **more: Any) -> Capture:
    values = {"seconds": 0.05, "most_bytes": 10_000, "free": lambda: 1 << 40, **more}
    return Capture(path / "a.pcap", Wanted(), **values)


def test_the_file_is_pcap(tmp_path: Path) -> None:
    one, two = _udp(CAMERA, BOX, 1), _arp()
    capture, source = made(tmp_path), Frames(one, two)
    capture.run(source)
    data = (tmp_path / "a.pcap").read_bytes()
    assert struct.unpack("<IHH", data[:8]) == (0xA1B23C4D, 2, 4)
    _s, _ns, kept, whole = struct.unpack("<IIII", data[24:40])
    assert (kept, whole) == (len(one), len(one))
    assert data[40 : 40 + len(one)] == one
    assert data.endswith(two)
    assert (capture.packets, capture.size, capture.ended) == (2, len(data), "time")
    assert capture.missed >= 3
    assert source.closed


def test_it_ends_at_its_size_and_where_the_disk_gets_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [_udp(CAMERA, BOX, n) for n in range(200)]
    small = made(tmp_path, most_bytes=2000, seconds=60)
    small.run(Frames(*frames))
    assert small.ended == "size"
    assert (tmp_path / "a.pcap").stat().st_size == small.size <= 2000
    monkeypatch.setattr(packets, "CHECK_BYTES", 500)
    full = made(tmp_path, free=lambda: packets.RESERVE_BYTES - 1, seconds=60)
    full.run(Frames(*frames))
    assert full.ended == "disk"
    assert full.size < 1000


class Keeper:
    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def keep(self, work: Any, _name: str) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def drop(self, _name: str) -> bool:
        return True


@pytest.fixture
async def host(tmp_path: Path) -> Any:
    keeper = Keeper()
    verbs._captures.clear()
    yield Host(SimulatedSystem(Machine(tmp_path / "m"), {}), keeper, "capture", {}, ())
    for capture in verbs._captures.values():
        capture.stop()
    await asyncio.gather(*keeper.tasks, return_exceptions=True)


def wish(**more: Any) -> StartCapture:
    return StartCapture(**{"interface": "lan1", "seconds": 60, "most_bytes": 1 << 20, **more})


async def test_a_capture_is_read_while_it_goes_on_and_forgotten(host: Host) -> None:
    name = (await verbs.start(wish(), host)).name
    with pytest.raises(HelperError) as busy:
        await verbs.start(wish(), host)
    assert busy.value.code == "capture.busy"
    data = b""
    async with asyncio.timeout(20):
        while True:
            chunk = await verbs.read(ReadCapture(name=name, offset=len(data)), host)
            data += base64.b64decode(chunk.data)
            if chunk.packets >= 3 and not chunk.ended:
                await verbs.stop(StopCapture(name=name), host)
            if chunk.ended and not chunk.data:
                break
            await asyncio.sleep(0.02)
    assert chunk.ended == "asked"
    assert len(data) == chunk.size
    assert data[:4] == struct.pack("<I", 0xA1B23C4D)
    await verbs.stop(StopCapture(name=name, forget=True), host)
    assert list(host.spool.iterdir()) == []
    with pytest.raises(HelperError) as gone:
        await verbs.read(ReadCapture(name=name, offset=0), host)
    assert gone.value.code == "capture.unknown"


async def test_what_would_fill_the_disk_is_refused(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        verbs.shutil, "disk_usage", lambda _p: type("U", (), {"free": packets.RESERVE_BYTES})
    )
    with pytest.raises(HelperError) as refused:
        await verbs.start(wish(), host)
    assert refused.value.code == "capture.no_room"
    assert [field["path"] for field in refused.value.fields] == ["megabytes"]


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"address": "not an address"}, "address"),
        ({"address": "192.168.1.0/24"}, "address"),
        ({"port": 80, "protocol": "icmp"}, "port"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(host: Host, more: Any, path: str) -> None:
    with pytest.raises(HelperError) as refused:
        await verbs.start(wish(**more), host)
    assert [field["path"] for field in refused.value.fields] == [path]
    assert not verbs._captures


@pytest.mark.parametrize("interface", ["", "a b", "../x", "x" * 16, "a;b"])
def test_an_interface_is_a_name_and_nothing_else(interface: str) -> None:
    with pytest.raises(ValueError, match="interface"):
        wish(interface=interface)
