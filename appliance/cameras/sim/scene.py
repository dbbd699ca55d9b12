"""A scene: background drawn once, things that move in a loop, text in the lower corners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from appliance.cameras.sim.canvas import Canvas, Sprite, sprite_of
from appliance.cameras.sim.picture import Noise, Picture

DESIGN_WIDTH, DESIGN_HEIGHT = 1920, 1080


class Scene(ABC):
    """Draws frames of one size; everything is laid out on 1920x1080 and scaled."""

    def __init__(self, width: int, height: int, *, noise: int = 3, seed: int = 1) -> None:
        self.width, self.height = width, height
        self.sx, self.sy = width / DESIGN_WIDTH, height / DESIGN_HEIGHT
        self.picture = Picture(width, height)
        self._background = Picture(width, height)
        canvas = Canvas(width, height, self.sx, self.sy)
        self.draw_background(canvas)
        self._background.load(canvas.colour)
        self._noise = Noise(width, height, noise, seed)
        self.prepare()

    @abstractmethod
    def draw_background(self, canvas: Canvas) -> None:
        """Draw all that stands still."""

    @abstractmethod
    def prepare(self) -> None:
        """Draw the sprites."""

    @abstractmethod
    def draw(self, phase: float, seconds: float) -> None:
        """Put the sprites where they are at `phase` 0..1 of the loop, `seconds` into it."""

    def sprite(self, width: float, height: float, paint: Callable[[Canvas], None]) -> Sprite:
        """Draw a cut-out of the given design size."""
        pixels = [max(2, round(size) // 2 * 2 + 2) for size in (width * self.sx, height * self.sy)]
        canvas = Canvas(pixels[0], pixels[1], self.sx, self.sy)
        paint(canvas)
        return sprite_of(canvas)

    def put(self, sprite: Sprite, x: float, y: float) -> None:
        """Place a sprite's left upper corner at design coordinates."""
        self.picture.put(sprite, x * self.sx, y * self.sy)

    def cover(self, x: float, y: float, w: float, h: float) -> None:
        """Bring a rectangle of the background to the front again."""
        self.picture.restore(
            self._background,
            round(x * self.sx),
            round(y * self.sy),
            round((x + w) * self.sx),
            round((y + h) * self.sy),
        )

    def frame(
        self, number: int, phase: float, seconds: float, upper: Sequence[str], lower: Sequence[str]
    ) -> Picture:
        """Draw frame `number` with two rows of text at its lower edge, left and right.

        Viewers write name and time over the upper edge: text there would lie under it.  The picture
        is valid until the next.
        """
        picture = self.picture
        picture.copy_from(self._background)
        self.draw(phase, seconds)
        self._noise.add(picture, number)
        scale = max(1, round(self.height / 270))
        margin = 5 * scale
        low = self.height - margin - 8 * scale
        for lines, y in ((upper, low - 11 * scale), (lower, low)):
            if lines:
                picture.text(lines[0], margin, y, scale)
            if len(lines) > 1:
                picture.text(lines[1], self.width - margin, y, scale, right=True)
        return picture
