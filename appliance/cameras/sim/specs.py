"""How a simulated camera is defined: typed, and read from the JSON of the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from appliance.cameras.sim.errors import SpecError
from appliance.cameras.sim.quirks import AUDIO_QUIRKS, Quirk, parse_quirks

VIDEO_CODECS = ("h264", "h265", "mjpeg", "mpeg4")
AUDIO_CODECS = ("aac", "pcmu", "pcma", "l16", "g726", "opus")
AUTH_SCHEMES = ("basic", "digest-md5", "digest-sha256")
TRANSPORTS = ("tcp", "udp", "multicast")
SCENES = ("door", "carpark", "warehouse", "reception")


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """One coded picture: size in pixels, `fps` frames per second, `gop` in frames."""

    codec: str = "h264"
    width: int = 320
    height: int = 180
    fps: Fraction = Fraction(10)
    gop: int = 10
    bframes: int = 0
    bitrate_bps: int = 300_000
    slices: int = 1
    preset: str = "ultrafast"


@dataclass(frozen=True, slots=True)
class AudioSpec:
    """One coded sound; `packet_ms` is the length of a packet of the codecs without frames."""

    codec: str = "aac"
    sample_rate: int = 16_000
    channels: int = 1
    bitrate_bps: int = 48_000
    packet_ms: int = 40


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What one RTSP address serves; a `file` is served as it is, looped."""

    video: VideoSpec = VideoSpec()
    audio: AudioSpec | None = None
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One simulated camera with a main and perhaps a sub stream.

    `name` is its part of addresses and of the control API; `title` is what the picture says.
    `loop_s` is the length of the loop in seconds.  `live` encodes on the fly and shows UTC.
    `auth` lists the schemes offered, strongest first; empty means open to everybody.
    """

    name: str
    title: str = ""
    scene: str = "door"
    main: StreamSpec = StreamSpec()
    sub: StreamSpec | None = None
    loop_s: int = 2
    live: bool = False
    noise: int = 3
    user: str = "admin"
    password: str = "camera"  # noqa: S105 - a simulated camera's factory password
    auth: tuple[str, ...] = ("digest-md5",)
    transports: tuple[str, ...] = TRANSPORTS
    tls: bool = False
    port: int = 0
    session_timeout_s: float = 60.0
    rtcp_interval_s: float = 5.0
    lock_after: int = 0
    quirks: frozenset[Quirk] = field(default_factory=frozenset)

    @property
    def streams(self) -> dict[str, StreamSpec]:
        """The streams by name: "main" and perhaps "sub"."""
        return {"main": self.main} | ({"sub": self.sub} if self.sub else {})

    def settled(self) -> CameraSpec:
        """Return the definition with title filled in and audio quirks applied."""
        spec = replace(self, title=self.title or self.name)
        if not spec.quirks & AUDIO_QUIRKS:
            return spec
        audio = (
            AudioSpec("l16", 48_000, packet_ms=10)
            if Quirk.PCM_48000 in spec.quirks
            else AudioSpec("aac", 44_100)
        )
        return replace(
            spec,
            main=replace(spec.main, audio=audio),
            sub=replace(spec.sub, audio=audio) if spec.sub else None,
        )


def small_camera(name: str = "cam1", **changes: Any) -> CameraSpec:
    """Return a camera that encodes in a fraction of a second: 320x180 at 10 frames, sub 160x96."""
    sub = StreamSpec(VideoSpec(width=160, height=96, bitrate_bps=80_000))
    return replace(CameraSpec(name=name, main=StreamSpec(audio=AudioSpec()), sub=sub), **changes)


_VIDEO_KEYS = {"codec", "size", "fps", "gop", "bframes", "bitrate", "slices", "preset"}
_STREAM_KEYS = _VIDEO_KEYS | {"audio", "file"}
_CAMERA_KEYS = _STREAM_KEYS | {
    "title", "scene", "sub", "loop", "live", "noise", "user", "password", "auth", "transport",
    "tls", "port", "session_timeout", "rtcp_interval", "lock_after", "quirks",
}  # fmt: skip


class _Reader:
    """Reads fields and gathers every mistake, so that all are told at once."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.mistakes: list[str] = []

    def wrong(self, key: str, text: str) -> None:
        self.mistakes.append(f"{self.where}.{key}: {text}")

    def integer(
        self, values: Mapping[str, Any], key: str, default: int, low: int, high: int
    ) -> int:
        value = values.get(key, default)
        if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)([kM])", value)):
            value = int(float(match[1]) * {"k": 1_000, "M": 1_000_000}[match[2]])
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong(key, f"must be a whole number from {low} to {high}")
            return default
        return int(value)

    def choice(
        self, values: Mapping[str, Any], key: str, default: str, allowed: tuple[str, ...]
    ) -> str:
        value = values.get(key, default)
        if value not in allowed:
            self.wrong(key, f"must be one of {', '.join(allowed)}")
            return default
        return str(value)

    def several(
        self,
        values: Mapping[str, Any],
        key: str,
        default: tuple[str, ...],
        allowed: tuple[str, ...],
    ) -> tuple[str, ...]:
        value = values.get(key, default)
        items = (value,) if isinstance(value, str) else tuple(value)
        if items == ("none",):
            return ()
        if any(item not in allowed for item in items):
            self.wrong(key, f"must be some of {', '.join(allowed)}")
            return default
        return items

    def unknown(self, values: Mapping[str, Any], allowed: set[str]) -> None:
        for key in sorted(set(values) - allowed):
            self.wrong(key, "unknown; there are: " + ", ".join(sorted(allowed)))


def _video(read: _Reader, values: Mapping[str, Any], default: VideoSpec) -> VideoSpec:
    size = re.fullmatch(
        r"(\d+)x(\d+)", str(values.get("size", f"{default.width}x{default.height}"))
    )
    width, height = (int(size[1]), int(size[2])) if size else (0, 0)
    if not (64 <= width <= 8192 and 64 <= height <= 8192) or width % 2 or height % 2:
        read.wrong("size", "must be like 320x180, even, 64 to 8192 each")
        width, height = default.width, default.height
    try:
        fps = Fraction(str(values.get("fps", default.fps)))
    except (ValueError, ZeroDivisionError):
        fps = Fraction(0)
    if not Fraction(1, 2) <= fps <= 120:
        read.wrong("fps", "must be 0.5 to 120")
        fps = default.fps
    return VideoSpec(
        codec=read.choice(values, "codec", default.codec, VIDEO_CODECS),
        width=width,
        height=height,
        fps=fps,
        gop=read.integer(values, "gop", max(1, round(fps * 2)), 1, 3000),
        bframes=read.integer(values, "bframes", 0, 0, 8),
        bitrate_bps=read.integer(values, "bitrate", default.bitrate_bps, 10_000, 100_000_000),
        slices=read.integer(values, "slices", 1, 1, 16),
        preset=str(values.get("preset", default.preset)),
    )


def _audio(read: _Reader, value: Any) -> AudioSpec | None:
    if value in (None, "none", False):
        return None
    values: Mapping[str, Any] = {"codec": value} if isinstance(value, str) else value
    read.unknown(values, {"codec", "rate", "channels", "bitrate", "packet_ms"})
    codec = read.choice(values, "codec", "aac", AUDIO_CODECS)
    rate = {"aac": 16_000, "opus": 48_000, "l16": 16_000}.get(codec, 8_000)
    return AudioSpec(
        codec=codec,
        sample_rate=read.integer(values, "rate", rate, 8_000, 48_000),
        channels=read.integer(values, "channels", 1, 1, 2),
        bitrate_bps=read.integer(values, "bitrate", 48_000, 8_000, 320_000),
        packet_ms=read.integer(values, "packet_ms", 10 if codec == "l16" else 40, 5, 200),
    )


def _stream(read: _Reader, values: Mapping[str, Any], default: VideoSpec) -> StreamSpec:
    file = values.get("file")
    if file is not None and not Path(str(file)).is_file():
        read.wrong("file", f"{file} does not exist")
    return StreamSpec(
        video=_video(read, values, default),
        audio=_audio(read, values.get("audio")),
        file=Path(str(file)) if file is not None else None,
    )


def parse_camera(name: str, text: str) -> CameraSpec:
    """Read a definition like '{"codec": "h264", "size": "1920x1080", "sub": {...}}'.

    Raises SpecError naming every wrong field.
    """
    read = _Reader(name)
    try:
        values = json.loads(text or "{}")
    except ValueError as error:
        raise SpecError(f"{name}: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise SpecError(f"{name}: must be a JSON object.")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        read.wrong("name", "may hold letters, digits, dots, dashes and underscores")
    read.unknown(values, _CAMERA_KEYS)
    sub = None
    if values.get("sub"):
        sub_read = _Reader(f"{name}.sub")
        sub_read.unknown(values["sub"], _STREAM_KEYS)
        sub = _stream(sub_read, values["sub"], VideoSpec(width=160, height=96, bitrate_bps=80_000))
        read.mistakes += sub_read.mistakes
    main = _stream(read, values, VideoSpec())
    spec = CameraSpec(
        name=name,
        title=str(values.get("title", name)),
        scene=read.choice(values, "scene", "door", SCENES),
        main=main,
        sub=sub,
        loop_s=read.integer(values, "loop", 2, 1, 600),
        live=bool(values.get("live", False)),
        noise=read.integer(values, "noise", 3, 0, 12),
        user=str(values.get("user", "admin")),
        password=str(values.get("password", "camera")),
        auth=read.several(values, "auth", ("digest-md5",), AUTH_SCHEMES),
        transports=read.several(values, "transport", TRANSPORTS, TRANSPORTS),
        tls=bool(values.get("tls", False)),
        port=read.integer(values, "port", 0, 0, 65_535),
        session_timeout_s=float(values.get("session_timeout", 60)),
        rtcp_interval_s=float(values.get("rtcp_interval", 5)),
        lock_after=read.integer(values, "lock_after", 0, 0, 1000),
        quirks=parse_quirks(values.get("quirks", ())),
    )
    if read.mistakes:
        raise SpecError("; ".join(read.mistakes))
    return spec.settled()
