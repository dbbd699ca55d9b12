"""A front door's view in the evening sun: path, street, houses opposite, people and cars."""

from __future__ import annotations

from appliance.cameras.sim.canvas import Canvas, Colour, mirrored, rgb
from appliance.cameras.sim.scene import Scene
from appliance.cameras.sim.scenes.figures import Look, Walker, paint_foliage, side_car

_WALLS = ("#d9c3a0", "#b9856a", "#cfd2cb", "#c99f7c", "#a9b4ba")
_ROOFS = ("#6b3f37", "#4c4a52", "#7a4a3a", "#514239", "#5b4650")
_LIT = rgb("#ffdf9a")
_PANE = rgb("#5f7686")


def _house(canvas: Canvas, x: float, width: float, wall: Colour, roof: Colour, seed: int) -> None:
    base, top = 520.0, 340.0
    canvas.shape([(x - 16, top), (x + width / 2, top - 105), (x + width + 16, top)], roof,
                 to=(roof[0] * 0.8, roof[1] * 0.8, roof[2] * 0.8))  # fmt: skip
    canvas.box(x + width * 0.7, top - 105, 26, 70, (roof[0] * 0.9, roof[1] * 0.8, roof[2] * 0.8))
    canvas.box(x, top, width, base - top, wall, to=(wall[0] * 0.86, wall[1] * 0.84, wall[2] * 0.84))
    canvas.box(x, top, width, 10, _shade(wall, 0.7), opacity=0.6, blur=5)
    for floor in range(2):
        for column in range(3):
            wx = x + width * (0.13 + 0.29 * column)
            wy = top + 22 + floor * 84
            if floor == 1 and column == 1:
                canvas.box(wx, wy, width * 0.17, 76, _shade(roof, 0.9), radius=3)
                canvas.oval(wx + width * 0.14, wy + 42, 3, 3, _LIT)
                continue
            lit = (seed * 7 + floor * 3 + column * 5) % 4 == 0
            canvas.box(wx - 4, wy - 4, width * 0.17 + 8, 58, rgb("#efe9dd"), radius=2)
            canvas.box(wx, wy, width * 0.17, 50, _LIT if lit else _PANE,
                       to=rgb("#ffc765") if lit else rgb("#a9c0cc"))  # fmt: skip
            canvas.box(wx + width * 0.08, wy, 4, 50, rgb("#efe9dd"))


def _shade(colour: Colour, by: float) -> Colour:
    return colour[0] * by, colour[1] * by, colour[2] * by


class DoorScene(Scene):
    """Front door, looking out."""

    def draw_background(self, canvas: Canvas) -> None:
        """Sky, houses, street, garden and porch."""
        canvas.fill(rgb("#7fa9d4"), rgb("#f6d9b8"))
        canvas.oval(1500, 250, 300, 220, rgb("#fff0cf"), opacity=0.75, blur=210)
        for i, (x, y, r) in enumerate(((250, 300, 120), (620, 330, 95), (1010, 318, 110),
                                       (1400, 335, 90), (1720, 300, 125))):  # fmt: skip
            paint_foliage(canvas, x + 70, y, r, rgb("#5d7d54") if i % 2 else rgb("#6d8757"))
        for i in range(5):
            _house(canvas, 20 + i * 392, 300, rgb(_WALLS[i]), rgb(_ROOFS[i]), i)
        canvas.box(0, 506, 1920, 40, rgb("#6f8f55"), to=rgb("#587746"))
        canvas.box(0, 540, 1920, 28, rgb("#b9b2a6"), to=rgb("#a29c92"))
        canvas.box(0, 566, 1920, 150, rgb("#5b5d61"), to=rgb("#6b6d70"))
        canvas.texture(0, 566, 1920, 150, 0.012, 5, 3)
        for i in range(13):
            canvas.box(-20 + i * 160, 636, 84, 7, rgb("#e9e4d2"), opacity=0.85)
        canvas.box(0, 712, 1920, 10, rgb("#8f8a82"))
        canvas.box(0, 720, 1920, 40, rgb("#c4bcae"), to=rgb("#b3aa9b"))
        for i in range(20):
            canvas.box(i * 100 + 30, 720, 3, 40, rgb("#968e81"), opacity=0.6)
        self._garden(canvas)
        self._porch(canvas)
        canvas.vignette(0.28)

    def _garden(self, canvas: Canvas) -> None:
        canvas.box(0, 758, 1920, 330, rgb("#7b9a50"), to=rgb("#55763a"))
        canvas.texture(0, 758, 1920, 322, 0.03, 9, 5)
        canvas.shape([(830, 758), (1090, 758), (1390, 1080), (530, 1080)], rgb("#cbbfa9"),
                     to=rgb("#ae9f88"))  # fmt: skip
        for i in range(6):
            y = 772 + i * i * 11 + i * 8
            half = 125 + (y - 758) * 0.93
            canvas.box(960 - half, y, 2 * half, 3 + i * 0.7, rgb("#8d8170"), opacity=0.7)
        for i in range(14):
            x = 60 + i * 47 if i < 7 else 1330 + (i - 7) * 80
            y = 850 + (i * 37) % 60
            colour = rgb(("#e26d5c", "#f2c14e", "#f4f1de", "#b56bb0")[i % 4])
            canvas.oval(x, y, 9, 9, colour)
            canvas.oval(x, y, 3.5, 3.5, rgb("#f7e27c"))

    def _porch(self, canvas: Canvas) -> None:
        canvas.shape([(420, 1010), (1500, 1010), (1620, 1080), (300, 1080)], rgb("#8a5f43"),
                     to=rgb("#70492f"))  # fmt: skip
        canvas.box(660, 1032, 600, 60, rgb("#4c4a46"), radius=8)
        canvas.box(680, 1044, 560, 60, rgb("#5d5a53"), radius=6)
        for x, width in ((0, 150), (1770, 150)):
            canvas.box(x, 0, width, 1080, rgb("#efe9dd"), to=rgb("#cfc6b6"))
            canvas.box(x + (width - 22 if x == 0 else 0), 0, 22, 1080, rgb("#a79e8e"), opacity=0.7)
        canvas.box(0, 0, 1920, 66, rgb("#e6dfd2"), to=rgb("#b7ae9f"))
        canvas.box(0, 66, 1920, 16, _shade(rgb("#a79e8e"), 0.6), opacity=0.5, blur=10)
        canvas.oval(1845, 300, 170, 210, rgb("#ffd98c"), opacity=0.4, blur=130)
        canvas.box(1822, 250, 46, 84, rgb("#fff1c4"), radius=10, to=rgb("#ffcf70"))
        canvas.box(1814, 236, 62, 16, rgb("#2e2c2b"), radius=4)
        canvas.box(1814, 332, 62, 12, rgb("#2e2c2b"), radius=4)
        for x in (75, 1845):
            canvas.shape([(x - 62, 930), (x + 62, 930), (x + 44, 1080), (x - 44, 1080)],
                         rgb("#b4613f"), to=rgb("#8c452b"))  # fmt: skip
            canvas.box(x - 70, 916, 140, 26, rgb("#c26c48"), radius=6)
            paint_foliage(canvas, x, 850, 95, rgb("#47723f"))

    def prepare(self) -> None:
        """Cars, people, clouds."""
        self._red = side_car(self, 330, rgb("#b83a34"))
        self._blue = mirrored(side_car(self, 300, rgb("#39648f")))
        self._cloud = self.sprite(460, 130, _cloud)
        self._hedge = self.sprite(700, 120, _hedge)
        self._courier = Walker(self, 330, Look(rgb("#c8742c"), rgb("#39424e"), rgb("#3a2a20"),
                                               parcel=rgb("#b98a54")))  # fmt: skip
        self._woman = Walker(self, 190, Look(rgb("#6a4c93"), rgb("#2e3440"), rgb("#6b3e26")))
        self._man = Walker(self, 150, Look(rgb("#3d6b5e"), rgb("#4a4238"), rgb("#22201e")))

    def draw(self, phase: float, seconds: float) -> None:
        """Clouds drift, two cars and three people pass."""
        del seconds
        self.put(self._cloud, -400 + 2320 * ((phase + 0.62) % 1), 78)
        self.put(self._cloud, -400 + 2320 * ((phase + 0.17) % 1), 112)
        self._man.put(1990 - 2060 * ((phase + 0.45) % 1), 566, leftward=True)
        self.put(self._blue, 1960 - 2400 * ((phase * 1.0 + 0.1) % 1), 522)
        self.put(self._red, -420 + 2500 * ((phase + 0.55) % 1), 582)
        self._woman.put(-80 + 2080 * ((phase + 0.3) % 1), 757)
        self.put(self._hedge, 140, 728)
        self.put(self._hedge, 1085, 728)
        self.cover(0, 0, 150, 840)
        self.cover(1770, 0, 150, 840)
        self.cover(0, 0, 1920, 66)
        self._courier.put(-180 + 2280 * ((phase + 0.42) % 1), 985)


def _hedge(canvas: Canvas) -> None:
    for i in range(9):
        paint_foliage(canvas, 50 + i * 75, 60, 54, rgb("#4f7340"))


def _cloud(canvas: Canvas) -> None:
    for x, y, rx, ry in ((130, 76, 66, 24), (225, 62, 80, 34), (320, 74, 70, 25)):
        canvas.oval(x, y, rx, ry, rgb("#fffaf2"), opacity=0.6, blur=14)
