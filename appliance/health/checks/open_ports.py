"""Sockets that are open to the network and that no service has declared."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

MOST = 8
KIND = "unknown_listener"


class OpenPorts(Check):
    """Fires for each; the supervisor has taken out those that are declared."""

    slug = "open_ports"
    title = _("Open port that nobody declared")
    interval_s = 10.0
    clear_s = 30.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at what listens."""
        told = {str(e.details.get("port")) for e in facts.events if e.kind == KIND}
        for listener in sorted(facts.listeners or ())[:MOST]:
            text = (
                _("Port {port} ({proto}) is open to the network; {program} listens there.")
                if listener.program
                else _("Port {port} ({proto}) is open to the network; no service declared it.")
            ).format(port=listener.port, proto=listener.proto.upper(), program=listener.program)
            todo = _("If nobody opened it on purpose, save the log and ask support.")
            yield Finding(
                "open_port",
                "warning",
                text,
                "network",
                listener.port,
                todo=todo,
                subject=listener.proto,
                told=str(listener.port) in told,
            )
