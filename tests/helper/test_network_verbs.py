"""The network's verbs on a simulated computer: through the socket, as the supervisor asks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from appliance.helper.requests.network import ApplyNetwork, BindNeighbour, KeepNetwork
from appliance.helper.server import HelperServer
from appliance.helper.sim_system import Machine, SimulatedSystem
from appliance.helper.verbs.network import DOMAIN
from appliance.network.host import NetworkError
from appliance.network.plan import InterfacePlan, IpPlan, Plan
from appliance.network.simulated import ROUTER, ROUTER_MAC
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.network_helper import HelperHost

OFF = IpPlan(method="off")
FIXED = IpPlan(method="manual", addresses=("192.168.1.108/24",), gateway=ROUTER)


def plan(name: str = "uplink") -> Plan:
    one = InterfacePlan(name=name, kind="ethernet", ipv4=FIXED, ipv6=OFF)
    return Plan(interfaces=(one,))


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[HelperHost]:
    system = SimulatedSystem(Machine(tmp_path / "computer"), {})
    server = HelperServer(tmp_path / "h.sock", [DOMAIN], system, uids={os.getuid()})
    await server.start()
    helper = HelperService(tmp_path / "h.sock")
    helper.start()
    await helper.connected.wait()
    yield HelperHost(helper, lambda: ["lan1", "eth1"])
    await helper.close()
    await server.close()


async def test_a_plan_is_tried_kept_and_read_through_the_helper(host: HelperHost) -> None:
    before = await host.read()
    assert host.simulated
    assert [one.name for one in before.interfaces] == ["uplink", "wlan0"]  # eth1 is not ours
    handle = await host.apply(plan(), 60)
    await host.keep(handle)
    found = (await host.read()).find("uplink")
    assert found is not None
    assert found.addresses == ["192.168.1.108/24"]
    assert set(await host.counters()) == {"uplink"}
    with pytest.raises(NetworkError) as caught:
        await host.keep(handle)
    assert caught.value.code == "network.no_trial"


async def test_what_is_tried_can_be_undone(host: HelperHost) -> None:
    handle = await host.apply(plan(), 60)
    await host.revert(handle)
    found = (await host.read()).find("uplink")
    assert found is not None
    assert found.addresses == []


async def test_the_segment_is_asked_and_the_gateway_bound(host: HelperHost) -> None:
    assert await host.who_has("uplink", ROUTER) == [ROUTER_MAC]
    await host.bind("uplink", ROUTER, ROUTER_MAC)
    await host.bind("uplink", ROUTER, "")
    assert [site.ssid for site in await host.scan("wlan0")][0] == "Office"  # noqa: RUF015


async def test_net_devices_that_are_not_the_recorders_are_not_set(host: HelperHost) -> None:
    for name in ("lan1", "lo"):
        with pytest.raises(NetworkError) as caught:
            await host.apply(plan(name), 0)
        assert caught.value.code == "network.forbidden"


async def test_without_a_helper_the_network_is_away(tmp_path: Path) -> None:
    helper = HelperService(tmp_path / "none.sock")
    helper.start()
    with pytest.raises(NetworkError) as caught:
        await HelperHost(helper, list).read()
    assert caught.value.code == "network.away"
    await helper.close()


def test_arguments_are_checked_again() -> None:
    good = {"interface": "uplink", "address": ROUTER, "mac": ROUTER_MAC}
    assert BindNeighbour(**good)
    for wrong in (
        {"interface": "a b"},
        {"address": "router"},
        {"mac": "01:00:5e:00:00:01"},
        {"mac": "00:00:00:00:00:00"},
    ):
        with pytest.raises(ValidationError):
            BindNeighbour(**{**good, **wrong})
    with pytest.raises(ValidationError):
        KeepNetwork(handle="/a b; reboot")
    with pytest.raises(ValidationError):
        ApplyNetwork(plan=plan(), rollback_s=100_000)


def test_the_log_says_which_interfaces_and_no_secret() -> None:
    assert ApplyNetwork(plan=plan(), rollback_s=60).shown() == "uplink, 60 s"
