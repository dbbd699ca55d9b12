"""People, cars and plants that the scenes share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from appliance.cameras.sim.canvas import Canvas, Colour, Sprite, mirrored, rgb
from appliance.cameras.sim.scene import Scene

_SHADOW = (0.05, 0.06, 0.1)


@dataclass(frozen=True, slots=True)
class Look:
    """Colours of a person."""

    coat: Colour
    legs: Colour
    hair: Colour
    skin: Colour = (0.86, 0.68, 0.55)
    parcel: Colour | None = None
    vest: Colour | None = None


class Walker:
    """A person walking: sprites of one stride, chosen by the way gone."""

    POSES = 8

    def __init__(self, scene: Scene, height: float, look: Look) -> None:
        self.height = height
        self.width = height * 0.62
        self._scene = scene
        self._right = [
            scene.sprite(self.width, height * 1.04, self._painter(height, look, pose))
            for pose in range(self.POSES)
        ]
        self._left = [mirrored(sprite) for sprite in self._right]

    def _painter(self, size: float, look: Look, pose: int) -> Callable[[Canvas], None]:
        swing = math.sin(2 * math.pi * pose / self.POSES)
        lift = abs(math.cos(2 * math.pi * pose / self.POSES)) * 0.015

        def paint(canvas: Canvas) -> None:
            u = size
            mid = self.width / 2
            canvas.oval(mid, u * 1.0, u * 0.2, u * 0.03, _SHADOW, opacity=0.35, blur=u * 0.03)
            hip, foot = u * (0.53 - lift), u * 0.98
            for side, shade in ((-1, 0.8), (1, 1.0)):
                knee = mid + side * swing * u * 0.07 + u * 0.02
                toe = mid + side * swing * u * 0.15
                legs = tuple(part * shade for part in look.legs)
                leg = (legs[0], legs[1], legs[2])
                canvas.line(mid, hip, knee, u * 0.75, u * 0.085, leg)
                canvas.line(knee, u * 0.75, toe, foot - u * 0.02, u * 0.07, leg)
                canvas.line(toe, foot - u * 0.015, toe + u * 0.05, foot - u * 0.012, u * 0.045,
                            (0.13, 0.12, 0.13))  # fmt: skip
            top = u * (0.19 - lift)
            dark = (look.coat[0] * 0.8, look.coat[1] * 0.8, look.coat[2] * 0.8)
            canvas.line(mid, top + u * 0.06, mid + swing * u * 0.12, u * 0.48, u * 0.065, dark)
            canvas.box(
                mid - u * 0.095, top, u * 0.19, u * 0.4, look.coat, radius=u * 0.075, to=dark
            )
            if look.vest is not None:
                canvas.box(mid - u * 0.095, top + u * 0.05, u * 0.19, u * 0.25, look.vest,
                           radius=u * 0.05)  # fmt: skip
                canvas.box(mid - u * 0.095, top + u * 0.19, u * 0.19, u * 0.03, rgb("#f4f4e8"))
            if look.parcel is not None:
                canvas.line(mid, top + u * 0.07, mid + u * 0.12, u * 0.42, u * 0.06, look.coat)
                canvas.box(mid + u * 0.03, u * 0.33, u * 0.22, u * 0.15, look.parcel,
                           radius=u * 0.008)  # fmt: skip
                canvas.box(mid + u * 0.03, u * 0.395, u * 0.22, u * 0.02, rgb("#e8d9b4"))
            else:
                canvas.line(
                    mid, top + u * 0.06, mid - swing * u * 0.13, u * 0.47, u * 0.06, look.coat
                )
                canvas.oval(mid - swing * u * 0.135, u * 0.485, u * 0.028, u * 0.028, look.skin)
            head = u * (0.1 - lift)
            canvas.box(mid - u * 0.025, head + u * 0.03, u * 0.05, u * 0.09, look.skin)
            canvas.oval(mid + u * 0.005, head, u * 0.062, u * 0.078, look.skin)
            canvas.oval(mid - u * 0.012, head - u * 0.028, u * 0.066, u * 0.058, look.hair)

        return paint

    def put(self, x: float, foot_y: float, *, leftward: bool = False) -> None:
        """Place the person with the feet at (x, foot_y)."""
        stride = self.height * 0.62
        pose = int(x / stride * self.POSES) % self.POSES
        sprites = self._left if leftward else self._right
        if leftward:
            pose = self.POSES - 1 - pose
        self._scene.put(sprites[pose], x - self.width / 2, foot_y - self.height)


def side_car(scene: Scene, length: float, body: Colour, *, lights: bool = False) -> Sprite:
    """Return a car seen from its right side, driving to the right."""
    u = length / 10
    dark = (body[0] * 0.62, body[1] * 0.62, body[2] * 0.62)
    glass, shine = rgb("#2b3a48"), rgb("#8fb0c6")

    def paint(canvas: Canvas) -> None:
        canvas.oval(5 * u, 3.75 * u, 4.9 * u, 0.28 * u, _SHADOW, opacity=0.5, blur=0.25 * u)
        canvas.shape([(1.6 * u, 1.7 * u), (2.9 * u, 0.5 * u), (6.2 * u, 0.5 * u),
                      (7.7 * u, 1.7 * u)], body)  # fmt: skip
        canvas.box(0.25 * u, 1.55 * u, 9.5 * u, 1.75 * u, body, radius=0.6 * u, to=dark)
        canvas.shape([(2.1 * u, 1.65 * u), (3.1 * u, 0.72 * u), (4.45 * u, 0.72 * u),
                      (4.45 * u, 1.65 * u)], glass, to=shine)  # fmt: skip
        canvas.shape([(4.7 * u, 1.65 * u), (4.7 * u, 0.72 * u), (6.05 * u, 0.72 * u),
                      (7.2 * u, 1.65 * u)], glass, to=shine)  # fmt: skip
        canvas.line(4.58 * u, 1.7 * u, 4.58 * u, 3.0 * u, 0.05 * u, dark)
        canvas.box(4.85 * u, 1.95 * u, 0.5 * u, 0.1 * u, dark, radius=0.05 * u)
        canvas.box(0.3 * u, 2.0 * u, 0.4 * u, 0.35 * u, rgb("#c23a32"), radius=0.1 * u)
        canvas.box(9.2 * u, 2.0 * u, 0.5 * u, 0.35 * u, rgb("#fff3cf"), radius=0.12 * u)
        for x in (2.2, 7.8):
            canvas.oval(x * u, 3.1 * u, 0.95 * u, 0.95 * u, dark)
            canvas.oval(x * u, 3.1 * u, 0.8 * u, 0.8 * u, rgb("#1c1d20"))
            canvas.oval(x * u, 3.1 * u, 0.45 * u, 0.45 * u, rgb("#a9adb3"))
            canvas.oval(x * u, 3.1 * u, 0.15 * u, 0.15 * u, rgb("#55595f"))
        if lights:
            canvas.shape([(9.6 * u, 2.15 * u), (13.5 * u, 1.7 * u), (13.5 * u, 3.6 * u)],
                         rgb("#fff0c0"), opacity=0.22, blur=0.5 * u)  # fmt: skip

    return scene.sprite(14 * u if lights else 10.2 * u, 4.1 * u, paint)


def paint_top_car(canvas: Canvas, x: float, y: float, w: float, h: float, body: Colour) -> None:
    """Draw a car from above, driving up or (wider than high) to the right, with its shadow."""
    lying = w > h
    light = tuple(min(1.0, part * 1.18 + 0.04) for part in body)
    roof = (light[0], light[1], light[2])
    dark = (body[0] * 0.7, body[1] * 0.7, body[2] * 0.7)
    glass = rgb("#26323d")
    along, across = (w, h) if lying else (h, w)

    def box(a: float, c: float, da: float, dc: float, colour: Colour, radius: float) -> None:
        """Place by distance from the front (along) and from the left side (across)."""
        if lying:
            canvas.box(x + w - a - da, y + c, da, dc, colour, radius=radius)
        else:
            canvas.box(x + c, y + a, dc, da, colour, radius=radius)

    canvas.box(x + 7, y + 9, w, h, _SHADOW, radius=across * 0.3, opacity=0.45, blur=9)
    for a in (0.13, 0.7):
        box(along * a, -across * 0.03, along * 0.15, across * 1.06, rgb("#16171a"), 4)
    box(0, 0, along, across, body, across * 0.26)
    box(along * 0.03, across * 0.1, along * 0.2, across * 0.8, roof, across * 0.16)
    box(along * 0.25, across * 0.09, along * 0.55, across * 0.82, glass, across * 0.18)
    box(along * 0.37, across * 0.12, along * 0.32, across * 0.76, roof, across * 0.12)
    box(along * 0.85, across * 0.1, along * 0.12, across * 0.8, dark, across * 0.12)
    for c in (0.06, 0.72):
        box(along * 0.012, across * c, along * 0.045, across * 0.22, rgb("#fff6d8"), 4)
        box(along * 0.95, across * c, along * 0.035, across * 0.22, rgb("#b8322c"), 4)


def paint_foliage(canvas: Canvas, x: float, y: float, r: float, base: Colour) -> None:
    """Draw the crown of a tree or bush around (x, y): leaves darker below, lighter above."""
    for i in range(14):
        angle = i * 2.399
        reach = r * 0.62 * math.sqrt((i + 0.5) / 14)
        shade = 0.72 + 0.4 * (0.5 - 0.5 * math.sin(angle)) + 0.02 * (i % 3)
        colour = (min(1, base[0] * shade), min(1, base[1] * shade), min(1, base[2] * shade))
        canvas.oval(x + reach * math.cos(angle), y + reach * math.sin(angle), r * 0.5, r * 0.46,
                    colour, blur=r * 0.06)  # fmt: skip
    for i in range(9):
        angle = i * 2.1 + 0.4
        reach = r * 0.5 * math.sqrt((i + 0.5) / 9)
        colour = (min(1, base[0] * 1.28), min(1, base[1] * 1.25), min(1, base[2] * 1.15))
        canvas.oval(x + reach * math.cos(angle) - r * 0.1, y + reach * math.sin(angle) - r * 0.2,
                    r * 0.17, r * 0.14, colour, opacity=0.55, blur=r * 0.07)  # fmt: skip
