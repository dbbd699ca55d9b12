"""What would be better at a camera: a smart codec, a long GOP (pain 11)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import label_of
from appliance.text import _


class CameraAdvice(Check):
    """Fires for each stream whose recorder has an advice."""

    slug = "camera_advice"
    title = _("Advice for a camera")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports."""
        for channel in facts.channels:
            number = channel.get("id") or 0
            for name, stream in (channel.get("streams") or {}).items():
                advice = stream.get("advice") if channel.get("enabled") else None
                if not advice:
                    continue
                yield Finding(
                    advice["code"],
                    "info",
                    _("{channel}: {reason}").format(
                        channel=label_of(channel), reason=advice["text"]
                    ),
                    "channel",
                    number,
                    since=advice.get("since"),
                    channels=(number,),
                    subject=name,
                )
