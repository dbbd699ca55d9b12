"""What the network is to be, as one value: made of the settings, checked again where it is done.

The supervisor makes it, the privileged side takes nothing else: every field is typed and bounded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from appliance.network.addresses import prefix_of
from appliance.network.page_checks import BOND

Kind = Literal["ethernet", "wifi", "bond"]
BondMode = Literal["backup", "balance"]

FIRST_METRIC, OTHER_METRIC = 100, 400
"""Of the ways out: the default interface's is preferred, the others stand in when it is down."""
METRIC_STEP = 10
MOST_INTERFACES = 17
LONGEST_TEXT = 16_384
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_MAC = re.compile(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}")


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("no name of an interface")
    return value


def _check_mac(value: str) -> str:
    if not _MAC.fullmatch(value):
        raise ValueError("no hardware address")
    return value


def _check_address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def _check_interface(value: str) -> str:
    return str(ipaddress.ip_interface(value))


def _check_network(value: str) -> str:
    return str(ipaddress.ip_network(value))


InterfaceName = Annotated[str, AfterValidator(_check_name)]
"""As the kernel names it, at most 15 characters."""
MacText = Annotated[str, AfterValidator(_check_mac)]
"""Six bytes as "00:11:22:33:44:55", small letters."""
AddressText = Annotated[str, AfterValidator(_check_address)]
CidrText = Annotated[str, AfterValidator(_check_interface)]
"""An address with its prefix: "192.168.1.108/24"."""
NetworkText = Annotated[str, AfterValidator(_check_network)]


class Part(BaseModel):
    """Base of all parts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RoutePlan(Part):
    """The way to one network."""

    network: NetworkText
    gateway: AddressText


class IpPlan(Part):
    """One family of an interface.  `auto_dns`: name servers that DHCP or routers tell are used."""

    method: Literal["auto", "dhcp", "manual", "off"]
    addresses: tuple[CidrText, ...] = Field(default=(), max_length=4)
    gateway: AddressText | None = None
    dns: tuple[AddressText, ...] = Field(default=(), max_length=4)
    auto_dns: bool = True
    routes: tuple[RoutePlan, ...] = Field(default=(), max_length=8)


class Dot1xPlan(Part):
    """How the interface signs in to the switch (IEEE 802.1X); certificates and key as PEM."""

    method: Literal["peap", "tls"]
    identity: str = Field(min_length=1, max_length=253)
    password: str = Field("", max_length=256, repr=False)
    ca: str = Field("", max_length=LONGEST_TEXT)
    certificate: str = Field("", max_length=LONGEST_TEXT)
    key: str = Field("", max_length=LONGEST_TEXT, repr=False)
    key_password: str = Field("", max_length=256, repr=False)


class WifiPlan(Part):
    """Which Wi-Fi network; without a password it is an open one."""

    ssid: str = Field(min_length=1, max_length=32)
    password: str = Field("", max_length=63, repr=False)


class InterfacePlan(Part):
    """One interface.  `bond`: the bond it is part of, then it has no addresses of its own."""

    name: InterfaceName
    kind: Kind
    ipv4: IpPlan
    ipv6: IpPlan
    mtu: int = Field(1500, ge=1280, le=1500)
    metric: int = Field(OTHER_METRIC, ge=1, le=9999)
    bond: InterfaceName | Literal[""] = ""
    mode: BondMode | None = None
    dot1x: Dot1xPlan | None = None
    wifi: WifiPlan | None = None


class Plan(Part):
    """All interfaces that are the recorder's to set."""

    interfaces: tuple[InterfacePlan, ...] = Field(max_length=MOST_INTERFACES)

    def addresses(self) -> dict[str, list[str]]:
        """Return the fixed addresses by interface, without their prefixes."""
        return {
            one.name: [
                cidr.partition("/")[0] for cidr in (*one.ipv4.addresses, *one.ipv6.addresses)
            ]
            for one in self.interfaces
        }


Reveal = Callable[[str, str], str]
"""Returns a secret in clear, by interface and field."""

_NONE = IpPlan(method="off")


def plan_of(page: Mapping[str, Any], kinds: Mapping[str, Kind], reveal: Reveal) -> Plan:
    """Return what the page TCP/IP asks for on a box that has the interfaces `kinds`.

    Interfaces that the page has no entry for, and entries of interfaces that are gone, are left
    out.  A Wi-Fi interface without a network to connect to is left out too.
    """
    entries = {entry["id"]: entry for entry in page["items"]}
    mode: BondMode | None = None if page["mode"] == "single" else page["mode"]
    members = bond_members(page, kinds)
    used = dict(_used(kinds, mode))
    bearing = {n: e for n, e in entries.items() if n in used and n not in members}
    made: list[InterfacePlan] = []
    for name, kind in used.items():
        entry = entries.get(name)
        if entry is None or (kind == "wifi" and not (entry["wifi"] and entry["ssid"])):
            continue
        member = name in members
        made.append(
            InterfacePlan(
                name=name,
                kind=kind,
                ipv4=_NONE if member else _ipv4(entry, _routes_of(page, entry, bearing)),
                ipv6=_NONE if member else _ipv6(entry),
                mtu=entry["mtu"],
                bond=BOND if member else "",
                mode=mode if kind == "bond" else None,
                dot1x=_dot1x(entry, reveal) if kind == "ethernet" else None,
                wifi=_wifi(entry, reveal) if kind == "wifi" else None,
            )
        )
    return Plan(interfaces=tuple(_with_metrics(made, page["default_interface"])))


def bond_members(page: Mapping[str, Any], kinds: Mapping[str, Kind]) -> list[str]:
    """Return the interfaces that the bond is made of, none where there is no bond (D2-NW-04)."""
    if page["mode"] == "single":
        return []
    return [
        entry["id"]
        for entry in page["items"]
        if entry["member"] and kinds.get(entry["id"]) == "ethernet"
    ]


def _used(kinds: Mapping[str, Kind], mode: BondMode | None) -> Iterable[tuple[str, Kind]]:
    yield from ((name, kind) for name, kind in kinds.items() if kind != "bond")
    if mode is not None:
        yield BOND, "bond"


def _with_metrics(made: Iterable[InterfacePlan], default: str) -> Iterable[InterfacePlan]:
    for number, one in enumerate(made):
        first = one.name == default
        metric = FIRST_METRIC if first else OTHER_METRIC + METRIC_STEP * number
        yield one.model_copy(update={"metric": metric})


def _routes_of(
    page: Mapping[str, Any], entry: Mapping[str, Any], entries: Mapping[str, Any]
) -> tuple[RoutePlan, ...]:
    found = []
    for route in page["routes"]:
        name = route["interface"] or _nearest(route["gateway"], entries)
        if name == entry["id"]:
            prefix = prefix_of(route["mask"])
            network = f"{route['destination']}/{prefix}"
            found.append(RoutePlan(network=network, gateway=route["gateway"]))
    return tuple(found)


def _nearest(gateway: str, entries: Mapping[str, Any]) -> str:
    """Return the interface in whose fixed segment a gateway is, "" for none."""
    address = ipaddress.ip_address(gateway)
    for name, entry in entries.items():
        if entry["ipv4"] == "manual":
            own = ipaddress.ip_interface(f"{entry['address']}/{prefix_of(entry['mask'])}")
            if address in own.network:
                return name
    return ""


def _ipv4(entry: Mapping[str, Any], routes: tuple[RoutePlan, ...]) -> IpPlan:
    method = entry["ipv4"]
    if method == "off":
        return _NONE
    manual = method == "manual"
    auto_dns = not manual and entry["dns_auto"]
    return IpPlan(
        method=method,
        addresses=(f"{entry['address']}/{prefix_of(entry['mask'])}",) if manual else (),
        gateway=(entry["gateway"] or None) if manual else None,
        dns=() if auto_dns else tuple(filter(None, (entry["dns1"], entry["dns2"]))),
        auto_dns=auto_dns,
        routes=routes,
    )


def _ipv6(entry: Mapping[str, Any]) -> IpPlan:
    if entry["ipv6"] != "manual":
        return IpPlan(method=entry["ipv6"])
    return IpPlan(
        method="manual",
        addresses=(f"{entry['address6']}/{entry['prefix6']}",),
        gateway=entry["gateway6"] or None,
        dns=tuple(filter(None, (entry["dns6_1"], entry["dns6_2"]))),
        auto_dns=False,
    )


def _dot1x(entry: Mapping[str, Any], reveal: Reveal) -> Dot1xPlan | None:
    if entry["dot1x"] == "off":
        return None
    name, tls = entry["id"], entry["dot1x"] == "tls"
    return Dot1xPlan(
        method=entry["dot1x"],
        identity=entry["dot1x_user"],
        password="" if tls else reveal(name, "dot1x_password"),
        ca=entry["dot1x_ca"],
        certificate=entry["dot1x_certificate"] if tls else "",
        key=reveal(name, "dot1x_key") if tls else "",
        key_password=reveal(name, "dot1x_key_password") if tls else "",
    )


def _wifi(entry: Mapping[str, Any], reveal: Reveal) -> WifiPlan:
    return WifiPlan(ssid=entry["ssid"], password=reveal(entry["id"], "wifi_password"))
