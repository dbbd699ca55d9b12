"""When an account may sign in and stay: not while blocked, only within its period (D2-AC-03)."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.accounts.model import Account
from appliance.settings.schedule import PERIODS_PER_DAY, WEEKDAYS, WeekSchedule, minutes_of
from appliance.text import _

KIND = "sign_in"
"""What the periods of an account's week are of, in place of a record kind."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an account may not sign in now, in a stable code and in words."""

    code: str
    text: str


def refusal(account: Account, utc_s: float, zone: str) -> Refusal | None:
    """Return why `account` may not be signed in at `utc_s` (UTC seconds), None if it may."""
    tz = _zone(zone)
    if account.blocked_until_utc_s > utc_s:
        until = datetime.datetime.fromtimestamp(account.blocked_until_utc_s, tz)
        text = _("This account is blocked until {until} ({zone}).")
        return Refusal("blocked", text.format(until=_words(until), zone=zone))
    if account.period is None:
        return None
    week = WeekSchedule.from_values(account.period)
    now = datetime.datetime.fromtimestamp(utc_s, datetime.UTC)
    if KIND in week.in_force(now, tz):
        return None
    opens = week.next_change(now, tz)
    if opens is None:
        return Refusal("outside_period", _("This account has no time at which it may sign in."))
    text = _("This account may sign in at set times only, next from {start} ({zone}).")
    return Refusal("outside_period", text.format(start=_words(opens.astimezone(tz)), zone=zone))


def read_period(value: Any) -> tuple[Mapping[str, Any] | None, list[tuple[str, str]]]:
    """Return the week of a JSON value as it is stored, and what is wrong: (path, text).

    A week is {monday: [{start: "HH:MM", end: "HH:MM"}], ...}; days left out have no period.
    """
    if value is None:
        return None, []
    if not isinstance(value, dict):
        return None, [("", _("Must be a week of periods."))]
    wrong = [(str(day), _("There is no such day.")) for day in value if day not in WEEKDAYS]
    week: dict[str, Any] = {}
    for day in WEEKDAYS:
        periods = value.get(day, [])
        if not isinstance(periods, list) or len(periods) > PERIODS_PER_DAY:
            text = _("Must be at most {most} periods.").format(most=PERIODS_PER_DAY)
            wrong.append((day, text))
            continue
        week[day] = []
        for number, period in enumerate(periods):
            try:
                start, end = minutes_of(period["start"]), minutes_of(period["end"])
            except (KeyError, TypeError, ValueError):
                start = end = 0
            if start >= end:
                text = _("Must be a start and a later end from 00:00 to 24:00.")
                wrong.append((f"{day}.{number}", text))
                continue
            week[day].append({"start": period["start"], "end": period["end"], "kinds": [KIND]})
    if not wrong and not any(week.values()):
        wrong.append(("", _("Leave at least one period in which the account may sign in.")))
    return week, wrong


def _zone(name: str) -> datetime.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC


def _words(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")
