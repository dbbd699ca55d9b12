"""Ways out of the box that fail: log server, ping, mail."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class Outlets(Check):
    """Fires for each that has failed for two minutes."""

    slug = "outlets"
    title = _("Messages cannot be delivered")
    interval_s = 5.0
    raise_s = 120.0
    clear_s = 5.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at what the courier tells."""
        for outlet in facts.outlets:
            if not outlet.failure:
                continue
            text = _("{name} cannot be reached: {reason}").format(
                name=outlet.name, reason=outlet.failure
            )
            todo = _("Check its address and the network; what waits is sent later.")
            yield Finding(
                "outlet_failing",
                "warning",
                text,
                "network",
                outlet.name,
                todo=todo,
                since=outlet.since,
            )
