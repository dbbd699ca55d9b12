"""A channel that nobody lets record: told, and no fault."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import label_of
from appliance.text import _


class CameraMode(Check):
    """Fires for channels in use whose mode is Off."""

    slug = "camera_mode"
    title = _("Channel is not recorded by choice")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the modes."""
        for channel in facts.channels:
            if channel.get("enabled") and channel.get("mode") == "off":
                text = _("{channel} is not recorded: its mode is Off.")
                number = channel.get("id") or 0
                words = text.format(channel=label_of(channel))
                yield Finding("mode_off", "info", words, "channel", number, channels=(number,))
