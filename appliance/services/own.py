"""Services of the box itself: the page, the remote shell, the log server, pictures by UDP."""

from __future__ import annotations

from collections.abc import Callable

from appliance.firewall.source import Ports
from appliance.services.declare import Read, Service, Switch
from appliance.text import _

PICTURE_PORTS = Ports(1024, 65535)
"""Any port the kernel gives, and those a camera's multicast group has."""


def _single(port: int) -> Ports:
    return Ports(port, port)


def _port(page: str, field: str) -> Callable[[Read], Ports]:
    def ports(read: Read) -> Ports:
        return _single(int(read(page)[field]))

    return ports


def _rs232(read: Read) -> Ports | None:
    port = read("serial")["tcp_port"]
    return None if port is None else _single(port)


def _log_in(by: str) -> Callable[[Read], bool]:
    def on(read: Read) -> bool:
        page = read("log_server")
        return bool(page["receive"]) and page["receive_by"] in (by, "both")

    return on


def _by_udp(read: Read) -> bool:
    transports = {item.get("transport", "tcp") for item in read("channels")["items"]}
    return bool(transports - {"tcp"})


SERVICES: tuple[Service, ...] = (
    Service(
        slug="https",
        title=_("Web page and API (HTTPS)"),
        why=_("Browsers and other programs see and set everything through it."),
        protocol="tcp",
        ports=_port("web", "https_port"),
        on=lambda _read: True,
        switch=Switch(how=_("Always on: without it nobody could switch it on again.")),
        default=True,
        requirements=("D2-SE-21",),
    ),
    Service(
        slug="http",
        title=_("Plain HTTP on this machine"),
        why=_("For programs on the recorder itself; nobody outside reaches it."),
        protocol="tcp",
        ports=_port("web", "http_port"),
        on=lambda read: bool(read("web")["http_loopback"]),
        switch=Switch("web", "http_loopback"),
        default=True,
        reach="this_machine",
    ),
    Service(
        slug="ssh",
        title=_("Remote shell (SSH)"),
        why=_("For whoever mends the recorder; with a key of the list below only, never for long."),
        protocol="tcp",
        ports=_port("services", "ssh_port"),
        on=lambda read: bool(read("services")["ssh_on"]),
        switch=Switch(how=_("The button below, for a limited time.")),
        default=False,
        risky=True,
        requirements=("D2-SE-14", "N13.8"),
    ),
    Service(
        slug="log_udp",
        title=_("Logs of other devices (UDP)"),
        why=_("Cameras and switches send their lines here; only from the addresses set there."),
        protocol="udp",
        ports=_port("log_server", "receive_port"),
        on=_log_in("udp"),
        switch=Switch("log_server", "receive"),
        default=False,
        risky=True,
        requirements=("D2-AP-63",),
    ),
    Service(
        slug="log_tcp",
        title=_("Logs of other devices (TCP)"),
        why=_("Cameras and switches send their lines here; only from the addresses set there."),
        protocol="tcp",
        ports=_port("log_server", "receive_port"),
        on=_log_in("tcp"),
        switch=Switch("log_server", "receive"),
        default=False,
        risky=True,
        requirements=("D2-AP-63",),
    ),
    Service(
        slug="rs232",
        title=_("RS-232 by TCP"),
        why=_("Programs exchange bytes with a device on RS-232: by TLS and with an API token."),
        protocol="tcp",
        ports=_rs232,
        on=lambda read: read("serial")["rs232"] == "transparent" and read("services")["serial"],
        switch=Switch("serial", "tcp_port"),
        default=False,
        risky=True,
        requirements=("D1-PL-13",),
    ),
    Service(
        slug="pictures",
        title=_("Pictures by UDP"),
        why=_("Cameras whose transport is UDP or multicast send pictures here; only they may."),
        protocol="udp",
        ports=lambda _read: PICTURE_PORTS,
        on=_by_udp,
        switch=Switch(how=_("The transport of each camera, on its page.")),
        default=False,
        reach="cameras",
        programs=("recorder",),
    ),
)
