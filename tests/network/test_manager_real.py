"""The real NetworkManager in a namespace: a change is in force, is undone, and cuts nobody off."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from appliance.bus.client import connected_client
from appliance.bus.errors import BusError
from appliance.network.box_host import BoxHost
from appliance.network.host import NetworkError
from appliance.network.plan import InterfacePlan, IpPlan, Plan, RoutePlan
from appliance.supervisor import network_service
from tests.network.real_manager import BOX, DESK, POSSIBLE, RealManager, real_manager
from tests.supervisor.test_network_service import Box

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="root and NetworkManager are needed")
AWAY = "10.99.0.50"
NEAR = "10.77.0.60"
OFF = IpPlan(method="off")


def plan_with(address: str, *more: InterfacePlan, **ipv4: object) -> Plan:
    fixed = IpPlan(method="manual", addresses=(f"{address}/24",), auto_dns=False, **ipv4)  # type: ignore[arg-type]
    one = InterfacePlan(name="eth0", kind="ethernet", ipv4=fixed, ipv6=OFF, metric=100)
    return Plan(interfaces=(one, *more))


async def until(true: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not await true():
            await asyncio.sleep(0.02)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[RealManager]:
    async with real_manager(tmp_path) as found:
        yield found


@pytest.fixture
async def host(real: RealManager, tmp_path: Path) -> AsyncIterator[BoxHost]:
    host = BoxHost(tmp_path / "keys", address=real.address)

    async def knows_both() -> bool:
        try:
            state = await host.read()
        except NetworkError:
            return False
        return [one.name for one in state.interfaces] == ["eth0", "eth1"] and all(
            one.condition != "off" or one.link for one in state.interfaces
        )

    await until(knows_both, 20)
    await host.apply(plan_with(BOX), 0)
    await until(lambda: real.desk.reaches(BOX))
    yield host
    await host.close()


async def test_a_change_is_in_force_with_routes_name_servers_and_gateway(
    real: RealManager, host: BoxHost
) -> None:
    route = RoutePlan(network="10.20.0.0/16", gateway="10.77.0.9")
    handle = await host.apply(
        plan_with(NEAR, gateway=DESK, dns=("10.77.0.2", "10.77.0.3"), routes=(route,)), 30
    )
    await until(lambda: real.desk.reaches(NEAR))
    await host.keep(handle)

    async def told() -> bool:  # NetworkManager tells it a moment after it is in force
        state = (await host.read()).find("eth0")
        return state is not None and state.addresses == [f"{NEAR}/24"]

    await until(told)
    state = (await host.read()).find("eth0")
    assert state is not None
    assert (state.gateway, state.dns) == (DESK, ["10.77.0.2", "10.77.0.3"])
    routes = real.ip("-n", real.box, "route")
    assert "10.20.0.0/16 via 10.77.0.9 dev eth0" in routes
    assert f"default via {DESK} dev eth0" in routes


async def cut_off_and_back(real: RealManager, host: BoxHost) -> None:
    """Move away from the person, who then reaches nothing until the checkpoint ends."""
    handle = await host.apply(plan_with(AWAY), 1)
    assert not await real.desk.reaches(BOX)
    await until(lambda: real.desk.reaches(BOX))
    with pytest.raises(NetworkError, match="taken back"):
        await host.keep(handle)


async def test_who_cut_themselves_off_is_let_in_again(real: RealManager, host: BoxHost) -> None:
    for _time in range(2):
        await cut_off_and_back(real, host)
    assert f"inet {BOX}/24" in real.ip("-n", real.box, "address", "show", "dev", "eth0")


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_who_cut_themselves_off_fifty_times_is_let_in_again(
    real: RealManager, host: BoxHost
) -> None:
    for _time in range(50):
        await cut_off_and_back(real, host)


async def test_a_change_that_cannot_be_made_is_undone_whole(
    real: RealManager, host: BoxHost
) -> None:
    bond = InterfacePlan(
        name="eth1", kind="bond", mode="backup", ipv4=IpPlan(method="dhcp"), ipv6=OFF
    )  # eth1 is there and no bond: NetworkManager refuses to put it in force
    with pytest.raises(NetworkError):
        await host.apply(plan_with(NEAR, bond), 30)
    await until(lambda: real.desk.reaches(BOX))
    assert not await real.desk.reaches(NEAR)


async def test_an_address_that_another_bears_is_found_by_asking(
    real: RealManager, host: BoxHost
) -> None:
    """The question goes out of the namespace's own interface, as the helper asks it."""
    script = (
        "import asyncio; from appliance.network.arp import who_has; "
        f"print(*asyncio.run(who_has('eth0', '{DESK}')), '|',"
        " *asyncio.run(who_has('eth0', '10.77.0.99')))"
    )
    process = await asyncio.create_subprocess_exec(
        *("nsenter", f"--net=/run/netns/{real.box}", sys.executable, "-c", script),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _err = await process.communicate()
    mac = real.ip("-n", real.desk_name, "-br", "link", "show", "desk0").split()[2]
    assert out.decode().strip() == f"{mac} |"


async def test_a_gateway_is_bound_for_good_and_let_go(real: RealManager, host: BoxHost) -> None:
    async def bound(mac: str) -> str:
        script = f"from appliance.network.neighbours import bind; bind('eth0', '{DESK}', '{mac}')"
        process = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net=/run/netns/{real.box}", sys.executable, "-c", script)
        )
        assert await process.wait() == 0
        return real.ip("-n", real.box, "neighbour", "show", "nud", "permanent")

    assert f"{DESK} dev eth0 lladdr 02:00:00:00:00:07" in await bound("02:00:00:00:00:07")
    assert not await real.desk.reaches(BOX)  # answers go to a gateway that is not there
    assert DESK not in await bound("")
    await until(lambda: real.desk.reaches(BOX))


class Unasked(BoxHost):
    """The test's own process is in another namespace, where nobody could be asked by ARP."""

    async def who_has(self, interface: str, address: str) -> list[str]:
        return []


async def test_the_whole_way_from_the_settings_to_the_address_and_back(
    real: RealManager, host: BoxHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, trial, NetworkManager, and a person at the other end of the cable."""
    monkeypatch.setattr(network_service, "RESPOND_S", 0.01)
    box = Box(tmp_path / "box")
    await box.network.close()
    box.host = Unasked(tmp_path / "keys", address=real.address)  # type: ignore[assignment]
    for name in ("get", "history", "test", "scan", "change", "keep", "revert"):
        box.bus._methods.pop(f"network.{name}")
    box.network = box.make()
    await box.events.start()
    await box.settings.open()
    await box.bus.start()
    await box.network.start()
    try:
        async with connected_client(box.path, "web", "test") as web:
            fixed = {"ipv4": "manual", "address": BOX, "mask": "24", "ipv6": "off"}

            async def move(**changes: object) -> str:
                wish = {"item": "eth0", "changes": changes, "actor": "admin"}
                async with asyncio.timeout(10):
                    while True:  # its entry is there as soon as NetworkManager told of it
                        try:
                            return str((await web.request("network.change", wish))["token"])
                        except BusError as error:
                            if error.code not in ("settings.no_item", "settings.invalid"):
                                raise
                            await asyncio.sleep(0.05)

            async def keep(token: str, address: str) -> None:
                async def kept() -> bool:
                    try:
                        await web.request("network.keep", {"token": token})
                    except BusError as error:
                        assert error.code == "network.not_yet"
                        return False
                    return True

                await until(kept)
                await until(lambda: real.desk.reaches(address))

            await keep(await move(**fixed), BOX)
            await keep(await move(address=NEAR), NEAR)
            await move(address=AWAY)

            async def cut_off() -> bool:
                return not await real.desk.reaches(NEAR)

            await until(cut_off)
            box.now_s += 61
            await until(lambda: real.desk.reaches(NEAR))

            async def settings_are_back() -> bool:
                items = box.settings.store.raw("network")["items"]
                return bool(items[0]["address"] == NEAR)

            await until(settings_are_back)
    finally:
        await box.stop()
        await box.host.close()  # type: ignore[attr-defined]
