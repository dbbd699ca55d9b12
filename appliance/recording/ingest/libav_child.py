"""The child process that reads one stream with libav; a crash of it costs that stream only.

Started as `python -m appliance.recording.ingest.libav_child FD`; the socket FD first brings one
line of JSON (what to open; it holds the password and so is no argument), then takes the records
of `libav_wire`.  It ends when the socket closes or the source does.
"""

from __future__ import annotations

import base64
import json
import resource
import socket
import sys
import time
from typing import Any

import av
import av.error
import av.logging

from appliance.recording.ingest.libav_wire import KEY, NO_TIME, PACKET, Kind, record

MEMORY_BYTES = 2 << 30
"""Address space of this process; a stream that makes libav want more ends it."""

UNTIMED = frozenset({"mpjpeg", "mjpeg", "h264", "hevc", "m4v", "mpjpeg,mjpeg"})
"""Formats without time stamps of their own: libav would make them up from a frame rate."""

_FAULTS: tuple[tuple[type[Exception], str], ...] = (
    (av.error.HTTPUnauthorizedError, "password_refused"),
    (av.error.HTTPForbiddenError, "forbidden"),
    (av.error.HTTPNotFoundError, "not_found"),
    (av.error.HTTPError, "http_error"),
    (av.error.ConnectionRefusedError, "connection_refused"),
    (av.error.ExitError, "silent"),
    (av.error.TimeoutError, "silent"),
    (av.error.InvalidDataError, "invalid"),
    (av.error.EOFError, "closed"),
)


def main() -> int:
    """Open, read, report; returns the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    av.logging.set_level(av.logging.PANIC)  # its lines name the address, password included
    out = socket.socket(fileno=int(sys.argv[1]))
    out.setblocking(True)
    wish = json.loads(_line(out))
    try:
        _read(out, wish)
        fault = {"code": "closed"}
    except (BrokenPipeError, ConnectionResetError):
        return 0
    except av.error.FFmpegError as error:
        fault = {"code": _code(error), "detail": error.strerror or type(error).__name__}
    except (MemoryError, ValueError, IndexError, OSError) as error:
        fault = {"code": "invalid", "detail": type(error).__name__}
    try:
        out.sendall(record(Kind.FAULT, json.dumps(fault).encode()))
    except OSError:
        return 0
    return 0


def _line(source: socket.socket) -> bytes:
    data = bytearray()
    while not data.endswith(b"\n"):
        piece = source.recv(1)
        if not piece:
            sys.exit(0)
        data += piece
    return bytes(data)


def _code(error: av.error.FFmpegError) -> str:
    return next((code for kind, code in _FAULTS if isinstance(error, kind)), "unreadable")


def _read(out: socket.socket, wish: dict[str, Any]) -> None:
    options = {"analyzeduration": "2000000", "fpsprobesize": "0", "fflags": "nobuffer"}
    if transport := wish.get("rtsp_transport"):
        options["rtsp_transport"] = transport
    timeout = (float(wish["open_s"]), float(wish["read_s"]))
    with av.open(wish["url"], options=options, timeout=timeout) as source:
        streams = list(source.streams.video[:1])
        if wish["want_audio"]:
            streams += list(source.streams.audio[:1])
        if not source.streams.video:
            out.sendall(record(Kind.TRACKS, b"[]"))
            return
        out.sendall(record(Kind.TRACKS, json.dumps([_describe(s) for s in streams]).encode()))
        numbers = {stream.index: number for number, stream in enumerate(streams)}
        scales = [_scale(stream) for stream in streams]
        untimed = source.format.name in UNTIMED
        for packet in source.demux(streams):
            if packet.size == 0:
                continue
            number = numbers[packet.stream_index]
            times = _now(scales[number][2]) if untimed else None
            pts = _ticks(packet.pts, scales[number]) if times is None else times
            dts = _ticks(packet.dts, scales[number]) if times is None else times
            flags = KEY if packet.is_keyframe else 0
            head = PACKET.pack(number, flags, pts, dts)
            out.sendall(record(Kind.PACKET, head + bytes(packet)))


def _describe(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    found: dict[str, Any] = {
        "kind": stream.type,
        "codec": context.name,
        "extradata": base64.b64encode(bytes(context.extradata or b"")).decode(),
        "rate": _scale(stream)[2],
    }
    if stream.type == "video":
        found |= {"width": context.width, "height": context.height}
    else:
        found["channels"] = context.layout.nb_channels
    return found


def _scale(stream: Any) -> tuple[int, int, int]:
    """Return numerator and denominator of seconds per tick, and the ticks per second wanted."""
    rate = 90_000 if stream.type == "video" else int(stream.codec_context.sample_rate)
    base = stream.time_base
    return int(base.numerator), int(base.denominator), rate


def _ticks(stamp: int | None, scale: tuple[int, int, int]) -> int:
    return NO_TIME if stamp is None else stamp * scale[0] * scale[2] // scale[1]


def _now(rate: int) -> int:
    return time.monotonic_ns() * rate // 1_000_000_000


if __name__ == "__main__":
    sys.exit(main())
