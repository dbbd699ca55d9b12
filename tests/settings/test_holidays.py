"""Holidays: dates, days of months, weekdays of months; schedule and recorder follow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from appliance.recording.config import recorder_config
from appliance.settings.holidays import Holidays, nth_weekday
from appliance.settings.mend import check
from appliance.settings.pages.holidays import Holiday
from appliance.settings.problems import SettingsError
from appliance.settings.registry import PAGES
from appliance.settings.schedule import WeekSchedule

BERLIN = ZoneInfo("Europe/Berlin")


def holidays(**values: Any) -> Holidays:
    fields, problems = check(Holiday, {"id": 1, **values})
    assert fields is not None, problems
    return Holidays([fields.model_dump()])


def days(found: Holidays, year: int) -> list[str]:
    first = date(year, 1, 1)
    every = (first + timedelta(days=n) for n in range(366))
    return [day.isoformat() for day in every if day.year == year and day in found]


def test_dates_happen_once_with_first_and_last_day() -> None:
    found = holidays(kind="date", first="2026-12-30", last="2027-01-01")
    assert days(found, 2026) == ["2026-12-30", "2026-12-31"]
    assert days(found, 2027) == ["2027-01-01"]
    assert days(found, 2028) == []
    assert days(holidays(kind="date", first="2026-05-01"), 2026) == ["2026-05-01"]


def test_days_of_months_come_each_year_also_over_its_end() -> None:
    found = holidays(kind="month", start_month=12, start_day=31, end_month=1, end_day=1)
    assert days(found, 2026) == ["2026-01-01", "2026-12-31"]
    assert days(found, 2031) == ["2031-01-01", "2031-12-31"]


def test_leap_day_is_a_holiday_in_leap_years_only() -> None:
    found = holidays(kind="month", start_month=2, start_day=29, end_month=2, end_day=29)
    assert days(found, 2027) == []
    assert days(found, 2028) == ["2028-02-29"]


def test_weekdays_are_counted_in_their_month_the_last_from_its_end() -> None:
    last_monday = {"start_month": 5, "start_week": 5, "end_month": 5, "end_week": 5}
    assert days(holidays(kind="week", **last_monday), 2026) == ["2026-05-25"]
    thanksgiving = {
        "start_month": 11, "start_week": 4, "start_weekday": 3,
        "end_month": 11, "end_week": 4, "end_weekday": 3,
    }  # fmt: skip
    assert days(holidays(kind="week", **thanksgiving), 2026) == ["2026-11-26"]
    assert nth_weekday(2026, 12, 5, 0) == date(2026, 12, 28)


def test_holiday_out_of_use_is_none() -> None:
    assert days(holidays(kind="date", first="2026-05-01", enabled=False), 2026) == []


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"kind": "date"}, "first"),
        ({"kind": "date", "first": "2026-02-30"}, "first"),
        ({"kind": "date", "first": "2026-05-02", "last": "2026-05-01"}, "last"),
        ({"kind": "month", "start_month": 4, "start_day": 31}, "start_day"),
        ({"kind": "month", "start_month": 13, "start_day": 1}, "start_month"),
        ({"kind": "week", "end_week": 6}, "end_week"),
    ],
)
def test_senseless_record_is_refused_at_the_field(values: dict[str, Any], path: str) -> None:
    fields, problems = check(Holiday, {"id": 1, **values})
    assert fields is None
    assert path in {problem.path[0] for problem in problems}


def test_schedule_follows_its_holiday_row_on_that_day_of_the_box_zone() -> None:
    week = WeekSchedule.from_values(
        {
            "friday": [{"start": "00:00", "end": "24:00", "kinds": ["motion"]}],
            "holiday": [{"start": "00:00", "end": "24:00", "kinds": ["general"]}],
        }
    )
    found = holidays(kind="date", first="2026-05-01")
    midnight = datetime(2026, 4, 30, 22, tzinfo=UTC)  # 1 May begins in Berlin
    assert week.in_force(midnight, BERLIN, found) == {"general"}
    assert week.in_force(midnight - timedelta(minutes=1), BERLIN, found) == frozenset()
    assert week.next_change(midnight - timedelta(days=3), BERLIN, found) == midnight
    assert week.in_force(midnight, BERLIN) == {"motion"}


def test_recorder_takes_the_holidays_of_the_page(filled: Any) -> None:
    store = filled.open()
    store.add("holidays", {"name": "May", "kind": "date", "first": "2026-05-01"})
    pages = {name: store.read(name)["values"] for name in PAGES}
    config = recorder_config(pages, {}, group=1, group_size=8)
    assert all(date(2026, 5, 1) in channel.holidays for channel in config.channels)
    assert all(date(2026, 5, 2) not in channel.holidays for channel in config.channels)


def test_holiday_without_a_day_is_not_added(filled: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        filled.open().add("holidays", {"name": "May"})
    assert [problem.path for problem in caught.value.fields] == [("first",)]
