"""The child that decodes pictures: coded frames in on stdin, a JPEG or BMP out on stdout.

A request is a 4-byte big-endian length and a JSON head {codec, extradata, width, format}
(`extradata` in hex), then frames, each behind `FRAME` (size, pts, whether it may be the picture),
and `END` in place of a size.  They are decoded as they come, and no more than one picture is kept:
the last one that may be it.  The answer is a status byte (0: a picture, 1: words), a 4-byte
length, the pts of the frame shown, then the picture or the words.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
import av.error

from appliance.export.still import encode_still
from appliance.web.media.confined import confine, read

HEAD = struct.Struct(">I")
FRAME = struct.Struct(">IqB")
END = 0xFFFF_FFFF
ANSWER = struct.Struct(">BIq")
Coded = tuple[bytes, int, bool]
"""A coded frame, its pts, and whether it may be the picture."""


class DecodeError(Exception):
    """No picture can be made of the frames."""


def picture(head: dict[str, Any], frames: Iterator[Coded]) -> tuple[bytes, int]:
    """Decode `frames` in order; return the last that may be shown as a picture, and its pts."""
    if head["codec"] == head["format"] and not head["width"]:
        last = b""
        at = 0
        for data, pts, shown in frames:
            if shown or not last:
                last, at = data, pts
        return last, at
    best = _decode(head, frames)
    if best is None:
        raise DecodeError("the frames hold no picture")
    return encode_still(best, head["format"], int(head["width"])), best.pts or 0


def _decode(head: dict[str, Any], frames: Iterator[Coded]) -> Any:
    decoder: Any = av.CodecContext.create(head["codec"], "r")
    if head["extradata"]:
        decoder.extradata = bytes.fromhex(head["extradata"])
    decoder.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
    best: Any = None
    later: set[int] = set()
    for data, pts, shown in frames:
        if not shown:
            later.add(pts)
        packet = av.Packet(data)
        packet.pts = pts
        packet.time_base = Fraction(1, 90_000)
        best = _better(best, decoder, packet, later)
    return _better(best, decoder, None, later)


def _better(best: Any, decoder: Any, packet: Any, later: set[int]) -> Any:
    """Return `best`, or what comes after it of what a packet gives."""
    try:
        decoded = decoder.decode(packet)
    except av.error.InvalidDataError:
        return best
    for frame in decoded:
        if (
            best is None
            or best.pts is None
            or (frame.pts is not None and frame.pts > best.pts and frame.pts not in later)
        ):
            best = frame
    return best


def _frames(source: BinaryIO) -> Iterator[Coded]:
    while True:
        size, pts, shown = FRAME.unpack(read(source, FRAME.size))
        if size == END:
            return
        yield read(source, size), pts, bool(shown)


def main() -> None:
    """Serve requests until stdin ends."""
    confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            head = json.loads(read(source, HEAD.unpack(read(source, HEAD.size))[0]))
            frames = _frames(source)
            try:
                data, pts = picture(head, frames)
                answer = ANSWER.pack(0, len(data), pts) + data
            except (DecodeError, av.error.FFmpegError, ValueError, MemoryError) as error:
                words = str(error).encode()[:500]
                answer = ANSWER.pack(1, len(words), 0) + words
                for _frame in frames:
                    pass  # the next request begins behind them
        except EOFError:
            return
        sink.write(answer)
        sink.flush()


if __name__ == "__main__":
    main()
