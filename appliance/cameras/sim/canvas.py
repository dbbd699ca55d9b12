"""Drawing smooth shapes with numpy: a canvas of floats and cut-out sprites in YUV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Colour = tuple[float, float, float]


def rgb(code: str) -> Colour:
    """Return "#rrggbb" as three numbers 0..1."""
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


class Canvas:
    """An RGBA picture of floats 0..1; coordinates are those of a 1920x1080 design, scaled.

    Shapes are drawn by signed distance, so edges are smooth at every size.
    """

    def __init__(self, width: int, height: int, scale_x: float, scale_y: float) -> None:
        self.width, self.height = width, height
        self.sx, self.sy = scale_x, scale_y
        self.colour: Array = np.zeros((height, width, 3), np.float32)
        self.alpha: Array = np.zeros((height, width), np.float32)

    def _window(
        self, x0: float, y0: float, x1: float, y1: float
    ) -> tuple[slice, slice, Array, Array] | None:
        pad = 2.0
        left = max(0, int(x0 * self.sx - pad))
        right = min(self.width, int(x1 * self.sx + pad) + 1)
        top = max(0, int(y0 * self.sy - pad))
        bottom = min(self.height, int(y1 * self.sy + pad) + 1)
        if left >= right or top >= bottom:
            return None
        xs = ((np.arange(left, right, dtype=np.float32) + 0.5) / self.sx)[None, :]
        ys = ((np.arange(top, bottom, dtype=np.float32) + 0.5) / self.sy)[:, None]
        return slice(top, bottom), slice(left, right), xs, ys

    def _paint(self, rows: slice, columns: slice, cover: Array, colour: Colour | Array) -> None:
        area = self.colour[rows, columns]
        behind = self.alpha[rows, columns]
        total = cover + behind * (1 - cover)
        share = np.where(total > 0, cover / np.maximum(total, 1e-6), 0)[..., None]
        area += (np.asarray(colour, np.float32) - area) * share
        self.alpha[rows, columns] = total

    def fill(self, top: Colour, bottom: Colour) -> None:
        """Cover everything with a vertical gradient."""
        share = np.linspace(0, 1, self.height, dtype=np.float32)[:, None, None]
        self.colour[:] = np.asarray(top, np.float32) * (1 - share) + (
            np.asarray(bottom, np.float32) * share
        )
        self.alpha[:] = 1

    def box(
        self,
        x: float,
        y: float,
        w: float,
        h: float,
        colour: Colour,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
        blur: float = 0.0,
        to: Colour | None = None,
    ) -> None:
        """Draw a rectangle with round corners; `to` makes a vertical gradient, `blur` softens."""
        window = self._window(x - blur, y - blur, x + w + blur, y + h + blur)
        if window is None:
            return
        rows, columns, xs, ys = window
        dx = np.abs(xs - (x + w / 2)) - (w / 2 - radius)
        dy = np.abs(ys - (y + h / 2)) - (h / 2 - radius)
        distance = (
            np.sqrt(np.maximum(dx, 0) ** 2 + np.maximum(dy, 0) ** 2)
            + np.minimum(np.maximum(dx, dy), 0)
            - radius
        )
        paint: Colour | Array = colour
        if to is not None:
            share = np.clip((ys - y) / h, 0, 1)[..., None]
            paint = (
                np.asarray(colour, np.float32) * (1 - share) + np.asarray(to, np.float32) * share
            )
        self._paint(rows, columns, self._cover(distance, blur) * opacity, paint)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        *,
        opacity: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        """Draw an ellipse around (x, y); `blur` widens its soft edge."""
        reach = 1 + blur / min(rx, ry)
        wide, high = rx * reach, ry * reach
        window = self._window(x - wide, y - high, x + wide, y + high)
        if window is None:
            return
        rows, columns, xs, ys = window
        unit = np.sqrt(((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2)
        self._paint(rows, columns, self._cover((unit - 1) * min(rx, ry), blur) * opacity, colour)

    def shape(
        self, points: list[tuple[float, float]], colour: Colour, *, opacity: float = 1.0,
        blur: float = 0.0, to: Colour | None = None,
    ) -> None:  # fmt: skip
        """Draw a convex polygon, its points in either direction; `to` is a vertical gradient."""
        px = [p[0] for p in points]
        py = [p[1] for p in points]
        window = self._window(min(px) - blur, min(py) - blur, max(px) + blur, max(py) + blur)
        if window is None:
            return
        rows, columns, xs, ys = window
        area = sum(px[i - 1] * py[i] - px[i] * py[i - 1] for i in range(len(points)))
        sign = 1.0 if area > 0 else -1.0
        distance = np.full(np.broadcast_shapes(xs.shape, ys.shape), -1e9, np.float32)
        for i in range(len(points)):
            ex, ey = px[i] - px[i - 1], py[i] - py[i - 1]
            length = max(1e-6, float(np.hypot(ex, ey)))
            edge = sign * ((xs - px[i - 1]) * ey - (ys - py[i - 1]) * ex) / length
            distance = np.maximum(distance, edge)
        paint: Colour | Array = colour
        if to is not None:
            share = np.clip((ys - min(py)) / max(1e-6, max(py) - min(py)), 0, 1)[..., None]
            paint = (
                np.asarray(colour, np.float32) * (1 - share) + np.asarray(to, np.float32) * share
            )
        self._paint(rows, columns, self._cover(distance, blur) * opacity, paint)

    def line(
        self, x0: float, y0: float, x1: float, y1: float, width: float, colour: Colour,
        *, opacity: float = 1.0,
    ) -> None:  # fmt: skip
        """Draw a line with round ends."""
        half = width / 2
        window = self._window(
            min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half
        )
        if window is None:
            return
        rows, columns, xs, ys = window
        ex, ey = x1 - x0, y1 - y0
        along = np.clip(((xs - x0) * ex + (ys - y0) * ey) / max(1e-6, ex * ex + ey * ey), 0, 1)
        distance = np.hypot(xs - x0 - along * ex, ys - y0 - along * ey) - half
        self._paint(rows, columns, self._cover(distance, 0.0) * opacity, colour)

    def texture(
        self, x: float, y: float, w: float, h: float, strength: float, grain: float, seed: int
    ) -> None:
        """Roughen a rectangle: brightness wanders by `strength` over `grain` design units."""
        window = self._window(x, y, x + w, y + h)
        if window is None:
            return
        rows, columns, _, _ = window
        area = self.colour[rows, columns]
        height, width = area.shape[:2]
        coarse_h = max(2, int(height / max(1.0, grain * self.sy)) + 2)
        coarse_w = max(2, int(width / max(1.0, grain * self.sx)) + 2)
        values = np.random.default_rng(seed).normal(0, strength, (coarse_h, coarse_w))
        ys = np.linspace(0, coarse_h - 1.001, height)
        xs = np.linspace(0, coarse_w - 1.001, width)
        y0, x0 = ys.astype(int), xs.astype(int)
        fy, fx = (ys - y0)[:, None], (xs - x0)[None, :]
        upper = values[y0][:, x0] * (1 - fx) + values[y0][:, x0 + 1] * fx
        lower = values[y0 + 1][:, x0] * (1 - fx) + values[y0 + 1][:, x0 + 1] * fx
        area += (upper * (1 - fy) + lower * fy).astype(np.float32)[..., None]

    def vignette(self, strength: float) -> None:
        """Darken the corners as a lens does."""
        xs = np.linspace(-1, 1, self.width, dtype=np.float32)[None, :]
        ys = np.linspace(-1, 1, self.height, dtype=np.float32)[:, None]
        self.colour *= (1 - strength * (xs * xs + ys * ys) / 2)[..., None]

    def _cover(self, distance: Array, blur: float) -> Array:
        if blur > 0:
            share = np.clip(0.5 - distance / (2 * blur), 0, 1)
            return np.asarray(share * share * (3 - 2 * share), np.float32)
        return np.asarray(np.clip(0.5 - distance * min(self.sx, self.sy), 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A cut-out that moves: opacity and premultiplied planes in 4:2:0, as 0..255 integers."""

    keep_y: npt.NDArray[np.uint16]
    keep_c: npt.NDArray[np.uint16]
    add_y: npt.NDArray[np.uint16]
    add_u: npt.NDArray[np.uint16]
    add_v: npt.NDArray[np.uint16]

    @property
    def height(self) -> int:
        """Rows of luma."""
        return int(self.keep_y.shape[0])

    @property
    def width(self) -> int:
        """Columns of luma."""
        return int(self.keep_y.shape[1])


def to_yuv(colour: Array) -> tuple[Array, Array, Array]:
    """Turn RGB 0..1 into BT.709 limited range: Y 16..235, Cb and Cr at half size 16..240."""
    r, g, b = colour[..., 0], colour[..., 1], colour[..., 2]
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    u = (b - y) / 1.8556
    v = (r - y) / 1.5748
    return 16 + 219 * y, 128 + 224 * halved(u), 128 + 224 * halved(v)


def halved(plane: Array) -> Array:
    """Return the plane at half width and height, each value the mean of four."""
    return (plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]) / 4


def sprite_of(canvas: Canvas) -> Sprite:
    """Cut out what was drawn on a canvas of even size."""
    alpha = canvas.alpha
    half = halved(alpha)
    y, u, v = to_yuv(canvas.colour)
    return Sprite(
        keep_y=np.round(256 * (1 - alpha)).astype(np.uint16),
        keep_c=np.round(256 * (1 - half)).astype(np.uint16),
        add_y=np.round(256 * y * alpha).astype(np.uint16),
        add_u=np.round(256 * u * half).astype(np.uint16),
        add_v=np.round(256 * v * half).astype(np.uint16),
    )


def mirrored(sprite: Sprite) -> Sprite:
    """Return the sprite facing the other way."""
    return Sprite(
        sprite.keep_y[:, ::-1], sprite.keep_c[:, ::-1], sprite.add_y[:, ::-1],
        sprite.add_u[:, ::-1], sprite.add_v[:, ::-1],
    )  # fmt: skip
