"""Page Log server: the log sent to one, and the logs of other devices taken here."""

from __future__ import annotations

import ipaddress
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Action, Conflict, Fields, Page, PageSpec, Section, setting
from appliance.settings.values import Line, host_names
from appliance.text import _

MOST_SENDERS = 64
_OUT = {"send": [True]}
_IN = {"receive": [True]}


def _check_host(value: str) -> str:
    try:
        if not value or ipaddress.ip_address(value):
            return value
    except ValueError:
        pass
    try:
        names = host_names(value)
    except ValueError:
        names = []
    if len(names) != 1:
        raise PydanticCustomError("host", _("must be an address or a name, such as 192.168.1.5"))
    return names[0]


def _check_network(value: str) -> str:
    try:
        return (
            str(ipaddress.ip_network(value, strict=True)).removesuffix("/32").removesuffix("/128")
        )
    except ValueError:
        text = _("must be an address such as 192.168.1.20, or a network such as 192.168.1.0/24")
        raise PydanticCustomError("network", text) from None


Host = Annotated[str, AfterValidator(_check_host)]
"""An IPv4 or IPv6 address, or one host name; "" for none."""

Network = Annotated[str, AfterValidator(_check_network)]
"""An address, or a network without host bits (RFC 4632)."""


class LogSender(Fields):
    """Who may send log lines here."""

    address: Network = setting(..., title=_("Address"), max_length=49, placeholder="192.168.1.20")
    name: Line = setting("", title=_("Name"), max_length=32)


class LogServerPage(Page):
    """MAINTAIN > Log server."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="log_server",
        title=_("Log server"),
        menu="MAINTAIN",
        help=_("What this recorder notes, kept elsewhere too; what other devices note, kept here."),
        sections=(
            Section("send", _("Send the log")),
            Section("receive", _("Receive logs of other devices")),
        ),
        actions=(
            Action(
                "test",
                _("Send a test line"),
                "/log-server/test",
                help=_("Sends one line with the settings that are saved."),
                done=_("The test line was sent. Look for it on the log server."),
                synonyms=("syslog",),
            ),
        ),
        synonyms=("syslog", _("remote log"), _("network log")),
    )

    send: bool = setting(
        False,
        title=_("Send the log to a server"),
        help=_("Each entry of the log and each event, as syslog lines (RFC 5424)."),
        section="send",
        requirements=("D2-AP-63",),
    )
    host: Host = setting(
        "",
        title=_("Server"),
        max_length=253,
        placeholder="log.example.org",
        section="send",
        visible_when=_OUT,
        requirements=("D2-AP-63",),
    )
    transport: Literal["tls", "tcp", "udp"] = setting(
        "tls",
        title=_("Connection"),
        help=_(
            "Encrypted: nobody reads or alters lines on the way, and the server proves who it is "
            "by a certificate of a trusted authority. The others are readable for everybody on "
            "the network; with UDP lines are lost without notice."
        ),
        choices={
            "tls": _("Encrypted (TLS)"),
            "tcp": _("TCP, readable on the network"),
            "udp": _("UDP, readable on the network, lines may be lost"),
        },
        section="send",
        visible_when=_OUT,
        requirements=("D2-AP-63",),
    )
    port: int = setting(
        6514,
        title=_("Port"),
        help=_("6514 is usual for TLS, 514 for UDP and TCP."),
        minimum=1,
        maximum=65535,
        section="send",
        visible_when=_OUT,
    )
    least: Literal["info", "warning", "error"] = setting(
        "info",
        title=_("What is sent"),
        choices={
            "info": _("Everything"),
            "warning": _("Warnings and errors"),
            "error": _("Errors only"),
        },
        section="send",
        visible_when=_OUT,
    )
    facility: int = setting(
        16,
        title=_("Facility"),
        help=_("The number by which the server sorts lines (RFC 5424); 16 to 23 are local use."),
        minimum=0,
        maximum=23,
        section="send",
        visible_when=_OUT,
    )
    receive: bool = setting(
        False,
        title=_("Receive logs of other devices"),
        help=_(
            "Cameras and switches send their syslog lines here; they are shown on the log page, "
            "each device apart. Such lines are not encrypted, and nothing proves who sent them."
        ),
        section="receive",
        requirements=("D2-AP-63",),
    )
    receive_port: int = setting(
        514,
        title=_("Port"),
        minimum=1,
        maximum=65535,
        section="receive",
        visible_when=_IN,
    )
    receive_by: Literal["udp", "tcp", "both"] = setting(
        "udp",
        title=_("By"),
        choices={"udp": "UDP", "tcp": "TCP", "both": _("UDP and TCP")},
        section="receive",
        visible_when=_IN,
    )
    senders: list[LogSender] = setting(
        [],
        title=_("Who may send"),
        help=_("Lines from any other address are refused and counted."),
        max_length=MOST_SENDERS,
        section="receive",
        visible_when=_IN,
        requirements=("D2-AP-63",),
    )

    def conflicts(self) -> list[Conflict]:
        """Sending takes a server, receiving somebody who may send."""
        found = []
        if self.send and not self.host:
            text = _("must be entered before the log can be sent")
            found.append(Conflict(("host",), "missing", text, mend={"send": False}))
        if self.receive and not self.senders:
            text = _("must name at least one address before logs are received")
            found.append(Conflict(("senders",), "missing", text, mend={"receive": False}))
        seen: set[str] = set()
        for number, sender in enumerate(self.senders):
            if sender.address in seen:
                text = _("is in the list already")
                found.append(Conflict(("senders", number, "address"), "duplicate", text))
            seen.add(sender.address)
        return found
