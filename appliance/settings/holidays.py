"""Which days are holidays, as a pure function of the records on the page Holidays (D2-SY-30).

Imports nothing but the standard library, so that any process may use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

LAST = 5
"""As a number of a week: the last one of the month."""


class Holidays:
    """Tells of any day whether one of the records in use makes it a holiday.

    A record says its days in one of three ways, first and last included:

    - ``date``: ``first`` to ``last`` (ISO dates), once
    - ``month``: days of months, each year; 29 February is one in leap years only
    - ``week``: weekdays by their number in a month (5: the last), each year

    Those of each year may go over the end of a year.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]] = ()) -> None:
        self._records = [dict(record) for record in records if record.get("enabled")]

    def __contains__(self, day: object) -> bool:
        """Return whether `day`, a date of the box's zone, is a holiday."""
        return isinstance(day, date) and any(_covers(record, day) for record in self._records)

    def __eq__(self, other: object) -> bool:
        """Two are the same where their records are."""
        return isinstance(other, Holidays) and self._records == other._records

    __hash__ = None  # type: ignore[assignment]


def nth_weekday(year: int, month: int, number: int, weekday: int) -> date:
    """Return the `number`-th (1 to 4, 5: the last) `weekday` (Monday is 0) of a month."""
    if number < LAST:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
    end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return end - timedelta(days=(end.weekday() - weekday) % 7)


def _covers(record: Mapping[str, Any], day: date) -> bool:
    kind = record["kind"]
    if kind == "date":
        first, last = record["first"], record["last"]
        return bool(first) and first <= day.isoformat() <= (last or first)
    if kind == "month":
        start = (record["start_month"], record["start_day"])
        end = (record["end_month"], record["end_day"])
        return _within(start, (day.month, day.day), end)
    start_day, end_day = (
        nth_weekday(
            day.year, record[f"{side}_month"], record[f"{side}_week"], record[f"{side}_weekday"]
        )
        for side in ("start", "end")
    )
    return _within(start_day, day, end_day)


def _within(start: Any, day: Any, end: Any) -> bool:
    """Whether `day` lies between two of a year, or outside of them where they go over its end."""
    inside: bool = start <= day <= end if start <= end else day >= start or day <= end
    return inside
