"""Names a person enters for the recorder: what is taken, what is told, what is made of them."""

from __future__ import annotations

import pytest

from appliance.settings.pages.web import WebPage
from appliance.settings.problems import SettingsError
from appliance.settings.values import MOST_NAMES, host_names


@pytest.mark.parametrize(
    ("entered", "names"),
    [
        ("", []),
        ("  ", []),
        ("nvr", ["nvr"]),
        ("NVR.Example.org.", ["nvr.example.org"]),
        ("a.example, b.example  c.example,", ["a.example", "b.example", "c.example"]),
        ("a.example A.example", ["a.example"]),
        ("müller.example", ["xn--mller-kva.example"]),
        (f"{'x' * 63}.example", [f"{'x' * 63}.example"]),
    ],
)
def test_names_are_taken_as_dns_writes_them(entered: str, names: list[str]) -> None:
    assert host_names(WebPage(host_names=entered).host_names) == names


@pytest.mark.parametrize(
    "word",
    [
        "https://nvr.example", "nvr.example:8443", "*.example", "a_b.example", "-a.example",
        "a..example", ".", "192.168.1.10", "[::1]", f"{'x' * 64}.example", "a/b",
        ".".join(["x" * 60] * 5),
    ],
)  # fmt: skip
def test_what_is_no_name_is_told_by_itself_beside_the_field(filled: object, word: str) -> None:
    store = filled.open()  # type: ignore[attr-defined]
    with pytest.raises(SettingsError) as refused:
        store.change("web", None, {"host_names": f"good.example {word}"})
    (problem,) = refused.value.fields
    assert problem.path == ("host_names",)
    assert word in problem.text
    assert "good.example" not in problem.text


def test_too_many_names_are_refused() -> None:
    names = [f"n{number}.example" for number in range(MOST_NAMES + 1)]
    assert host_names(WebPage(host_names=" ".join(names[1:])).host_names) == names[1:]
    with pytest.raises(ValueError, match="at most 16"):
        WebPage(host_names=",".join(names))
