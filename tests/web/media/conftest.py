"""Cameras, recorder, footage and a client of the media session, all of them small but real."""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web

from appliance.accounts.permission import GRANTABLE, User
from appliance.media.types import AccessUnit, AudioFormat, Codec, VideoFormat
from appliance.paths import Paths
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.hub import StreamHub
from appliance.recording.mediasock import open_blocks
from appliance.recording.mediasock.server import MediaServer
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter

NS = 1_000_000_000
FPS = 10
FRAME = 90_000 // FPS
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)


def _nals(data: bytes) -> list[bytes]:
    return [part.rstrip(b"\0") for part in data.split(b"\0\0\1") if part.rstrip(b"\0")]


@dataclass
class CodedGop:
    """One closed GOP whose frame n is a plain picture of brightness 16 + 8 * (n % 25)."""

    format: VideoFormat
    frames: list[bytes]

    def unit(self, number: int, *, run: int, utc_ns: int, **changes: Any) -> AccessUnit:
        """Frame `number` of the GOP repeated for ever, from the start of the run."""
        fields: dict[str, Any] = {
            "format": self.format,
            "run": run,
            "pts": number * FRAME,
            "dts": number * FRAME,
            "duration": FRAME,
            "utc_ns": utc_ns,
            "mono_ns": time.monotonic_ns(),
            "rtp_time": 0,
            "key": number % len(self.frames) == 0,
            "damaged": False,
            "data": self.frames[number % len(self.frames)],
        }
        return AccessUnit(**(fields | changes))


def code_gop(codec: Codec, frames: int, width: int = 160, height: int = 96) -> CodedGop:
    hevc = codec is Codec.H265
    coder = av.CodecContext.create("libx265" if hevc else "libx264", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "yuv420p"
    coder.time_base, coder.framerate = Fraction(1, FPS), Fraction(FPS)
    coder.gop_size = frames
    coder.thread_count = 1
    common = f"bframes=0:scenecut=0:keyint={frames}:repeat-headers=1"
    coder.options = {
        "preset": "ultrafast",
        ("x265-params" if hevc else "x264-params"): common
        + (":log-level=error:pools=1:frame-threads=1" if hevc else ""),
    }
    packets = []
    for number in range(frames):
        luma = np.full((height * 3 // 2, width), 128, np.uint8)
        luma[:height] = 16 + 8 * (number % 25)
        frame = av.VideoFrame.from_ndarray(luma, format="yuv420p")
        frame.pts = number
        packets += coder.encode(frame)
    packets += coder.encode(None)
    sets: list[bytes] = []
    coded = []
    set_types, skipped = ((32, 33, 34), (35, 39, 40)) if hevc else ((7, 8), (6, 9))
    for packet in packets:
        kept = []
        for nal in _nals(bytes(packet)):
            kind = nal[0] >> 1 & 63 if hevc else nal[0] & 31
            if kind in set_types:
                sets += [nal] if nal not in sets else []
            elif kind not in skipped:
                kept.append(len(nal).to_bytes(4, "big") + nal)
        coded.append(b"".join(kept))
    name = "hvc1.1.6.L30.B0" if hevc else f"avc1.{sets[0][1:4].hex()}"
    return CodedGop(VideoFormat(codec, width, height, name, tuple(sets)), coded)


@pytest.fixture(scope="session")
def gop() -> CodedGop:
    """H.264, 2 s at 10 fps."""
    return code_gop(Codec.H264, 20)


@pytest.fixture(scope="session")
def other_gop() -> CodedGop:
    """H.264 of another size."""
    return code_gop(Codec.H264, 20, 192, 112)


@pytest.fixture(scope="session")
def hevc_gop() -> CodedGop:
    return code_gop(Codec.H265, 20)


SOUND = AudioFormat(Codec.PCMU, 8000, 1, bits_per_sample=8, codec_string="ulaw")


def sound_unit(number: int, *, run: int, utc_ns: int) -> AccessUnit:
    """100 ms of silence in G.711."""
    return AccessUnit(
        SOUND, run, number * 800, number * 800, 800, utc_ns, time.monotonic_ns(), 0, True, False,
        b"\xff" * 800,
    )  # fmt: skip


@dataclass
class Recorder:
    """The media socket of a recorder, with streams a test feeds by hand."""

    server: MediaServer
    hubs: dict[StreamId, StreamHub]
    writers: list[VolumeWriter] = field(default_factory=list)

    def add(self, *streams: StreamId) -> None:
        for stream in streams:
            self.hubs[stream] = StreamHub(stream)

    def publish(self, stream: StreamId, *units: AccessUnit) -> None:
        for unit in units:
            self.hubs[stream].publish(unit)


@pytest.fixture
def publish_sound() -> Callable[..., None]:
    """Publish a second of sound on the clock of run 1."""

    def publish(recorder: Recorder, stream: StreamId, start: int = 0) -> None:
        now = time.time_ns()
        for number in range(start, start + 10):
            recorder.publish(stream, sound_unit(number, run=1, utc_ns=now + number * NS // 10))

    return publish


@pytest.fixture
async def recorder(paths: Paths) -> AsyncIterator[Recorder]:
    hubs: dict[StreamId, StreamHub] = {}
    writers: list[VolumeWriter] = []

    async def blocks(request: dict[str, Any]) -> Any:
        found = [block for writer in writers for block in writer.open_blocks()]
        return open_blocks.answer(found, request.get("known") or {})

    server = MediaServer(paths.media_socket(0), hubs, {"open_blocks": blocks})
    await server.start()
    yield Recorder(server, hubs, writers)
    await server.stop()


@dataclass
class Shelf:
    """A volume with footage, written as a recorder does."""

    path: Path
    writer: VolumeWriter

    def store(
        self,
        gop: CodedGop,
        start_ns: int,
        seconds: float,
        *,
        stream: StreamId = MAIN,
        run: int = 1,
        first: int = 0,
        sound: bool = False,
        fragmenter: Fragmenter | None = None,
        kinds: RecordKind = RecordKind.GENERAL,
    ) -> Fragmenter:
        """Store frames `first` on, captured from `start_ns` on, cut each second."""
        cutter = fragmenter or Fragmenter(stream)
        if sound:
            cutter.expect_audio = SOUND
        batch: list[NewFragment] = []
        for number in range(first, first + round(seconds * FPS)):
            at = start_ns + (number - first) * NS // FPS
            cutter.add(gop.unit(number, run=run, utc_ns=at), kinds)
            if sound:
                cutter.add(sound_unit(number, run=run, utc_ns=at), kinds)
            if (number - first) % FPS == FPS - 1:
                batch += cutter.take()
        batch += cutter.take()
        report = self.writer.commit(batch)
        assert report.stored == len(batch), report
        return cutter


@pytest.fixture
def shelf(tmp_path: Path, recorder: Recorder, supervisor: Any) -> Iterator[Shelf]:
    key = DeviceKey.new()
    path = tmp_path / "volumes" / "one"
    Volume.create(path, capacity_bytes=256 << 20, name="one", block_bytes=8 << 20, device_key=key)
    volume = Volume.open(path, device_key=key)
    writer = VolumeWriter(volume, "test", background=False)
    recorder.writers.append(writer)
    settings = {
        "storage": {"volumes": [{"path": str(path)}]},
        "general": {"zone": "Europe/Berlin"},
        "channels": {"items": [{"id": 1, "name": "Front / door"}, {"id": 2, "name": ""}]},
    }
    supervisor.answer("settings.get", lambda params: {"values": settings[params["page"]]})
    yield Shelf(path, writer)
    writer.close()
    volume.close()


HEAD = struct.Struct(">BBHIqII")


@dataclass
class Media:
    """One binary message, taken apart."""

    kind: int
    flags: int
    id: int
    utc_us: int
    duration_us: int
    age_us: int
    payload: bytes

    @property
    def key(self) -> bool:
        return bool(self.flags & 1)

    @property
    def discontinuity(self) -> bool:
        return bool(self.flags & 2)

    @property
    def audio(self) -> bool:
        return bool(self.flags & 8)

    @property
    def utc_ms(self) -> float:
        return self.utc_us / 1000


class MediaClient:
    """Speaks nvr.media.1 as a page does; keeps everything it has heard, in order."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[Media | dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._new = asyncio.Condition()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for message in self.socket:
            if message.type is WSMsgType.BINARY:
                fields = HEAD.unpack_from(message.data)
                assert fields[0] == 1
                item: Media | dict[str, Any] = Media(*fields[1:], message.data[HEAD.size :])
            else:
                item = json.loads(message.data)
            async with self._new:
                self.heard.append(item)
                self._new.notify_all()

    async def send(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def open(self, channel: int = 1, **fields: Any) -> int:
        number = next(self._ids)
        await self.send(op="open", id=number, channel=channel, **fields)
        return number

    async def until(self, condition: Callable[[], Any], timeout_s: float = 10) -> Any:
        """Wait until `condition()` holds of what was heard, and return its value."""
        async with asyncio.timeout(timeout_s), self._new:
            while not (value := condition()):
                await self._new.wait()
            return value

    def media(self, number: int, kind: int = 2, *, audio: bool = False) -> list[Media]:
        return [
            item
            for item in self.heard
            if isinstance(item, Media) and (item.id, item.kind, item.audio) == (number, kind, audio)
        ]

    def notices(self, op: str, number: int | None = None) -> list[dict[str, Any]]:
        return [
            item
            for item in self.heard
            if isinstance(item, dict)
            and item["op"] == op
            and (number is None or item.get("id") == number)
        ]

    async def notice(self, op: str, number: int | None = None, count: int = 1) -> dict[str, Any]:
        """Wait for the `count`-th notice of a kind."""
        found = await self.until(
            lambda: len(self.notices(op, number)) >= count and self.notices(op, number)
        )
        return found[count - 1]

    async def pieces(self, number: int, count: int, **which: Any) -> list[Media]:
        """Wait for `count` binary messages."""
        return await self.until(
            lambda: len(self.media(number, **which)) >= count and self.media(number, **which)
        )

    def file(self, number: int, *, audio: bool = False) -> bytes:
        """What a decoder was given, as one file."""
        return b"".join(
            item.payload
            for item in self.heard
            if isinstance(item, Media) and item.id == number and item.audio == audio
        )

    async def close(self) -> None:
        await self.socket.close()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def connect(app: web.Application, page_as: Any) -> AsyncIterator[Callable[..., Any]]:
    """Return a function that connects a person (the administrator by default)."""
    clients: list[MediaClient] = []

    async def connected(user: User | None = None) -> MediaClient:
        page = page_as(user or User("admin", GRANTABLE))
        headers = {"Origin": str(page.client.make_url("")).rstrip("/")}
        socket = await page.client.ws_connect(
            "/api/v1/media", protocols=("nvr.media.1",), headers=headers, max_msg_size=0
        )
        client = MediaClient(socket)
        clients.append(client)
        return client

    yield connected
    for client in clients:
        await client.close()
