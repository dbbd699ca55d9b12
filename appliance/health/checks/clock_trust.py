"""A clock that jumped: nothing is deleted by age until a person trusts it again (D2-ST-03)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class ClockTrust(Check):
    """Fires for each volume on which deleting by age is paused."""

    slug = "clock_trust"
    title = _("Clock not trusted")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports of their volumes."""
        for volume in facts.volumes:
            paused = volume.get("expiry_paused")
            if not paused:
                continue
            yield Finding(
                paused["code"],
                "warning",
                paused["text"],
                "volume",
                volume.get("name") or volume.get("path"),
                todo=_("Look at date and time. If they are right, accept them."),
                since=paused.get("since"),
                told=True,
                fixes=("accept_clock",),
            )
