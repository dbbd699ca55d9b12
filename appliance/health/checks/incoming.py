"""More comes from the cameras than the limit that was set."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.figures import mbps
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _


class Incoming(Check):
    """Fires while the limit of incoming bandwidth is exceeded."""

    slug = "incoming"
    title = _("Incoming bandwidth exceeded")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the sum of all streams."""
        incoming = facts.incoming
        if incoming is None or not incoming["exceeded"]:
            return
        text = _(
            "The cameras send {mbps} Mbit/s; the limit is {limit} Mbit/s. Lower the bit rates of "
            "cameras, or raise the incoming bandwidth on the Channels page if this machine can "
            "take it."
        ).format(mbps=mbps(incoming["bps"]), limit=mbps(incoming["limit_bps"]))
        yield Finding("bandwidth_exceeded", "warning", text, "settings", told=True)
