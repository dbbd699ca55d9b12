"""Page TCP/IP: each interface's addresses, bonding, the default interface and routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from appliance.network.addresses import mask_text, prefix_of
from appliance.network.page_checks import Entry, interface_problems, page_problems
from appliance.settings.declare import (
    Collection,
    Conflict,
    Fields,
    Item,
    Page,
    PageSpec,
    ResetGroup,
    Section,
    Widget,
    setting,
)
from appliance.settings.secret import Secret, SecretText
from appliance.settings.values import Line
from appliance.text import _

MOST_INTERFACES = 16
MOST_ROUTES = 8
LONGEST_ADDRESS = 45
LONGEST_PEM = 16_384
BOND = "bond0"
"""The entry of what bonded interfaces are together."""

_MANUAL4 = {"ipv4": ["manual"]}
_MANUAL6 = {"ipv6": ["manual"]}
_TLS = {"dot1x": ["tls"]}


class Interface(Item):
    """One interface; the recorder adds an entry for each that it has."""

    id: str = setting(..., title=_("Interface"), min_length=1, max_length=15, section="ipv4")
    ipv4: Literal["dhcp", "manual", "off"] = setting(
        "dhcp",
        title=_("IPv4 address"),
        choices={"dhcp": _("Automatic (DHCP)"), "manual": _("Fixed"), "off": _("None")},
        section="ipv4",
        synonyms=("DHCP", _("static"), "IP"),
        requirements=("D2-NW-05", "D2-NW-06", "N12.1", "T9.1", "A7.1"),
    )
    address: Line = setting(
        "",
        title=_("Address"),
        max_length=LONGEST_ADDRESS,
        placeholder="192.168.1.108",
        visible_when=_MANUAL4,
        section="ipv4",
        requirements=("D2-NW-07",),
    )
    mask: Line = setting(
        "255.255.255.0",
        title=_("Subnet mask"),
        max_length=LONGEST_ADDRESS,
        placeholder="255.255.255.0",
        visible_when=_MANUAL4,
        section="ipv4",
        synonyms=(_("netmask"), _("prefix")),
        requirements=("D2-NW-07",),
    )
    gateway: Line = setting(
        "",
        title=_("Gateway"),
        help=_("The router of this segment. Without one, only this segment is reached."),
        max_length=LONGEST_ADDRESS,
        placeholder="192.168.1.1",
        visible_when=_MANUAL4,
        section="ipv4",
        synonyms=(_("router"),),
        requirements=("D2-NW-07",),
    )
    dns_auto: bool = setting(
        True,
        title=_("Name servers from DHCP"),
        help=_("On: those that are entered below are not used."),
        visible_when={"ipv4": ["dhcp"]},
        section="ipv4",
        requirements=("D2-NW-09",),
    )
    dns1: Line = setting(
        "",
        title=_("Preferred name server"),
        help=_("Needed for everything that is reached by name: mail, time and log servers."),
        max_length=LONGEST_ADDRESS,
        visible_when={"ipv4": ["dhcp", "manual"]},
        section="ipv4",
        synonyms=("DNS",),
        requirements=("D2-NW-09", "N12.3", "T9.1"),
    )
    dns2: Line = setting(
        "",
        title=_("Alternate name server"),
        max_length=LONGEST_ADDRESS,
        visible_when={"ipv4": ["dhcp", "manual"]},
        section="ipv4",
        synonyms=("DNS",),
        requirements=("D2-NW-09", "N12.3", "T9.1"),
    )
    ipv6: Literal["auto", "dhcp", "manual", "off"] = setting(
        "auto",
        title=_("IPv6 address"),
        choices={
            "auto": _("Automatic (router advertisement)"),
            "dhcp": _("Automatic (DHCPv6)"),
            "manual": _("Fixed"),
            "off": _("None"),
        },
        section="ipv6",
        synonyms=("SLAAC",),
        requirements=("D2-NW-05", "N12.1", "T9.1"),
    )
    address6: Line = setting(
        "",
        title=_("Address"),
        max_length=LONGEST_ADDRESS,
        placeholder="2001:db8::108",
        visible_when=_MANUAL6,
        section="ipv6",
        requirements=("D2-NW-05",),
    )
    prefix6: int = setting(
        64,
        title=_("Prefix length"),
        minimum=16,
        maximum=127,
        visible_when=_MANUAL6,
        section="ipv6",
        requirements=("D2-NW-05",),
    )
    gateway6: Line = setting(
        "",
        title=_("Gateway"),
        max_length=LONGEST_ADDRESS,
        visible_when=_MANUAL6,
        section="ipv6",
        requirements=("D2-NW-05",),
    )
    dns6_1: Line = setting(
        "",
        title=_("Preferred name server"),
        max_length=LONGEST_ADDRESS,
        visible_when={"ipv6": ["manual"]},
        section="ipv6",
        requirements=("D2-NW-09",),
    )
    dns6_2: Line = setting(
        "",
        title=_("Alternate name server"),
        max_length=LONGEST_ADDRESS,
        visible_when={"ipv6": ["manual"]},
        section="ipv6",
        requirements=("D2-NW-09",),
    )
    mtu: int = setting(
        1500,
        title=_("MTU"),
        help=_("Largest packet. Smaller only where a tunnel or provider asks for it."),
        unit=_("bytes"),
        minimum=1280,
        maximum=1500,
        section="link",
        requirements=("D2-NW-08", "N12.2", "T9.1"),
    )
    member: bool = setting(
        False,
        title=_("Part of the bond"),
        help=_("Bonded interfaces share one address; see Bonding."),
        capability="multi_nic",
        section="link",
        synonyms=(_("bonding"), _("fault tolerance"), _("load balance")),
        requirements=("D2-NW-04",),
    )
    dot1x: Literal["off", "peap", "tls"] = setting(
        "off",
        title=_("Sign in to the switch (802.1X)"),
        choices={"off": _("Not needed"), "peap": "PEAP (MSCHAPv2)", "tls": "EAP-TLS"},
        capability="dot1x",
        section="dot1x",
        synonyms=("802.1X", "EAP", "RADIUS", _("supplicant")),
        requirements=("N12.17", "T9.10", "A7.16"),
    )
    dot1x_user: Line = setting(
        "",
        title=_("User or identity"),
        max_length=253,
        capability="dot1x",
        visible_when={"dot1x": ["peap", "tls"]},
        section="dot1x",
        requirements=("N12.17", "A7.16"),
    )
    dot1x_password: Secret = setting(
        "",
        title=_("Password"),
        secret=True,
        widget=Widget.PASSWORD,
        capability="dot1x",
        visible_when={"dot1x": ["peap"]},
        section="dot1x",
        requirements=("N12.17", "A7.16"),
    )
    dot1x_ca: str = setting(
        "",
        title=_("CA certificate"),
        help=_("As PEM. Without it any server that asks gets the password."),
        max_length=LONGEST_PEM,
        widget=Widget.AREA,
        capability="dot1x",
        visible_when={"dot1x": ["peap", "tls"]},
        section="dot1x",
        requirements=("N12.17", "T9.10"),
    )
    dot1x_certificate: str = setting(
        "",
        title=_("Own certificate"),
        help=_("As PEM."),
        max_length=LONGEST_PEM,
        widget=Widget.AREA,
        capability="dot1x",
        visible_when=_TLS,
        section="dot1x",
        requirements=("N12.17", "T9.10"),
    )
    dot1x_key: SecretText = setting(
        "",
        title=_("Private key"),
        help=_("As PEM; it may be protected by a password."),
        secret=True,
        widget=Widget.AREA,
        capability="dot1x",
        visible_when=_TLS,
        section="dot1x",
        requirements=("N12.17",),
    )
    dot1x_key_password: Secret = setting(
        "",
        title=_("Password of the private key"),
        secret=True,
        widget=Widget.PASSWORD,
        capability="dot1x",
        visible_when=_TLS,
        section="dot1x",
        requirements=("N12.17",),
    )
    wifi: bool = setting(
        False,
        title=_("Connect automatically"),
        help=_("To the network below, also after a restart."),
        capability="wifi",
        section="wifi",
        synonyms=("Wi-Fi", "WLAN", _("wireless")),
        requirements=("D2-NW-30",),
    )
    ssid: Line = setting(
        "",
        title=_("Name of the Wi-Fi network"),
        max_length=32,
        capability="wifi",
        section="wifi",
        synonyms=("SSID",),
        requirements=("D2-NW-30",),
    )
    wifi_password: Secret = setting(
        "",
        title=_("Wi-Fi password"),
        help=_("8 to 63 characters; none for an open network."),
        secret=True,
        widget=Widget.PASSWORD,
        capability="wifi",
        section="wifi",
        requirements=("D2-NW-30",),
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Address, mask, gateway and name servers fit together."""
        for path, code, text in interface_problems(entry_of(self)):
            yield Conflict((path,), code, text)

    @classmethod
    def tidy(cls, changes: dict[str, Any]) -> dict[str, Any]:
        """Take a mask as "24", too, and addresses with blanks around them."""
        return tidied(changes)


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


def entry_of(item: Interface) -> Entry:
    """Return an entry's values for the checks."""
    return item.model_dump()


_PLAIN = ("address", "gateway", "dns1", "dns2", "address6", "gateway6", "dns6_1", "dns6_2",
          "destination")  # fmt: skip


def tidied(changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes with addresses as they are written everywhere else."""
    for name in _PLAIN:
        if isinstance(changes.get(name), str):
            changes[name] = changes[name].strip()
    mask = changes.get("mask")
    if isinstance(mask, str) and (prefix := prefix_of(mask)) is not None:
        changes["mask"] = mask_text(prefix)
    return changes
