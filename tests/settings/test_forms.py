"""Declarations and forms do not drift apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from appliance.settings.declare import EXTRA, Fields, declared
from appliance.settings.forms import all_forms, page_form
from appliance.settings.reference import page as reference_page
from appliance.settings.registry import PAGES


def models() -> list[type[Fields]]:
    found: list[type[Fields]] = []
    for page in PAGES.values():
        found.append(page)
        if page.spec.collection:
            found.append(page.item_model())
    return found


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_field_has_a_title_and_offers_exactly_the_values_it_takes(model: Any) -> None:
    for name, info in model.model_fields.items():
        extra = declared(info)
        assert extra, f"{name} is not declared with setting()"
        assert info.title, f"{name} has no title"
        if get_origin(info.annotation) is Literal:
            assert tuple(extra["choices"]) == get_args(info.annotation), name
        if extra["widget"] != "area":  # of many lines, secret or not
            assert extra["secret"] == (extra["widget"] == "password")
    assert EXTRA == "nvr"


def test_forms_are_json_and_show_every_field_once() -> None:
    for form in json.loads(json.dumps(all_forms())):
        page = PAGES[form["page"]]
        groups = [(page, form["sections"])]
        if form["collection"]:
            groups.append((page.item_model(), form["collection"]["sections"]))
        for model, sections in groups:
            shown = [field["name"] for section in sections for field in section["fields"]]
            hidden = {page.spec.collection.field} if form["collection"] and model is page else set()
            assert sorted(shown) == sorted(model.model_fields.keys() - hidden)


def test_form_carries_widget_range_unit_and_visibility() -> None:
    sections = page_form(PAGES["channels"])["collection"]["sections"]
    fields = {field["name"]: field for section in sections for field in section["fields"]}
    assert fields["pre_record_s"]["widget"] == "duration"
    assert (fields["pre_record_s"]["minimum"], fields["pre_record_s"]["maximum"]) == (0, 30)
    assert fields["pre_record_s"]["unit"] == "s"
    assert fields["password"]["secret"]
    assert fields["record_sub"]["visible_when"] == {"mode": ["auto", "manual"]}
    assert fields["expiry_days"]["nullable"]
    assert fields["name"]["max_length"] == 63
    assert [choice["value"] for choice in fields["mode"]["choices"]] == ["auto", "manual", "off"]


def test_schedule_widget_knows_days_kinds_and_periods() -> None:
    section = page_form(PAGES["record"])["collection"]["sections"][-1]
    field = next(field for field in section["fields"] if field["name"] == "week")
    assert field["widget"] == "schedule"
    assert field["options"]["periods_per_day"] == 8
    assert len(field["options"]["days"]) == 8
    assert len(field["options"]["kinds"]) == 6


def test_page_of_the_reference_is_what_the_declarations_say() -> None:
    folder = Path(__file__).resolve().parents[2] / "docs" / "reference"
    assert (folder / "settings.md").read_text(encoding="utf-8") == reference_page(), (
        "run 'make docs'"
    )
