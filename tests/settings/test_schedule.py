"""The weekly schedule on ordinary days, on both days of daylight saving, on holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.settings.schedule import (
    DAYS,
    KINDS,
    WeekSchedule,
    minutes_of,
    most_important,
    resolve,
)

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = date(2026, 3, 29)  # 02:00 becomes 03:00 at 01:00 UTC
AUTUMN = date(2026, 10, 25)  # 03:00 becomes 02:00 at 01:00 UTC
NIGHT = [{"start": "02:00", "end": "03:00", "kinds": ["motion"]}]


def week(**days: list[dict[str, Any]]) -> WeekSchedule:
    return WeekSchedule.from_values(days)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_weekday_period_holds_from_its_start_to_before_its_end_on_the_wall_clock() -> None:
    schedule = week(monday=[{"start": "06:00", "end": "18:00", "kinds": ["alarm"]}])
    assert schedule.in_force(utc("2026-01-05T04:59:59"), BERLIN) == frozenset()
    assert schedule.in_force(utc("2026-01-05T05:00"), BERLIN) == {"alarm"}
    assert schedule.in_force(utc("2026-01-05T16:59:59"), BERLIN) == {"alarm"}
    assert schedule.in_force(utc("2026-01-05T17:00"), BERLIN) == frozenset()
    assert schedule.in_force(utc("2026-01-06T05:00"), BERLIN) == frozenset()


def test_next_change_goes_on_into_the_next_week() -> None:
    schedule = week(monday=[{"start": "06:00", "end": "18:00", "kinds": ["alarm"]}])
    assert schedule.next_change(utc("2026-01-05T05:00"), BERLIN) == utc("2026-01-05T17:00")
    assert schedule.next_change(utc("2026-01-05T17:00"), BERLIN) == utc("2026-01-12T05:00")


def test_whole_week_of_one_kind_never_changes() -> None:
    assert WeekSchedule.always().next_change(utc("2026-03-28T12:00"), BERLIN) is None
    assert WeekSchedule.always().in_force(utc("2026-03-29T01:00"), BERLIN) == {"general"}


def test_period_inside_the_missing_hour_of_spring_does_not_happen() -> None:
    schedule = week(sunday=NIGHT)
    instant = utc("2026-03-28T20:00")
    while instant < utc("2026-03-30T00:00"):
        assert schedule.in_force(instant, BERLIN) == frozenset()
        instant += timedelta(minutes=10)
    assert schedule.next_change(utc("2026-03-28T20:00"), BERLIN) == utc("2026-04-05T00:00")


def test_period_across_the_missing_hour_of_spring_is_an_hour_shorter() -> None:
    schedule = week(sunday=[{"start": "01:30", "end": "03:30", "kinds": ["motion"]}])
    start = schedule.next_change(utc("2026-03-28T20:00"), BERLIN)
    assert start == utc("2026-03-29T00:30")
    end = schedule.next_change(start, BERLIN)
    assert end == utc("2026-03-29T01:30")


def test_period_that_starts_in_the_missing_hour_starts_with_the_clock_change() -> None:
    schedule = week(sunday=[{"start": "02:30", "end": "04:00", "kinds": ["motion"]}])
    assert schedule.next_change(utc("2026-03-28T20:00"), BERLIN) == utc("2026-03-29T01:00")


def test_period_in_the_repeated_hour_of_autumn_happens_twice_in_one_piece() -> None:
    schedule = week(sunday=NIGHT)
    start = schedule.next_change(utc("2026-10-24T20:00"), BERLIN)
    assert start == utc("2026-10-25T00:00")
    end = schedule.next_change(start, BERLIN)
    assert end == utc("2026-10-25T02:00")


def test_half_of_the_repeated_hour_of_autumn_happens_twice_with_a_break() -> None:
    schedule = week(sunday=[{"start": "02:00", "end": "02:30", "kinds": ["motion"]}])
    changes = []
    instant = utc("2026-10-24T20:00")
    for _number in range(4):
        found = schedule.next_change(instant, BERLIN)
        assert found is not None
        changes.append(found.strftime("%H:%M"))
        instant = found
    assert changes == ["00:00", "00:30", "01:00", "01:30"]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 7), 24)])
def test_whole_day_lasts_as_long_as_the_day(day: date, hours: int) -> None:
    schedule = week(sunday=[{"start": "00:00", "end": "24:00", "kinds": ["general"]}])
    noon_before = datetime.combine(day - timedelta(days=1), datetime.min.time(), BERLIN)
    start = schedule.next_change(noon_before.astimezone(UTC) + timedelta(hours=12), BERLIN)
    assert start is not None
    assert start.astimezone(BERLIN).date() == day
    end = schedule.next_change(start, BERLIN)
    assert end is not None
    assert end - start == timedelta(hours=hours)


def test_day_whose_midnight_does_not_exist_starts_at_the_clock_change() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 2024-04-26 00:00 became 01:00
    schedule = week(friday=[{"start": "00:00", "end": "24:00", "kinds": ["general"]}])
    start = schedule.next_change(utc("2024-04-25T12:00"), cairo)
    assert start == utc("2024-04-25T22:00")
    assert schedule.next_change(start, cairo) == utc("2024-04-26T21:00")


def test_holiday_follows_its_own_set() -> None:
    schedule = week(monday=NIGHT, holiday=[{"start": "10:00", "end": "11:00", "kinds": ["pos"]}])
    holidays = {date(2026, 1, 5)}
    assert schedule.in_force(utc("2026-01-05T01:30"), BERLIN) == {"motion"}
    assert schedule.in_force(utc("2026-01-05T01:30"), BERLIN, holidays) == frozenset()
    assert schedule.next_change(utc("2026-01-05T00:00"), BERLIN, holidays) == utc(
        "2026-01-05T09:00"
    )


def test_overlapping_periods_arm_all_their_kinds_and_the_most_important_is_shown() -> None:
    schedule = week(
        monday=[
            {"start": "00:00", "end": "12:00", "kinds": ["general", "motion"]},
            {"start": "06:00", "end": "24:00", "kinds": ["pos"]},
        ]
    )
    held = schedule.in_force(utc("2026-01-05T08:00"), UTC)
    assert held == {"general", "motion", "pos"}
    assert most_important(held) == "pos"


def test_motion_and_alarm_voids_plain_motion_and_plain_alarm() -> None:
    """D1-RC-07."""
    held = resolve({"motion", "alarm", "motion_and_alarm", "general"})
    assert held == {"motion_and_alarm", "general"}
    assert most_important({"motion", "alarm"}) == "alarm"
    assert most_important(()) is None


@pytest.mark.parametrize("text", ["24:01", "1:00", "00:60", "-1:00", "٠١:٠٠", "", "12:00:00"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time of day"):
        minutes_of(text)


TIMES = st.integers(0, 1440).map(lambda m: f"{m // 60:02}:{m % 60:02}")


@st.composite
def weeks(draw: Any) -> WeekSchedule:
    days: dict[str, Any] = {}
    for day in DAYS:
        periods = []
        for _number in range(draw(st.integers(0, 3))):
            start, end = sorted((draw(TIMES), draw(TIMES)))
            kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
            periods.append({"start": start, "end": end, "kinds": kinds})
        days[day] = periods
    return WeekSchedule.from_values(days)


@settings(max_examples=60, deadline=None, print_blob=True)
@given(
    weeks(),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe"]),
    st.integers(int(utc("2026-01-01").timestamp()), int(utc("2027-01-01").timestamp())),
)
def test_nothing_changes_before_the_next_change(
    schedule: WeekSchedule, zone_name: str, stamp: int
) -> None:
    zone = ZoneInfo(zone_name)
    instant = datetime.fromtimestamp(stamp, UTC)
    now = schedule.in_force(instant, zone)
    change = schedule.next_change(instant, zone)
    end = change or instant + timedelta(days=8)
    if change is not None:
        assert change > instant
        assert schedule.in_force(change, zone) != now
    probe = instant
    while probe < end:
        assert schedule.in_force(probe, zone) == now
        probe += timedelta(minutes=17)
    assert schedule.in_force(end - timedelta(seconds=1), zone) == now
