"""The child that codes pictures anew as H.264: frames in on stdin, frames out on stdout.

Each request is `HEAD` (kind, job, pts in ticks of 1/90000 s, size) and a payload; it is answered
by any number of FRAME, KEY_FRAME and TROUBLE and then one DONE, in the order of the requests.  A
job is one picture with a decoder and an encoder of its own.

OPEN: JSON {codec, extradata in hex, fps}; a new coding of a job that is open replaces the old.
UNIT: decode and code anew.  QUIET: decode only.  KEY: as UNIT, but what comes out is a key frame.
STILL: decode this one picture by itself and code it as a key frame.  REPEAT: the last picture once
more.  CLOSE: end the job.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from enum import IntEnum
from fractions import Fraction
from typing import Any

import av
import av.error
from av.video.frame import PictureType

from appliance.web.media.confined import confine, read

HEAD = struct.Struct(">BHqI")
"""Kind, job, pts, size of the payload."""

MAX_WIDTH, MAX_HEIGHT = 1280, 720
KEY_EVERY = 90_000 * 2
"""A key frame at least so often, in ticks: who is late goes on at the next one."""

_MAX_DELAY = 32
"""Pictures a decoder may hold back before they come out in order."""

_ENCODER = "libx264"
_TIME_BASE = Fraction(1, 90_000)
_OPTIONS = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "25",
    "maxrate": "2500000",
    "bufsize": "2500000",
    "x264-params": "8x8dct=0:scenecut=0:keyint=infinite:repeat-headers=1",
}
"""Without 8x8 transforms it is Main profile, which every client that decodes H.264 decodes.

The profile is not named: some builds of libavcodec want its number there, others its name.
"""


class Kind(IntEnum):
    """What a message is."""

    OPEN = 1
    UNIT = 2
    QUIET = 3
    KEY = 4
    STILL = 5
    REPEAT = 6
    CLOSE = 7
    FRAME = 16
    KEY_FRAME = 17
    TROUBLE = 18
    DONE = 19


class NoEncoder(Exception):
    """This installation has no encoder for H.264."""


def fitting(width: int, height: int) -> tuple[int, int]:
    """Return the largest even size within `MAX_WIDTH` x `MAX_HEIGHT`, of the same shape."""
    scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(16, int(width * scale) // 2 * 2), max(16, int(height * scale) // 2 * 2)


class Job:
    """One picture: decodes, shrinks, codes."""

    def __init__(self, head: dict[str, Any]) -> None:
        self._head = head
        self._fps = max(1, min(60, round(head.get("fps") or 25)))
        self._decoder = self._new_decoder()
        self._encoder: Any = None
        self._size = (0, 0)
        self._last: Any = None
        self._last_key = 0
        self._last_pts = -1
        self._asked: dict[int, Kind] = {}

    def _new_decoder(self) -> Any:
        decoder: Any = av.CodecContext.create(self._head["codec"], "r")
        if self._head["extradata"]:
            decoder.extradata = bytes.fromhex(self._head["extradata"])
        decoder.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
        return decoder

    def do(self, kind: Kind, pts: int, data: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """Yield what comes out: (FRAME or KEY_FRAME, pts, Annex B)."""
        if kind is Kind.REPEAT:
            if self._last is not None:
                yield from self._code(self._last, pts, key=False)
            return
        if kind is Kind.STILL:
            self._decoder = self._new_decoder()
        if len(self._asked) > _MAX_DELAY:
            self._asked.clear()  # of pictures that never came out
        self._asked[pts] = kind
        packet: Any = av.Packet(data)
        packet.pts, packet.time_base = pts, _TIME_BASE
        frames = self._decoder.decode(packet)
        if kind is Kind.STILL:
            frames += self._decoder.decode(None)
            self._decoder = self._new_decoder()
        for frame in frames:
            at = pts if frame.pts is None else frame.pts
            asked = self._asked.pop(at, Kind.UNIT)
            if asked is not Kind.QUIET:
                yield from self._code(frame, at, key=asked is not Kind.UNIT)

    def _code(self, frame: Any, pts: int, *, key: bool) -> Iterator[tuple[Kind, int, bytes]]:
        size = fitting(frame.width, frame.height)
        if self._encoder is None or size != self._size:
            self._encoder, self._size = self._new_encoder(*size), size
            key = True
        if pts <= self._last_pts:
            if not key:
                return
            self._encoder = self._new_encoder(*size)  # a jump back: an encoder's clock only rises
        small = frame.reformat(*size, format="yuv420p", interpolation="AREA")
        small.pts, small.time_base = pts, _TIME_BASE
        key = key or pts - self._last_key >= KEY_EVERY
        small.pict_type = PictureType.I if key else PictureType.NONE
        self._last, self._last_pts = small, pts
        for packet in self._encoder.encode(small):
            if packet.is_keyframe:
                self._last_key = pts
            yield Kind.KEY_FRAME if packet.is_keyframe else Kind.FRAME, packet.pts, bytes(packet)

    def _new_encoder(self, width: int, height: int) -> Any:
        try:
            encoder: Any = av.CodecContext.create(_ENCODER, "w")
        except ValueError as error:  # av.codec.codec.UnknownCodecError
            raise NoEncoder(_ENCODER) from error
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base, encoder.framerate = _TIME_BASE, Fraction(self._fps)
        encoder.thread_count = 1
        encoder.options = _OPTIONS
        return encoder


def serve(jobs: dict[int, Job], kind: Kind, job: int, pts: int, data: bytes) -> Iterator[bytes]:
    """Yield the answers to one request."""
    try:
        if kind is Kind.OPEN:
            jobs[job] = Job(json.loads(data))
        elif kind is Kind.CLOSE:
            jobs.pop(job, None)
        elif job in jobs:
            for what, at, coded in jobs[job].do(kind, pts, data):
                yield HEAD.pack(what, job, at, len(coded)) + coded
    except av.error.InvalidDataError:
        pass  # a damaged frame: the next ones are shown
    except NoEncoder:
        yield _trouble(job, "no_encoder")
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        yield _trouble(job, str(error))
    yield HEAD.pack(Kind.DONE, job, 0, 0)


def _trouble(job: int, words: str) -> bytes:
    text = words.encode()[:500]
    return HEAD.pack(Kind.TROUBLE, job, 0, len(text)) + text


def main() -> None:
    """Serve requests until stdin ends."""
    confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    jobs: dict[int, Job] = {}
    while True:
        try:
            kind, job, pts, size = HEAD.unpack(read(source, HEAD.size))
            data = read(source, size)
        except EOFError:
            return
        for answer in serve(jobs, Kind(kind), job, pts, data):
            sink.write(answer)
        sink.flush()


if __name__ == "__main__":
    main()
