"""Passwords of accounts that are older than the settings want them to be (N1.5)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

DAY_S = 86_400
NAMES = 5


class AccountPassword(Check):
    """Fires once, with the names; never unless a reminder is set on the Passwords page."""

    slug = "account_password"
    title = _("Old password")
    interval_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at when passwords were set."""
        accounts = facts.accounts
        if accounts is None:
            return
        if accounts.damaged:
            text = _("The file of accounts is damaged, nobody can sign in. Recording goes on.")
            todo = _("Restore the file from a backup, or reset the accounts at the box.")
            yield Finding("accounts_damaged", "error", text, "account", todo=todo)
        if not accounts.renew_days:
            return
        limit = facts.now / 1000 - accounts.renew_days * DAY_S
        old = sorted(name for name, changed in accounts.passwords.items() if changed < limit)
        if not old:
            return
        names = ", ".join(old[:NAMES])
        text = (
            _("The password of {names} is older than {days} days.")
            if len(old) <= NAMES
            else _("The passwords of {names} and {more} more are older than {days} days.")
        )
        words = text.format(names=names, more=len(old) - NAMES, days=accounts.renew_days)
        todo = _("Whoever it belongs to can change it in the menu of their name.")
        yield Finding("password_old", "warning", words, "account", todo=todo)
