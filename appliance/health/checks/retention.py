"""Footage that is kept for less long than wanted."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class Retention(Check):
    """Fires for each volume whose days are below the wish."""

    slug = "retention"
    title = _("Footage kept for too short")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports of their volumes."""
        for volume in facts.volumes:
            kept, wanted = volume.get("retention_days"), volume.get("wanted_days")
            if kept is None or not wanted or kept >= wanted:
                continue
            name = volume.get("name") or volume.get("path")
            text = _(
                "Volume {name} keeps {kept} days; {wanted} are wanted. Add disk space or lower "
                "the bit rates."
            ).format(name=name, kept=f"{kept:.1f}", wanted=f"{wanted:g}")
            yield Finding("retention_low", "warning", text, "volume", name, told=True)
