"""A log that somebody changed: its entries do not follow each other."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class LogChain(Check):
    """Fires after a look at the whole chain, once a day, found a break."""

    slug = "log_chain"
    title = _("Log was changed")
    interval_s = 10.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the last verdict."""
        if facts.log is None or not facts.log.broken:
            return
        text = (
            _("The log of what people did is broken in one place.")
            if facts.log.broken == 1
            else _("The log of what people did is broken in {count} places.")
        ).format(count=facts.log.broken)
        todo = _("The Log page shows where. Save it, then clear it to begin a new one.")
        yield Finding("log_broken", "error", text, "log", todo=todo)
