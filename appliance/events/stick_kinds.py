"""Kinds of events of USB sticks."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def stick_kinds() -> list[EventKind]:
    """Return the kinds; `stick` in their details is what people know it by."""
    return [
        EventKind(
            "stick_plugged",
            _("USB stick"),
            "info",
            _("USB stick {stick} ({gb} GB) is plugged in."),
            _("Eject it on the Backup page before you pull it, so that all of it is written."),
        ),
        EventKind(
            "stick_unreadable",
            _("USB stick unreadable"),
            "warning",
            _("USB stick {stick} cannot be used. {reason}"),
            _("Pull it, format it on a computer as FAT32 or exFAT, and plug it in again."),
        ),
    ]
