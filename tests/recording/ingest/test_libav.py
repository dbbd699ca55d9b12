"""What our own client does not speak comes in through libav, with the same promises."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from ingest_bench import SHORT, check_order, running

from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec
from appliance.media.types import Codec, VideoFormat
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.libav_formats import maker_for
from appliance.recording.ingest.state import Phase

LIMITS = Limits(tick_s=0.1, backoff_first_s=0.05, backoff_longest_s=0.2)


def jpeg() -> bytes:
    picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
    out = io.BytesIO()
    with av.open(out, "w", format="image2pipe") as sink:
        stream = sink.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for packet in [*stream.encode(picture), *stream.encode(None)]:
            sink.mux(packet)
    return out.getvalue()


class PictureServer:
    """An HTTP camera that sends JPEGs as multipart/x-mixed-replace."""

    def __init__(self) -> None:
        self.challenge = ""
        self.status = "200 OK"
        self.heads: list[str] = []
        self.port = 0
        self._picture = jpeg()
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            if self.challenge and "Authorization" not in head:
                writer.write(
                    f"HTTP/1.0 401 No\r\nWWW-Authenticate: {self.challenge}\r\n\r\n".encode()
                )
                return
            writer.write(f"HTTP/1.0 {self.status}\r\n".encode())
            writer.write(b"Content-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n")
            while self.status.startswith("200"):
                length = len(self._picture)
                writer.write(
                    b"--x\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % length
                )
                writer.write(self._picture + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.1)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def stop(self) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/video.mjpg"


@pytest.fixture
async def pictures() -> AsyncIterator[PictureServer]:
    server = PictureServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.mark.parametrize(
    ("codec", "sound", "kinds"),
    [
        ("mjpeg", "pcmu", {Codec.MJPEG, Codec.PCMU}),
        ("mpeg4", "aac", {Codec.MPEG4, Codec.AAC}),
    ],
)
async def test_codecs_our_client_does_not_speak(
    loops: Path, codec: str, sound: str, kinds: set[Codec]
) -> None:
    spec = CameraSpec(
        "x", main=StreamSpec(VideoSpec(codec=codec, fps=Fraction(20)), AudioSpec(sound))
    )
    async with Simulator([spec], cache=loops) as simulator:
        async with running(SourceConfig(simulator.url("x")), LIMITS) as (ingest, catch):
            await catch.until(lambda: len(catch.video) > 20)
            assert ingest.statistics.engine == "libav"
        assert catch.faults == []
    check_order(catch.units)
    assert {u.format.codec for u in catch.units} == kinds
    steps = [b.pts - a.pts for a, b in zip(catch.video, catch.video[1:], strict=False)]
    assert all(abs(step - 4500) < 200 for step in steps[5:])
    picture = catch.video[0].format
    assert isinstance(picture, VideoFormat)
    assert (picture.width, picture.height // 8) == (320, 184 // 8 if codec == "mjpeg" else 22)


@pytest.mark.parametrize("codec", ["h264", "h265"])
async def test_the_same_stream_gives_the_same_units_by_both_engines(
    loops: Path, codec: str
) -> None:
    spec = CameraSpec(
        "x", main=StreamSpec(VideoSpec(codec=codec, fps=Fraction(20)), AudioSpec("pcma"))
    )
    async with Simulator([spec], cache=loops) as simulator:
        config = SourceConfig(simulator.url("x"), engine="libav")
        async with (
            running(config, LIMITS) as (_libav, by_libav),
            running(replace(config, engine="native"), LIMITS) as (_native, by_us),
        ):
            await by_libav.until(lambda: len(by_libav.video) > 25)
    check_order(by_libav.units)
    check_order(by_us.units)
    shared = {u.data for u in by_libav.video} & {u.data for u in by_us.video}
    assert len(shared) >= 20


async def test_tls_chosen_as_transport_holds_for_the_media_library_too(loops: Path) -> None:
    spec = CameraSpec("x", main=StreamSpec(VideoSpec(fps=Fraction(20))), tls=True)
    async with Simulator([spec], cache=loops) as simulator:
        url = simulator.url("x").replace("rtsps://", "rtsp://")
        config = SourceConfig(url, transport="tls", engine="libav")
        async with running(config, LIMITS) as (ingest, catch):
            await catch.until(lambda: catch.video)
            assert ingest.statistics.engine == "libav"
        assert catch.faults == []


async def test_mjpeg_over_http(pictures: PictureServer) -> None:
    async with running(SourceConfig(pictures.url), LIMITS) as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 10)
        assert ingest.state.phase is Phase.PLAYING
    check_order(catch.units)
    span_s = (catch.video[10].pts - catch.video[0].pts) / 90_000
    assert 0.7 < span_s < 2.5, "stamped by arrival, not by a frame rate libav made up"


async def test_a_child_that_dies_costs_this_stream_a_moment(pictures: PictureServer) -> None:
    async with running(SourceConfig(pictures.url), LIMITS) as (_ingest, catch):
        await catch.until(lambda: len(catch.video) > 3)
        (child,) = [
            p for p in psutil.Process().children() if "libav_child" in " ".join(p.cmdline())
        ]
        os.kill(child.pid, signal.SIGSEGV)
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "stream_unreadable"
        await catch.until(lambda: len({u.run for u in catch.video}) == 2)
    check_order(catch.units)
    left = [p for p in psutil.Process().children() if "libav_child" in " ".join(p.cmdline())]
    assert left == []


async def test_n13_1_basic_over_http_is_refused_unless_allowed(pictures: PictureServer) -> None:
    pictures.challenge = 'Basic realm="cam"'
    config = SourceConfig(pictures.url, "admin", "secret")
    async with running(config, LIMITS) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert catch.faults[0].code == "basic_refused"
    assert not any("Authorization" in head for head in pictures.heads)
    async with running(replace(config, allow_basic=True), LIMITS) as (_ingest, catch):
        await catch.until(lambda: catch.video)


@pytest.mark.parametrize(
    ("status", "code"),
    [("404 Not Found", "not_found"), ("403 Forbidden", "forbidden")],
)
async def test_what_an_http_camera_refuses_is_said_in_words(
    pictures: PictureServer, status: str, code: str
) -> None:
    pictures.status = status
    async with running(SourceConfig(pictures.url), LIMITS) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == code


async def test_nobody_listens_over_http(pictures: PictureServer) -> None:
    url = pictures.url
    pictures._server.close()
    await pictures._server.wait_closed()
    async with running(SourceConfig(url), LIMITS) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "connection_refused"


async def test_silence_of_the_child_is_bounded() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = replace(SHORT, connect_s=0.5, first_packet_s=0.5)
    async with running(SourceConfig(f"http://127.0.0.1:{port}/"), limits) as (_ingest, catch):
        await catch.until(lambda: catch.faults)
        assert catch.faults[0].code == "silent"
    server.close()


def test_parameter_sets_of_length_prefixed_sources_are_taken_from_their_box() -> None:
    import base64

    sps = bytes.fromhex("6742c00cda05067e78400000030040000007a3c50aa8")
    pps = bytes.fromhex("68ce3c80")
    box = b"\1\x42\xc0\x0c\xff\xe1" + len(sps).to_bytes(2, "big") + sps
    box += b"\1" + len(pps).to_bytes(2, "big") + pps
    maker = maker_for(
        {"kind": "video", "codec": "h264", "extradata": base64.b64encode(box).decode()}
    )
    assert maker is not None
    slice_ = b"\x65\x88\x84" + bytes(20)
    (frame,) = maker.frames(len(slice_).to_bytes(4, "big") + slice_, 900, key=True)
    assert frame.key
    assert isinstance(frame.format, VideoFormat)
    assert frame.format.parameter_sets[0][0] == 0x67
    assert maker.frames(b"\0\0\0\xff1", 901, key=False) == ()


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_box_that_is_cut_off_raises_nothing(cut: int) -> None:
    import base64

    box = (b"\1\x42\xc0\x0c\xff\xe1\x00\x16" + bytes(22) + b"\1\0\4" + bytes(4))[:cut]
    for codec in ("h264", "hevc"):
        track = {"kind": "video", "codec": codec, "extradata": base64.b64encode(box).decode()}
        assert maker_for(track) is not None
