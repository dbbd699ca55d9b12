"""The ward: when checks look, what lasts, what flaps, what is put aside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from appliance.bus.messages import Severity
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import MAX_KEY, Finding
from appliance.health.snoozes import MAX_SNOOZES, Snooze, Snoozes
from appliance.health.ward import Ward

NOW = 1_800_000_000_000


class Thermometer(Check):
    slug, title = "thermometer", "Warm"
    interval_s, raise_s, clear_s = 5.0, 20.0, 30.0

    def __init__(self) -> None:
        self.warm = True
        self.looks = 0
        self.level: Severity = "warning"

    def look(self, facts: Facts) -> Iterable[Finding]:
        self.looks += 1
        if self.warm:
            yield Finding("warm", self.level, f"It is warm ({self.looks}).", "host")


class Broken(Check):
    slug, title = "broken", "Broken"

    def look(self, facts: Facts) -> Iterable[Finding]:
        raise KeyError("rss")


def at(ward: Ward, now_s: float) -> list[str]:
    return [
        finding.code for finding in ward.turn(Facts(now=NOW + round(now_s * 1000), now_s=now_s))
    ]


def test_a_check_looks_no_more_often_than_it_wants_to() -> None:
    check = Thermometer()
    ward = Ward([check])
    for second in range(12):
        at(ward, float(second))
    assert check.looks == 3


def test_what_lasts_is_told_with_when_it_began_and_what_flaps_is_not() -> None:
    check = Thermometer()
    ward = Ward([check])
    for second in range(0, 100, 5):
        check.warm = second % 20 < 10
        assert at(ward, float(second)) == []
    check.warm = True
    assert [at(ward, float(second)) for second in (100, 105, 110, 115, 120)] == (
        [[], [], [], [], ["warm"]]
    )
    [finding] = ward.findings()
    assert finding.since == NOW + 100_000


def test_what_is_over_for_a_moment_only_stays_told() -> None:
    check = Thermometer()
    ward = Ward([check])
    for second in range(0, 25, 5):
        at(ward, float(second))
    check.warm = False
    assert at(ward, 40.0) == ["warm"]
    check.warm = True
    assert at(ward, 45.0) == ["warm"]
    check.warm = False
    assert at(ward, 74.0) == ["warm"]
    assert at(ward, 80.0) == []


def test_a_check_that_breaks_is_told_itself_and_holds_up_no_other() -> None:
    check = Thermometer()
    check.raise_s = 0.0  # type: ignore[misc]
    ward = Ward([Broken(), check])
    assert at(ward, 0.0) == ["check_broken", "warm"]


def test_the_key_of_a_finding_does_not_hang_on_its_words_and_fits_an_event() -> None:
    one = Finding("warm", "warning", "91 °C", "host", "x" * 300)
    other = Finding("warm", "error", "95 °C", "host", "x" * 300)
    assert one.key == other.key
    assert len(one.key) == MAX_KEY


def snooze(until: int = NOW + 1000, level: Severity = "warning") -> Snooze:
    return Snooze(until, level, "ann", "the new fan comes on Monday", NOW)


def test_a_snooze_ends_in_time_and_when_it_gets_worse(tmp_path: Path) -> None:
    snoozes = Snoozes(tmp_path / "aside.json")
    snoozes.put("a", snooze())
    assert snoozes.of("a", "warning", NOW) is not None
    assert snoozes.of("a", "info", NOW) is not None
    assert snoozes.of("a", "warning", NOW + 1000) is None
    snoozes.put("a", snooze())
    assert snoozes.of("a", "error", NOW) is None
    assert snoozes.of("a", "warning", NOW) is None, "what came back stays"


def test_snoozes_survive_a_restart_and_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "health" / "aside.json"
    snoozes = Snoozes(path)
    for number in range(MAX_SNOOZES + 5):
        snoozes.put(f"k{number}", snooze(NOW + 1000 + number))
    snoozes.save()
    again = Snoozes(path)
    again.load()
    assert again.of("k0", "warning", NOW) is None
    held = again.of("k204", "warning", NOW)
    assert held is not None
    assert (held.by, held.reason) == ("ann", "the new fan comes on Monday")


def test_a_damaged_file_of_snoozes_tells_everything_again(tmp_path: Path) -> None:
    path = tmp_path / "aside.json"
    bad: list[Any] = ["{", "[]", '{"a": 1}', '{"a": {"until": "x"}}', "\xff"]
    for text in bad:
        path.write_text(text, encoding="latin-1")
        snoozes = Snoozes(path)
        snoozes.load()
        assert snoozes.of("a", "error", NOW) is None
