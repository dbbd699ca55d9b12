"""Page PoE: which ports give power, who comes first when it gets scarce, and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from appliance.settings.declare import (
    Collection,
    Conflict,
    Item,
    Page,
    PageSpec,
    Section,
    Widget,
    setting,
)
from appliance.settings.pages.channels import MAX_CHANNELS
from appliance.text import _

MAX_PORTS = 24


class PoePort(Item):
    """What the operator wants of one PoE port; the box adds an entry for each of its ports."""

    id: int = setting(..., title=_("Port"), minimum=1, maximum=MAX_PORTS, section="port")
    enabled: bool = setting(
        True,
        title=_("Gives power"),
        help=_("Off: what is plugged in gets no power; its network works all the same."),
        section="port",
        synonyms=(_("power"), "PSE"),
        requirements=("D1-PO-01",),
    )
    priority: Literal["critical", "high", "low"] = setting(
        "high",
        title=_("Priority"),
        help=_(
            "When power gets scarce, low ports give way first, then high ones, critical ones last."
        ),
        choices={"critical": _("Critical"), "high": _("High"), "low": _("Low")},
        section="port",
        synonyms=(_("importance"),),
    )
    limit_w: float | None = setting(
        None,
        title=_("Limit"),
        help=_(
            "So much is kept free for the port in place of what the class of its camera allows. A "
            "camera that draws more for three seconds is switched off."
        ),
        unit="W",
        minimum=4,
        maximum=30,
        empty_title=_("As its class allows"),
        section="port",
        synonyms=(_("watts"),),
    )
    channel: int | None = setting(
        None,
        title=_("Camera"),
        help=_(
            "The channel whose camera is on this port: it is restarted here when it does not "
            "answer. 0: no camera of this recorder, so that the port is restarted for none."
        ),
        minimum=0,
        maximum=MAX_CHANNELS,
        empty_title=_("Channel of the same number"),
        section="port",
        synonyms=(_("channel"), _("binding")),
        requirements=("D1-PO-03",),
    )
    enhancement: bool = setting(
        False,
        title=_("Longer reach"),
        help=_(
            "Offers the camera 10 Mbit/s only, which works over up to 800 m of cable in place of "
            "100 m. It is enough for one stream of moderate quality. Sockets that cannot do it "
            "ignore this."
        ),
        section="port",
        synonyms=(_("enhancement mode"), "ePoE", _("extend mode")),
        requirements=("D1-PO-02",),
    )


class PoePage(Page):
    """CAMERA > PoE (settings)."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="poe",
        title=_("PoE"),
        menu="CAMERA",
        help=_("Power for the cameras over their network cables."),
        sections=(Section("budget", _("Power")),),
        collection=Collection(
            field="items",
            item_title=_("Port"),
            capacity=MAX_PORTS,
            fixed=True,
            sections=(Section("port", ""),),
            columns=("id", "enabled", "priority", "limit_w"),
        ),
        synonyms=(_("power over Ethernet"), "PoE", "PSE"),
    )

    learn: bool = setting(
        False,
        title=_("Learn what cameras need"),
        help=_(
            "Keeps free the highest power of the last week and a fifth more, in place of what a "
            "camera's class allows, once it has run for a day. More cameras fit; if all of them "
            "need much at once, the least important lose power."
        ),
        section="budget",
        synonyms=(_("dynamic"),),
    )
    recovery: bool = setting(
        True,
        title=_("Restart dead cameras"),
        help=_(
            "A camera that has power but no longer answers is switched off and on: not more often "
            "than six times a day, and each time after a longer wait. Only where it was seen on "
            "its port while it still had pictures."
        ),
        section="budget",
        synonyms=(_("power cycle"), _("reboot")),
    )
    dead_after_s: int = setting(
        300,
        title=_("Dead after"),
        help=_(
            "A camera that had pictures and has not answered for so long is restarted. Longer "
            "than a camera takes to be updated, which must not be interrupted."
        ),
        unit="s",
        minimum=60,
        maximum=3600,
        widget=Widget.DURATION,
        section="budget",
        visible_when={"recovery": [True]},
    )
    items: list[PoePort] = setting([], title=_("Ports"), max_length=MAX_PORTS)

    def conflicts(self) -> Iterator[Conflict]:
        """A camera is on one port."""
        bound: set[int] = set()
        for place, port in enumerate(self.items):
            if port.channel and port.channel in bound:
                text = _("is the camera of another port already")
                yield Conflict(
                    ("items", place, "channel"), "duplicate", text, mend={"channel": None}
                )
            bound.add(port.channel or 0)
