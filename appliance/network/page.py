"""Page TCP/IP: each interface's addresses, bonding, the default interface and routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from appliance.network.page_checks import page_problems
from appliance.network.page_interface import (
    LONGEST_ADDRESS,
    MOST_INTERFACES,
    MOST_ROUTES,
    Interface,
    entry_of,
    tidied,
)
from appliance.settings.declare import (
    Collection,
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


class NetworkRoute(Fields):
    """The way to a network behind another router than the gateway (D2-NW-11)."""

    destination: Line = setting(
        "", title=_("Destination"), max_length=LONGEST_ADDRESS, placeholder="10.20.0.0"
    )
    mask: Line = setting("255.255.255.0", title=_("Subnet mask"), max_length=LONGEST_ADDRESS)
    gateway: Line = setting("", title=_("Gateway"), max_length=LONGEST_ADDRESS)
    interface: Line = setting(
        "", title=_("Interface"), max_length=15, placeholder=_("Where the gateway is")
    )


class NetworkPage(Page):
    """NETWORK > TCP/IP."""

    spec: ClassVar[PageSpec] = PageSpec(
        name="network",
        title=_("TCP/IP"),
        menu="NETWORK",
        help=_(
            "Addresses of the recorder. A change is taken back after a minute unless the recorder "
            "is reached at its new address by then."
        ),
        sections=(
            Section("default", _("Way out")),
            Section("bond", _("Bonding")),
            Section("routes", _("Routes")),
        ),
        collection=Collection(
            field="items",
            item_title=_("Interface"),
            capacity=MOST_INTERFACES,
            fixed=True,
            sections=(
                Section("ipv4", "IPv4"),
                Section("ipv6", "IPv6", advanced=True),
                Section("link", _("Link"), advanced=True),
                Section("dot1x", "802.1X", advanced=True),
                Section("wifi", "Wi-Fi"),
            ),
        ),
        group=ResetGroup.NETWORK,
        synonyms=(_("IP address"), _("network card"), "NIC", "LAN", "Ethernet"),
    )

    default_interface: Line = setting(
        "",
        title=_("Default interface"),
        help=_("What is in no segment of the recorder leaves here."),
        max_length=15,
        placeholder=_("The first that is connected"),
        section="default",
        synonyms=(_("default NIC"), _("default route")),
        requirements=("D2-NW-10",),
    )
    bind_gateway: bool = setting(
        False,
        title=_("Bind the gateway to its hardware address"),
        help=_("Nobody in the segment can then pass for the gateway by false ARP answers."),
        section="default",
        synonyms=("ARP", _("spoofing"), "MAC"),
        requirements=("D2-AP-58",),
    )
    gateway_mac: Line = setting(
        "",
        title=_("Hardware address of the gateway"),
        help=_("Empty: the one that answers when the binding is switched on."),
        max_length=17,
        placeholder="00:11:22:33:44:55",
        visible_when={"bind_gateway": [True]},
        section="default",
        requirements=("D2-AP-58",),
    )
    mode: Literal["single", "backup", "balance"] = setting(
        "single",
        title=_("Working together"),
        help=_(
            "Fault tolerance: one interface carries, another takes over. Load balance: all carry. "
            "Either way they share an address, and only with all of them down is the recorder "
            "offline. Each by itself: it is offline when the default interface is down."
        ),
        choices={
            "single": _("Each by itself"),
            "backup": _("Fault tolerance"),
            "balance": _("Load balance"),
        },
        capability="multi_nic",
        section="bond",
        synonyms=(_("bonding"), "NIC", _("teaming")),
        requirements=("D2-NW-01", "D2-NW-02", "D2-NW-03"),
    )
    routes: list[NetworkRoute] = setting(
        [],
        title=_("Routes"),
        help=_("To networks behind another router than the gateway, up to eight."),
        max_length=MOST_ROUTES,
        widget=Widget.TABLE,
        section="routes",
        synonyms=(_("routing"), _("static route")),
        requirements=("D2-NW-11",),
    )
    items: list[Interface] = setting([], title=_("Interfaces"), max_length=MOST_INTERFACES)

    def conflicts(self) -> Iterator[Conflict]:
        """Interfaces, routes and bond fit together."""
        # Also of a document that is half wrong: an entry without its id is told as such besides.
        entries = [{"id": "", **entry_of(item)} for item in self.items]
        routes = [route.model_dump() for route in self.routes]
        found = page_problems(
            entries,
            routes,
            mode=self.mode,
            default=self.default_interface,
            gateway_mac=self.gateway_mac,
        )
        for path, code, text in found:
            yield Conflict(path, code, text)

    @classmethod
    def tidy(cls, changes: dict[str, Any]) -> dict[str, Any]:
        """Take masks of routes as "24", too, and hardware addresses as some tools write them."""
        routes = changes.get("routes")
        if isinstance(routes, list):
            changes["routes"] = [tidied(r) if isinstance(r, dict) else r for r in routes]
        mac = changes.get("gateway_mac")
        if isinstance(mac, str):
            changes["gateway_mac"] = mac.strip().lower().replace("-", ":")
        return changes
