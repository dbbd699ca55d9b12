"""When a zone changes its offset next: the rules of the IANA database (D2-SY-23)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.settings.schedule import offset_changes

AHEAD = timedelta(days=400)


def next_changes(zone: str, now: datetime, most: int = 2) -> list[datetime]:
    """Return the instants (UTC) of the next changes within 400 days; [] where there is none."""
    found = offset_changes(now.astimezone(UTC), now.astimezone(UTC) + AHEAD, ZoneInfo(zone))
    return found[:most]
