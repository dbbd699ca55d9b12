"""How large a picture may be before it is taken for an error."""

from __future__ import annotations

from appliance.media.errors import LimitError, MalformedError

MAX_PICTURE_SIDE = 16_384
"""Pixels; the largest cameras known send 8160 (four lenses stitched)."""

MAX_PARAMETER_SET = 4096
"""Bytes of one SPS, PPS or VPS; real ones have 10 to 400."""

MAX_ACCESS_UNIT = 16 * 1024 * 1024
"""Bytes of one coded frame; a key frame of 32 megapixels has about 4 MiB."""


def checked_size(width: int, height: int) -> tuple[int, int]:
    """Return the size unchanged; LimitError if absurd, MalformedError if not positive."""
    if width <= 0 or height <= 0:
        raise MalformedError(f"a picture of {width} x {height} pixels")
    if width > MAX_PICTURE_SIDE or height > MAX_PICTURE_SIDE:
        raise LimitError(
            f"a picture of {width} x {height} pixels; at most {MAX_PICTURE_SIDE} a side are taken"
        )
    return width, height
