"""The page TCP/IP: every wrong field is named in place (D2-NW-07, D2-NW-09, D2-NW-11)."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.network.page import NetworkPage
from appliance.network.page_interface import Interface
from appliance.settings.forms import page_form
from appliance.settings.mend import check
from tests.network.conftest import fixed

GOOD = fixed("eth0", "192.168.1.108", gateway="192.168.1.1", dns1="192.168.1.1")


def wrong_in(*entries: dict[str, Any], **own: Any) -> dict[str, str]:
    """Return path and code of every problem of a page."""
    _valid, problems = check(NetworkPage, {"items": list(entries), **own})
    return {".".join(map(str, problem.path)): problem.code for problem in problems}


def test_a_fixed_address_with_gateway_and_name_servers_is_taken() -> None:
    assert wrong_in(GOOD) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", ""),
        ("address", "192.168.1"),
        ("address", "192.168.1.256"),
        ("address", "192.168.1.0"),
        ("address", "192.168.1.255"),
        ("address", "127.0.0.1"),
        ("address", "0.0.0.0"),
        ("address", "239.1.1.1"),
        ("address", "255.255.255.255"),
        ("address", "fe80::1"),
        ("mask", ""),
        ("mask", "255.0.255.0"),
        ("mask", "255.255.255.255"),
        ("mask", "0.0.0.0"),
        ("mask", "33"),
        ("gateway", "192.168.2.1"),
        ("gateway", "192.168.1.108"),
        ("gateway", "192.168.1.255"),
        ("gateway", "router"),
        ("dns1", "dns.example.org"),
        ("dns1", "0.0.0.0"),
        ("dns1", "2001:db8::1"),
        ("dns2", "192.168.1.1"),
        ("mtu", 1279),
        ("mtu", 1501),
        ("ssid", "x" * 33),
        ("wifi_password", "short"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(field: str, value: Any) -> None:
    assert list(wrong_in(GOOD | {field: value})) == [f"items.0.{field}"]


def test_an_interface_without_its_id_is_named_beside_what_else_is_wrong() -> None:
    nameless = {name: value for name, value in GOOD.items() if name != "id"}
    assert wrong_in(GOOD, nameless) == {"items.1.id": "missing", "items.1.address": "conflict"}


def test_all_wrong_fields_are_named_at_once() -> None:
    entry = GOOD | {"address": "1.2.3", "mask": "255.0.255.0", "dns1": "x", "ipv6": "manual"}
    assert set(wrong_in(entry)) == {
        "items.0.address",
        "items.0.mask",
        "items.0.dns1",
        "items.0.address6",
    }


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({"address6": "2001:db8::5", "gateway6": "fe80::1"}, {}),
        ({"address6": "2001:db8::5", "gateway6": "2001:db8::1"}, {}),
        ({"address6": "fe80::5"}, {"address6"}),
        ({"address6": "2001:db8::"}, {}),
        ({"address6": "ff02::1"}, {"address6"}),
        ({"address6": "2001:db8::5", "gateway6": "2001:db9::1"}, {"gateway6"}),
        ({"address6": "2001:db8::5", "dns6_1": "8.8.8.8"}, {"dns6_1"}),
        ({"address6": "2001:db8::5", "dns6_2": "2001:db8::1"}, {"dns6_2"}),
    ],
)
def test_ipv6_is_judged_likewise(entry: dict[str, Any], wrong: set[str]) -> None:
    found = wrong_in({"id": "eth0", "ipv6": "manual", **entry})
    assert set(found) == {f"items.0.{field}" for field in wrong}


def test_an_interface_without_any_family_would_shut_everybody_out() -> None:
    assert set(wrong_in({"id": "eth0", "ipv4": "off", "ipv6": "off"})) == {"items.0.ipv4"}


def test_two_interfaces_need_segments_of_their_own() -> None:
    same = fixed("eth1", "192.168.1.108")
    assert set(wrong_in(GOOD, same)) == {"items.1.address"}
    overlapping = fixed("eth1", "192.168.200.1", mask="255.255.0.0")
    assert set(wrong_in(GOOD, overlapping)) == {"items.1.address"}
    assert wrong_in(GOOD, fixed("eth1", "192.168.2.108")) == {}


def test_members_of_a_bond_may_hold_what_they_like_and_the_bond_needs_two() -> None:
    bond = fixed("bond0", "192.168.1.108")
    one = GOOD | {"member": True}
    other = fixed("eth1", "192.168.1.108", member=True)
    assert wrong_in(one, other, bond, mode="backup") == {}
    assert set(wrong_in(one, bond, mode="balance")) == {"mode"}
    # Without the bond its entry counts for nothing, but the two others do.
    assert set(wrong_in(GOOD, other, bond)) == {"items.1.address"}


def test_the_default_interface_is_one_that_has_addresses() -> None:
    assert wrong_in(GOOD, default_interface="eth0") == {}
    assert set(wrong_in(GOOD, default_interface="eth7")) == {"default_interface"}
    members = (GOOD | {"member": True}, {"id": "eth1", "member": True}, {"id": "bond0"})
    assert set(wrong_in(*members, mode="backup", default_interface="eth0")) == {"default_interface"}


@pytest.mark.parametrize("mac", ["router", "00:11:22:33:44", "01:00:5e:00:00:01"])
def test_a_gateway_is_bound_to_the_address_of_one_device(mac: str) -> None:
    assert set(wrong_in(GOOD, bind_gateway=True, gateway_mac=mac)) == {"gateway_mac"}


ROUTE = {"destination": "10.20.0.0", "mask": "255.255.0.0", "gateway": "192.168.1.2"}


def test_routes_lead_elsewhere_by_a_router_in_a_segment() -> None:
    assert wrong_in(GOOD, routes=[ROUTE]) == {}
    assert wrong_in(GOOD, routes=[{**ROUTE, "destination": f"10.2{n}.0.0"} for n in range(8)]) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"destination": "10.20.0.1"}, "destination"),
        ({"destination": "somewhere"}, "destination"),
        ({"destination": "192.168.1.0", "mask": "255.255.255.0"}, "destination"),
        ({"destination": "239.0.0.0"}, "destination"),
        ({"mask": "255.0.255.0"}, "mask"),
        ({"destination": "0.0.0.0", "mask": "0.0.0.0"}, "mask"),
        ({"gateway": "192.168.7.1"}, "gateway"),
        ({"gateway": "192.168.1.108"}, "gateway"),
        ({"gateway": "here"}, "gateway"),
        ({"interface": "eth7"}, "interface"),
    ],
)
def test_a_wrong_route_is_named_at_its_field(change: dict[str, str], field: str) -> None:
    assert list(wrong_in(GOOD, routes=[ROUTE, {**ROUTE, **change, "destination": change.get(
        "destination", "10.30.0.0")}])) == [f"routes.1.{field}"]  # fmt: skip


def test_a_second_route_to_the_same_network_and_a_ninth_one_are_refused() -> None:
    assert set(wrong_in(GOOD, routes=[ROUTE, ROUTE])) == {"routes.1.destination"}
    nine = [{**ROUTE, "destination": f"10.2{n}.0.0"} for n in range(9)]
    assert set(wrong_in(GOOD, routes=nine)) == {"routes"}


def test_routes_are_entered_row_by_row_and_an_empty_row_is_named() -> None:
    """D2-NW-11."""
    form = page_form(NetworkPage)
    (routes,) = [f for section in form["sections"] for f in section["fields"]
                 if f["name"] == "routes"]  # fmt: skip
    assert routes["widget"] == "table"
    assert [c["name"] for c in routes["columns"]] == ["destination", "mask", "gateway", "interface"]
    assert set(wrong_in(GOOD, routes=[{}])) == {"routes.0.destination", "routes.0.gateway"}


def test_behind_a_leased_address_a_route_says_its_interface() -> None:
    leased = {"id": "eth0"}
    assert set(wrong_in(leased, routes=[ROUTE])) == {"routes.0.interface"}
    assert wrong_in(leased, routes=[{**ROUTE, "interface": "eth0"}]) == {}


@pytest.mark.parametrize(
    ("dot1x", "wrong"),
    [
        ({"dot1x": "peap", "dot1x_user": "nvr", "dot1x_password": "secret"}, set()),
        ({"dot1x": "peap"}, {"dot1x_user", "dot1x_password"}),
        ({"dot1x": "tls", "dot1x_user": "nvr"}, {"dot1x_ca", "dot1x_certificate", "dot1x_key"}),
        (
            {"dot1x": "peap", "dot1x_user": "n", "dot1x_password": "s", "dot1x_ca": "certificate"},
            {"dot1x_ca"},
        ),
    ],
)
def test_what_802_1x_needs_is_asked_for(dot1x: dict[str, Any], wrong: set[str]) -> None:
    """N12.17, T9.10, A7.16."""
    found = wrong_in({"id": "eth0", **dot1x})
    assert set(found) == {f"items.0.{field}" for field in wrong}


def test_masks_and_hardware_addresses_are_taken_as_people_write_them() -> None:
    assert Interface.tidy({"mask": "/24", "address": " 10.0.0.1 "}) == {
        "mask": "255.255.255.0",
        "address": "10.0.0.1",
    }
    assert Interface.tidy({"mask": "rubbish"}) == {"mask": "rubbish"}
    assert NetworkPage.tidy({"gateway_mac": "00-1A-2B-3C-4D-5E"}) == {
        "gateway_mac": "00:1a:2b:3c:4d:5e"
    }
    routes = [{"mask": "16"}]
    assert NetworkPage.tidy({"routes": routes}) == {"routes": [{"mask": "255.255.0.0"}]}
