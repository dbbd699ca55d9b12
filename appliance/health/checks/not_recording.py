"""Channels that send pictures and are not recorded, each reason once (D2-FQ-05)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.bus.messages import Severity
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import labels_of, numbers_of, taken_by_volumes, unrecorded
from appliance.text import _


class NotRecording(Check):
    """Fires for each reason; where a volume is the reason, the finding about it says so."""

    slug = "not_recording"
    title = _("Channel is not recorded")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports."""
        taken = taken_by_volumes(facts)
        for (code, reason), channels in unrecorded(facts.channels).items():
            if (code, reason) in taken:
                continue
            faults = [channel.get("not_recording") for channel in channels]
            level: Severity = "warning" if code == "starting" else "error"
            yield Finding(
                code,
                level,
                _("{channel}: {reason}").format(channel=labels_of(channels), reason=reason),
                "channel",
                channels[0].get("id") if len(channels) == 1 else None,
                since=min((fault["since"] for fault in faults if fault), default=None),
                channels=numbers_of(channels),
                plain=reason,
                told=True,
            )
