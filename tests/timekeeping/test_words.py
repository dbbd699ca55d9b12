"""What setting the clock means, said first; when a zone changes next."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.timekeeping.words import difference, meaning
from appliance.timekeeping.zone import next_changes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0 ms"), (-0.25, "250 ms"), (3.21, "3.2 s"), (90, "1 min 30 s"),
     (-3660, "1 h 1 min"), (86_400, "1 d 0 h"), (100_000, "1 d 3 h")],
)  # fmt: skip
def test_differences_are_said_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert difference(seconds) == text


def test_forward_is_a_gap_backward_an_overlap_and_a_day_stops_deleting() -> None:
    forward = " ".join(meaning(NOON, NOON + 600, "Europe/Berlin", recording=2))
    assert "gap of 10 min 0 s" in forward
    assert "2026-11-21 13:00:00+01:00" in forward and "deleted" not in forward
    back = " ".join(meaning(NOON, NOON - 600, "UTC", recording=2))
    assert "overlap for 10 min 0 s" in back
    assert "deleted by age" in " ".join(meaning(NOON, NOON - 90_000, "UTC", recording=1))
    nobody = " ".join(meaning(NOON, NOON + 600, "UTC", recording=0))
    assert "gap" not in nobody and "No camera" in nobody
    assert len(meaning(NOON, NOON + 0.2, "UTC", recording=1)) == 1


def test_the_next_changes_are_those_of_the_zone() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert next_changes("Europe/Berlin", now) == [
        datetime(2027, 3, 28, 1, tzinfo=UTC),
        datetime(2027, 10, 31, 1, tzinfo=UTC),
    ]
    assert next_changes("Asia/Tokyo", now) == []
    assert next_changes("Europe/Berlin", datetime(2027, 3, 28, 1, tzinfo=UTC))[0].month == 10
