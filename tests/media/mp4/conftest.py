"""Clips coded by PyAV, taken apart into what the ingest would hand over."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
import pytest

from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AudioFormat, Codec, TrackFormat, VideoFormat


@dataclass
class Clip:
    """A coded track: its format and (pts, dts, duration, key, data) of each sample."""

    format: TrackFormat
    samples: list[tuple[int, int, int, bool, bytes]] = field(default_factory=list)

    def run(self, track_id: int, start: int = 0, stop: int | None = None) -> TrackRun:
        part = self.samples[start:stop]
        return TrackRun(
            track_id,
            part[0][1],
            [sample[2] for sample in part],
            [len(sample[4]) for sample in part],
            [sample[3] for sample in part],
            [sample[0] - sample[1] for sample in part],
            [sample[4] for sample in part],
        )


def _nals(data: bytes) -> list[bytes]:
    return [part.rstrip(b"\0") for part in data.split(b"\0\0\1") if part.rstrip(b"\0")]


_SETS = {Codec.H264: lambda nal: nal[0] & 31, Codec.H265: lambda nal: nal[0] >> 1 & 63}
_SET_TYPES = {Codec.H264: (7, 8), Codec.H265: (32, 33, 34)}
_OTHER_TYPES = {Codec.H264: (9, 6), Codec.H265: (35, 39, 40)}


def video_clip(codec: Codec, *, frames: int = 25, gop: int = 12, b_frames: int = 0) -> Clip:
    """320x180 at 25 fps with a moving ramp."""
    name = {
        Codec.H264: "libx264",
        Codec.H265: "libx265",
        Codec.MJPEG: "mjpeg",
        Codec.MPEG4: "mpeg4",
    }[codec]
    coder = av.CodecContext.create(name, "w")
    coder.width, coder.height = 320, 180
    coder.pix_fmt = "yuvj420p" if codec is Codec.MJPEG else "yuv420p"
    coder.time_base = Fraction(1, 25)
    coder.framerate = Fraction(25)
    coder.gop_size = gop
    if codec is Codec.H264:
        coder.options = {
            "preset": "ultrafast",
            "x264-params": f"bframes={b_frames}:scenecut=0:keyint={gop}:repeat-headers=1",
        }
    elif codec is Codec.H265:
        coder.options = {
            "preset": "ultrafast",
            "x265-params": f"bframes={b_frames}:scenecut=0:keyint={gop}:log-level=error:"
            "repeat-headers=1:pools=1:frame-threads=1",
        }
    elif codec is Codec.MPEG4:
        coder.flags |= 1 << 22
    coder.thread_count = 1
    ramp = np.add.outer(np.arange(180), np.arange(320)).astype(np.uint8)
    packets = []
    for number in range(frames):
        luma = ramp + np.uint8(number * 5)
        image = np.repeat(luma[:, :, None], 3, axis=2)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=coder.pix_fmt)
        frame.pts = number
        packets += coder.encode(frame)
    packets += coder.encode(None)
    sets: list[bytes] = []
    samples = []
    first_dts = packets[0].dts
    for packet in packets:
        data = bytes(packet)
        if codec in _SETS:
            nals = _nals(data)
            for nal in nals:
                if _SETS[codec](nal) in _SET_TYPES[codec] and nal not in sets:
                    sets.append(nal)
            data = b"".join(
                len(nal).to_bytes(4, "big") + nal
                for nal in nals
                if _SETS[codec](nal) not in (*_SET_TYPES[codec], *_OTHER_TYPES[codec])
            )
        samples.append(
            (
                (packet.pts - first_dts) * 3600,
                (packet.dts - first_dts) * 3600,
                3600,
                packet.is_keyframe,
                data,
            )
        )
    if codec is Codec.MPEG4:
        sets = [bytes(coder.extradata)]
    text = f"avc1.{sets[0][1:4].hex()}" if codec is Codec.H264 else ""
    return Clip(VideoFormat(codec, 320, 180, text, tuple(sets)), samples)


def audio_clip(codec: Codec, *, rate: int = 8000, channels: int = 1, packets: int = 30) -> Clip:
    """A 440 Hz tone."""
    name = {
        Codec.AAC: "aac",
        Codec.PCMA: "pcm_alaw",
        Codec.PCMU: "pcm_mulaw",
        Codec.L16: "pcm_s16be",
        Codec.G726: "g726",
        Codec.OPUS: "libopus",
    }[codec]
    coder = av.CodecContext.create(name, "w")
    coder.sample_rate = rate
    coder.layout = "mono" if channels == 1 else "stereo"
    coder.format = "fltp" if codec is Codec.AAC else "s16"
    coder.time_base = Fraction(1, rate)
    if codec is Codec.G726:
        coder.bit_rate = 32_000
    coder.open()
    step = coder.frame_size or rate // 50
    clip_samples = []
    time = 0
    for number in range(packets):
        wave = np.sin(2 * np.pi * 440 * (np.arange(step) + number * step) / rate)
        if codec is Codec.AAC:
            data = np.repeat(wave[None, :] * 0.5, channels, axis=0).astype(np.float32)
        else:
            data = np.repeat((wave * 16000).astype(np.int16)[:, None], channels, axis=1).reshape(
                1, -1
            )
        frame = av.AudioFrame.from_ndarray(data, format=coder.format.name, layout=coder.layout.name)
        frame.sample_rate = rate
        frame.pts = number * step
        for packet in coder.encode(frame):
            clip_samples.append((time, time, step, True, bytes(packet)))
            time += step
    config = bytes(coder.extradata or b"") if codec is Codec.AAC else b""
    bits = {Codec.G726: 4, Codec.L16: 16, Codec.PCMA: 8, Codec.PCMU: 8}.get(codec, 0)
    return Clip(AudioFormat(codec, rate, channels, config, bits), clip_samples)


def movie(*clips: Clip, in_band: bool = False, per_fragment: int = 10) -> bytes:
    """A whole fragmented file of the clips, each cut into fragments of `per_fragment` samples."""
    parts = [
        init_segment([Track(number, clip.format, in_band) for number, clip in enumerate(clips, 1)])
    ]
    for sequence in range(max(-(-len(clip.samples) // per_fragment) for clip in clips)):
        window = slice(sequence * per_fragment, (sequence + 1) * per_fragment)
        runs = [
            clip.run(number, window.start, window.stop)
            for number, clip in enumerate(clips, 1)
            if clip.samples[window]
        ]
        parts += fragment(sequence + 1, runs)
    return b"".join(parts)


def opened(data: bytes) -> av.container.InputContainer:
    """Open for decoding in one thread: libavcodec 61's H.265 slice threads can wait for ever."""
    movie = av.open(io.BytesIO(data))
    for stream in movie.streams:
        stream.codec_context.thread_count = 1
    return movie


@pytest.fixture(scope="session")
def h264_clip() -> Clip:
    return video_clip(Codec.H264)


@pytest.fixture(scope="session")
def aac_clip() -> Clip:
    return audio_clip(Codec.AAC, rate=48_000)


@pytest.fixture
def make_video():
    return video_clip


@pytest.fixture
def make_audio():
    return audio_clip


@pytest.fixture
def make_movie():
    return movie


@pytest.fixture
def open_movie():
    return opened
