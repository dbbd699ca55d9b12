"""An entry of the page TCP/IP: one interface, or what bonded ones are together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from appliance.network.addresses import mask_text, prefix_of
from appliance.network.page_checks import Entry, interface_problems
from appliance.settings.declare import (
    Conflict,
    Item,
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
