"""The weekly schedule as a pure function: which record kinds are armed at an instant, until when.

Periods are times on the wall clock of the box's zone.  On the day with 23 hours a period inside
the missing hour does not happen; on the day with 25 hours a period in the repeated hour happens
twice.  Imports nothing but the standard library, so that any process may use it.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = (*WEEKDAYS, "holiday")
"""Sets of periods of a week, as named in the settings; Monday is day 0 of `date.weekday()`."""

PERIODS_PER_DAY = 8
"""Most periods of one day (D1-RC-09 asks for six)."""

KINDS = ("motion_and_alarm", "alarm", "pos", "intelligent", "motion", "general")
"""Record kinds, the most important first (D1-RC-06, D1-RC-07)."""

HORIZON_DAYS = 8
"""How far ahead a change is looked for: a week and the day it began in."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A period of a day in minutes since midnight (`end` <= 1440, exclusive) and its kinds."""

    start: int
    end: int
    kinds: frozenset[str]


def minutes_of(text: str) -> int:
    """Return the minutes since midnight of "HH:MM" (00:00 to 24:00); raise ValueError."""
    hours, colon, minutes = text.partition(":")
    if len(text) != 5 or not colon or not (hours + minutes).isdecimal() or not text.isascii():
        raise ValueError(f"{text!r} is not a time of day")
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 1440:
        raise ValueError(f"{text!r} is not a time of day")
    return total


def resolve(kinds: Collection[str]) -> frozenset[str]:
    """Return the kinds that hold of those armed at once.

    With motion-and-alarm armed, plain motion and plain alarm are void (D1-RC-07).
    """
    held = frozenset(kinds)
    return held - {"motion", "alarm"} if "motion_and_alarm" in held else held


def most_important(kinds: Collection[str]) -> str | None:
    """Return the kind that is shown where several hold (D1-RC-07), None for none."""
    return next((kind for kind in KINDS if kind in kinds), None)


class WeekSchedule:
    """The periods of one channel, day by day."""

    def __init__(self, days: Mapping[str, Sequence[Armed]]) -> None:
        self._days = {day: tuple(days.get(day, ())) for day in DAYS}

    @classmethod
    def from_values(cls, week: Mapping[str, Any]) -> WeekSchedule:
        """Build from the value of the record page's field `week`; raise ValueError if malformed."""
        days: dict[str, list[Armed]] = {}
        for day in DAYS:
            days[day] = [
                Armed(
                    minutes_of(period["start"]),
                    minutes_of(period["end"]),
                    frozenset(period["kinds"]),
                )
                for period in week.get(day, ())
            ]
        return cls(days)

    @classmethod
    def always(cls) -> WeekSchedule:
        """General recording at all times: what holds until the settings have been read."""
        return cls({day: (Armed(0, 1440, frozenset({"general"})),) for day in DAYS})

    def in_force(
        self, utc: datetime, zone: tzinfo, holidays: Container[date] = ()
    ) -> frozenset[str]:
        """Return the kinds armed at `utc` (aware) where the wall clock shows `zone`."""
        local = utc.astimezone(zone)
        minute = local.hour * 60 + local.minute
        found: set[str] = set()
        for period in self._periods(local.date(), holidays):
            if period.start <= minute < period.end:
                found |= period.kinds
        return resolve(found)

    def next_change(
        self, utc: datetime, zone: tzinfo, holidays: Container[date] = ()
    ) -> datetime | None:
        """Return the first instant after `utc` (aware) at which other kinds are armed, in UTC.

        None: none within 8 days; ask again then, or when settings or holidays change.
        """
        utc = utc.astimezone(UTC)
        now = self.in_force(utc, zone, holidays)
        for instant in self._boundaries(utc, zone, holidays):
            if instant > utc and self.in_force(instant, zone, holidays) != now:
                return instant
        return None

    def _periods(self, day: date, holidays: Container[date]) -> tuple[Armed, ...]:
        return self._days["holiday" if day in holidays else WEEKDAYS[day.weekday()]]

    def _boundaries(
        self, utc: datetime, zone: tzinfo, holidays: Container[date]
    ) -> Iterator[datetime]:
        """Yield, in order, every instant from `utc` on at which anything might change."""
        for start, end in _stretches(utc, utc + timedelta(days=HORIZON_DAYS), zone):
            yield start
            first = start.astimezone(zone).replace(tzinfo=None)
            last = first + (end - start)
            day = first.date()
            while datetime.combine(day, datetime.min.time()) < last:
                midnight = datetime.combine(day, datetime.min.time())
                minutes = {0}
                for period in self._periods(day, holidays):
                    minutes |= {period.start, period.end}
                for minute in sorted(minutes):
                    local = midnight + timedelta(minutes=minute)
                    if first < local < last:
                        yield start + (local - first)
                day += timedelta(days=1)


def _stretches(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span of UTC where the zone's offset changes: inside, the wall clock runs evenly."""
    while start < end:
        offset = start.astimezone(zone).utcoffset()
        step = start
        while step < end and step.astimezone(zone).utcoffset() == offset:
            step = min(step + timedelta(hours=12), end)
        if step.astimezone(zone).utcoffset() == offset:
            yield start, end
            return
        low, high = max(start, step - timedelta(hours=12)), step
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            if middle.astimezone(zone).utcoffset() == offset:
                low = middle
            else:
                high = middle
        change = high.replace(microsecond=0)
        yield start, change
        start = change


def offset_changes(start: datetime, end: datetime, zone: tzinfo) -> list[datetime]:
    """Return the instants in (start, end) at which the zone's offset changes, in UTC."""
    return [begin for begin, _end in _stretches(start, end, zone) if begin > start]
