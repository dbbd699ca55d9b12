"""A processor that is too hot."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

HOT_C = 85.0


class Heat(Check):
    """Fires above 85 degrees Celsius; sensors of the board have limits and events of their own."""

    slug = "heat"
    title = _("Processor too hot")
    interval_s = 5.0
    raise_s = 15.0
    clear_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the processor's own sensor."""
        heat = facts.host["temperature_c"] if facts.host else None
        if heat is not None and heat >= HOT_C:
            text = _("The processor is at {heat} °C. Check fan and air flow.")
            yield Finding("hot", "warning", text.format(heat=round(heat)), "host")
