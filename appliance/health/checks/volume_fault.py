"""Volumes that are missing, slow, full, damaged or not accepted, and no volume at all."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.bus.messages import ChannelStatus, Severity
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import labels_of, no_volume_text, numbers_of, unrecorded
from appliance.text import _

MILD = frozenset({"slow", "suspect", "opening"})
"""States in which a volume still takes footage, or soon will."""


class VolumeFault(Check):
    """Fires for each volume with a fault, with the channels that are not recorded by it."""

    slug = "volume_fault"
    title = _("Disk missing, slow or broken")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports of their volumes."""
        lost = unrecorded(facts.channels)
        if not facts.volumes_set_up:
            reason = no_volume_text()
            sufferers = lost.pop(("no_volume", reason), [])
            yield _finding("no_volume", reason, "error", None, None, sufferers)
        for volume in facts.volumes:
            fault = volume.get("fault")
            if not fault:
                continue
            sufferers = lost.pop((fault["code"], fault["text"]), [])
            level: Severity = "warning" if volume.get("state") in MILD else "error"
            if sufferers and volume.get("state") != "opening":
                level = "error"
            name = volume.get("name") or volume.get("path")
            yield _finding(fault["code"], fault["text"], level, name, fault.get("since"), sufferers)


def _finding(
    code: str,
    reason: str,
    level: Severity,
    name: str | None,
    since: int | None,
    sufferers: list[ChannelStatus],
) -> Finding:
    text = reason
    if sufferers:
        text = _("{reason} Not recorded: {channels}.").format(
            reason=reason, channels=labels_of(sufferers)
        )
    return Finding(
        code,
        level,
        text,
        "volume",
        name,
        since=since,
        channels=numbers_of(sufferers),
        plain=reason,
        told=True,
    )
