"""Disks that say of themselves that they will not last (SMART; what D2-ST-54 is for)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

MANY_BAD = 10
WORN = 95


class DiskFailing(Check):
    """Fires for a disk whose own test fails, with bad sectors, or with its life nearly used up."""

    slug = "disk_failing"
    title = _("Disk nearly broken")
    interval_s = 60.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at what the disks told last."""
        for disk in facts.disks:
            todo = _("Save what matters from it, and replace it soon.")
            if disk.passed is False:
                text = _("Disk {name} says that it is failing.").format(name=disk.name)
                yield Finding("disk_failing", "error", text, "volume", disk.name, todo=todo)
            elif disk.bad_sectors is not None and disk.bad_sectors >= MANY_BAD:
                text = _("Disk {name} has {count} bad sectors.").format(
                    name=disk.name, count=disk.bad_sectors
                )
                yield Finding("disk_bad_sectors", "warning", text, "volume", disk.name, todo=todo)
            elif disk.worn is not None and disk.worn >= WORN:
                text = _("Disk {name} has used {percent} % of its life.").format(
                    name=disk.name, percent=disk.worn
                )
                yield Finding("disk_worn", "warning", text, "volume", disk.name, todo=todo)
