"""Interop with a server that others wrote: Debian's gst-rtsp-server."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ingest_bench import check_order, running

from appliance.media.types import Codec, VideoFormat
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.probe import probe
from appliance.recording.ingest.state import Phase

SYSTEM_PYTHON = "/usr/bin/python3"
NEEDED = "gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good, -bad and -ugly, python3-gi"
LIMITS = Limits(tick_s=0.1)


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    if not Path(SYSTEM_PYTHON).exists() or sys.platform != "linux":
        pytest.skip(f"{SYSTEM_PYTHON} is missing")
    with subprocess.Popen(
        [SYSTEM_PYTHON, str(Path(__file__).with_name("gst_server.py"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline().split()
        if len(line) != 2:
            pytest.skip(f"gst-rtsp-server does not run here; it needs {NEEDED}")
        yield [int(word) for word in line]
        child.kill()


@pytest.mark.parametrize(
    ("path", "transport", "codecs"),
    [
        ("h264", "tcp", {Codec.H264, Codec.PCMA}),
        ("h264", "udp", {Codec.H264, Codec.PCMA}),
        ("h265", "tcp", {Codec.H265}),
        ("h265", "udp", {Codec.H265}),
        ("bframes", "tcp", {Codec.H264}),
        ("opus", "tcp", {Codec.H264, Codec.OPUS}),
    ],
)
async def test_streams_of_gst_rtsp_server(
    ports: list[int], path: str, transport: str, codecs: set[Codec]
) -> None:
    config = SourceConfig(f"rtsp://127.0.0.1:{ports[0]}/{path}", transport=transport)  # type: ignore[arg-type]
    async with running(config, LIMITS) as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 25)
        figures = ingest.statistics
    assert catch.faults == []
    assert {u.format.codec for u in catch.units} == codecs
    assert not any(u.damaged for u in catch.units)
    assert (figures.transport, figures.lost_packets) == (transport, 0)
    check_order(catch.units)
    shown = sorted(u.pts for u in catch.video)[3:-3]
    steps = [b - a for a, b in itertools.pairwise(shown)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(9_000, rel=0.11), "10 frames a second"
    if path == "bframes":
        assert any(b.pts < a.pts for a, b in zip(catch.video, catch.video[1:], strict=False))


async def test_rtsp_over_http_of_gst_rtsp_server(ports: list[int]) -> None:
    """The second port wants a digest inside the tunnel."""
    for port, user, password in ((ports[0], "", ""), (ports[1], "admin", "camera")):
        address = f"rtsp://127.0.0.1:{port}/h264"
        config = SourceConfig(address, user, password, transport="http")
        async with running(config, LIMITS) as (ingest, catch):
            await catch.until(lambda catch=catch: len(catch.video) > 5)
            assert ingest.statistics.engine == "libav"
        assert catch.faults == []
        assert {u.format.codec for u in catch.units} == {Codec.H264, Codec.PCMA}


async def test_digest_of_gst_rtsp_server(ports: list[int]) -> None:
    config = SourceConfig(f"rtsp://127.0.0.1:{ports[1]}/h264", "admin", "camera")
    async with running(config, LIMITS) as (_ingest, catch):
        await catch.until(lambda: len(catch.video) > 5)
    async with running(replace(config, password="wrong"), LIMITS) as (ingest, catch):
        await catch.until(lambda: ingest.state.phase is Phase.REFUSED)
        assert catch.faults[0].code == "password_refused"


async def test_the_test_button_shows_what_gst_rtsp_server_sends(ports: list[int]) -> None:
    result = await probe(SourceConfig(f"rtsp://127.0.0.1:{ports[0]}/h265"), 15)
    assert result.fault is None
    assert result.key_frame is not None
    (picture,) = result.formats
    assert isinstance(picture, VideoFormat)
    assert (picture.width, picture.height) == (320, 180)
    missing = await probe(SourceConfig(f"rtsp://127.0.0.1:{ports[0]}/nothing"), 15)
    assert missing.fault is not None
    assert missing.fault.code == "not_found"
