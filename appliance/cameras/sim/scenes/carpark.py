"""A car park from above: bays, islands with trees, cars that come and go, somebody walking."""

from __future__ import annotations

import math
from functools import partial

from appliance.cameras.sim.canvas import Canvas, Colour, Sprite, mirrored, rgb
from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.scenes.figures import paint_foliage, paint_top_car

_PAINT = ("#c8ccd1", "#27303a", "#8e2f2b", "#2f5d8a", "#f0efea", "#5a6b57", "#b7793a", "#6d7480")
_ROWS = ((96, 250), (450, 250), (778, 250))
_BAY, _LEFT = 132, 104
_LINE = rgb("#ece9dc")


def _occupied(row: int, bay: int) -> bool:
    return (row * 5 + bay * 7 + row * bay) % 5 != 1


class CarParkScene(Scene):
    """Car park."""

    def draw_background(self, canvas: Canvas) -> None:
        """Asphalt, lines, parked cars, grass and trees."""
        canvas.fill(rgb("#62666b"), rgb("#54585d"))
        canvas.texture(0, 0, 1920, 1080, 0.018, 4, 1)
        canvas.texture(0, 0, 1920, 1080, 0.02, 170, 2)
        canvas.box(0, 0, 1920, 74, rgb("#8a9a6a"), to=rgb("#76875a"))
        canvas.texture(0, 0, 1920, 74, 0.03, 7, 4)
        canvas.box(0, 70, 1920, 12, rgb("#c9c5ba"))
        for row, (top, height) in enumerate(_ROWS):
            self._bays(canvas, row, top, height)
        for x in (380, 980, 1580):
            self._arrow(canvas, x, 398, 1)
            self._arrow(canvas, x, 738, -1)
        self._stripes(canvas)
        canvas.box(0, 1042, 1920, 40, rgb("#c9c5ba"), to=rgb("#b5b1a6"))
        for i, x in enumerate((30, 330, 700, 1060, 1420, 1760, 1905)):
            canvas.oval(x + 22, 36, 70, 62, (0.05, 0.06, 0.08), opacity=0.35, blur=14)
            paint_foliage(canvas, x, 16, 66 + 8 * (i % 3), rgb("#5c7f45"))
        canvas.vignette(0.32)

    def _bays(self, canvas: Canvas, row: int, top: float, height: float) -> None:
        for bay in range(14):
            x = _LEFT + bay * _BAY - 46
            if bay == 4 or (bay == 9 and row == 1):
                self._island(canvas, x, top, height)
                continue
            canvas.box(x - 3, top, 6, height, _LINE, opacity=0.85)
            canvas.box(x + _BAY - 3, top, 6, height, _LINE, opacity=0.85)
            if _occupied(row, bay) and not (row == 2 and bay in (6, 7)):
                colour = rgb(_PAINT[(row * 3 + bay * 5) % len(_PAINT)])
                shift = (row * 13 + bay * 29) % 13 - 6
                paint_top_car(canvas, x + 20 + shift / 3, top + 18 + shift, 92, 206, colour)
            elif row == 2:
                self._disabled(canvas, x + _BAY / 2, top + height / 2)

    def _island(self, canvas: Canvas, x: float, top: float, height: float) -> None:
        canvas.box(x + 4, top, _BAY - 8, height, rgb("#c9c5ba"), radius=40)
        canvas.box(x + 12, top + 8, _BAY - 24, height - 16, rgb("#7c9457"), radius=34)
        canvas.oval(x + 92, top + 150, 96, 84, (0.05, 0.06, 0.08), opacity=0.4, blur=18)
        paint_foliage(canvas, x + 64, top + 118, 88, rgb("#567a41"))

    def _disabled(self, canvas: Canvas, x: float, y: float) -> None:
        canvas.box(x - 44, y - 52, 88, 104, rgb("#2f62a0"), radius=8, opacity=0.85)
        canvas.oval(x - 4, y - 34, 8, 8, _LINE)
        canvas.line(x - 4, y - 22, x - 4, y + 6, 8, _LINE)
        canvas.line(x - 4, y + 6, x + 16, y + 6, 8, _LINE)
        canvas.line(x + 16, y + 6, x + 24, y + 28, 8, _LINE)
        for i in range(20):
            angle = 0.5 + i * 0.2
            canvas.oval(x - 6 + 25 * math.cos(angle), y + 12 + 25 * math.sin(angle), 4, 4, _LINE)

    def _arrow(self, canvas: Canvas, x: float, y: float, way: int) -> None:
        canvas.box(x - 52, y - 7, 84, 14, _LINE, opacity=0.7)
        tip = x + 74 * way
        edge = x + 24 * way
        canvas.shape([(tip, y), (edge, y - 24), (edge, y + 24)], _LINE, opacity=0.7)

    def _stripes(self, canvas: Canvas) -> None:
        for i in range(6):
            canvas.box(640 + i * 24, 352, 13, 92, _LINE, opacity=0.75)

    def prepare(self) -> None:
        """Two cars under way, one that parks, a person with a trolley, a bird's shadow."""

        def lying(colour: Colour) -> Sprite:
            return self.sprite(
                240, 120, lambda canvas: paint_top_car(canvas, 8, 8, 212, 94, colour)
            )

        self._silver = lying(rgb("#d4d7da"))
        self._orange = mirrored(lying(rgb("#d9732b")))
        self._parking = self.sprite(
            120, 232, lambda canvas: paint_top_car(canvas, 8, 8, 94, 206, rgb("#3e8d7a"))
        )
        self._people = [self.sprite(90, 90, partial(_pedestrian, pose)) for pose in range(8)]

    def draw(self, phase: float, seconds: float) -> None:
        """Everything moves along the lanes; one car backs out of its bay and in again."""
        del seconds
        out = 0.5 - 0.5 * math.cos(2 * math.pi * phase)
        self.put(self._parking, _LEFT + 6 * _BAY - 38, 800 - 92 * max(0.0, out * 1.4 - 0.4))
        self.put(self._silver, -260 + 2440 * ((phase + 0.28) % 1), 346)
        self.put(self._orange, 1980 - 2480 * ((phase + 0.52) % 1), 684)
        way = (phase + 0.1) % 1
        self.put(self._people[int(way * 64) % 8], 660, 1100 - 1240 * way)


def _pedestrian(pose: int, canvas: Canvas) -> None:
    swing = math.sin(2 * math.pi * pose / 8) * 11
    canvas.oval(52, 54, 22, 17, (0.05, 0.06, 0.08), opacity=0.4, blur=8)
    canvas.oval(38, 44 + swing, 7, 11, rgb("#2b2f38"))
    canvas.oval(52, 44 - swing, 7, 11, rgb("#2b2f38"))
    canvas.oval(30, 44 - swing * 0.8, 6, 10, rgb("#a8323c"))
    canvas.oval(60, 44 + swing * 0.8, 6, 10, rgb("#a8323c"))
    canvas.oval(45, 44, 21, 12, rgb("#c23b46"))
    canvas.oval(45, 42, 10, 11, rgb("#4a3223"))
