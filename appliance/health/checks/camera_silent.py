"""A camera that does not answer, or refuses our password (D2-FQ-17)."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.bus.messages import ChannelStatus
from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import label_of
from appliance.text import _

EVENTS = ("camera_offline", "password_refused")
REFUSED = frozenset({"password_refused", "password_needed"})
OURS = ("recorder_", "volume_", "no_volume", "overload")
"""Faults that are not the camera's begin with these."""


class CameraSilent(Check):
    """Fires for each channel in use whose stream has a fault."""

    slug = "camera_silent"
    title = _("Camera does not answer")

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at the recorders' reports."""
        powered = facts.poe.powered if facts.poe else frozenset()
        events = {e.channel: (e.kind, e.key) for e in facts.events if e.kind in EVENTS}
        for channel in facts.channels:
            fault = channel.get("fault") if channel.get("enabled") else None
            if fault is None:
                continue
            number = channel.get("id") or 0
            yield Finding(
                fault["code"],
                "error",
                _("{channel}: {reason}").format(channel=label_of(channel), reason=fault["text"]),
                "channel",
                number,
                todo=_todo(channel, fault["code"], powered=number in powered),
                since=fault.get("since"),
                channels=(number,),
                told=number in events or fault["code"].startswith("recorder_"),
                event=events.get(number),
                fixes=_fixes(fault["code"], powered=number in powered),
            )


def _fixes(code: str, *, powered: bool) -> tuple[str, ...]:
    if code.startswith(OURS) or code in REFUSED:
        return ()
    return ("retry_camera", "cycle_port") if powered else ("retry_camera",)


def _todo(channel: ChannelStatus, code: str, *, powered: bool) -> str:
    if code.startswith(OURS):
        return ""
    if code in REFUSED:
        return _("Enter the right user and password; it is not tried again before.")
    if powered:
        text = _("Its PoE port {port} gives power. Switch that off and on, or check the camera.")
        return text.format(port=channel.get("id"))
    return _("Check its power, its cable and its address.")
