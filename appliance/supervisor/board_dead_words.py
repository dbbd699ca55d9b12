"""What is done about a camera that does not answer, in words for the detail of its PoE port."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.text import _
from board.poe.recovery import MOST_A_DAY

GIVEN_UP = frozenset(
    {
        "daily_limit",
        "unknown",
        "elsewhere",
        "not_powered_by_it",
        "other_switch",
        "other_device",
        "replugged",
    }
)
"""A person has to look: these become an event."""

TEXTS: Mapping[str, str] = {
    "": "",
    "dead": _("{camera} had power but did not answer for {silent} s."),
    "waiting": _(
        "{camera} does not answer. If that lasts, the port is switched off and on in {left} s."
    ),
    "queued": _(
        "{camera} does not answer. Another port was switched off and on just now; it is this "
        "one's turn in {left} s."
    ),
    "cycled": _("{camera} did not answer, so the port was switched off and on."),
    "booting": _(
        "{camera} does not answer; it may still be starting. If it is not, the port is switched "
        "off and on in {left} s."
    ),
    "backing_off": _(
        "{camera} does not answer, although the port was switched off and on. That is tried again "
        "in {left} s."
    ),
    "daily_limit": _(
        "{camera} does not answer, although the port was switched off and on {most} times within "
        "a day. That is not tried again before tomorrow. Check the camera."
    ),
    "not_powered": _("{camera} does not answer, and the port gives no power."),
    "switched_off": _(
        "{camera} does not answer. The port is left as it is: dead cameras are not restarted."
    ),
    "left_alone": _(
        "{camera} does not answer. The port is left alone for {left} s, as somebody asked for."
    ),
    "unreachable": _("{camera} does not answer, and neither does the controller of the port."),
    "unknown": _(
        "{camera} does not answer. It has sent no picture since the recorder started, so it is "
        "not known whether it is on this port. Choose its channel in the settings of the port."
    ),
    "elsewhere": _(
        "{camera} does not answer, but it is not on this port. Choose the right channel in the "
        "settings of the port."
    ),
    "not_powered_by_it": _(
        "{camera} does not answer, but it has a power supply of its own: switching the port off "
        "does not restart it."
    ),
    "other_switch": _(
        "{camera} does not answer, but there is another switch on this port: it would take the "
        "power from all that is behind it."
    ),
    "other_device": _("{camera} does not answer, but another device is plugged into its port now."),
    "replugged": _(
        "{camera} does not answer. Something was plugged into its port since, and it is not known "
        "whether that is the same camera."
    ),
}
"""By the codes of board.poe.recovery.Answer and board.poe.ownership.Owner, and a few more."""


def text_of(code: str, camera: str, silent_s: float, left_s: float, count: int) -> str:
    """Return the words for a code; seconds are rounded, `count` is today's restarts."""
    return TEXTS[code].format(
        camera=camera, silent=round(silent_s), left=round(left_s), count=count, most=MOST_A_DAY
    )
