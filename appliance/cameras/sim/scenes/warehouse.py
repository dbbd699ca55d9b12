"""A warehouse aisle: racks full of boxes in perspective, a forklift and people crossing."""

from __future__ import annotations

from appliance.cameras.sim.canvas import Canvas, Colour, rgb
from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.scenes.figures import Look, Walker

_VANISH_X, _VANISH_Y = 960.0, 430.0
_BOXES = ("#b98a56", "#a97c4b", "#c79a66", "#8f6a42", "#d0a877", "#7d8b93", "#5b7f9c", "#c2b59f")


def _at(x: float, y: float, depth: float) -> tuple[float, float]:
    """Project a point `depth` (1 near, bigger is farther) towards the vanishing point."""
    return _VANISH_X + (x - _VANISH_X) / depth, _VANISH_Y + (y - _VANISH_Y) / depth


def _dim(colour: Colour, depth: float) -> Colour:
    """Let things far away sink into the haze of the hall."""
    haze = min(0.72, (depth - 1) * 0.13)
    fog = (0.70, 0.74, 0.77)
    return (
        colour[0] + (fog[0] - colour[0]) * haze,
        colour[1] + (fog[1] - colour[1]) * haze,
        colour[2] + (fog[2] - colour[2]) * haze,
    )


class WarehouseScene(Scene):
    """Warehouse."""

    def draw_background(self, canvas: Canvas) -> None:
        """Roof, floor, racks on both sides, the gate at the end."""
        canvas.fill(rgb("#4b545c"), rgb("#8f979b"))
        self._roof(canvas)
        self._floor(canvas)
        self._end_wall(canvas)
        for side in (-1, 1):
            self._rack(canvas, side)
        self._sign(canvas)
        canvas.vignette(0.3)

    def _roof(self, canvas: Canvas) -> None:
        canvas.shape([(0, 0), (1920, 0), (1100, 350), (820, 350)], rgb("#59636b"),
                     to=rgb("#9aa5ab"))  # fmt: skip
        for step in range(7, 0, -1):
            depth = 1 + step * 0.62
            left, y = _at(-200, -120, depth)
            right, _ = _at(2120, -120, depth)
            canvas.line(left, y, right, y, 16 / depth, _dim(rgb("#3c454c"), depth))
            for x in (520, 1400):
                a, b = _at(x, -90, depth), _at(x, -90, depth + 0.34)
                canvas.line(*a, *b, 46 / depth, rgb("#f4fbff"))
                canvas.oval(a[0], a[1], 170 / depth, 70 / depth, rgb("#e8f4fb"), opacity=0.3,
                            blur=110 / depth)  # fmt: skip

    def _floor(self, canvas: Canvas) -> None:
        canvas.shape([(790, 520), (1130, 520), (2700, 1090), (-780, 1090)], rgb("#b3b6b3"),
                     to=rgb("#83888a"))  # fmt: skip
        canvas.texture(0, 540, 1920, 540, 0.012, 60, 8)
        for x in (430, 1490):
            canvas.oval(x * 0.55 + 432, 800, 130, 300, rgb("#eef4f6"), opacity=0.16, blur=90)
        for x in (250, 1670):
            near, far = _at(x, 1150, 1.0), _at(x, 1150, 6.2)
            wide = 20 if x < 960 else -20
            canvas.shape([(near[0] - wide, near[1]), (near[0] + wide, near[1]),
                          (far[0] + wide / 6, far[1]), (far[0] - wide / 6, far[1])],
                         rgb("#e3b52f"))  # fmt: skip
        for i in range(7):
            x = 560 + i * 116
            canvas.shape([(x, 780), (x + 62, 780), (x + 62 + (x - 930) * 0.12, 838),
                          (x + (x - 960) * 0.12, 838)], rgb("#e8e9e4"), opacity=0.7)  # fmt: skip

    def _end_wall(self, canvas: Canvas) -> None:
        canvas.box(770, 300, 380, 250, rgb("#aab3b7"), to=rgb("#97a1a6"))
        canvas.box(845, 372, 230, 178, rgb("#5f7d93"), to=rgb("#7c98aa"))
        for i in range(9):
            canvas.box(845, 378 + i * 20, 230, 3, rgb("#4e6a7e"))
        canvas.box(838, 360, 244, 12, rgb("#e3b52f"))
        canvas.box(784, 396, 44, 22, rgb("#2f8f5b"), radius=3)
        canvas.box(1092, 470, 34, 80, rgb("#78848a"))

    def _rack(self, canvas: Canvas, side: int) -> None:
        inner = 960 + side * 900
        for step in range(10, -2, -1):
            near, far = 1 + step * 0.52, 1 + (step + 1) * 0.52
            for level in range(4):
                floor_y = 1120 - level * 400
                self._bay(canvas, side, inner, near, far, floor_y, step, level)
            for depth in (far, near):
                x, top = _at(inner, -700, depth)
                _, bottom = _at(inner, 1130, depth)
                wide = 34 / depth
                canvas.box(x - wide / 2, top, wide, bottom - top, _dim(rgb("#2f5f93"), depth),
                           to=_dim(rgb("#274f7b"), depth))  # fmt: skip
                if depth < 4:
                    canvas.box(x - wide * 0.6, bottom - 70 / depth, wide * 1.2, 70 / depth,
                               _dim(rgb("#e3b52f"), depth))  # fmt: skip

    def _bay(
        self, canvas: Canvas, side: int, x: float, near: float, far: float, y: float,
        step: int, level: int,
    ) -> None:  # fmt: skip
        a, b = _at(x, y, near), _at(x, y, far)
        c, d = _at(x, y - 380, far), _at(x, y - 380, near)
        canvas.shape([a, b, c, d], _dim(rgb("#3b4248"), near + 0.3))
        for i in range(3):
            at, to = (
                near + (far - near) * (i / 3 + 0.03),
                near + (far - near) * ((i + 1) / 3 - 0.02),
            )
            pick = (step * 7 + level * 5 + i * 3 + (2 if side > 0 else 0)) % 11
            if pick >= len(_BOXES):
                continue
            tall = 190 + (pick * 37 + i * 20) % 150
            colour = _dim(rgb(_BOXES[pick]), near)
            e, f = _at(x, y - 16, at), _at(x, y - 16, to)
            g, h = _at(x, y - tall, to), _at(x, y - tall, at)
            darker = (colour[0] * 0.8, colour[1] * 0.8, colour[2] * 0.8)
            canvas.shape([e, f, g, h], colour, to=darker)
            m, n = _at(x, y - tall * 0.55, at), _at(x, y - tall * 0.55, to)
            canvas.line(*m, *n, 12 / at, _dim(rgb("#e6d6b4"), near), opacity=0.6)
        canvas.line(*a, *b, 30 / near, _dim(rgb("#d9762b"), near))

    def _sign(self, canvas: Canvas) -> None:
        for x in (820, 1100):
            canvas.line(x, 150, x, 218, 4, rgb("#2d3339"))
        canvas.box(790, 214, 340, 74, rgb("#1f3f66"), radius=8)
        canvas.box(798, 222, 324, 58, rgb("#2a5488"), radius=6)
        canvas.oval(842, 251, 20, 20, rgb("#f3c947"))
        for i, width in enumerate((210, 150)):
            canvas.box(884, 236 + i * 20, width, 10, rgb("#eef3f8"), radius=3)

    def prepare(self) -> None:
        """Forklift, people, the beacon."""
        self._forklift = self.sprite(420, 380, _forklift)
        self._worker = Walker(self, 300, Look(rgb("#34495e"), rgb("#2c3440"), rgb("#e3b52f"),
                                              vest=rgb("#e9ef3f")))  # fmt: skip
        self._far = Walker(self, 150, Look(rgb("#6b4b3a"), rgb("#39424e"), rgb("#f2f2f0"),
                                           vest=rgb("#ff8a2a")))  # fmt: skip
        self._glow = self.sprite(
            240, 240, lambda canvas: canvas.oval(120, 120, 60, 60, rgb("#ffb52e"), opacity=0.75,
                                                 blur=58)
        )  # fmt: skip
        self._green = self.sprite(
            140,
            140,
            lambda canvas: canvas.oval(70, 70, 30, 30, rgb("#5dff9d"), opacity=0.7, blur=36),
        )

    def draw(self, phase: float, seconds: float) -> None:
        """The forklift crosses; its beacon blinks twice a second."""
        way = (phase + 0.3) % 1
        blink = int(seconds * 4) % 2 == 0
        self._far.put(560 + 800 * ((phase + 0.5) % 1), 610)
        if blink:
            self.put(self._green, 736, 337)
        x = -460 + way * 2860
        self.put(self._forklift, x, 520)
        if blink:
            self.put(self._glow, x + 52, 415)
        self._worker.put(1960 - 2100 * ((phase + 0.63) % 1), 1010, leftward=True)


def _forklift(canvas: Canvas) -> None:
    canvas.oval(195, 364, 146, 15, (0.05, 0.06, 0.08), opacity=0.5, blur=5)
    dark, body = rgb("#2a2d31"), rgb("#f0a81e")
    canvas.box(286, 30, 16, 320, dark)
    canvas.box(306, 60, 10, 290, rgb("#4a4f55"))
    canvas.box(300, 334, 118, 12, rgb("#3b3f44"))
    canvas.box(312, 150, 104, 90, rgb("#c1935c"), to=rgb("#a67a47"))
    canvas.box(312, 244, 104, 90, rgb("#b98a56"), to=rgb("#98703f"))
    canvas.box(356, 150, 14, 184, rgb("#e6d6b4"), opacity=0.7)
    canvas.shape([(120, 40), (250, 40), (270, 210), (110, 210)], rgb("#9fb6c2"), opacity=0.35)
    for line in ((122, 40, 108, 220), (250, 40, 276, 220), (112, 38, 258, 38)):
        canvas.line(*line, 11, dark)
    canvas.oval(186, 120, 20, 24, rgb("#d9ac8c"))
    canvas.oval(184, 106, 24, 17, rgb("#f2f2f0"))
    canvas.box(160, 142, 56, 84, rgb("#e9ef3f"), radius=20, to=rgb("#c4c92f"))
    canvas.line(200, 168, 246, 190, 15, rgb("#34495e"))
    canvas.line(232, 214, 252, 180, 8, dark)
    canvas.box(164, 20, 18, 18, rgb("#ff9d1c"), radius=6)
    canvas.shape([(60, 200), (290, 200), (290, 320), (40, 320), (36, 240)], body,
                 to=rgb("#c9820e"))  # fmt: skip
    canvas.box(36, 286, 256, 30, dark, radius=8)
    canvas.box(66, 226, 70, 10, rgb("#c9820e"), radius=4)
    canvas.box(66, 244, 70, 10, rgb("#c9820e"), radius=4)
    canvas.box(30, 214, 12, 26, rgb("#c23a32"), radius=4)
    for x, r in ((92, 44), (252, 50)):
        canvas.oval(x, 366 - r, r, r, rgb("#17181a"))
        canvas.oval(x, 366 - r, r * 0.55, r * 0.55, body)
        canvas.oval(x, 366 - r, r * 0.2, r * 0.2, dark)
