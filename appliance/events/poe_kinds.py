"""Kinds of events of the PoE ports and the board they sit on."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def poe_kinds() -> list[EventKind]:
    """Return the kinds; `port` in their details is the number on the box."""
    return [
        EventKind(
            "board_unusable",
            _("Board not usable"),
            "error",
            _("PoE, contacts and lights of this box are not controlled. {reason}"),
            _("Recording goes on. Choose the profile of this very board."),
        ),
        EventKind(
            "poe_power_on",
            _("PoE port gives power"),
            "info",
            _("Port {port} gives power (class {class})."),
            _("A camera was plugged in, or power came free for it."),
            has_end=False,
        ),
        EventKind(
            "poe_power_off",
            _("PoE port gives no power any more"),
            "info",
            _("Port {port} gives no power any more. {reason}"),
            _("The cable was pulled, or the port was switched off."),
            has_end=False,
        ),
        EventKind(
            "poe_no_power",
            _("No PoE power left for a port"),
            "warning",
            _("Port {port} gets no power. {reason}"),
            _(
                "More is plugged in than the supply can give. Unplug something, give this port a "
                "higher priority, or set limits on the PoE page."
            ),
        ),
        EventKind(
            "poe_fault",
            _("PoE port switched off"),
            "error",
            _("Port {port} is switched off. {reason}"),
            _("Check cable and camera. The port is tried again by itself, ever more rarely."),
        ),
        EventKind(
            "poe_not_powerable",
            _("Device on a PoE port cannot be powered"),
            "info",
            _("What is plugged into port {port} gets no power. {reason}"),
            _("It is no PoE device, so it needs a power supply of its own."),
        ),
        EventKind(
            "poe_cycled",
            _("PoE port switched off and on"),
            "info",
            _("Port {port} was switched off and on again. {reason}"),
            _("The camera starts anew, which takes a minute or two."),
            has_end=False,
        ),
        EventKind(
            "poe_camera_dead",
            _("Dead camera not restarted"),
            "warning",
            _("Port {port} is not switched off and on. {reason}"),
            _("A camera on a PoE port does not answer, and restarting it does not help or cannot."),
        ),
        EventKind(
            "poe_chip",
            _("PoE controller does not work"),
            "error",
            _("The ports {ports} cannot be controlled. {reason}"),
            _("What had power keeps it; nothing more is switched until the controller answers."),
        ),
        EventKind(
            "poe_derated",
            _("Less PoE power in the heat"),
            "warning",
            _("The PoE ports share {watts} W in place of {most} W. {reason}"),
            _("The supply gives less when the box is warm. Let air get to it."),
        ),
        EventKind(
            "poe_other_switch",
            _("Another switch on a camera port"),
            "warning",
            _("Behind port {port} there are {count} devices, so another switch is plugged in."),
            _("A camera port takes one camera: those behind a switch are not set up by the box."),
        ),
    ]
