"""Memory of the computer that is nearly used up."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

LITTLE_MEMORY = 0.05


class MemoryLow(Check):
    """Fires below a twentieth."""

    slug = "memory_low"
    title = _("Memory nearly used up")
    interval_s = 5.0
    raise_s = 15.0
    clear_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the computer."""
        host = facts.host
        if host is not None and host["memory_available"] < host["memory_total"] * LITTLE_MEMORY:
            text = _("Memory is nearly used up: {free} MB are left.").format(
                free=host["memory_available"] >> 20
            )
            yield Finding("memory", "warning", text, "host")
