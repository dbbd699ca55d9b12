"""Every item of the bench can be run, says what it measures, and its figures are told truly."""

import ast
import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

from scripts.bench import figure, items
from scripts.bench.figure import Figure
from scripts.bench.items.flapping import _Channel, _Store
from scripts.bench.items.seek import p95
from scripts.bench.stored import lacking

ITEMS = sorted(module.name for module in pkgutil.iter_modules(items.__path__))


def test_all_figures_of_the_product_have_an_item():
    assert set(ITEMS) == {
        "board", "camera_back", "export", "flapping", "footprint", "health", "kills", "live",
        "lossless", "page", "playback", "recording_cost", "seek", "sign_in", "viewers",
    }  # fmt: skip


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_imports_says_what_it_measures_and_offers_run(name):
    module = importlib.import_module(f"scripts.bench.items.{name}")
    headline = (module.__doc__ or "").strip().splitlines()[0]
    assert len(headline) > 20
    assert callable(module.run)
    tree = ast.parse(Path(module.__file__).read_text())
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    assert any(getattr(call.func, "id", "") == "Figure" for call in calls)


@pytest.mark.parametrize(
    ("value", "bar", "met"),
    [
        (0.7, "<= 0.7", True), (0.71, "<= 0.7", False), (1, ">= 0.95", True), (0, ">= 1", False),
        (5, "", True), (None, "", True), (None, "<= 1", False),
    ],
)  # fmt: skip
def test_a_bar_is_met_or_missed_and_what_was_not_measured_never_meets_one(value, bar, met):
    assert Figure("a", value, "x", bar).ok is met


def test_a_line_shows_value_bar_and_how():
    assert Figure("cost", 0.71, "x", "<= 0.7", "3 rounds").line().split() == [
        "NO", "0.71", "x", "<=", "0.7", "cost", "(3", "rounds)",
    ]  # fmt: skip
    assert "-" in Figure("cost", None, "x", "", "not installed").line()


def test_figures_of_one_item_replace_those_of_its_last_run(tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "RESULTS", tmp_path / "build" / "bench.json")
    monkeypatch.setattr(figure, "PAGE", tmp_path / "figures.md")
    figure.write("b", [Figure("old", 1, "x", "<= 2"), Figure("older", 1, "x")])
    figure.write("a", [Figure("other", None, "x", "", "not installed")])
    figure.write("b", [Figure("new", 3, "x", "<= 2")])
    rows = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert [(row["name"], row["value"], row["ok"]) for row in rows] == [
        ("other", None, True), ("new", 3, False),
    ]  # fmt: skip
    page = (tmp_path / "figures.md").read_text()
    assert "| new | 3 x | <= 2 | **no** |" in page
    assert re.search(r"\| other \| not measured \| told \|  \| \S+, full \| not installed \|", page)


def test_the_page_tells_how_far_a_run_was_shortened():
    row = {"name": "a", "value": 1, "unit": "x", "bar": "", "ok": True, "how": ""}
    page = figure.page([{**row, "date": "2026-01-02", "share": 0.3}, {**row, "share": 1.0}])
    assert "2026-01-02, 30%" in page
    assert ", full |" in page


def test_units_that_are_missing_in_the_middle_are_counted_and_the_ends_are_not():
    sent = list("abcdefgh")
    assert lacking(sent, list("bcdef")) == 0
    assert lacking(sent, list("bcef")) > 0
    assert lacking(sent, []) == len(sent)


def test_p95_is_the_value_that_one_in_twenty_is_above():
    assert p95([float(n) for n in range(1, 101)]) == pytest.approx(95.95)


def test_the_flapping_item_counts_the_footage_that_is_there(tmp_path):
    store = _Store(tmp_path / "v")
    channel = _Channel(1, flaps=False)
    for second in range(20):
        store.tick([channel], second)
    assert store.seconds(channel.stream) == pytest.approx(20, abs=0.01)
    store.close()
