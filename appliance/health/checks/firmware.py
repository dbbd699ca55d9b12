"""Firmware that is old, or of which a newer version is known."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

OLD_DAYS = 400
DAY_MS = 86_400_000


class Firmware(Check):
    """Fires for a newer version that is known, or for one built more than 400 days ago."""

    slug = "firmware"
    title = _("Old firmware")
    interval_s = 600.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at version and day."""
        firmware = facts.firmware
        if firmware is None:
            return
        if firmware.newer:
            text = _("Version {newer} is there; this recorder runs {version}.").format(
                newer=firmware.newer, version=firmware.version
            )
        elif firmware.built is not None and facts.now - firmware.built > OLD_DAYS * DAY_MS:
            text = _("Version {version} of the firmware is more than a year old.").format(
                version=firmware.version
            )
        else:
            return
        todo = _("Install the newer version; recording stops for a minute or two.")
        yield Finding("firmware_old", "info", text, "host", todo=todo)
