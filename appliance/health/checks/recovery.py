"""No way back in should the password of admin be lost (D1-IZ-06, D2-AC-10)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class Recovery(Check):
    """Fires where neither a recovery file nor questions are there, unless that was switched off."""

    slug = "recovery"
    title = _("No way back in without the password")
    interval_s = 10.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the ways there are."""
        accounts = facts.accounts
        if accounts is None or not accounts.initialised or not accounts.recovery:
            return
        if accounts.file or accounts.questions:
            return
        text = _("Should the password of admin be lost, there is no way to set another one.")
        todo = _("Save a recovery file, or set security questions.")
        yield Finding("no_recovery", "info", text, "account", todo=todo)
