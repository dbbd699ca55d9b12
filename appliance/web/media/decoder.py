"""The child that decodes pictures: coded frames in on stdin, a JPEG out on stdout.

A request is a 4-byte big-endian length and a JSON head {codec, extradata, sizes, times, at,
width}, followed by the frames; `extradata` is hex.  The answer is a status byte (0: a picture,
1: words), a 4-byte length, the index of the frame shown as 4 bytes, then the JPEG or the words.
"""

from __future__ import annotations

import json
import struct
import sys
from fractions import Fraction
from typing import Any

import av
import av.error

from appliance.web.media.confined import confine, read

JPEG_SCALE = 4
"""Quantiser scale of the JPEG encoder: 2 is best, 31 worst."""

HEAD = struct.Struct(">I")
ANSWER = struct.Struct(">BII")


class DecodeError(Exception):
    """No picture can be made of the frames."""


def picture(head: dict[str, Any], frames: list[bytes]) -> tuple[bytes, int]:
    """Decode `frames` in order; return the one shown at `at` as JPEG, and its index."""
    times: list[int] = head["times"]
    if head["codec"] == "mjpeg" and not head["width"]:
        return frames[-1], len(frames) - 1
    best = _decode(head, frames, times)
    if best is None:
        raise DecodeError("the frames hold no picture")
    return _jpeg(best, int(head["width"])), times.index(best.pts) if best.pts in times else 0


def _decode(head: dict[str, Any], frames: list[bytes], times: list[int]) -> Any:
    decoder: Any = av.CodecContext.create(head["codec"], "r")
    if head["extradata"]:
        decoder.extradata = bytes.fromhex(head["extradata"])
    decoder.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
    best: Any = None
    for data, time in zip([*frames, None], [*times, 0], strict=True):
        packet = None
        if data is not None:
            packet = av.Packet(data)
            packet.pts = time
            packet.time_base = Fraction(1, 90_000)
        try:
            decoded = decoder.decode(packet)
        except av.error.InvalidDataError:
            continue
        for frame in decoded:
            if (
                best is None
                or best.pts is None
                or (frame.pts is not None and best.pts < frame.pts <= head["at"])
            ):
                best = frame
    return best


def _jpeg(frame: Any, width: int) -> bytes:
    height = frame.height
    if 0 < width < frame.width:
        height = max(2, round(frame.height * width / frame.width / 2) * 2)
    else:
        width = frame.width
    shaped = frame.reformat(width=width, height=height, format="yuvj420p")
    shaped.pts = None
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.qmin = encoder.qmax = JPEG_SCALE
    encoder.thread_count = 1
    packets = [*encoder.encode(shaped), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def main() -> None:
    """Serve requests until stdin ends."""
    confine()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            head = json.loads(read(source, HEAD.unpack(read(source, HEAD.size))[0]))
            frames = [read(source, size) for size in head["sizes"]]
        except EOFError:
            return
        try:
            data, index = picture(head, frames)
            answer = ANSWER.pack(0, len(data), index) + data
        except (DecodeError, av.error.FFmpegError, ValueError, MemoryError) as error:
            words = str(error).encode()[:500]
            answer = ANSWER.pack(1, len(words), 0) + words
        sink.write(answer)
        sink.flush()


if __name__ == "__main__":
    main()
