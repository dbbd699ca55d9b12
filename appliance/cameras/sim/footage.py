"""Real footage as a loop: the packets of a file, as they are."""

from __future__ import annotations

from pathlib import Path

import av

from appliance.cameras.sim.encode import VIDEO_CLOCK, with_parameter_sets
from appliance.cameras.sim.errors import SimulatorError
from appliance.cameras.sim.loops import Track, Unit
from appliance.cameras.sim.nal import (
    is_key,
    is_parameter_set,
    split_annex_b,
    split_length_prefixed,
)

_CODECS = {"h264": "h264", "hevc": "h265", "mjpeg": "mjpeg", "mpeg4": "mpeg4"}
_AUDIO = {"aac": "aac", "pcm_mulaw": "pcmu", "pcm_alaw": "pcma"}


def _parameter_sets(codec: str, extradata: bytes) -> tuple[bytes, ...]:
    """Return the parameter sets of avcC, hvcC (ISO/IEC 14496-15) or Annex B extradata."""
    if not extradata.startswith(b"\1"):
        nals = split_annex_b(extradata)
        return tuple(nal for nal in nals if is_parameter_set(codec, nal))
    out = []
    if codec == "h264":
        position, groups = 5, [extradata[5] & 31, -1]
        for group in groups:
            count = extradata[position] if group < 0 else group
            position += 1
            for _ in range(count):
                size = int.from_bytes(extradata[position : position + 2], "big")
                out.append(extradata[position + 2 : position + 2 + size])
                position += 2 + size
        return tuple(out)
    position = 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[position + 1 : position + 3], "big")
        position += 3
        for _ in range(count):
            size = int.from_bytes(extradata[position : position + 2], "big")
            out.append(extradata[position + 2 : position + 2 + size])
            position += 2 + size
    return tuple(nal for nal in out if is_parameter_set(codec, nal))


def _video(path: Path, stream: av.VideoStream) -> Track:
    codec = _CODECS[stream.codec_context.name]
    extradata = bytes(stream.codec_context.extradata or b"")
    sets = _parameter_sets(codec, extradata) if codec in ("h264", "h265") else ()
    units: list[Unit] = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams[stream.index]):
            if not packet.size or packet.dts is None or packet.time_base is None:
                continue
            data = bytes(packet)
            scale = packet.time_base * VIDEO_CLOCK
            pts = round((packet.pts if packet.pts is not None else packet.dts) * scale)
            parts: tuple[bytes, ...] = (data,)
            key = bool(packet.is_keyframe)
            if codec in ("h264", "h265"):
                annex_b = data.startswith((b"\0\0\0\1", b"\0\0\1"))
                parts = tuple(split_annex_b(data) if annex_b else split_length_prefixed(data))
                key = any(is_key(codec, part) for part in parts)
                if key:
                    parts = with_parameter_sets(codec, parts, sets)
            units.append(Unit(codec, parts, pts, round(packet.dts * scale), key))
    while units and not units[0].key:
        units.pop(0)
    if not units:
        raise SimulatorError("sim.footage", f"{path.name} holds no key frame; use another file.")
    start = units[0].pts
    step = (units[-1].send - units[0].send) // max(1, len(units) - 1)
    duration = units[-1].send - units[0].send + step
    delay = max(unit.pts - unit.send for unit in units)
    for unit in units:
        unit.pts -= start
        unit.send += delay - start
    return Track(
        codec=codec, clock=VIDEO_CLOCK, duration=duration, units=units, parameter_sets=sets,
        config=extradata if codec == "mpeg4" else b"", width=stream.codec_context.width,
        height=stream.codec_context.height, fps=float(stream.average_rate or 25),
    )  # fmt: skip


def _audio(path: Path, stream: av.AudioStream) -> Track:
    context = stream.codec_context
    codec = _AUDIO[context.name]
    with av.open(str(path)) as container:
        frames = [bytes(p) for p in container.demux(container.streams[stream.index]) if p.size]
    size = 1024
    if codec != "aac":
        size = context.sample_rate // 25
        data = b"".join(frames)
        frames = [data[i : i + size] for i in range(0, len(data) - size + 1, size)]
    return Track(
        codec=codec, clock=context.sample_rate, duration=size * len(frames),
        units=[Unit(codec, (f,), i * size, i * size, key=True) for i, f in enumerate(frames)],
        config=bytes(context.extradata or b"") if codec == "aac" else b"",
        channels=context.channels, sample_rate=context.sample_rate,
    )  # fmt: skip


def load_footage(path: Path) -> list[Track]:
    """Read a file's first picture track and, if it can be sent, its first sound track."""
    try:
        return _load(path)
    except av.FFmpegError as error:
        raise SimulatorError("sim.footage", f"{path.name} cannot be read: {error}") from error


def _load(path: Path) -> list[Track]:
    tracks: list[Track] = []
    with av.open(str(path)) as container:
        videos = [s for s in container.streams.video if s.codec_context.name in _CODECS]
        audios = [s for s in container.streams.audio if s.codec_context.name in _AUDIO]
        if not videos:
            raise SimulatorError(
                "sim.footage", f"{path.name} has no H.264, H.265, MJPEG or MPEG-4 picture."
            )
        tracks.append(_video(path, videos[0]))
        tracks += [_audio(path, sound) for sound in audios[:1]]
    return tracks
