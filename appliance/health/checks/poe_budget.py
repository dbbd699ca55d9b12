"""PoE power that is nearly all given away."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

TIGHT = 0.95


class PoeBudget(Check):
    """Fires where 95 % of the budget is booked; a port that is refused is told by its event."""

    slug = "poe_budget"
    title = _("PoE power is tight")
    interval_s = 5.0
    raise_s = 30.0
    clear_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the budget."""
        poe = facts.poe
        if poe is None or poe.budget_w <= 0:
            return
        booked, budget = poe.booked_w, poe.budget_w
        if booked < budget * TIGHT:
            return
        text = _("PoE power is nearly given away: {booked} of {budget} W.").format(
            booked=round(booked), budget=round(budget)
        )
        todo = _("A further camera may get no power. Give limits or priorities to the ports.")
        yield Finding("poe_tight", "info", text, "board", todo=todo)
