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
    told_in_log = event.get("kind") in (AUDITED if channel is None else LOG_ONLY)
    if told_in_log and not access.may(Permission.LOGS):
        return False
    if channel is None:
        return access.may(Permission.STATUS) and access.may(Permission.EVENTS)
    return access.may(Permission.EVENTS, int(channel))


def visible_status(access: Access, status: dict[str, Any]) -> dict[str, Any]:
    """Return the status of the box without what concerns other channels."""
    channels = visible_channels(access, status.get("channels", []))
    if len(channels) == len(status.get("channels", [])):
        return status
    health = status["health"]
    items = [
        item
        for item in health["items"]
        if item.get("what") != "channel" or sees_channel(access, int(item["id"]))
    ]
    if len(items) != len(health["items"]):
        level = max((item["level"] for item in items), key=_LEVELS.index, default="ok")
        sentence = items[0]["text"] if items else _("Everything you look after is all right.")
        health = {"level": level, "sentence": sentence, "items": items}
    return {**status, "channels": channels, "health": health, "events": {}}
