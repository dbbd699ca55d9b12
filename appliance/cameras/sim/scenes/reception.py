"""A reception: desk, plants, a wall clock with a running hand, people passing through."""

from __future__ import annotations

import math
from functools import partial

from appliance.cameras.sim.canvas import Canvas, rgb
from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.scenes.figures import Look, Walker, paint_foliage

_WOOD, _WOOD_DARK = rgb("#a9764a"), rgb("#8a5d39")
_CLOCK = 1010.0, 250.0


class ReceptionScene(Scene):
    """Reception."""

    def draw_background(self, canvas: Canvas) -> None:
        """Walls, window, floor, desk, sofa, plants."""
        canvas.fill(rgb("#e9e5dd"), rgb("#d8d1c5"))
        canvas.box(0, 790, 1920, 290, rgb("#b79d80"), to=rgb("#95795b"))
        for i in range(13):
            x = 960 + (i - 6) * 190
            canvas.line(x, 792, 960 + (x - 960) * 1.9, 1080, 3, rgb("#85694d"), opacity=0.6)
        canvas.box(0, 782, 1920, 14, rgb("#f4f1ea"))
        self._window(canvas)
        self._slats(canvas)
        self._lamps(canvas)
        self._clock(canvas)
        self._door(canvas)
        self._sofa(canvas)
        canvas.vignette(0.25)

    def _window(self, canvas: Canvas) -> None:
        canvas.box(70, 130, 470, 520, rgb("#ffffff"), radius=4)
        canvas.box(88, 148, 434, 484, rgb("#8fc0e6"), to=rgb("#e4eff2"))
        for i, (x, top) in enumerate(((88, 430), (160, 380), (235, 450), (310, 350), (385, 410),
                                      (455, 370))):  # fmt: skip
            shade = 0.62 + 0.05 * (i % 3)
            canvas.box(x, top, 66, 632 - top, (shade * 0.93, shade, shade * 1.08))
            for row in range(int((620 - top) / 30)):
                for column in range(3):
                    lit = (i * 3 + row * 5 + column * 7) % 4
                    canvas.box(x + 8 + column * 19, top + 10 + row * 30, 11, 16,
                               rgb("#f2e2b0") if lit == 0 else rgb("#7f98ab"))  # fmt: skip
        paint_foliage(canvas, 150, 585, 58, rgb("#6f9460"))
        paint_foliage(canvas, 430, 580, 62, rgb("#628a57"))
        canvas.box(60, 632, 490, 26, rgb("#f4f1ea"), radius=4)
        canvas.box(296, 148, 16, 484, rgb("#ffffff"))
        canvas.box(88, 380, 434, 12, rgb("#ffffff"))
        canvas.shape([(110, 800), (560, 800), (760, 1080), (200, 1080)], rgb("#fff6dc"),
                     opacity=0.22, blur=30)  # fmt: skip

    def _slats(self, canvas: Canvas) -> None:
        canvas.box(640, 90, 760, 700, rgb("#6b4b33"), radius=6)
        for i in range(25):
            canvas.box(646 + i * 30, 96, 22, 688, _WOOD, to=_WOOD_DARK)
        canvas.box(700, 180, 210, 130, rgb("#23445e"), radius=14)
        canvas.oval(752, 245, 32, 32, rgb("#ffffff"))
        canvas.oval(752, 245, 14, 14, rgb("#2a8fbd"))
        for i, width in enumerate((84, 60, 72)):
            canvas.box(802, 218 + i * 24, width, 10, rgb("#ffffff"), radius=4)

    def _lamps(self, canvas: Canvas) -> None:
        for x in (760, 1010, 1260):
            canvas.line(x, 0, x, 66, 4, rgb("#3a3a3c"))
            canvas.shape([(x - 20, 60), (x + 20, 60), (x + 50, 108), (x - 50, 108)], rgb("#2c3338"))
            canvas.oval(x, 112, 46, 10, rgb("#fff6d8"))
            canvas.oval(x, 150, 130, 110, rgb("#ffedb8"), opacity=0.28, blur=90)

    def _clock(self, canvas: Canvas) -> None:
        x, y = _CLOCK
        canvas.oval(x + 4, y + 6, 76, 76, (0.1, 0.08, 0.06), opacity=0.4, blur=8)
        canvas.oval(x, y, 76, 76, rgb("#2c3338"))
        canvas.oval(x, y, 68, 68, rgb("#fbfaf6"))
        for i in range(12):
            a = i * math.pi / 6
            inner = 50 if i % 3 == 0 else 56
            canvas.line(x + inner * math.sin(a), y - inner * math.cos(a), x + 61 * math.sin(a),
                        y - 61 * math.cos(a), 5 if i % 3 == 0 else 3, rgb("#2c3338"))  # fmt: skip

    def _door(self, canvas: Canvas) -> None:
        canvas.box(1500, 190, 340, 606, rgb("#5b6a73"), radius=4)
        canvas.box(1514, 204, 312, 592, rgb("#cfe0e6"), to=rgb("#b3c7cf"))
        canvas.box(1514, 640, 312, 156, rgb("#a99a86"), to=rgb("#998770"), opacity=0.7)
        canvas.shape([(1540, 204), (1610, 204), (1560, 796), (1514, 796), (1514, 520)],
                     rgb("#ffffff"), opacity=0.25)  # fmt: skip
        canvas.box(1662, 204, 16, 592, rgb("#5b6a73"))
        for x in (1640, 1690):
            canvas.box(x, 470, 10, 110, rgb("#39444b"), radius=5)
        canvas.box(1600, 140, 140, 38, rgb("#2f8f5b"), radius=5)
        canvas.box(1618, 153, 60, 12, rgb("#eafff1"), radius=3)
        canvas.shape([(1690, 147), (1722, 159), (1690, 171)], rgb("#eafff1"))

    def _sofa(self, canvas: Canvas) -> None:
        canvas.oval(300, 930, 270, 22, (0.1, 0.08, 0.06), opacity=0.4, blur=18)
        canvas.box(70, 720, 460, 150, rgb("#4e7c86"), radius=36, to=rgb("#41686f"))
        canvas.box(60, 800, 480, 110, rgb("#5f919b"), radius=30, to=rgb("#4a747c"))
        for x in (40, 500):
            canvas.box(x, 770, 70, 150, rgb("#4e7c86"), radius=30, to=rgb("#3f636a"))
        canvas.box(140, 740, 110, 90, rgb("#e0a458"), radius=18)
        canvas.box(350, 744, 100, 86, rgb("#ded6c6"), radius=18)
        for x in (90, 500):
            canvas.box(x, 912, 14, 26, rgb("#4a3524"))
        for x, y, r in ((590, 650, 95),):
            canvas.shape([(x - 50, 790), (x + 50, 790), (x + 38, 900), (x - 38, 900)],
                         rgb("#d9d4ca"), to=rgb("#b8b1a4"))  # fmt: skip
            canvas.line(x, 800, x, 680, 12, rgb("#6d5a3f"))
            paint_foliage(canvas, x, y, r, rgb("#4f7f4a"))

    def prepare(self) -> None:
        """People, desk in front of them, clock hands."""
        self._desk = self.sprite(760, 330, _desk)
        self._clerk = [self.sprite(200, 230, partial(_clerk, nod)) for nod in range(4)]
        self._hands = {
            kind: [self.sprite(140, 140, partial(_hand, kind, tick)) for tick in range(60)]
            for kind in ("hour", "minute", "second")
        }
        self._visitor = Walker(self, 470, Look(rgb("#7b2d3b"), rgb("#2b3040"), rgb("#20191a")))
        self._guest = Walker(self, 430, Look(rgb("#3f5f8a"), rgb("#4b4238"), rgb("#8a5a33")))

    def draw(self, phase: float, seconds: float) -> None:
        """The clerk nods, the clock shows `seconds` of the day, two people pass."""
        x, y = _CLOCK
        for kind, tick in (
            ("hour", seconds / 720),
            ("minute", seconds / 60),
            ("second", seconds),
        ):
            self.put(self._hands[kind][int(tick) % 60], x - 70, y - 70)
        self._guest.put(2060 - 2300 * ((phase + 0.75) % 1), 830, leftward=True)
        nod = int(seconds * 3) % 8
        self.put(self._clerk[nod if nod < 4 else 7 - nod], 960, 500)
        self.put(self._desk, 680, 640)
        self._visitor.put(-160 + 2260 * ((phase + 0.22) % 1), 1030)


def _hand(kind: str, tick: int, canvas: Canvas) -> None:
    length, width, colour = {
        "hour": (34, 7.0, rgb("#2c3338")),
        "minute": (50, 5.0, rgb("#2c3338")),
        "second": (56, 3.5, rgb("#c8322b")),
    }[kind]
    angle = tick * math.pi / 30
    dx, dy = math.sin(angle), -math.cos(angle)
    canvas.line(70 - 12 * dx, 70 - 12 * dy, 70 + length * dx, 70 + length * dy, width, colour)
    canvas.oval(70, 70, 6, 6, colour)


def _clerk(nod: int, canvas: Canvas) -> None:
    y = nod * 1.6
    canvas.box(40, 96, 120, 150, rgb("#2f4a66"), radius=46, to=rgb("#263c54"))
    canvas.shape([(82, 98), (118, 98), (100, 150)], rgb("#f3efe7"))
    canvas.box(88, 74 + y, 24, 36, rgb("#c98f6f"))
    canvas.oval(100, 52 + y, 32, 38, rgb("#d9a07e"))
    canvas.oval(100, 34 + y, 36, 26, rgb("#4a2c1d"))
    canvas.oval(70, 58 + y, 10, 32, rgb("#4a2c1d"))
    canvas.oval(130, 58 + y, 10, 32, rgb("#4a2c1d"))
    for x in (88, 112):
        canvas.oval(x, 54 + y, 3.5, 3.5, rgb("#3a2a22"))


def _desk(canvas: Canvas) -> None:
    canvas.oval(380, 316, 360, 12, (0.1, 0.08, 0.06), opacity=0.45, blur=12)
    canvas.box(150, 0, 150, 96, rgb("#23282d"), radius=8)
    canvas.box(158, 8, 134, 74, rgb("#34414c"))
    canvas.box(212, 94, 26, 24, rgb("#2c3338"))
    canvas.box(30, 76, 40, 44, rgb("#c65f4b"), radius=6)
    for i in range(4):
        canvas.line(40 + i * 7, 80, 34 + i * 11, 46, 4, rgb("#5f8a4f"))
    canvas.box(560, 92, 90, 26, rgb("#f5f2ea"), radius=3)
    canvas.box(570, 84, 84, 12, rgb("#dfe6ea"), radius=3)
    canvas.box(0, 112, 760, 30, rgb("#f6f3ec"), radius=8, to=rgb("#d9d3c6"))
    canvas.box(16, 142, 728, 172, rgb("#8b5f3c"), to=rgb("#6d4729"))
    for i in range(18):
        canvas.box(22 + i * 40, 142, 4, 172, rgb("#5c3b22"), opacity=0.7)
    canvas.box(16, 150, 728, 10, rgb("#ffd98c"), opacity=0.5, blur=8)
