"""Still pictures: what libavcodec calls the codings of pictures, and a frame as JPEG or BMP."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from appliance.media.types import Codec

JPEG_SCALE = 4
"""Quantiser scale of the JPEG encoder: 2 is best, 31 worst."""

PIXELS = {"mjpeg": "yuvj420p", "bmp": "bgr24"}
"""How the library calls the formats of pictures, and which pixels they have."""

LIB_NAMES = {
    Codec.H264: "h264",
    Codec.H265: "hevc",
    Codec.MJPEG: "mjpeg",
    Codec.MPEG4: "mpeg4",
}
"""What libavcodec calls the codings of pictures."""


def encode_still(frame: Any, form: str, width: int = 0) -> bytes:
    """Return a decoded frame as a picture file of `form` ("mjpeg" or "bmp").

    `width` in pixels shrinks it, 0 leaves it as it is.  Raises av.error.FFmpegError, ValueError.
    """
    height = frame.height
    if 0 < width < frame.width:
        height = max(2, round(frame.height * width / frame.width / 2) * 2)
    else:
        width = frame.width
    pixels = PIXELS[form]
    shaped = frame.reformat(width=width, height=height, format=pixels)
    shaped.pts = None
    encoder: Any = av.CodecContext.create(form, "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = pixels
    encoder.time_base = Fraction(1, 25)
    if form == "mjpeg":
        encoder.qmin = encoder.qmax = JPEG_SCALE
    encoder.thread_count = 1
    packets = [*encoder.encode(shaped), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
