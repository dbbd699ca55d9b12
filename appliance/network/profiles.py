"""Translates a plan into NetworkManager's connection profiles (NetworkManager 1.42 to 1.52).

Names and types of the values: the D-Bus reference of NetworkManager, "Connection settings".
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from typing import Any

from dbus_fast import Variant

from appliance.network.plan import Dot1xPlan, InterfacePlan, IpPlan

Profile = dict[str, dict[str, Variant]]

_OURS = uuid.UUID("5b0e2a3e-7d0c-4d8e-9a53-9e3d1a6f2c41")
"""Profiles have a UUID made of this and the interface's name: one for good each."""

PRIORITY = 100
"""Over the profile that an image comes with."""
FOREVER = 2**31 - 1
"""A DHCP server that comes up after the recorder is still asked."""
MONITOR_MS = 100
"""How often the members of a bond are asked for their link."""
BOND_MODES = {"backup": "active-backup", "balance": "balance-alb"}
"""Load balance works with any switch: it needs no protocol at the other end (bonding.rst)."""

Files = Mapping[str, str]
"""Paths of the certificates and the key of 802.1X: "ca", "certificate", "key"."""


def profile_uuid(name: str) -> str:
    """Return the UUID of an interface's profile."""
    return str(uuid.uuid5(_OURS, name))


def profile_name(name: str) -> str:
    """Return what the profile is called in NetworkManager's lists."""
    return f"nvr-{name}"


def profile_of(one: InterfacePlan, files: Files | None = None) -> Profile:
    """Return the whole profile of an interface; `files` are those of its 802.1X."""
    connection = {
        "id": Variant("s", profile_name(one.name)),
        "uuid": Variant("s", profile_uuid(one.name)),
        "type": Variant("s", _TYPES[one.kind]),
        "interface-name": Variant("s", one.name),
        "autoconnect": Variant("b", True),
        "autoconnect-priority": Variant("i", PRIORITY),
        "autoconnect-retries": Variant("i", 0),
    }
    profile: Profile = {"connection": connection}
    if one.bond:
        connection["master"] = Variant("s", profile_uuid(one.bond))
        connection["slave-type"] = Variant("s", "bond")
    else:
        profile["ipv4"] = _ipv4(one)
        profile["ipv6"] = _ipv6(one)
    if one.kind == "ethernet" or one.kind == "bond":
        profile["802-3-ethernet"] = {"mtu": Variant("u", one.mtu)}
    if one.kind == "bond":
        options = {"mode": BOND_MODES[one.mode or "backup"], "miimon": str(MONITOR_MS)}
        profile["bond"] = {"options": Variant("a{ss}", options)}
        connection["autoconnect-slaves"] = Variant("i", 1)
    if one.wifi is not None:
        profile["802-11-wireless"] = {
            "ssid": Variant("ay", one.wifi.ssid.encode()),
            "mode": Variant("s", "infrastructure"),
            "hidden": Variant("b", True),
            "mtu": Variant("u", one.mtu),
        }
        if one.wifi.password:
            profile["802-11-wireless-security"] = {
                "key-mgmt": Variant("s", "wpa-psk"),
                "psk": Variant("s", one.wifi.password),
            }
    if one.dot1x is not None:
        profile["802-1x"] = _dot1x(one.dot1x, files or {})
    return profile


_TYPES = {"ethernet": "802-3-ethernet", "wifi": "802-11-wireless", "bond": "bond"}
_METHODS4 = {"dhcp": "auto", "auto": "auto", "manual": "manual", "off": "disabled"}
_METHODS6 = {"dhcp": "dhcp", "auto": "auto", "manual": "manual", "off": "disabled"}


def _ipv4(one: InterfacePlan) -> dict[str, Variant]:
    plan = one.ipv4
    found = _common(plan, _METHODS4[plan.method], one.metric)
    servers = [_network_order(server) for server in plan.dns]
    found["dns"] = Variant("au", servers)
    if plan.method == "dhcp":
        found["dhcp-timeout"] = Variant("i", FOREVER)
    return found


def _ipv6(one: InterfacePlan) -> dict[str, Variant]:
    plan = one.ipv6
    found = _common(plan, _METHODS6[plan.method], one.metric)
    found["dns"] = Variant("aay", [ipaddress.IPv6Address(s).packed for s in plan.dns])
    if plan.method in ("auto", "dhcp"):
        found["may-fail"] = Variant("b", True)
    return found


def _common(plan: IpPlan, method: str, metric: int) -> dict[str, Variant]:
    found = {
        "method": Variant("s", method),
        "may-fail": Variant("b", True),
        "route-metric": Variant("x", metric),
        "ignore-auto-dns": Variant("b", not plan.auto_dns),
    }
    if plan.addresses:
        found["address-data"] = Variant("aa{sv}", [_address(cidr) for cidr in plan.addresses])
    if plan.gateway is not None:
        found["gateway"] = Variant("s", plan.gateway)
    if plan.routes:
        found["route-data"] = Variant(
            "aa{sv}", [_route(route.network, route.gateway) for route in plan.routes]
        )
    return found


def _address(cidr: str) -> dict[str, Variant]:
    address, _slash, prefix = cidr.partition("/")
    return {"address": Variant("s", address), "prefix": Variant("u", int(prefix))}


def _route(network: str, gateway: str) -> dict[str, Variant]:
    dest, _slash, prefix = network.partition("/")
    return {
        "dest": Variant("s", dest),
        "prefix": Variant("u", int(prefix)),
        "next-hop": Variant("s", gateway),
    }


def _network_order(server: str) -> int:
    """Return an IPv4 address as NetworkManager takes it: its bytes as a number of this computer."""
    import sys

    return int.from_bytes(ipaddress.IPv4Address(server).packed, sys.byteorder)


def _dot1x(plan: Dot1xPlan, files: Files) -> dict[str, Variant]:
    found: dict[str, Any] = {
        "eap": Variant("as", [plan.method]),
        "identity": Variant("s", plan.identity),
    }
    if "ca" in files:
        found["ca-cert"] = _file(files["ca"])
    if plan.method == "peap":
        found["phase2-auth"] = Variant("s", "mschapv2")
        found["password"] = Variant("s", plan.password)
        return found
    found["client-cert"] = _file(files["certificate"])
    found["private-key"] = _file(files["key"])
    if plan.key_password:
        found["private-key-password"] = Variant("s", plan.key_password)
    else:
        found["private-key-password-flags"] = Variant("u", 4)  # NM_SETTING_SECRET_FLAG_NOT_REQUIRED
    return found


def _file(path: str) -> Variant:
    return Variant("ay", b"file://" + path.encode() + b"\0")
