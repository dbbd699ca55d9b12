"""Encoding with PyAV: pictures of a scene and a little sound become coded tracks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from appliance.cameras.sim.loops import Track, Unit
from appliance.cameras.sim.nal import is_key, is_parameter_set, split_annex_b
from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.specs import AudioSpec, VideoSpec

logging.getLogger("libav").setLevel(logging.ERROR)

VIDEO_CLOCK = 90_000
_ENCODERS = {"h264": "libx264", "h265": "libx265", "mjpeg": "mjpeg", "mpeg4": "mpeg4"}
_AUDIO_ENCODERS = {"aac": "aac", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw", "l16": "pcm_s16be",
                   "g726": "g726le", "opus": "libopus"}  # fmt: skip


def frame_ticks(number: int, fps: Fraction) -> int:
    """Return the capture time of a frame in 90 kHz ticks."""
    return round(number * VIDEO_CLOCK / fps)


class VideoEncoder:
    """One encoder; takes frames, gives units whose `pts` is the frame's own tick.

    `send` is filled in by the caller, who knows the delay that reordering costs.
    """

    def __init__(self, spec: VideoSpec, *, threads: int = 0, cbr: bool = True) -> None:
        self.spec = spec
        context = av.CodecContext.create(_ENCODERS[spec.codec], "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height = spec.width, spec.height
        context.pix_fmt = "yuvj420p" if spec.codec == "mjpeg" else "yuv420p"
        # MPEG-4 part 2 cannot count finer than 1/65535 s, so it counts frames.
        self._base = 1 / spec.fps if spec.codec == "mpeg4" else Fraction(1, VIDEO_CLOCK)
        context.time_base = self._base
        context.framerate = spec.fps
        context.bit_rate = spec.bitrate_bps
        context.gop_size = spec.gop
        context.thread_count = threads
        context.options = self._options(cbr)
        self._context = context

    def _options(self, cbr: bool) -> dict[str, str]:
        spec = self.spec
        kbit = max(1, spec.bitrate_bps // 1000)
        rate = f"vbv-maxrate={kbit}:vbv-bufsize={kbit}" if cbr else "vbv-maxrate=0:vbv-bufsize=0"
        shared = f"keyint={spec.gop}:min-keyint={spec.gop}:scenecut=0:bframes={spec.bframes}:{rate}"
        colour = "colorprim=bt709:transfer=bt709:colormatrix=bt709"
        if spec.codec == "h264":
            return {
                "preset": spec.preset,
                "x264-params": f"{shared}:{colour}:slices={spec.slices}:rc-lookahead=0"
                ":sync-lookahead=0:sliced-threads=0:b-adapt=0:open-gop=0:mbtree=0:aud=1",
            }
        if spec.codec == "h265":
            # No wavefronts: cameras have none, and slice threads of decoders can hang on them.
            return {
                "preset": spec.preset,
                "x265-params": f"{shared}:{colour}:open-gop=0:b-adapt=0:rc-lookahead="
                f"{spec.bframes + 1}:log-level=0:aud=1:repeat-headers=1:wpp=0:frame-threads=2",
            }
        if spec.codec == "mjpeg":
            return {"huffman": "default", "qmin": "3", "qmax": "12"}
        return {"bf": str(spec.bframes)}

    @property
    def header(self) -> bytes:
        """Parameter sets (Annex B) or the configuration of MPEG-4 part 2, once open."""
        return bytes(self._context.extradata or b"")

    def push(self, picture: npt.NDArray[np.uint8], ticks: int) -> list[Unit]:
        """Encode one yuv420p picture captured at `ticks`."""
        frame = av.VideoFrame.from_ndarray(picture, "yuv420p")
        if self.spec.codec == "mjpeg":
            frame = frame.reformat(format="yuvj420p")
        frame.pts = round(ticks / (self._base * VIDEO_CLOCK))
        frame.time_base = self._base
        return [self._unit(packet) for packet in self._context.encode(frame)]

    def flush(self) -> list[Unit]:
        """Return what was still inside; the encoder is done then."""
        return [self._unit(packet) for packet in self._context.encode(None)]

    def _unit(self, packet: av.Packet) -> Unit:
        data = bytes(packet)
        scale = self._base * VIDEO_CLOCK
        pts = round((packet.pts or 0) * scale)
        dts = round(packet.dts * scale) if packet.dts is not None else pts
        codec = self.spec.codec
        if codec not in ("h264", "h265"):
            return Unit(codec, (data,), pts, dts, bool(packet.is_keyframe))
        parts = tuple(split_annex_b(data))
        key = any(is_key(codec, part) for part in parts)
        return Unit(codec, parts, pts, dts, key)


def encode_video(
    spec: VideoSpec,
    scene: Scene,
    frames: int,
    captions: Callable[[int, float], tuple[list[str], list[str]]],
    progress: Callable[[float], None],
) -> Track:
    """Encode a loop of `frames` frames; `captions(number, seconds)` gives the text of each."""
    encoder = VideoEncoder(spec)
    units: list[Unit] = []
    for number in range(frames):
        seconds = float(number / spec.fps)
        top, bottom = captions(number, seconds)
        picture = scene.frame(number, number / frames, seconds, top, bottom)
        units += encoder.push(picture.array, frame_ticks(number, spec.fps))
        progress((number + 1) / frames)
    units += encoder.flush()
    return finish_video(spec, units, frame_ticks(frames, spec.fps), encoder.header)


def finish_video(spec: VideoSpec, units: list[Unit], duration: int, header: bytes) -> Track:
    """Make a track of coded units: sending times after capture, parameter sets on key frames."""
    delay = max(unit.pts - unit.send for unit in units)
    for unit in units:
        unit.send += delay
    sets: tuple[bytes, ...] = ()
    if spec.codec in ("h264", "h265"):
        nals = split_annex_b(header) or list(units[0].parts)
        sets = tuple(nal for nal in nals if is_parameter_set(spec.codec, nal))
        for unit in units:
            if unit.key:
                unit.parts = with_parameter_sets(spec.codec, unit.parts, sets)
    return Track(
        codec=spec.codec,
        clock=VIDEO_CLOCK,
        duration=duration,
        units=units,
        parameter_sets=sets,
        config=header if spec.codec == "mpeg4" else b"",
        width=spec.width,
        height=spec.height,
        fps=float(spec.fps),
    )


def live_track(spec: VideoSpec) -> Track:
    """Return the track of a live encoder: its parameter sets, but no units."""
    encoder = VideoEncoder(spec, threads=1)
    units = encoder.push(np.full((spec.height * 3 // 2, spec.width), 128, np.uint8), 0)
    units += encoder.flush()
    track = finish_video(spec, units, frame_ticks(1, spec.fps), encoder.header)
    track.units = []
    return track


def with_parameter_sets(
    codec: str, parts: tuple[bytes, ...], sets: tuple[bytes, ...]
) -> tuple[bytes, ...]:
    """Put parameter sets in front of a key frame that has none (behind a delimiter)."""
    if any(is_parameter_set(codec, part) for part in parts):
        return parts
    delimiter = (parts[0][0] & 31) == 9 if codec == "h264" else ((parts[0][0] >> 1) & 63) == 35
    return (*parts[:1], *sets, *parts[1:]) if delimiter else (*sets, *parts)


def _tune(sample_rate: int, samples: int, channels: int) -> npt.NDArray[np.int16]:
    """Return a soft chord with a short beep at each second, exactly periodic in `samples`."""
    time = np.arange(samples) / sample_rate
    length = samples / sample_rate
    sound = np.zeros(samples)
    for tone, level in ((220.0, 0.05), (277.18, 0.035), (329.63, 0.03)):
        whole = max(1, round(tone * length)) / length
        sound += level * np.sin(2 * np.pi * whole * time)
    sound *= 0.75 + 0.25 * np.sin(2 * np.pi * np.arange(samples) / samples)
    beep = (time % 1.0) < 0.06
    sound += (
        beep * 0.18 * np.sin(2 * np.pi * 880 * (time % 1.0)) * np.sin(np.pi * (time % 1) / 0.06)
    )
    mono = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    return np.repeat(mono[:, None], channels, axis=1)


def _frame_size(spec: AudioSpec) -> int:
    if spec.codec == "aac":
        return 1024
    if spec.codec == "opus":
        return 960
    return spec.sample_rate * spec.packet_ms // 1000


def _blocks(sound: npt.NDArray[np.int16], size: int) -> Iterator[npt.NDArray[np.int16]]:
    for start in range(0, len(sound) - size + 1, size):
        yield sound[start : start + size]


def encode_audio(spec: AudioSpec, seconds: float) -> Track:
    """Encode a loop of about `seconds`, a whole number of frames long and without a seam."""
    size = _frame_size(spec)
    count = max(1, round(seconds * spec.sample_rate / size))
    sound = _tune(spec.sample_rate, count * size, spec.channels)
    context = av.CodecContext.create(_AUDIO_ENCODERS[spec.codec], "w")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate = spec.sample_rate
    context.layout = "mono" if spec.channels == 1 else "stereo"
    planar = spec.codec == "aac"
    context.format = "fltp" if planar else "s16"
    context.time_base = Fraction(1, spec.sample_rate)
    if spec.codec in ("aac", "opus"):
        context.bit_rate = spec.bitrate_bps
    elif spec.codec == "g726":
        context.bit_rate = 32_000
    rounds = 3 if spec.codec in ("aac", "opus") else 1
    packets: list[bytes] = []
    block: npt.NDArray[Any]
    for start, block in enumerate(_blocks(np.concatenate([sound] * rounds), size)):
        if planar:
            block = np.ascontiguousarray(block.T.astype(np.float32) / 32768)
        else:
            block = np.ascontiguousarray(block.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(block, context.format.name, context.layout.name)
        frame.sample_rate = spec.sample_rate
        frame.pts = start * size
        packets += [bytes(packet) for packet in context.encode(frame)]
    packets += [bytes(packet) for packet in context.encode(None)]
    if rounds == 3:
        packets = packets[count : 2 * count]
    clock = {"opus": 48_000, "g726": 8_000}.get(spec.codec, spec.sample_rate)
    step = size * clock // spec.sample_rate
    return Track(
        codec=spec.codec,
        clock=clock,
        duration=step * len(packets),
        units=[
            Unit(spec.codec, (data,), i * step, i * step, key=True)
            for i, data in enumerate(packets)
        ],
        config=bytes(context.extradata or b"") if spec.codec == "aac" else b"",
        channels=spec.channels,
        sample_rate=spec.sample_rate,
    )
