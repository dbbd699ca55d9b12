"""When the recorder restarts by itself: pure functions of the settings and the clock (D2-MT-30)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from appliance.settings.schedule import WEEKDAYS, minutes_of

ANNOUNCED = timedelta(minutes=5)


def next_due(values: Mapping[str, Any], zone: str, now: datetime) -> datetime | None:
    """Return the first planned instant at or after `now` (UTC), None without a plan.

    `values`: the page `restart`.  A wall-clock time that DST skips happens as much later, one that
    comes twice happens the first time.
    """
    if not values["automatic"]:
        return None
    minutes = minutes_of(values["at"])
    where = ZoneInfo(zone)
    today = now.astimezone(where).date()
    for ahead in range(-1, 9):
        day = today + timedelta(days=ahead)
        if values["day"] not in ("every", WEEKDAYS[day.weekday()]):
            continue
        wall = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=where)
        due = wall.astimezone(UTC)
        if due >= now:
            return due
    return None


def due_now(
    values: Mapping[str, Any], zone: str, now: datetime, settled: datetime | None
) -> datetime | None:
    """Return the planned instant whose time has come and whose patience has not run out.

    `settled`: the last planned instant that was dealt with (done, left out); never told again.
    """
    patience = timedelta(minutes=values["patience_min"]) + timedelta(minutes=1)
    due = next_due(values, zone, now - patience)
    if due is None or due > now or (settled is not None and due <= settled):
        return None
    return due
