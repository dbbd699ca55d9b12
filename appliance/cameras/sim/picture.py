"""One frame in 4:2:0: a still background, sprites, noise and text put over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from appliance.cameras.sim.canvas import Array, Sprite, to_yuv
from appliance.media.dot_font import text_mask

Plane = npt.NDArray[np.uint8]


class Picture:
    """The planes of one frame in one buffer, as `av.VideoFrame` wants them (yuv420p)."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        luma = width * height
        self.data: Plane = np.zeros(luma * 3 // 2, np.uint8)
        self.y: Plane = self.data[:luma].reshape(height, width)
        self.u: Plane = self.data[luma : luma * 5 // 4].reshape(height // 2, width // 2)
        self.v: Plane = self.data[luma * 5 // 4 :].reshape(height // 2, width // 2)

    @property
    def array(self) -> Plane:
        """The frame as (height * 3 / 2, width)."""
        return self.data.reshape(self.height * 3 // 2, self.width)

    def load(self, colour: Array) -> None:
        """Fill from RGB 0..1, kept 12 steps clear of black and white so that noise never wraps."""
        y, u, v = to_yuv(np.clip(colour, 0, 1))
        self.y[:] = np.clip(np.round(y), 28, 223)
        self.u[:] = np.clip(np.round(u), 16, 240)
        self.v[:] = np.clip(np.round(v), 16, 240)

    def copy_from(self, other: Picture) -> None:
        """Start a frame from a background of the same size."""
        np.copyto(self.data, other.data)

    def restore(self, other: Picture, left: int, top: int, right: int, bottom: int) -> None:
        """Copy a rectangle back from the background; all in pixels, cut to the frame."""
        left, top = max(0, left) & ~1, max(0, top) & ~1
        for mine, theirs, n in (
            (self.y, other.y, 1),
            (self.u, other.u, 2),
            (self.v, other.v, 2),
        ):
            rows = slice(top // n, max(0, bottom) // n)
            columns = slice(left // n, max(0, right) // n)
            mine[rows, columns] = theirs[rows, columns]

    def put(self, sprite: Sprite, x: float, y: float) -> None:
        """Lay a sprite over the frame, its left upper corner at (x, y) in pixels."""
        left, top = int(x) & ~1, int(y) & ~1
        x0, y0 = max(0, -left), max(0, -top)
        x1 = min(sprite.width, self.width - left) & ~1
        y1 = min(sprite.height, self.height - top) & ~1
        if x0 >= x1 or y0 >= y1:
            return
        for plane, keep, add, n in (
            (self.y, sprite.keep_y, sprite.add_y, 1),
            (self.u, sprite.keep_c, sprite.add_u, 2),
            (self.v, sprite.keep_c, sprite.add_v, 2),
        ):
            cut = slice(y0 // n, y1 // n), slice(x0 // n, x1 // n)
            area = plane[(top + y0) // n : (top + y1) // n, (left + x0) // n : (left + x1) // n]
            area[:] = (area * keep[cut] + add[cut]) >> 8

    def text(self, line: str, x: int, y: int, scale: int, *, right: bool = False) -> None:
        """Write a line in white with a dark rim; `right` makes (x, y) its right upper corner."""
        mask = text_mask(line, scale)
        rim = max(1, (scale + 1) // 2)
        padded = np.pad(mask, rim)
        dark = np.zeros_like(padded)
        for dy in (-rim, 0, rim):
            for dx in (-rim, 0, rim):
                dark |= np.roll(padded, (dy, dx), (0, 1))
        rows, columns = padded.shape
        left = (x - columns if right else x) & ~1
        top = y & ~1
        rows, columns = min(rows, self.height - top), min(columns, self.width - left)
        if left < 0 or rows <= 0 or columns <= 0:
            return
        area = self.y[top : top + rows, left : left + columns]
        area[dark[:rows, :columns]] = 30
        area[padded[:rows, :columns]] = 222
        half = dark[: rows // 2 * 2 : 2, : columns // 2 * 2 : 2]
        for plane in (self.u, self.v):
            plane[top // 2 : top // 2 + half.shape[0], left // 2 : left // 2 + half.shape[1]][
                half
            ] = 128


class Noise:
    """Sensor noise that keeps an encoder's bitrate honest; the same for the same seed."""

    def __init__(self, width: int, height: int, strength: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._size = width, height
        shape = height + 64, width + 64
        if strength:
            values = self._random.normal(0, strength, shape)
            limit = min(12, 3 * strength)
            self._grain = np.clip(np.round(values), -limit, limit).astype(np.int8).view(np.uint8)
        else:
            self._grain = np.zeros(shape, np.uint8)

    def add(self, picture: Picture, number: int) -> None:
        """Add the grain of frame `number`; modulo 256 is safe as pictures keep clear of it."""
        dx, dy = (number * 29) % 64, (number * 37 + number // 64) % 64
        width, height = self._size
        picture.y += self._grain[dy : dy + height, dx : dx + width]
