"""Page Time: time servers asked, and the recorder as a time server of its cameras."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Conflict, Fields, Page, PageSpec, Section, Widget, setting
from appliance.settings.values import host_names
from appliance.text import _

MOST_SERVERS = 8
MOST_NETWORKS = 16
LONGEST_HOST = 253


def is_address(text: str) -> bool:
    """Whether `text` is an IP address."""
    if "%" in text:
        return False  # a scope could hold anything
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_host(value: str) -> str:
    if is_address(value):
        return value
    try:
        [name] = host_names(value)
    except ValueError:
        raise PydanticCustomError(
            "host", _("must be an address such as 192.168.1.1 or a name such as pool.ntp.org")
        ) from None
    return name


def _check_network(value: str) -> str:
    try:
        if "%" in value:
            raise ValueError(value)
        return str(ipaddress.ip_network(value.strip(), strict=False))
    except ValueError:
        raise PydanticCustomError(
            "network", _("must be a network such as 192.168.1.0/24, or an address")
        ) from None


HostText = Annotated[str, AfterValidator(_check_host)]
NetworkText = Annotated[str, AfterValidator(_check_network)]


class TimeServer(Fields):
    """A time server (D2-SY-24)."""

    host: HostText = setting(
        ..., title=_("Server"), max_length=LONGEST_HOST, placeholder="pool.ntp.org"
    )
    port: int = setting(123, title=_("Port"), minimum=1, maximum=65535)


class Clients(Fields):
    """A network that may ask for the time."""

    network: NetworkText = setting(
        ..., title=_("Network"), max_length=64, placeholder="192.168.1.0/24"
    )


_NTP = {"ntp": [True]}


class TimePage(Page):
    """SYSTEM > Time."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="time",
        title=_("Time servers"),
        menu="SYSTEM",
        help=_("Where the clock of the recorder comes from. Zone and formats are under General."),
        sections=(
            Section("client", _("Time servers")),
            Section("server", _("Time for cameras")),
        ),
        synonyms=("NTP", "SNTP", _("clock"), _("synchronisation")),
    )

    ntp: bool = setting(
        True,
        title=_("Take the time from time servers"),
        section="client",
        synonyms=("NTP",),
        requirements=("D2-SY-24",),
    )
    servers: list[TimeServer] = setting(
        [TimeServer(host="pool.ntp.org", port=123)],
        title=_("Time servers"),
        help=_("With three or more, one that is wrong is outvoted."),
        widget=Widget.TABLE,
        max_length=MOST_SERVERS,
        visible_when=_NTP,
        section="client",
        requirements=("D2-SY-24",),
    )
    interval_min: int = setting(
        0,
        title=_("Ask every"),
        help=_("0: as often as the clock needs it, between a minute and 17 minutes."),
        minimum=0,
        maximum=65535,
        unit=_("min"),
        visible_when=_NTP,
        section="client",
        requirements=("D2-SY-24",),
    )
    largest_step_min: int = setting(
        60,
        title=_("Follow up to"),
        help=_(
            "A time server that says a time further away than this is not followed, and the "
            "recorder says so. A clock that has lost its time takes any."
        ),
        minimum=1,
        maximum=1440,
        unit=_("min"),
        visible_when=_NTP,
        section="client",
    )
    serve: bool = setting(
        False,
        title=_("Give the time to cameras"),
        help=_("Cameras set up to ask the recorder (NTP, port 123) then agree with its clock."),
        section="server",
        synonyms=(_("NTP server"),),
    )
    serve_to: list[Clients] = setting(
        [],
        title=_("To these networks"),
        widget=Widget.TABLE,
        max_length=MOST_NETWORKS,
        visible_when={"serve": [True]},
        section="server",
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Who is to be asked or answered is named, and once."""
        if self.ntp and not self.servers:
            yield Conflict(
                ("servers",),
                "nobody",
                _("must name a time server"),
                mend={"ntp": False},
                others={"ntp": _("needs a time server below")},
            )
        if self.serve and not self.serve_to:
            yield Conflict(
                ("serve_to",),
                "nobody",
                _("must name a network, else no camera gets an answer"),
                mend={"serve": False},
                others={"serve": _("needs a network below")},
            )
        yield from _twice("servers", "host", [server.host for server in self.servers])
        yield from _twice("serve_to", "network", [entry.network for entry in self.serve_to])


def _twice(field: str, part: str, keys: list[str]) -> Iterator[Conflict]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield Conflict((field, number, part), "twice", _("is in the list already"))
