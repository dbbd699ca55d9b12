"""Values that are drawn on a picture: lines, regions and the cells of a grid.

Points are [x, y] in 1/10000 of the picture's width and height, from the top left corner, so that
they hold whatever the resolution of the stream is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Conflict, Fields, Widget, setting
from appliance.settings.values import Line
from appliance.text import _

FULL = 10_000
LINE_POINTS = 20
REGION_POINTS = 20


def _check_point(point: list[int]) -> list[int]:
    if len(point) != 2 or not all(0 <= part <= FULL for part in point):
        raise PydanticCustomError("point", _("must be a point within the picture"))
    return point


Point = Annotated[list[int], AfterValidator(_check_point)]
"""[x, y], each 0 to 10000."""


class LineShape(Fields):
    """A line that is crossed: from the first point to the last, seen from the first A is left."""

    name: Line = setting("", title=_("Name"), max_length=31)
    points: list[Point] = setting(..., title=_("Points"), min_length=2, max_length=LINE_POINTS)
    direction: Literal["both", "a_to_b", "b_to_a"] = setting(
        "both",
        title=_("Direction"),
        choices={"both": _("Both"), "a_to_b": _("A to B"), "b_to_a": _("B to A")},
    )

    def conflicts(self) -> list[Conflict]:
        """Points that follow each other are two."""
        if all(one != two for one, two in pairwise(self.points)):
            return []
        return [Conflict(("points",), "shape", _("must not hold the same point twice in a row"))]


class RegionShape(Fields):
    """An area whose border does not run over itself."""

    name: Line = setting("", title=_("Name"), max_length=31)
    points: list[Point] = setting(..., title=_("Corners"), min_length=3, max_length=REGION_POINTS)

    def conflicts(self) -> list[Conflict]:
        """The border neither crosses itself nor encloses nothing."""
        if crosses_itself(self.points):
            return [Conflict(("points",), "shape", _("must not have a border that crosses itself"))]
        if not area(self.points):
            return [Conflict(("points",), "shape", _("must enclose an area"))]
        return []


def area(points: Sequence[Sequence[int]]) -> float:
    """Return the enclosed area in units of points (shoelace formula)."""
    around = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in around)) / 2


def crosses_itself(points: Sequence[Sequence[int]]) -> bool:
    """Whether two sides of a border that do not follow each other cross."""
    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    last = len(sides) - 1
    return any(
        _cross(*one, *two)
        for number, one in enumerate(sides)
        for other, two in enumerate(sides[number + 2 :], number + 2)
        if not (number == 0 and other == last)
    )


def _cross(a: Sequence[int], b: Sequence[int], c: Sequence[int], d: Sequence[int]) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Sequence[int], b: Sequence[int], c: Sequence[int]) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


def grid_setting(columns: int, rows: int, *, title: str, **more: Any) -> Any:
    """Declare a grid of cells as rows of "0" and "1"; nothing is chosen at first."""
    return setting(
        ["0" * columns] * rows,
        title=title,
        widget=Widget.GRID,
        options={"columns": columns, "rows": rows},
        **more,
    )


def grid_type(columns: int, rows: int) -> Any:
    """Return the type of such a field."""

    def check(value: list[str]) -> list[str]:
        fits = len(value) == rows and all(len(row) == columns for row in value)
        if not fits or set("".join(value)) - {"0", "1"}:
            text = _("must be {rows} rows of {columns} cells, each 0 or 1")
            context = {"rows": rows, "columns": columns}
            raise PydanticCustomError("grid", text, context)
        return value

    return Annotated[list[str], AfterValidator(check)]
