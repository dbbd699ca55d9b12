"""Ways out of the box that fail: log server, call to who watches, mail."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.events.kinds import KINDS
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

KIND = "delivery_failed"


class Outlets(Check):
    """Fires for each of which the courier tells that nothing arrives."""

    slug = "outlets"
    title = _("Messages cannot be delivered")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the events of the courier that last."""
        for event in facts.events:
            if event.kind != KIND:
                continue
            yield Finding(
                "outlet_failing",
                "warning",
                KINDS[KIND].sentence(event.details, None),
                "network",
                str(event.details.get("outlet") or ""),
                todo=_("Check its address and the network; what waits is sent later."),
                since=event.start_ms,
                told=True,
                event=(event.kind, event.key),
            )
