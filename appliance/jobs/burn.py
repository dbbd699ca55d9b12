"""Drawing into pictures in 4:2:0: masks, the time they were taken, a watermark (A6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
import numpy.typing as npt

from appliance.media.dot_font import text_mask

Plane = npt.NDArray[np.uint8]

_LIT, _BLACK, _GREY = 235, 16, 128
_LINES = 270
"""Lines of a picture for one dot of a letter: letters are a fortieth of its height."""


@dataclass(frozen=True, slots=True)
class Mask:
    """A rectangle that is painted black; parts of the picture's width and height, 0 to 1."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Burner:
    """What is drawn into every picture of a film.

    `clock` writes date and time in `zone`, with its offset; `text` is the watermark.
    """

    masks: Sequence[Mask]
    clock: bool
    text: str
    zone: tzinfo

    def draw(self, picture: Plane, utc_ns: int) -> None:
        """Draw into a picture of shape (height * 3 / 2, width), both even; `utc_ns` is its time."""
        height, width = picture.shape[0] * 2 // 3, picture.shape[1]
        planes = _planes(picture, width, height)
        for mask in self.masks:
            left, right = _even(mask.x, mask.x + mask.width, width)
            top, bottom = _even(mask.y, mask.y + mask.height, height)
            _fill(planes, top, bottom, left, right)
        lines = [stamp(utc_ns, self.zone)] if self.clock else []
        lines += [self.text] if self.text else []
        top = 2
        for line in lines:
            scale = max(1, min(height // _LINES, width // (6 * len(line) + 6)))
            top = _write(planes, line, scale, top + 2)


def stamp(utc_ns: int, zone: tzinfo) -> str:
    """Return "2026-11-21 14:03:22.4 +01:00": the offset tells both hours of a DST change apart."""
    local = datetime.fromtimestamp(utc_ns // 100_000_000 / 10, UTC).astimezone(zone)
    offset = local.strftime("%z")
    tenth = local.microsecond // 100_000
    return f"{local:%Y-%m-%d %H:%M:%S}.{tenth} {offset[:3]}:{offset[3:]}"


def _planes(picture: Plane, width: int, height: int) -> tuple[Plane, Plane, Plane]:
    flat = picture.reshape(-1)
    luma, quarter = width * height, width * height // 4
    shape = (height // 2, width // 2)
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + quarter].reshape(shape),
        flat[luma + quarter :].reshape(shape),
    )


def _even(start: float, end: float, length: int) -> tuple[int, int]:
    """Return the range in pixels, widened to whole pixels of colour."""
    first = max(0, int(start * length) // 2 * 2)
    last = min(length, -(-int(np.ceil(end * length)) // 2) * 2)
    return first, max(first, last)


def _fill(planes: tuple[Plane, Plane, Plane], top: int, bottom: int, left: int, right: int) -> None:
    luma, blue, red = planes
    luma[top:bottom, left:right] = _BLACK
    for plane in (blue, red):
        plane[top // 2 : bottom // 2, left // 2 : right // 2] = _GREY


def _write(planes: tuple[Plane, Plane, Plane], line: str, scale: int, top: int) -> int:
    """Write a line on a dark ground; return where the next one begins."""
    luma = planes[0]
    height, width = luma.shape
    dots = text_mask(line, scale)
    border = 2 * scale
    left = 2 * scale
    dots = dots[: max(0, height - top - 2 * border), : max(0, width - left - 2 * border)]
    bottom, right = top + dots.shape[0] + 2 * border, left + dots.shape[1] + 2 * border
    even = ((top + 1) // 2 * 2, bottom // 2 * 2, (left + 1) // 2 * 2, right // 2 * 2)
    _fill(planes, *even)
    area = luma[top + border : top + border + dots.shape[0],
                left + border : left + border + dots.shape[1]]  # fmt: skip
    area[dots] = _LIT
    return bottom
