"""Page Serial ports: RS-232 passed through, and an alarm box on RS-485."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import Page, PageSpec, Section, setting
from appliance.text import _

BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
_ON = {"rs232": ["transparent"]}
_BOX = {"box": [True]}


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
            "Passed through: a program that signs in as a user with the right System exchanges "
            "bytes with the device."
        ),
        choices={"off": _("Off"), "transparent": _("Passed through to the network")},
        section="rs232",
        synonyms=(_("adapter"), _("transparent"), _("console")),
        requirements=("D1-PL-13", "D2-SY-40"),
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
