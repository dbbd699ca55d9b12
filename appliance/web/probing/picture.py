"""One coded key frame to a JPEG; only called in a child process."""

from __future__ import annotations

import fractions
from typing import Any

import av
from av.codec.context import ThreadType
from av.video.frame import PictureType, VideoFrame

from appliance.media.types import AccessUnit, Codec, VideoFormat

_START = b"\x00\x00\x00\x01"
_QUALITY = 5
"""Quantiser of the encoder: 2 is best, 31 worst."""


def jpeg_of(unit: AccessUnit, *, max_width: int) -> bytes:
    """Return the picture, at most `max_width` pixels wide.

    Raises av.error.FFmpegError, or ValueError where nothing comes out of the decoder.
    """
    frame = decode(unit)
    width = min(frame.width, max_width)
    height = max(2, round(frame.height * width / frame.width / 2) * 2)
    scaled = frame.reformat(width=width - width % 2, height=height, format="yuvj420p")
    scaled.pict_type = PictureType.NONE
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = scaled.width, scaled.height, "yuvj420p"
    encoder.time_base = fractions.Fraction(1, 25)
    encoder.options = {"qmin": str(_QUALITY), "qmax": str(_QUALITY)}
    scaled.pts, scaled.time_base = 0, encoder.time_base
    return b"".join(bytes(packet) for packet in [*encoder.encode(scaled), *encoder.encode(None)])


def decode(unit: AccessUnit) -> VideoFrame:
    """Return the decoded picture of a key frame."""
    form = unit.format
    if not isinstance(form, VideoFormat):
        raise ValueError("not a video frame")
    names = {Codec.H265: "hevc", Codec.MPEG4: "mpeg4", Codec.MJPEG: "mjpeg"}
    decoder: Any = av.CodecContext.create(names.get(form.codec, "h264"), "r")
    decoder.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
    decoder.thread_type = ThreadType.NONE
    data = unit.data
    if form.codec in (Codec.H264, Codec.H265):
        data = b"".join(_START + nal for nal in [*form.parameter_sets, *_nals(unit.data)])
    elif form.parameter_sets:
        data = form.parameter_sets[0] + data
    for packet in (av.Packet(data), None):
        for frame in decoder.decode(packet):
            if frame.width and frame.height:
                return frame  # type: ignore[no-any-return]
    raise ValueError("no picture came out of the decoder")


def _nals(data: bytes) -> list[bytes]:
    nals, at = [], 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        nals.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return nals
