"""What becomes of tags, as events: who renamed and deleted them, and which went with footage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from appliance.events.book import EventBook
from appliance.events.tags import Tag
from appliance.text import _

MAX_NAMED = 12
"""Tags that one event names; twelve of 64 characters and their times fit into a sentence."""


class TagAudit:
    """Raises the events; `by` is who did it: "anna@192.168.1.20"."""

    def __init__(self, events: EventBook) -> None:
        self._events = events

    def renamed(self, before: Tag, after: Tag, by: str) -> None:
        """Note another name."""
        if before.name != after.name:
            details = {"by": by, "old": before.name, "new": after.name, "at": _when(after)}
            self._events.raise_event("tag_renamed", channel=after.channel, details=details)

    def deleted(self, tags: Iterable[Tag], by: str) -> None:
        """Note tags that somebody deleted, as they were before; one event for each channel."""
        for channel, names in _by_channel(tags).items():
            details = {"by": by, "tags": names}
            self._events.raise_event("tags_deleted", channel=channel, details=details)

    def removed(self, tags: Iterable[Tag]) -> None:
        """Note tags that went with their footage; one event for each channel."""
        for channel, names in _by_channel(tags).items():
            self._events.raise_event("tags_removed", channel=channel, details={"tags": names})


def _by_channel(tags: Iterable[Tag]) -> dict[int, str]:
    groups: dict[int, list[Tag]] = {}
    for tag in tags:
        groups.setdefault(tag.channel, []).append(tag)
    return {channel: _named(group) for channel, group in sorted(groups.items())}


def _named(tags: Sequence[Tag]) -> str:
    told = [f"“{tag.name}” ({_when(tag)})" for tag in tags[:MAX_NAMED]]
    if len(tags) > MAX_NAMED:
        told.append(_("{count} more").format(count=len(tags) - MAX_NAMED))
    return ", ".join(told)


def _when(tag: Tag) -> str:
    try:
        return datetime.fromtimestamp(tag.at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return str(tag.at_ms)
