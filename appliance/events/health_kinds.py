"""Kinds of events of the health of the box: findings that no other event tells, what was done."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def health_kinds() -> list[EventKind]:
    """Return the kinds; `finding` in their details is the sentence of the finding."""
    return [
        EventKind(
            "health_error",
            _("Fault of the recorder"),
            "error",
            "{finding}",
            _("The Status page says what to do about it."),
        ),
        EventKind(
            "health_warning",
            _("The recorder needs attention"),
            "warning",
            "{finding}",
            _("The Status page says what to do about it."),
        ),
        EventKind(
            "health_fixed",
            _("Fault attended to"),
            "info",
            _("{actor} chose “{fix}” for: {finding}"),
            _("Who pressed which button at a finding of the Status page."),
            has_end=False,
        ),
        EventKind(
            "health_snoozed",
            _("Finding put aside"),
            "info",
            _("{actor} put aside for {hours} hours: {finding} Reason: {reason}"),
            _("It is not counted until then, unless it gets worse."),
            has_end=False,
        ),
        EventKind(
            "health_woken",
            _("Finding counted again"),
            "info",
            _("{actor} no longer puts aside: {finding}"),
            _("It is told again like any other."),
            has_end=False,
        ),
    ]
