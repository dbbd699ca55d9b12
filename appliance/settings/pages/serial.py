"""Page Serial ports: RS-232 passed through, and an alarm box on RS-485."""

from __future__ import annotations

import ipaddress
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.settings.declare import Page, PageSpec, Section, setting
from appliance.settings.values import Line
from appliance.text import _

BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_ON = {"rs232": ["transparent"]}
_BOX = {"box": [True]}


Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_NETWORKS = 16


def networks_of(text: str) -> list[Network]:
    """Return the networks of a text with commas between; raises ValueError."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [ipaddress.ip_network(part, strict=False) for part in parts]


def _check_networks(value: str) -> str:
    try:
        count = len(networks_of(value))
    except ValueError:
        text = _("must be addresses or networks such as 192.168.1.0/24, with commas between")
        raise PydanticCustomError("networks", text) from None
    if count > MAX_NETWORKS:
        raise PydanticCustomError("networks", _("are too many addresses: 16 at most"))
    return value


Networks = Annotated[Line, AfterValidator(_check_networks)]


class SerialPage(Page):
    """SYSTEM > Serial ports."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="serial",
        title=_("Serial ports"),
        menu="SYSTEM",
        help=_("What is wired to RS-232 and, besides cameras, to RS-485."),
        sections=(Section("rs232", "RS-232"), Section("box", _("Alarm box on RS-485"))),
        synonyms=("RS232", "RS485", "COM", "UART"),
    )

    rs232: Literal["off", "transparent"] = setting(
        "off",
        title=_("Function"),
        help=_(
            "Passed through: a program of somebody with the right System exchanges bytes with the "
            "device, by WebSocket or on a port of its own."
        ),
        choices={"off": _("Off"), "transparent": _("Passed through to the network")},
        section="rs232",
        synonyms=(_("adapter"), _("transparent"), _("console")),
        requirements=("D1-PL-13", "D2-SY-40"),
    )
    tcp_port: int | None = setting(
        None,
        title=_("TCP port"),
        help=_(
            "For programs that know no WebSocket: TLS, then one line with an API token of somebody "
            "with the right System, then bytes."
        ),
        minimum=1024,
        maximum=65535,
        empty_title=_("None"),
        section="rs232",
        visible_when=_ON,
        synonyms=("socat", "ser2net", "RFC 2217"),
        requirements=("D1-PL-13",),
    )
    tcp_from: Networks = setting(
        "",
        title=_("Only from"),
        help=_("Addresses or networks such as 192.168.1.0/24, with commas between. Empty: all."),
        max_length=400,
        section="rs232",
        visible_when=_ON,
    )
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = setting(
        115200,
        title=_("Baud rate"),
        choices={rate: str(rate) for rate in BAUDS},
        section="rs232",
        visible_when=_ON,
        requirements=("D2-SY-45",),
    )
    data_bits: int = setting(
        8,
        title=_("Data bits"),
        minimum=5,
        maximum=8,
        section="rs232",
        visible_when=_ON,
        requirements=("D2-SY-45",),
    )
    stop_bits: int = setting(
        1,
        title=_("Stop bits"),
        minimum=1,
        maximum=2,
        section="rs232",
        visible_when=_ON,
        requirements=("D2-SY-45",),
    )
    parity: Literal["none", "odd", "even", "mark", "null"] = setting(
        "none",
        title=_("Parity"),
        choices={
            "none": _("None"),
            "odd": _("Odd"),
            "even": _("Even"),
            "mark": _("Mark"),
            "null": _("Null"),
        },
        section="rs232",
        visible_when=_ON,
        requirements=("D2-SY-45",),
    )
    box: bool = setting(
        False,
        title=_("Alarm box"),
        help=_("A Modbus RTU module with discrete inputs, asked ten times a second."),
        section="box",
        synonyms=("Modbus", _("expansion")),
        requirements=("D2-AL-11",),
    )
    box_address: int = setting(
        1, title=_("Address"), minimum=1, maximum=247, section="box", visible_when=_BOX
    )
    box_inputs: int = setting(
        8, title=_("Inputs"), minimum=1, maximum=16, section="box", visible_when=_BOX
    )
    box_baud: Literal[1200, 2400, 4800, 9600, 19200, 38400] = setting(
        9600,
        title=_("Baud rate"),
        choices={rate: str(rate) for rate in BAUDS[:6]},
        section="box",
        visible_when=_BOX,
    )
