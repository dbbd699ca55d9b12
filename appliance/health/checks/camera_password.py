"""Cameras whose password is among the first that anybody tries."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.words import label_of
from appliance.text import _


class CameraPassword(Check):
    """Fires for each channel with such a password; the password itself is not told."""

    slug = "camera_password"
    title = _("Weak password of a camera")
    interval_s = 30.0

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Look at what the keeper of the secrets found."""
        for channel in facts.channels:
            number = channel.get("id") or 0
            if number in facts.weak_cameras:
                yield Finding(
                    "camera_password_weak",
                    "info",
                    _(
                        "{channel}: the password of the camera is one of the first an attacker "
                        "tries."
                    ).format(channel=label_of(channel)),
                    "channel",
                    number,
                    todo=_("Set another one at the camera, then enter it here."),
                    channels=(number,),
                )
