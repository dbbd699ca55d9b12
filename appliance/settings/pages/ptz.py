"""Page PTZ: which channels have a camera on the RS-485 bus, and how it is spoken to."""

from __future__ import annotations

from typing import ClassVar, Literal

from appliance.settings.declare import (
    Collection,
    Conflict,
    Item,
    Page,
    PageSpec,
    Section,
    setting,
)
from appliance.settings.pages.channels import MAX_CHANNELS
from appliance.text import _

Protocol = Literal["none", "pelco_d", "pelco_p", "visca"]
_SERIAL = {"protocol": ["pelco_d", "pelco_p", "visca"]}
_LAST = {"none": 255, "pelco_d": 255, "pelco_p": 32, "visca": 7}


class PtzCamera(Item):
    """A channel's serial control."""

    id: int = setting(..., title=_("Channel"), minimum=1, maximum=MAX_CHANNELS, section="line")
    protocol: Protocol = setting(
        "none",
        title=_("Protocol"),
        help=_("As set on the camera. Nothing moves while one of these three is wrong."),
        choices={
            "none": _("No camera on RS-485"),
            "pelco_d": "Pelco-D",
            "pelco_p": "Pelco-P",
            "visca": "VISCA",
        },
        section="line",
        synonyms=("PELCOD", "PELCOP", _("speed dome")),
        requirements=("D1-PT-02", "D1-PT-03", "D1-PL-20"),
    )
    address: int = setting(
        1,
        title=_("Address"),
        help=_("The number set on the camera: 1 to 255, with Pelco-P 1 to 32, with VISCA 1 to 7."),
        minimum=1,
        maximum=255,
        section="line",
        visible_when=_SERIAL,
        requirements=("D1-PT-04",),
    )
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400] = setting(
        9600,
        title=_("Baud rate"),
        help=_("8 data bits, no parity, 1 stop bit. On more than 200 m of cable 2400 at most."),
        choices={rate: str(rate) for rate in (1200, 2400, 4800, 9600, 19200, 38400)},
        section="line",
        visible_when=_SERIAL,
        requirements=("D1-PT-05", "D1-PT-06"),
    )

    def conflicts(self) -> list[Conflict]:
        """Each protocol has addresses of its own."""
        last = _LAST[self.protocol]
        if self.address <= last:
            return []
        text = _("has to be 1 to {last} with this protocol").format(last=last)
        protocol = _("does not have this address")
        return [Conflict(("address",), "conflict", text, {"address": 1}, {"protocol": protocol})]


class PtzPage(Page):
    """CAMERA > PTZ."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="ptz",
        title=_("PTZ on RS-485"),
        menu="CAMERA",
        help=_(
            "Speed domes wired to A and B of the recorder. With several of them, 120 ohms across A "
            "and B at the far end of the cable."
        ),
        collection=Collection(
            field="items",
            item_title=_("Channel"),
            capacity=MAX_CHANNELS,
            follows="channels",
            sections=(Section("line", ""),),
            columns=("id", "protocol", "address", "baud"),
        ),
        synonyms=("RS-485", "RS485", _("dome"), _("decoder")),
    )

    items: list[PtzCamera] = setting([], title=_("Channels"), max_length=MAX_CHANNELS)
