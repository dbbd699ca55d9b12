"""What is drawn on a picture: lines, regions, grids; and every kind of field in a form."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.settings.declare import Action, Fields, Page, PageSpec, Widget, setting
from appliance.settings.forms import page_form
from appliance.settings.mend import check
from appliance.settings.problems import dotted
from appliance.settings.shapes import (
    FULL,
    LineShape,
    RegionShape,
    area,
    crosses_itself,
    grid_setting,
    grid_type,
)

SQUARE = [[0, 0], [FULL, 0], [FULL, FULL], [0, FULL]]
BOW = [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]


class Person(Fields):
    """A record of a table."""

    mail: str = setting("", title="Mail", min_length=3)
    age: int = setting(1, title="Age", minimum=1, maximum=9)


class Drawn(Page):
    """A page with every kind of field that no page of the recorder has yet."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="drawn",
        title="Drawn",
        menu="AI",
        actions=(Action("test", "Test", "/test", job=True, capability="relay"),),
        synonyms=("analytics",),
    )
    lines: list[LineShape] = setting([], title="Lines", widget=Widget.LINES, max_length=4)
    regions: list[RegionShape] = setting([], title="Regions", widget=Widget.REGIONS, max_length=4)
    cells: grid_type(4, 2) = grid_setting(4, 2, title="Cells")  # type: ignore[valid-type]
    people: list[Person] = setting([], title="People", widget=Widget.TABLE, max_length=3)
    shown: list[int] = setting([], title="Channels", widget=Widget.CHANNELS)
    relay: bool = setting(False, title="Relay", capability="relay", synonyms=("output",))


def wrong(**values: Any) -> dict[str, str]:
    _fields, problems = check(Drawn, values)
    return {dotted(problem.path): problem.code for problem in problems}


def test_what_is_drawn_well_is_taken() -> None:
    line = {"name": "Gate", "points": [[0, 0], [5, 5]], "direction": "a_to_b"}
    region = {"name": "Yard", "points": SQUARE}
    assert wrong(lines=[line], regions=[region], cells=["0101", "1111"], shown=[1, 9]) == {}


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({"lines": [{"points": [[0, 0]]}]}, {"lines.0.points": "too_short"}),
        ({"lines": [{"points": [[0, 0], [0, 0]]}]}, {"lines.0.points": "shape"}),
        ({"lines": [{"points": [[0, 0], [0, 10_001]]}]}, {"lines.0.points.1": "point"}),
        ({"lines": [{"points": [[0, 0], [0]]}]}, {"lines.0.points.1": "point"}),
        ({"regions": [{"points": BOW}]}, {"regions.0.points": "shape"}),
        ({"regions": [{"points": [[0, 0], [5, 5], [9, 9]]}]}, {"regions.0.points": "shape"}),
        ({"cells": ["0101"]}, {"cells": "grid"}),
        ({"cells": ["0102", "0000"]}, {"cells": "grid"}),
        (
            {"people": [{"mail": "a@b"}, {"mail": "x", "age": 99}]},
            {"people.1.mail": "too_short", "people.1.age": "too_large"},
        ),
        ({"shown": ["one"]}, {"shown.0": "wrong_type"}),
    ],
)
def test_what_is_drawn_wrongly_is_named_in_place(values: Any, problems: dict[str, str]) -> None:
    assert wrong(**values) == problems


@given(st.lists(st.tuples(st.integers(0, FULL), st.integers(0, FULL)), min_size=3, max_size=12))
def test_turning_a_region_round_changes_nothing(points: list[tuple[int, int]]) -> None:
    turned = [*points[1:], points[0]]
    assert crosses_itself(points) == crosses_itself(turned) == crosses_itself(points[::-1])
    assert area(points) == pytest.approx(area(turned))


def test_form_describes_every_kind_of_field() -> None:
    form = page_form(Drawn)
    fields = {field["name"]: field for section in form["sections"] for field in section["fields"]}
    names = ("lines", "regions", "cells", "people", "shown")
    assert [fields[name]["widget"] for name in names] == [
        "lines", "regions", "grid", "table", "channels",
    ]  # fmt: skip
    assert fields["cells"]["options"] == {"columns": 4, "rows": 2}
    assert [column["name"] for column in fields["people"]["columns"]] == ["mail", "age"]
    assert fields["relay"]["capability"] == "relay"
    assert fields["relay"]["synonyms"] == ["output"]
    assert form["synonyms"] == ["analytics"]
    assert form["actions"][0]["slug"] == "test"
    assert form["actions"][0]["job"] is True
