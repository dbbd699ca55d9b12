"""Differences between clocks, and what setting one means for recordings, in words."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from appliance.text import _

NOTICED_S = 1.0
DAY_S = 86_400.0


def difference(seconds: float) -> str:
    """Return a difference in its two largest units, without a sign: "1 d 2 h", "3.2 s"."""
    away = abs(seconds)
    if away < 1.0:
        return _("{n} ms").format(n=round(away * 1000))
    if away < 60.0:
        return _("{n} s").format(n=round(away, 1))
    minutes, rest = divmod(round(away), 60)
    if minutes < 60:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    days, hours = divmod(hours, 24)
    return _("{days} d {hours} h").format(days=days, hours=hours)


def shown(utc_s: float, zone: str) -> str:
    """Return an instant as the log shows it: date, time and offset of the box's zone."""
    at = datetime.fromtimestamp(round(utc_s), ZoneInfo(zone))
    return at.isoformat(" ", "seconds")


def meaning(now_s: float, wanted_s: float, zone: str, *, recording: int) -> list[str]:
    """Return what setting the clock from `now_s` to `wanted_s` (UTC) means (D2-SY-20)."""
    away = wanted_s - now_s
    if abs(away) < NOTICED_S:
        return [_("The clock hardly changes; recordings go on as they are.")]
    told = []
    if recording and away > 0:
        text = _("Recordings show a gap of {length}: from {start} to {end} there is none.")
        start, end = shown(now_s, zone), shown(wanted_s, zone)
        told.append(text.format(length=difference(away), start=start, end=end))
    if recording and away < 0:
        text = _(
            "Recordings overlap for {length}: from {start} to {end} there are two, one after the "
            "other."
        )
        start, end = shown(wanted_s, zone), shown(now_s, zone)
        told.append(text.format(length=difference(away), start=start, end=end))
    if not recording:
        told.append(_("No camera is being recorded, so no recording is cut."))
    if abs(away) > DAY_S:
        told.append(
            _(
                "Nothing is deleted by age until somebody accepts the new time on the page Status: "
                "it is more than a day from what it was."
            )
        )
    told.append(_("Schedules, sessions and certificates follow the new time at once."))
    return told
