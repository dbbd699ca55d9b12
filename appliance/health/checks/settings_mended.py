"""Settings that were damaged and mended from the last good copy."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

NAMED = 3


class SettingsMended(Check):
    """Fires until a person says that they have looked."""

    slug = "settings_mended"
    title = _("Settings were mended")
    interval_s = 5.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at what was mended at the start."""
        if not facts.mended:
            return
        named = " ".join(facts.mended[:NAMED])
        rest = len(facts.mended) - NAMED
        text = _("The settings were damaged and have been mended. {named}").format(named=named)
        if rest > 0:
            text = _(
                "The settings were damaged and have been mended. {named} The log names {count} "
                "more."
            ).format(named=named, count=rest)
        todo = _("Check these settings, then say that you have seen it.")
        yield Finding(
            "settings_mended", "warning", text, "settings", todo=todo, told=True, fixes=("seen",)
        )
