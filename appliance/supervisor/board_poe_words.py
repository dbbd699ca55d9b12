"""Why a PoE port is in its state, in words."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.text import _

REASONS: Mapping[str, str] = {
    "": "",
    "budget": _("The supply has no power left for it."),
    "measured": _("All ports together drew more than the supply can give."),
    "priority": _("A more important port needed the power."),
    "retry": _("It is about to be switched on."),
    "overload": _("It drew more power than its class allows."),
    "short_circuit": _("There is a short circuit in the cable or the camera."),
    "inrush": _("It drew too much current while it was switched on."),
    "start_timeout": _("It was switched on, but no power flowed."),
    "over_limit": _("It drew more than the limit set for this port."),
    "bad_class": _("It asks for a class of power that this port does not have."),
    "mosfet": _("The port itself is damaged."),
    "signature_short": _("The pair of wires is shorted, or the device takes no power."),
    "signature_low": _("It is no PoE device: its resistance is too low."),
    "signature_high": _("It is no PoE device: its resistance is too high."),
    "capacitance": _("It is no PoE device of the standard: it answers like a capacitor."),
    "operator": _("Somebody asked for it."),
    "camera": _("The camera had power but did not answer any more."),
    "bus": _("The controller of this port does not answer."),
}
"""By the codes of board.poe.model.PortReason."""


def reason_text(code: str) -> str:
    """Return the words for a code."""
    return REASONS.get(code, code)
