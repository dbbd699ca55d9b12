"""The D-Bus client against NetworkManager's recorded objects on a bus of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.network.box_host import BoxHost
from appliance.network.host import NetworkError
from appliance.network.plan import Dot1xPlan, InterfacePlan, IpPlan, Plan, WifiPlan
from tests.network.fake_manager import FakeManager
from tests.network.private_bus import private_bus

OFF = IpPlan(method="off")


def interface(name: str, address: str = "", **more: Any) -> InterfacePlan:
    ipv4 = (
        IpPlan(method="manual", addresses=(address,), dns=("10.77.0.9",), auto_dns=False)
        if address
        else IpPlan(method="dhcp")
    )
    return InterfacePlan(**{"name": name, "kind": "ethernet", "ipv4": ipv4, "ipv6": OFF, **more})


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[tuple[FakeManager, BoxHost]]:
    async with private_bus(tmp_path) as address:
        manager = FakeManager()
        await manager.start(address)
        host = BoxHost(tmp_path / "keys", address=address)
        yield manager, host
        await host.close()
        await manager.stop()


async def addresses(host: BoxHost, name: str) -> list[str]:
    found = (await host.read()).find(name)
    assert found is not None
    return found.addresses


async def test_interfaces_are_told_as_networkmanager_knows_them(fake: Any) -> None:
    manager, host = fake
    state = await host.read()
    assert [one.name for one in state.interfaces] == ["eth0", "eth1"]
    one = state.find("eth0")
    assert one is not None
    assert (one.kind, one.link, one.condition, one.speed_mbps) == (
        *("ethernet", True, "connected"),
        10000,
    )
    assert one.addresses == ["10.77.0.50/24"]
    assert (one.gateway, one.dns) == ("10.77.0.1", ["10.77.0.1"])
    manager.plug("eth1", carrier=False)
    other = (await host.read()).find("eth1")
    assert other is not None
    assert (other.condition, other.speed_mbps, other.link) == ("unplugged", None, False)


async def test_a_plan_is_stored_put_in_force_and_kept(fake: Any) -> None:
    manager, host = fake
    handle = await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.60/24"),)), 60)
    assert await addresses(host, "eth0") == ["10.77.0.60/24"]
    await host.keep(handle)
    assert manager.checkpoints == {}
    assert await addresses(host, "eth0") == ["10.77.0.60/24"]


async def test_a_further_change_goes_by_reapply_so_that_the_link_stays(fake: Any) -> None:
    manager, host = fake
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.60/24"),)), 0)
    manager.calls.clear()
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.61/24"),)), 0)
    assert [name for name, _body in manager.calls if name in ("Reapply", "ActivateConnection")] == [
        "Reapply"
    ]
    assert await addresses(host, "eth0") == ["10.77.0.61/24"]
    manager.calls.clear()
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.61/24"),)), 0)
    assert "Reapply" not in dict(manager.calls)  # nothing has changed, so nothing is touched


async def test_what_is_not_kept_is_undone_by_itself_or_when_told_to(fake: Any) -> None:
    _manager, host = fake
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.50/24"),)), 0)
    handle = await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.60/24"),)), 60)
    await host.revert(handle)
    assert await addresses(host, "eth0") == ["10.77.0.50/24"]
    handle = await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.61/24"),)), 1)
    async with asyncio.timeout(5):
        while await addresses(host, "eth0") != ["10.77.0.50/24"]:
            await asyncio.sleep(0.05)
    with pytest.raises(NetworkError) as caught:
        await host.keep(handle)
    assert caught.value.code == "network.no_trial"


async def test_what_networkmanager_refuses_is_told_in_its_words_and_undone(fake: Any) -> None:
    manager, host = fake
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.50/24"),)), 0)
    manager.refuse = dict.fromkeys(("ActivateConnection", "Reapply"), "No suitable device.")
    with pytest.raises(NetworkError, match="NetworkManager refused: No suitable device") as caught:
        await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.60/24"),)), 60)
    assert caught.value.code == "network.failed"
    manager.refuse = {}
    assert await addresses(host, "eth0") == ["10.77.0.50/24"]
    assert manager.checkpoints == {}


async def test_an_unplugged_interface_gets_its_profile_for_when_there_is_a_cable(fake: Any) -> None:
    manager, host = fake
    manager.plug("eth1", carrier=False)
    await host.apply(Plan(interfaces=(interface("eth1", "10.78.0.5/24"),)), 0)
    assert "ActivateConnection" not in dict(manager.calls)
    (profile,) = manager.profiles.values()
    assert profile["connection"]["autoconnect"].value is True


async def test_a_bond_is_made_with_its_members_and_taken_apart(fake: Any) -> None:
    manager, host = fake
    none = {"ipv4": OFF, "bond": "bond0"}
    bond = interface("bond0", "10.77.0.70/24", kind="bond", mode="backup")
    plan = Plan(interfaces=(interface("eth0", **none), interface("eth1", **none), bond))
    await host.apply(plan, 0)
    state = await host.read()
    assert [(one.name, one.bond) for one in state.interfaces] == [
        ("bond0", ""),
        ("eth0", "bond0"),
        ("eth1", "bond0"),
    ]
    assert await addresses(host, "bond0") == ["10.77.0.70/24"]
    await host.apply(Plan(interfaces=(interface("eth0", "10.77.0.50/24"),)), 0)
    names = {profile["connection"]["id"].value for profile in manager.profiles.values()}
    assert names == {"nvr-eth0"}


async def test_wifi_networks_are_listed_and_joined(fake: Any) -> None:
    manager, host = fake
    with pytest.raises(NetworkError, match="no Wi-Fi"):
        await host.scan("eth0")
    manager.add_wifi()
    sites = await host.scan("wlan0")
    assert [(site.ssid, site.signal_percent, site.secure) for site in sites] == [
        ("Office", 71, True),
        ("Guests", 48, False),
    ]
    wifi = WifiPlan(ssid="Office", password="12345678")
    await host.apply(Plan(interfaces=(interface("wlan0", kind="wifi", wifi=wifi),)), 0)
    (profile,) = manager.profiles.values()
    assert profile["connection"]["type"].value == "802-11-wireless"


async def test_keys_of_802_1x_lie_in_files_only_their_owner_reads(
    fake: Any, tmp_path: Path
) -> None:
    manager, host = fake
    dot1x = Dot1xPlan(method="tls", identity="nvr", ca="CA", certificate="OWN", key="KEY")
    await host.apply(Plan(interfaces=(interface("eth0", dot1x=dot1x),)), 0)
    (profile,) = manager.profiles.values()
    path = profile["802-1x"]["private-key"].value.decode().removeprefix("file://").rstrip("\0")
    assert Path(path).read_text() == "KEY"
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert Path(path).parent == tmp_path / "keys"


async def test_without_networkmanager_it_says_so_and_finds_it_when_it_comes(tmp_path: Path) -> None:
    host = BoxHost(tmp_path / "keys", address=f"unix:path={tmp_path / 'bus.sock'}")
    with pytest.raises(NetworkError) as caught:
        await host.read()
    assert caught.value.code == "network.away"
    async with private_bus(tmp_path) as address:
        with pytest.raises(NetworkError, match="does not run"):
            await host.read()
        manager = FakeManager()
        await manager.start(address)
        assert (await host.read()).find("eth0") is not None
        await manager.stop()
    await host.close()
