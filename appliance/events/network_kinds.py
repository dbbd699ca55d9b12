"""Kinds of events of the recorder's own network."""

from __future__ import annotations

from appliance.events.kind import EventKind
from appliance.text import _


def network_kinds() -> list[EventKind]:
    """Return the kinds; interfaces are named as on the page TCP/IP."""
    return [
        EventKind(
            "network_offline",
            _("Network disconnected"),
            "error",
            _("The recorder is offline: no link on {interfaces}."),
            _("Check the cable and the switch. Cameras on its own ports are still recorded."),
        ),
        EventKind(
            "network_interface_down",
            _("Interface of a bond without link"),
            "warning",
            _("{interface} has no link; the other interfaces of {bond} carry on."),
            _("The recorder stays reachable, but the next failure would cut it off."),
        ),
        EventKind(
            "network_ip_conflict",
            _("IP address conflict"),
            "error",
            _("{address} on {interface} is used by another device too ({mac})."),
            _("Give one of the two another address; until then connections come and go."),
        ),
        EventKind(
            "network_gateway",
            _("Another device answers for the gateway"),
            "error",
            _("{mac} answers for the gateway {address}, which is bound to {bound}."),
            _(
                "Where the router was replaced, enter its new hardware address on the page TCP/IP; "
                "else somebody may be redirecting the traffic of this segment."
            ),
        ),
        EventKind(
            "network_failed",
            _("Network settings not applied"),
            "error",
            _("The network stays as it was. {reason}"),
            _("Correct the page TCP/IP; what was changed there was taken back."),
            has_end=False,
        ),
        EventKind(
            "network_tried",
            _("Network settings on trial"),
            "info",
            _("{actor} changed the network; unless confirmed it is taken back in {seconds} s."),
            _("Confirmed by whoever reaches the recorder at its new address."),
            has_end=False,
        ),
        EventKind(
            "network_kept",
            _("Network settings confirmed"),
            "info",
            _("The changed network settings hold, confirmed by {actor}."),
            _("The recorder was reached under them."),
            has_end=False,
        ),
        EventKind(
            "network_taken_back",
            _("Network settings taken back"),
            "warning",
            _("The former network settings are in force again. {reason}"),
            _("Nobody reached the recorder under the new ones, or somebody said so."),
            has_end=False,
        ),
        EventKind(
            "network_away",
            _("Network cannot be set"),
            "warning",
            _("The network goes on as it is, but cannot be changed. {reason}"),
            _("NetworkManager or the recorder's helper is starting again."),
        ),
    ]
