"""Leaving out of shared answers what concerns channels a person may not see."""

from __future__ import annotations

from typing import Any

from appliance.accounts.permission import Permission
from appliance.events.log_types import AUDITED, LOG_ONLY
from appliance.text import _
from appliance.web.routing import Access

_LEVELS = ("ok", "info", "warning", "error")


def sees_channel(access: Access, number: int) -> bool:
    """Whether the channel exists for this person: they may see it live or played back."""
    return access.may(Permission.LIVE, number) or access.may(Permission.PLAYBACK, number)


def visible_channels(access: Access, channels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the channels this person may see."""
    return [channel for channel in channels if sees_channel(access, int(channel["id"]))]


def sees_event(access: Access, event: dict[str, Any]) -> bool:
    """Whether this person may know of an event: of a channel of theirs, or of the box itself.

    What people did at the box, and what is in the log alone, is for whoever may read the log.
    """
    channel = event.get("channel")
    if channel is None:
        reads = access.channels_of(Permission.LOGS) is None
        if event.get("kind") in AUDITED and not reads:
            return False
        return access.may(Permission.STATUS) and access.may(Permission.EVENTS)
    if event.get("kind") in LOG_ONLY and not access.may(Permission.LOGS, int(channel)):
        return False
    return access.may(Permission.EVENTS, int(channel))


def visible_status(access: Access, status: dict[str, Any]) -> dict[str, Any]:
    """Return the status of the box without what concerns other channels."""
    channels = visible_channels(access, status.get("channels", []))
    if len(channels) == len(status.get("channels", [])):
        return status
    health = visible_health(access, status["health"])
    return {**status, "channels": channels, "health": health, "events": {}}


def visible_health(access: Access, health: dict[str, Any]) -> dict[str, Any]:
    """Return the health of the box without what concerns other channels.

    What is told of several channels at once is told without their names to who sees some of them.
    """
    every = (*health["items"], *health["aside"])
    shown = {item["finding"]: _visible_item(access, item) for item in every}
    if all(shown[item["finding"]] is item for item in every):
        return health
    items, aside = (
        [found for item in health[part] if (found := shown[item["finding"]]) is not None]
        for part in ("items", "aside")
    )
    level = max((item["level"] for item in items), key=_LEVELS.index, default="ok")
    level = "ok" if level == "info" else level
    wrong = [item for item in items if item["level"] != "info"]
    sentence = wrong[0]["text"] if wrong else _("Everything you look after is all right.")
    return {"level": level, "sentence": sentence, "items": items, "aside": aside}


def _visible_item(access: Access, item: dict[str, Any]) -> dict[str, Any] | None:
    seen = [number for number in item["channels"] if sees_channel(access, int(number))]
    if len(seen) == len(item["channels"]):
        return item
    if not item["plain"] or (item["what"] == "channel" and not seen):
        return None
    return {**item, "channels": seen, "text": item["plain"]}


def sees_places(access: Access) -> bool:
    """Whether sticks and folders exist for this person: they may export or play back something."""
    return access.may(Permission.DOWNLOAD) or access.may(Permission.PLAYBACK)
