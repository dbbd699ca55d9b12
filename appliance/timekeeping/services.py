"""What listens for the clock: the time server for cameras, see the page Services."""

from __future__ import annotations

from appliance.firewall.source import Ports
from appliance.services.declare import Service, Switch
from appliance.text import _
from appliance.timekeeping.chrony import NTP_PORT

SERVICES: tuple[Service, ...] = (
    Service(
        slug="ntp",
        title=_("Time for cameras (NTP)"),
        why=_("Cameras ask it for the time. Only networks of the page Time servers are answered."),
        protocol="udp",
        ports=lambda _read: Ports(NTP_PORT, NTP_PORT),
        on=lambda read: bool(read("time")["serve"]),
        switch=Switch("time", "serve"),
        default=False,
        programs=("chronyd",),
    ),
)
