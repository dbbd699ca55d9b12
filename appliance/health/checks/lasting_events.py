"""What the parts of the box tell by events that last and that no other check looks at.

PoE ports and chips, contacts, temperatures, fans, ports of the web server, losses from overload,
the address conflict of the network: whoever raises such an event is heard here.
"""

from __future__ import annotations

from collections.abc import Iterable

from appliance.events.io_kinds import io_kinds
from appliance.events.kinds import KINDS
from appliance.events.network_kinds import network_kinds
from appliance.events.poe_kinds import poe_kinds
from appliance.events.record import EventRecord
from appliance.events.security_kinds import security_kinds
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import told_by
from appliance.text import _

MOST = 16
OTHERS = frozenset(
    {
        "alarm_input",  # what happens outside the box is no fault of it
        "bandwidth_exceeded",
        "camera_offline",
        "certificate_ending",
        "delivery_failed",
        "expiry_paused",
        "health_error",
        "health_warning",
        "no_volume",
        "not_recording",
        "password_refused",
        "retention_low",
        "ssh_open",
        "stream_damaged",
        "unknown_listener",
        "volume_error",
        "volume_full",
        "volume_missing",
        "volume_read_only",
        "volume_refused",
        "disk_slow",
    }
)
"""Kinds that another check tells in its own words, and alarms."""
BOARD = frozenset(kind.slug for kind in (*poe_kinds(), *io_kinds()))
LOSSES = frozenset({"overload", "footage_lost", "recording_late"})
NETWORK = frozenset(
    {"port_unusable", *(kind.slug for kind in (*network_kinds(), *security_kinds()))}
)


class LastingEvents(Check):
    """Fires for each open warning or error, at most 16."""

    slug = "lasting_events"
    title = _("Faults told by the parts of the box")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the events that last."""
        shown = 0
        for event in facts.events:
            kind = KINDS.get(event.kind)
            if kind is None or kind.severity == "info" or kind.slug in OTHERS:
                continue
            shown += 1
            if shown > MOST:
                return
            fixes = ("cycle_port",) if event.kind == "poe_fault" else ()
            yield told_by(event, _what(event), fixes=fixes)


def _what(event: EventRecord) -> str:
    if event.channel is not None:
        return "channel"
    if event.kind in BOARD:
        return "board"
    if event.kind in LOSSES:
        return "volume"
    return "network" if event.kind in NETWORK else "host"
