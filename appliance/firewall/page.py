"""Page Firewall: who may reach the recorder, which time servers it believes, floods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from appliance.firewall.source import SourceError, read_ports, read_source
from appliance.settings.declare import (
    Conflict,
    Fields,
    Page,
    PageSpec,
    ResetGroup,
    Section,
    Widget,
    setting,
)
from appliance.settings.values import Line
from appliance.text import _

MOST = 64
_ALLOW = {"mode": ["allow"]}
_BLOCK = {"mode": ["block"]}
_SYNC = {"time_sync": [True]}


def _check_source(value: str) -> str:
    try:
        return str(read_source(value))
    except SourceError as error:
        raise PydanticCustomError("source", str(error)) from None


def _check_range(value: str) -> str:
    try:
        return str(read_source(value, cards=False))
    except SourceError as error:
        raise PydanticCustomError("source", str(error)) from None


def _check_ports(value: str) -> str:
    try:
        read_ports(value)
    except SourceError as error:
        raise PydanticCustomError("ports", str(error)) from None
    return value.replace(" ", "")


SourceText = Annotated[str, AfterValidator(_check_source)]
RangeText = Annotated[str, AfterValidator(_check_range)]
PortsText = Annotated[str, AfterValidator(_check_ports)]


class FirewallEntry(Fields):
    """One entry of a list (D2-SE-31, N13.3, N13.4)."""

    source: SourceText = setting(
        ...,
        title=_("Address, range or card"),
        max_length=96,
        placeholder="192.168.1.20-192.168.1.40",
        requirements=("D2-SE-31", "N13.3", "N13.4"),
    )
    ports: PortsText = setting(
        "", title=_("Ports"), help=_("Empty: all."), max_length=16, placeholder="8443"
    )
    note: Line = setting("", title=_("Note"), max_length=63)


class TimeServer(Fields):
    """A host, or several, whose answers may set the clock (D2-SE-36)."""

    source: RangeText = setting(
        ..., title=_("Address or range"), max_length=96, placeholder="192.168.1.1"
    )


class FirewallPage(Page):
    """SECURITY > Firewall."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="firewall",
        title=_("Firewall"),
        menu="SECURITY",
        help=_(
            "Only services that are on can be reached from outside, see Services. Here it is said "
            "by whom. A change is on trial for a minute: unless it is kept, the former rules come "
            "back by themselves."
        ),
        sections=(
            Section("access", _("Who may come in")),
            Section("time", _("Who may set the time")),
            Section("floods", _("Floods")),
        ),
        group=ResetGroup.NETWORK,
        synonyms=(_("IP filter"), _("MAC filter"), _("whitelist"), _("blacklist"), "nftables"),
    )

    mode: Literal["off", "allow", "block"] = setting(
        "off",
        title=_("Mode"),
        choices={
            "off": _("Everybody"),
            "allow": _("Only those on the allow list"),
            "block": _("All but those on the block list"),
        },
        section="access",
        synonyms=(_("allow list"), _("block list")),
        requirements=("D2-SE-30", "D2-AP-64"),
    )
    allowed: list[FirewallEntry] = setting(
        [],
        title=_("Allow list"),
        help=_("A card can be known only in the network of the recorder, not behind a router."),
        widget=Widget.TABLE,
        max_length=MOST,
        visible_when=_ALLOW,
        section="access",
        requirements=("D2-SE-30", "D2-SE-31"),
    )
    blocked: list[FirewallEntry] = setting(
        [],
        title=_("Block list"),
        help=_("A card can be known only in the network of the recorder, not behind a router."),
        widget=Widget.TABLE,
        max_length=MOST,
        visible_when=_BLOCK,
        section="access",
        requirements=("D2-SE-30", "D2-SE-31"),
    )
    time_sync: bool = setting(
        False,
        title=_("Only the hosts below may set the time"),
        help=_("Answers of other time servers are dropped, and nobody else may set the clock."),
        section="time",
        synonyms=("NTP", _("time synchronisation")),
        requirements=("D2-SE-36",),
    )
    time_servers: list[TimeServer] = setting(
        [],
        title=_("Hosts that may set the time"),
        widget=Widget.TABLE,
        max_length=MOST,
        visible_when=_SYNC,
        section="time",
        requirements=("D2-SE-36",),
    )
    syn_flood: bool = setting(
        True,
        title=_("Limit new connections"),
        help=_("An address that opens more than 50 a second, 200 at once, has to wait."),
        section="floods",
        synonyms=("SYN flood", "DoS"),
        requirements=("D2-SE-35",),
    )
    icmp_flood: bool = setting(
        True,
        title=_("Limit pings"),
        help=_("Of one address 10 a second are answered."),
        section="floods",
        synonyms=("ICMP flood", "DoS", "ping"),
        requirements=("D2-SE-35",),
    )

    def conflicts(self) -> Iterator[Conflict]:
        """An allow list names somebody; no entry stands twice; somebody may set the time."""
        if self.mode == "allow" and not self.allowed:
            text = _("must name somebody: an empty allow list keeps everybody out")
            other = _("keeps everybody out while the allow list is empty")
            yield Conflict(
                ("allowed",), "nobody", text, mend={"mode": "off"}, others={"mode": other}
            )
        if self.time_sync and not self.time_servers:
            text = _("must name somebody, else nothing can set the clock")
            other = _("needs a host below")
            others = {"time_sync": other}
            mend = {"time_sync": False}
            yield Conflict(("time_servers",), "nobody", text, mend=mend, others=others)
        for name in ("allowed", "blocked"):
            yield from _twice(name, [(e.source, e.ports) for e in getattr(self, name)])
        yield from _twice("time_servers", [(e.source, "") for e in self.time_servers])


def _twice(name: str, keys: list[tuple[str, str]]) -> Iterator[Conflict]:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield Conflict((name, number, "source"), "twice", _("is in the list already"))
