"""SSH that is switched on."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

KIND = "ssh_open"


class Ssh(Check):
    """Fires as long as it is on."""

    slug = "ssh"
    title = _("SSH is on")
    interval_s = 10.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the service."""
        if facts.ssh:
            text = _("SSH is switched on: whoever has its key can change everything.")
            todo = _("Switch it off when it is no longer needed.")
            event = next(((e.kind, e.key) for e in facts.events if e.kind == KIND), None)
            yield Finding(
                "ssh_on",
                "warning",
                text,
                "network",
                todo=todo,
                told=event is not None,
                event=event,
            )
