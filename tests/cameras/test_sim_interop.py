"""Other people's clients take the simulated cameras for real ones."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from fractions import Fraction

import av
import pytest

from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.specs import AudioSpec, StreamSpec, VideoSpec

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
needs_gstreamer = pytest.mark.skipif(
    shutil.which("gst-launch-1.0") is None, reason="gstreamer1.0-tools is not installed"
)


async def run(*command: str, strict: bool = True) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, error = await asyncio.wait_for(process.communicate(), 45)
    except TimeoutError:
        process.kill()
        raise
    assert not strict or process.returncode == 0, error.decode()
    return out.decode(), error.decode()


async def probe(url: str, *options: str) -> tuple[dict[str, dict], list[dict]]:
    """Return streams by kind, and packets in order of arrival, as ffprobe sees them."""
    out, _ = await run(
        "ffprobe", "-v", "error", *options, "-show_streams", "-show_packets", "-read_intervals",
        "%+0.8", "-of", "json", url,
    )  # fmt: skip
    found = json.loads(out)
    return {stream["codec_type"]: stream for stream in found["streams"]}, found["packets"]


@needs_ffmpeg
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("codec", "audio", "name"),
    [
        ("h264", AudioSpec("aac", 16_000), "aac"),
        ("h265", AudioSpec("pcma", 8_000), "pcm_alaw"),
    ],
)
async def test_ffprobe_sees_pictures_and_sound_with_rising_times(
    start_cameras, quick, codec: str, audio: AudioSpec, name: str, transport: str
) -> None:
    simulator = await start_cameras(quick(codec=codec, audio=audio))
    streams, packets = await probe(simulator.url("cam1"), "-rtsp_transport", transport)
    assert streams["video"]["codec_name"] == {"h264": "h264", "h265": "hevc"}[codec]
    assert (streams["video"]["width"], streams["video"]["height"]) == (192, 128)
    assert streams["audio"]["codec_name"] == name
    for kind in ("video", "audio"):
        times = [int(p["dts"]) for p in packets if p["codec_type"] == kind and "dts" in p]
        assert len(times) > 8
        assert times == sorted(set(times))


@needs_ffmpeg
@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"codec": "h264"}, "192x128"),
        ({"codec": "h265"}, "192x128"),
        ({"codec": "mjpeg"}, "192x128"),
        ({"codec": "mpeg4"}, "192x128"),
        (
            {"main": StreamSpec(VideoSpec("h264", 192, 128, Fraction(50), 10, 3, 600_000))},
            "192x128",
        ),
        (
            {"main": StreamSpec(VideoSpec("h264", 192, 128, Fraction(50), 10, 0, 600_000, 4))},
            "192x128",
        ),
        ({"live": True}, "192x128"),
        ({"tls": True}, "192x128"),
        ({"auth": ("basic",)}, "192x128"),
    ],
)
async def test_ffmpeg_decodes_without_a_complaint(start_cameras, quick, changes, size: str) -> None:
    simulator = await start_cameras(quick(audio=None, loop_s=1, **changes))
    url = simulator.url("cam1")
    options = () if changes.get("tls") else ("-rtsp_transport", "tcp")
    out, error = await run(
        "ffmpeg", "-v", "error", *options, "-i", url, "-map", "0:v", "-t", "1", "-fps_mode",
        "passthrough", "-f", "framecrc", "-",
    )  # fmt: skip
    assert f"#dimensions 0: {size}" in out
    stamps = [int(line.split(",")[2]) for line in out.splitlines() if not line.startswith("#")]
    assert len(stamps) > 12
    # ffmpeg guesses the time of the first pictures (five, by version) before it knows the rate.
    assert stamps[6:] == sorted(set(stamps[6:]))
    complaints = [line for line in error.splitlines() if "no frame" not in line]
    # A picture that refers to one before we joined is no fault of the camera.
    assert not [line for line in complaints if "error while decoding" in line]


@needs_ffmpeg
@pytest.mark.parametrize(
    "quirk",
    [
        Quirk.AGGREGATE, Quirk.RTP_PADDING, Quirk.RTP_EXTENSION, Quirk.NO_SPROP,
        Quirk.ABSOLUTE_CONTROL, Quirk.AAC_FRAGMENTED,
    ],
)  # fmt: skip
async def test_ffprobe_lives_with_the_harmless_quirks(start_cameras, quick, quirk: Quirk) -> None:
    simulator = await start_cameras(quick(quirk))
    streams, packets = await probe(simulator.url("cam1"), "-rtsp_transport", "tcp")
    assert (streams["video"]["width"], streams["video"]["height"]) == (192, 128)
    assert sum(p["codec_type"] == "video" for p in packets) > 15


@needs_ffmpeg
async def test_pyav_reads_the_utc_of_the_sender_reports(start_cameras, quick) -> None:
    simulator = await start_cameras(quick())
    url = simulator.url("cam1")

    def start_time() -> float:
        with av.open(url, options={"rtsp_transport": "tcp"}, timeout=(10, 10)) as container:
            for number, _ in enumerate(container.demux(video=0)):
                if number > 20:
                    break
            return time.time()

    began = time.time()
    ended = await asyncio.to_thread(start_time)
    [first, *_] = simulator.camera("cam1").streams["main"].log.since()
    assert began - 1 < first.utc_ns / 1e9 < ended


@needs_gstreamer
@pytest.mark.parametrize("protocol", ["tcp", "udp", "udp-mcast multicast-iface=lo"])
@pytest.mark.parametrize(
    ("codec", "depay", "decoder"),
    [
        ("h264", "rtph264depay ! h264parse", "avdec_h264"),
        ("h265", "rtph265depay ! h265parse", "avdec_h265"),
    ],
)
async def test_gstreamer_decodes_pictures(
    start_cameras, quick, codec: str, depay: str, decoder: str, protocol: str
) -> None:
    simulator = await start_cameras(quick(codec=codec, audio=None))
    chain = (
        f"rtspsrc location={simulator.url('cam1')} latency=50 protocols={protocol} ! {depay} "
        f"! {decoder} ! fakesink num-buffers=25 silent=false"
    )
    # At its own end GStreamer may stumble over its PAUSE; what counts is what it decoded.
    out, _ = await run("gst-launch-1.0", "-v", *chain.split(), strict=False)
    stamps = re.findall(r"chain +\*+ .*?pts: (\d+:\d\d:\d\d\.\d+)", out)
    assert len(stamps) >= 20
    assert stamps == sorted(stamps)


@needs_gstreamer
async def test_gstreamer_takes_the_sound(start_cameras, quick) -> None:
    simulator = await start_cameras(quick(audio=AudioSpec("pcmu", 8_000)))
    chain = (
        f"rtspsrc name=camera location={simulator.url('cam1')} protocols=tcp "
        "camera. ! application/x-rtp,media=video ! fakesink async=false "
        "camera. ! application/x-rtp,media=audio ! rtppcmudepay ! mulawdec "
        "! fakesink silent=false name=sound"
    )
    process = await asyncio.create_subprocess_exec(
        "gst-launch-1.0", "-v", *chain.split(), stdout=asyncio.subprocess.PIPE
    )
    heard = 0
    async with asyncio.timeout(30):
        async for line in process.stdout:
            heard += b"sound: last-message = chain" in line
            if heard >= 20:
                break
    process.terminate()
    await process.communicate()
    assert heard >= 20
