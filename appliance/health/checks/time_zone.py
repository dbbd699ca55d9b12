"""A time zone that nobody has chosen (D1-IZ-01)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class TimeZone(Check):
    """Fires where the zone is UTC and nobody has said that it is meant to be."""

    slug = "time_zone"
    title = _("Time zone not chosen")
    interval_s = 5.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the settings and at how far the set-up is."""
        setup = facts.setup
        if setup is None or setup.zone_chosen or setup.zone != "UTC":
            return
        text = _("Nobody has chosen a time zone yet: times are shown in UTC.")
        todo = _("Choose the zone in which the recorder stands; schedules follow it.")
        yield Finding("zone_unset", "info", text, "settings", todo=todo)
