"""Ways out of the box that fail: log server, call to who watches, mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import told_by
from appliance.text import _

KIND = "delivery_failed"


class Outlets(Check):
    """Fires for each of which the courier tells that nothing arrives."""

    slug = "outlets"
    title = _("Messages cannot be delivered")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the events of the courier that last."""
        for event in facts.events:
            if event.kind != KIND:
                continue
            todo = _("Check its address and the network; what waits is sent later.")
            outlet = str(event.details.get("outlet") or "")
            yield replace(told_by(event, "network", todo), code="outlet_failing", id=outlet)
