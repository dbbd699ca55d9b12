"""From the page to a plan, and from a plan to what NetworkManager is told."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.network.plan import InterfacePlan, Plan, RoutePlan, plan_of
from appliance.network.profiles import profile_of, profile_uuid
from appliance.network.state import InterfaceState, NetworkState, is_offline, way_out
from tests.network.conftest import fixed

KINDS: Any = {"eth0": "ethernet", "eth1": "ethernet", "wlan0": "wifi"}
SECRETS = {("eth0", "dot1x_password"): "open sesame", ("wlan0", "wifi_password"): "12345678"}


def planned(values: dict[str, Any]) -> dict[str, InterfacePlan]:
    plan = plan_of(values, KINDS, lambda item, field: SECRETS.get((item, field), ""))
    return {one.name: one for one in plan.interfaces}


def values_of(profile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {group: {k: v.value for k, v in fields.items()} for group, fields in profile.items()}


def test_each_interface_gets_its_addresses_and_the_default_one_the_way_out(page: Any) -> None:
    found = planned(
        page(
            fixed("eth0", "192.168.1.108", gateway="192.168.1.1", dns1="9.9.9.9", mtu=1400),
            {"id": "eth1", "dns_auto": False, "dns1": "8.8.8.8", "ipv6": "off"},
            default_interface="eth1",
        )
    )
    assert found["eth0"].ipv4.addresses == ("192.168.1.108/24",)
    assert (found["eth0"].ipv4.gateway, found["eth0"].ipv4.dns) == ("192.168.1.1", ("9.9.9.9",))
    assert (found["eth0"].mtu, found["eth1"].ipv4.method) == (1400, "dhcp")
    assert (found["eth1"].ipv4.auto_dns, found["eth1"].ipv4.dns) == (False, ("8.8.8.8",))
    assert found["eth1"].metric < found["eth0"].metric
    assert found["eth1"].ipv6.method == "off"


def test_interfaces_that_are_gone_or_unknown_and_wifi_without_a_network_are_left_out(
    page: Any,
) -> None:
    found = planned(page({"id": "eth0"}, {"id": "eth9"}, {"id": "wlan0"}))
    assert list(found) == ["eth0"]


def test_a_route_goes_to_the_interface_in_whose_segment_its_gateway_is(page: Any) -> None:
    route = {"destination": "10.20.0.0", "mask": "255.255.0.0", "gateway": "192.168.2.2"}
    found = planned(
        page(fixed("eth0", "192.168.1.108"), fixed("eth1", "192.168.2.108"), routes=[route])
    )
    assert found["eth0"].ipv4.routes == ()
    assert found["eth1"].ipv4.routes == (RoutePlan(network="10.20.0.0/16", gateway="192.168.2.2"),)


def test_a_route_of_a_bond_does_not_go_to_what_a_member_had_before(page: Any) -> None:
    route = {"destination": "10.20.0.0", "mask": "255.255.0.0", "gateway": "192.168.1.2"}
    found = planned(
        page(
            fixed("eth0", "192.168.1.7", member=True),
            {"id": "eth1", "member": True},
            fixed("bond0", "192.168.1.108"),
            mode="backup",
            routes=[route],
        )
    )
    assert found["bond0"].ipv4.routes[0].network == "10.20.0.0/16"


@pytest.mark.parametrize(
    ("mode", "told"), [("backup", "active-backup"), ("balance", "balance-alb")]
)
def test_a_bond_has_the_address_and_its_members_have_none(page: Any, mode: str, told: str) -> None:
    """D2-NW-02, D2-NW-03."""
    found = planned(
        page(
            {"id": "eth0", "member": True},
            {"id": "eth1", "member": True},
            fixed("bond0", "192.168.1.108"),
            mode=mode,
        )
    )
    assert found["eth0"].bond == found["eth1"].bond == "bond0"
    assert found["eth0"].ipv4.method == "off"
    bond = values_of(profile_of(found["bond0"]))
    assert bond["connection"]["type"] == "bond"
    assert bond["bond"]["options"] == {"mode": told, "miimon": "100"}
    member = values_of(profile_of(found["eth0"]))
    assert member["connection"]["master"] == profile_uuid("bond0")
    assert "ipv4" not in member


def test_a_profile_says_it_in_networkmanagers_words(page: Any) -> None:
    route = {"destination": "10.20.0.0", "mask": "255.255.0.0", "gateway": "192.168.1.2"}
    one = planned(
        page(
            fixed("eth0", "192.168.1.108", gateway="192.168.1.1", dns1="192.168.1.3", ipv6="dhcp"),
            routes=[route],
        )
    )["eth0"]
    found = profile_of(one)
    ipv4 = values_of(found)["ipv4"]
    assert ipv4["method"] == "manual"
    assert [{k: v.value for k, v in a.items()} for a in ipv4["address-data"]] == [
        {"address": "192.168.1.108", "prefix": 24}
    ]
    assert [{k: v.value for k, v in r.items()} for r in ipv4["route-data"]] == [
        {"dest": "10.20.0.0", "prefix": 16, "next-hop": "192.168.1.2"}
    ]
    assert ipv4["dns"] == [int.from_bytes(bytes([192, 168, 1, 3]), sys.byteorder)]
    assert (ipv4["gateway"], values_of(found)["ipv6"]["method"]) == ("192.168.1.1", "dhcp")


def test_802_1x_and_wifi_go_with_their_secrets(page: Any) -> None:
    found = planned(
        page(
            {"id": "eth0", "dot1x": "peap", "dot1x_user": "nvr", "dot1x_password": "sealed"},
            {"id": "wlan0", "wifi": True, "ssid": "Office", "wifi_password": "12345678"},
        )
    )
    peap = values_of(profile_of(found["eth0"], {"ca": "/keys/ca.pem"}))["802-1x"]
    assert (peap["eap"], peap["identity"], peap["phase2-auth"]) == (["peap"], "nvr", "mschapv2")
    assert peap["password"] == "open sesame"
    assert peap["ca-cert"] == b"file:///keys/ca.pem\0"
    wifi = values_of(profile_of(found["wlan0"]))
    assert wifi["802-11-wireless"]["ssid"] == b"Office"
    assert wifi["802-11-wireless-security"] == {"key-mgmt": "wpa-psk", "psk": "12345678"}
    assert "open sesame" not in repr(found)
    assert "12345678" not in repr(found)


def test_tls_goes_by_files_and_says_where_no_password_is_needed(page: Any) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmg\n-----END CERTIFICATE-----"
    key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIF\n-----END EC PRIVATE KEY-----"
    entry = {"id": "eth0", "dot1x": "tls", "dot1x_user": "n", "dot1x_ca": pem,
             "dot1x_certificate": pem, "dot1x_key": key}  # fmt: skip
    files = {"ca": "/k/ca", "certificate": "/k/cert", "key": "/k/key"}
    tls = values_of(profile_of(planned(page(entry))["eth0"], files))["802-1x"]
    assert (tls["eap"], tls["client-cert"]) == (["tls"], b"file:///k/cert\0")
    assert tls["private-key"] == b"file:///k/key\0"
    assert tls["private-key-password-flags"] == 4
    assert "password" not in tls


@pytest.mark.parametrize(
    "change",
    [
        {"name": "eth0; reboot"},
        {"name": "../etc"},
        {"mtu": 100},
        {"kind": "tunnel"},
        {"ipv4": {"method": "manual", "addresses": ["10.0.0.1/99"]}},
        {"ipv4": {"method": "manual", "gateway": "router"}},
        {"surprise": 1},
    ],
)
def test_the_privileged_side_takes_only_what_a_plan_can_be(change: dict[str, Any]) -> None:
    good = {"name": "eth0", "kind": "ethernet", "ipv4": {"method": "dhcp"},
            "ipv6": {"method": "off"}}  # fmt: skip
    assert Plan.model_validate({"interfaces": [good]})
    with pytest.raises(ValidationError):
        Plan.model_validate({"interfaces": [{**good, **change}]})


def state_of(**links: bool) -> NetworkState:
    return NetworkState(
        interfaces=[
            InterfaceState(
                name=name,
                kind="bond" if name == "bond0" else "ethernet",
                link=link,
                condition="connected" if link else "unplugged",
                gateway="192.168.1.1",
            )
            for name, link in links.items()
        ]
    )


@pytest.mark.parametrize(
    ("mode", "default", "links", "offline"),
    [
        ("single", "eth0", {"eth0": False, "eth1": True}, True),
        ("single", "eth0", {"eth0": True, "eth1": False}, False),
        ("single", "", {"eth0": False, "eth1": True}, False),
        ("single", "", {"eth0": False, "eth1": False}, True),
        ("backup", "", {"eth0": False, "eth1": True}, False),
        ("backup", "", {"eth0": False, "eth1": False}, True),
        ("balance", "", {"eth0": True, "eth1": False}, False),
        ("balance", "", {"eth0": False, "eth1": False}, True),
        ("single", "eth9", {"eth0": True}, True),
    ],
)
def test_when_the_recorder_counts_as_offline(
    mode: str, default: str, links: dict[str, bool], offline: bool
) -> None:
    """D2-NW-01, D2-NW-02, D2-NW-03."""
    members = ["eth0", "eth1"]
    found = is_offline(state_of(**links), mode=mode, members=members, default=default)
    assert found is offline


def test_another_interface_is_the_way_out_while_the_default_one_is_down() -> None:
    out = way_out(state_of(eth0=False, eth1=True), "eth0")
    assert out is not None
    assert out.name == "eth1"
    assert way_out(state_of(eth0=False), "eth0") is None
