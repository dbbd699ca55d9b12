"""The disk that settings and events are kept on."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

LITTLE_ROOM_BYTES = 200 << 20


class SystemDisk(Check):
    """Fires below 200 MB."""

    slug = "system_disk"
    title = _("System disk nearly full")
    interval_s = 5.0
    clear_s = 30.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the room that is left."""
        free = facts.free_state_bytes
        if free is not None and free < LITTLE_ROOM_BYTES:
            text = _(
                "The system disk is nearly full: {free} MB are left. Settings and events may not "
                "be stored any more."
            ).format(free=free >> 20)
            yield Finding("system_disk_full", "error", text, "host")
