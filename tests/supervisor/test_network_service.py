"""The network in the supervisor: changes are tried, kept or taken back; conflicts are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.network.host import NetworkError
from appliance.network.plan import Plan
from appliance.network.simulated import PRINTER, PRINTER_MAC, ROUTER, ROUTER_MAC, SimulatedHost
from appliance.settings.document import DocumentFiles
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor import network_service, network_watch
from appliance.supervisor.network_service import NetworkService
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import SettingsTransfer

FIXED = {"ipv4": "manual", "address": "192.168.1.108", "gateway": ROUTER}
HERE = ["192.168.1.64/24"]


class Box:
    """A supervisor's bus, events, settings and network, on a simulated computer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "bus.sock"
        self.now_s = 1000.0
        self.host = SimulatedHost(clock=lambda: self.now_s)
        store = SettingsStore(
            DocumentFiles(folder / "settings"),
            Vault.open(folder / "key"),
            vets={"network": lambda before, after: self.network.vet(before, after)},
        )
        self.bus = BusServer(self.path, instance="s", settings_version=lambda: store.version)
        self.events = EventBook(folder / "events.db")
        self.settings = SettingsService(
            self.bus,
            store,
            changed=lambda page: self.network.settings_changed(page),
            told=lambda _kind, _details: None,
            capabilities=lambda: self.network.capabilities(),
        )
        self.transfer = SettingsTransfer(
            self.bus,
            self.settings,
            seed=lambda: None,
            told=lambda _kind, _details: None,
            settled=lambda: self.network.settle(),
        )
        self.network = self.make()

    def make(self) -> NetworkService:
        state = self.folder / "network"
        return NetworkService(
            self.bus, self.events, self.settings, self.host, state, lambda: self.now_s
        )

    async def start(self) -> None:
        await self.events.start()
        await self.settings.open()
        await self.bus.start()
        await self.network.start()
        await self.until(self.at(HERE))

    async def stop(self) -> None:
        await self.network.close()
        await self.bus.close()
        await self.events.close()
        self.settings.close()

    async def addresses(self, name: str = "uplink") -> list[str]:
        found = (await self.host.read()).find(name)
        assert found is not None
        return [address for address in found.addresses if not address.startswith("fe80")]

    def at(self, addresses: list[str]) -> Callable[[], Awaitable[bool]]:
        async def is_there() -> bool:
            return await self.addresses() == addresses

        return is_there

    def told(self, kind: str) -> Callable[[], Awaitable[bool]]:
        async def is_told() -> bool:
            return bool(await self.kinds(kind))

        return is_told

    async def kinds(self, kind: str) -> list[Any]:
        events, _next = await self.events.query(EventFilter(kinds=(kind,)))
        return list(events)

    @property
    def entry(self) -> dict[str, Any]:
        items = self.settings.store.raw("network")["items"]
        return next(item for item in items if item["id"] == "uplink")

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(10):
            while not await true():
                await asyncio.sleep(0.01)


@pytest.fixture
async def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Box]:
    monkeypatch.setattr(network_service, "RESPOND_S", 0.01)
    monkeypatch.setattr(network_service, "LOOK_S", 0.02)
    found = Box(tmp_path)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def web(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.path, "web", "test") as client:
        yield client


async def change(web: BusClient, **changes: Any) -> Any:
    wish = {"item": "uplink", "changes": changes, "actor": "admin@192.168.1.9"}
    return await web.request("network.change", wish)


async def in_force(box: Box, web: BusClient) -> None:
    async def applied() -> bool:
        trial = (await web.request("network.get", {}))["trial"]
        return trial is not None and trial["applied"]

    await box.until(applied)


async def test_every_interface_has_an_entry_and_the_first_start_asks_nobody(
    box: Box, web: BusClient
) -> None:
    items = box.settings.store.raw("network")["items"]
    assert [item["id"] for item in items] == ["uplink", "eth1", "wlan0", "bond0"]
    status = await web.request("network.get", {})
    assert (status["simulated"], status["offline"], status["trial"]) == (True, False, None)
    assert [one["name"] for one in status["interfaces"] if one["default"]] == ["uplink"]
    page = await web.request("settings.get", {"page": "network"})
    assert {"multi_nic", "wifi", "dot1x"} <= set(page["capabilities"])


async def test_a_change_is_in_force_and_holds_once_confirmed_by_its_token(
    box: Box, web: BusClient
) -> None:
    answer = await change(web, **FIXED)
    assert answer["trial"]["addresses"] == ["192.168.1.108"]
    await in_force(box, web)
    assert await box.addresses() == ["192.168.1.108/24"]
    with pytest.raises(BusError, match="nothing to confirm"):
        await web.request("network.keep", {"token": "guessed-guessed-guessed"})
    await web.request("network.keep", {"token": answer["token"], "actor": "x"})
    box.now_s += 1000
    assert await box.addresses() == ["192.168.1.108/24"]
    assert (await web.request("network.get", {}))["trial"] is None
    assert (await web.request("network.get", {}))["outcome"]["code"] == "kept"
    assert len(await box.kinds("network_kept")) == 1
    with pytest.raises(BusError, match="nothing to confirm"):
        await web.request("network.keep", {"token": answer["token"]})


async def test_what_nobody_confirms_is_taken_back_with_its_settings(
    box: Box, web: BusClient
) -> None:
    await change(web, **FIXED)
    await in_force(box, web)
    box.now_s += 59
    assert await box.addresses() == ["192.168.1.108/24"]
    box.now_s += 1.5
    await box.until(box.at(HERE))
    await box.until(box.told("network_taken_back"))
    assert box.entry["ipv4"] == "dhcp"
    assert (await web.request("network.get", {}))["trial"] is None
    # And the recorder can be changed again.
    await change(web, **FIXED)
    await in_force(box, web)


async def test_the_host_takes_it_back_alone_where_the_supervisor_dies(
    box: Box, web: BusClient
) -> None:
    await change(web, **FIXED)
    await in_force(box, web)
    await box.network.close()
    box.now_s += 75
    assert await box.addresses() == HERE


async def test_a_trial_left_open_by_a_dead_supervisor_is_taken_back_at_the_start(
    box: Box, web: BusClient
) -> None:
    await change(web, **FIXED)
    await in_force(box, web)
    await box.network.close()
    assert box.entry["ipv4"] == "manual"
    for name in ("get", "history", "test", "scan", "change", "keep", "revert"):
        box.bus._methods.pop(f"network.{name}", None)
    box.network = box.make()
    await box.network.start()
    await box.until(box.at(HERE))
    assert box.entry["ipv4"] == "dhcp"
    assert not (box.folder / "network" / "network-trial.json").exists()


async def test_what_a_helper_forgot_is_put_in_force_again_when_it_is_back(
    box: Box, web: BusClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> Any:
        raise NetworkError("network.away", "It does not run.")

    monkeypatch.setattr(network_watch, "STATE_S", 0.01)
    await box.network.watch.close()
    box.network.watch.start()
    real, box.host.read = box.host.read, away  # type: ignore[method-assign]
    await box.until(box.told("network_away"))
    assert (await web.request("network.get", {}))["fault"] == "It does not run."
    box.host.plan = Plan(interfaces=())
    box.host.read = real  # type: ignore[method-assign]
    await box.until(box.at(HERE))
    assert (await web.request("network.get", {}))["fault"] == ""


async def test_a_person_can_take_it_back_at_once(box: Box, web: BusClient) -> None:
    await change(web, **FIXED)
    await in_force(box, web)
    await web.request("network.revert", {"actor": "admin"})
    await box.until(box.at(HERE))
    assert box.entry["ipv4"] == "dhcp"
    with pytest.raises(BusError, match="nothing to take back"):
        await web.request("network.revert", {"actor": "admin"})


async def test_while_one_change_is_tried_there_is_no_other(box: Box, web: BusClient) -> None:
    await change(web, **FIXED)
    with pytest.raises(BusError, match="wrong") as caught:
        await change(web, mtu=1400)
    assert caught.value.fields[0]["code"] == "trial"
    # What cuts nobody off goes on.
    await web.request("network.change", {"changes": {"bind_gateway": True}})


async def test_an_address_in_use_is_refused_at_its_field_and_nothing_changes(
    box: Box, web: BusClient
) -> None:
    with pytest.raises(BusError, match=PRINTER_MAC) as caught:
        await change(web, ipv4="manual", address=PRINTER)
    assert [f["path"] for f in caught.value.fields] == ["address"]
    assert box.entry["ipv4"] == "dhcp"
    assert await box.addresses() == HERE
    with pytest.raises(BusError) as caught:
        await change(web, ipv4="manual", address=PRINTER, gateway="192.168.7.1", mask="24")
    assert {f["path"] for f in caught.value.fields} == {"address", "gateway"}
    answer = await web.request("network.test", {"interface": "uplink", "address": PRINTER})
    assert answer == {"used_by": [PRINTER_MAC]}
    free = await web.request("network.test", {"interface": "uplink", "address": "192.168.1.9"})
    assert free == {"used_by": []}


@pytest.mark.parametrize(
    ("interface", "address", "code"),
    [
        ("uplink", "nonsense", "network.no_address"),
        ("lan3", "192.168.1.9", "network.no_interface"),
        ("eth1", "192.168.1.9", "network.no_link"),
    ],
)
async def test_who_cannot_be_asked_is_told(
    web: BusClient, interface: str, address: str, code: str
) -> None:
    with pytest.raises(BusError) as caught:
        await web.request("network.test", {"interface": interface, "address": address})
    assert caught.value.code == code


async def test_an_address_in_use_that_comes_by_another_way_is_taken_back(
    box: Box, web: BusClient
) -> None:
    """By a file, or the page of all settings: nobody asked the segment before."""
    await web.request(
        "settings.patch",
        {"page": "network", "item": "uplink", "changes": {"ipv4": "manual", "address": PRINTER}},
    )
    await box.until(box.told("network_failed"))
    assert box.entry["ipv4"] == "dhcp"
    assert await box.addresses() == HERE


async def test_what_the_computer_refuses_is_taken_back_and_told(box: Box, web: BusClient) -> None:
    box.host.refuse = "NetworkManager refused: no such device."
    await change(web, **FIXED)
    await box.until(box.told("network_failed"))

    async def back() -> bool:
        return box.entry["ipv4"] == "dhcp"

    await box.until(back)
    assert await box.addresses() == HERE
    assert (await web.request("network.get", {}))["trial"] is None


async def test_wrong_fields_are_named_before_anybody_is_asked(box: Box, web: BusClient) -> None:
    with pytest.raises(BusError) as caught:
        await change(web, ipv4="manual", address="192.168.1.255", dns1="x")
    paths = {field["path"].rpartition(".")[2] for field in caught.value.fields}
    assert paths == {"address", "dns1"}


async def test_a_reset_of_everything_holds_without_anybodys_word(box: Box, web: BusClient) -> None:
    answer = await change(web, **FIXED)
    await in_force(box, web)
    await web.request("network.keep", {"token": answer["token"]})
    await box.transfer.reset("all", "the reset button")
    await box.until(box.at(HERE))
    box.now_s += 1000
    assert box.entry["ipv4"] == "dhcp"
    assert await box.addresses() == HERE
    assert box.network.desk.trial is None


async def test_a_second_bearer_of_the_address_is_an_event_while_it_lasts(
    box: Box, web: BusClient
) -> None:
    """N9.4, A8.11."""
    await box.network.watch.look()
    box.host.neighbours["192.168.1.64"] = ["52:54:00:00:00:99"]
    await box.network.watch.probe()
    (event,) = [e for e in box.events.open_events if e.kind == "network_ip_conflict"]
    assert event.details["mac"] == "52:54:00:00:00:99"
    status = await web.request("network.get", {})
    assert status["interfaces"][0]["conflict"] == "52:54:00:00:00:99"
    del box.host.neighbours["192.168.1.64"]
    await box.network.watch.probe()
    assert not [e for e in box.events.open_events if e.kind == "network_ip_conflict"]


async def test_the_gateway_is_bound_and_another_that_answers_is_told(
    box: Box, web: BusClient
) -> None:
    """D2-AP-58."""
    await web.request("network.change", {"changes": {"bind_gateway": True}})

    async def bound() -> bool:
        return box.host.bound == {ROUTER: ROUTER_MAC}

    await box.until(bound)
    assert box.settings.store.raw("network")["gateway_mac"] == ROUTER_MAC
    box.host.neighbours[ROUTER] = [ROUTER_MAC, "66:66:66:66:66:66"]
    await box.network.watch.guard_gateway()
    (event,) = [e for e in box.events.open_events if e.kind == "network_gateway"]
    assert event.details["mac"] == "66:66:66:66:66:66"
    await web.request("network.change", {"changes": {"bind_gateway": False}})

    async def free() -> bool:
        return not box.host.bound and not [
            e for e in box.events.open_events if e.kind == "network_gateway"
        ]

    await box.until(free)


async def test_without_a_link_the_recorder_is_offline_and_says_so(box: Box, web: BusClient) -> None:
    """D2-NW-01."""
    box.host.wires["uplink"].link = False
    for _reading in range(network_watch.SETTLE_READINGS):
        await box.network.watch.look()
    assert [e.kind for e in box.events.open_events] == ["network_offline"]
    assert (await web.request("network.get", {}))["offline"] is True
    box.host.wires["uplink"].link = True
    await box.network.watch.look()
    assert not list(box.events.open_events)


async def test_of_a_bond_one_member_may_fail(box: Box, web: BusClient) -> None:
    """D2-NW-02: one carries on, which is told; offline only with both down."""
    box.host.wires["eth1"].link = True
    await box.network.watch.look()

    async def settled() -> bool:
        return (await web.request("network.get", {}))["trial"] is None

    for name in ("uplink", "eth1"):
        await web.request("network.change", {"item": name, "changes": {"member": True}})
        await box.until(settled)  # without a bond it means nothing yet, and is not tried
    await web.request("network.change", {"changes": {"mode": "backup"}})
    await in_force(box, web)
    await web.request("network.keep", {})
    assert await box.addresses("bond0") != []
    assert await box.addresses("uplink") == []
    box.host.wires["uplink"].link = False
    for _reading in range(3):
        await box.network.watch.look()
    assert {e.kind for e in box.events.open_events} == {"network_interface_down"}
    box.host.wires["eth1"].link = False
    for _reading in range(3):
        await box.network.watch.look()
    assert {e.kind for e in box.events.open_events} == {"network_offline"}


async def test_optical_and_copper_are_not_bound_together(box: Box, web: BusClient) -> None:
    """D2-NW-04."""
    box.host.wires["eth1"].link = True
    await box.network.watch.look()
    for one in box.network.watch.state.interfaces:
        one.medium = "fibre" if one.name == "eth1" else "copper"
    store = box.settings.store
    page = store.raw("network")
    after = {**page, "mode": "backup", "items": [{**i, "member": True} for i in page["items"]]}
    assert [p.path for p in box.network.vet(page, after)] == [("mode",)]


async def test_the_load_of_an_interface_is_told_over_time(box: Box, web: BusClient) -> None:
    async def has_load() -> bool:
        await box.network.watch.count()
        answer = await web.request("network.history", {"interface": "uplink", "span": "minutes"})
        return len(answer["rx_bps"]) > 1

    await box.until(has_load)
    for params in ({"interface": "lan3", "span": "minutes"}, {"interface": "uplink", "span": "x"}):
        with pytest.raises(BusError):
            await web.request("network.history", params)


async def test_wifi_networks_are_told_and_only_of_wifi(web: BusClient) -> None:
    sites = (await web.request("network.scan", {"interface": "wlan0"}))["sites"]
    assert [site["ssid"] for site in sites] == ["Office", "Guests", "Neighbour"]
    with pytest.raises(BusError, match="no Wi-Fi"):
        await web.request("network.scan", {"interface": "uplink"})
