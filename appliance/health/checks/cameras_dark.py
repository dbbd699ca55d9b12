"""No camera at all sends a picture: what they share is to be looked at (D2-FQ-04)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class CamerasDark(Check):
    """Fires where every one of several channels has a fault."""

    slug = "cameras_dark"
    title = _("All cameras without a picture")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports."""
        used = [channel for channel in facts.channels if channel.get("enabled")]
        faulty = [c for c in used if c.get("state") != "playing" and c.get("fault")]
        if len(used) > 1 and len(faulty) == len(used):
            text = _(
                "No camera sends a picture. Check the network cable, the switch and the power of "
                "the cameras."
            )
            yield Finding("all_cameras_dark", "error", text, "network", told=True)
