"""Distorted pictures: packets are lost on the way (D2-FQ-06)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import label_of
from appliance.text import _

NOTICEABLE_LOSS = 0.001


class CameraDamage(Check):
    """Fires for each stream that lost a thousandth and showed it, over the last minute."""

    slug = "camera_damage"
    title = _("Picture damaged on the way")
    interval_s = 5.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the losses of the last minute."""
        for channel in facts.channels:
            if not channel.get("enabled"):
                continue
            number = channel.get("id") or 0
            for stream in channel.get("streams") or {}:
                lost, damaged = facts.damage(number, stream)
                if lost < NOTICEABLE_LOSS or not damaged:
                    continue
                text = _(
                    "{channel}: the picture of the {stream} stream is damaged, {percent} % of it "
                    "is lost on the way. Check cable and switch, or choose TCP."
                ).format(channel=label_of(channel), stream=stream, percent=f"{lost * 100:.1f}")
                yield Finding(
                    "damaged",
                    "warning",
                    text,
                    "channel",
                    number,
                    channels=(number,),
                    subject=stream,
                    told=True,
                )
