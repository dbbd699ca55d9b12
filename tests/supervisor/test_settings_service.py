"""Settings over the bus: who may, who is told, who may refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.settings.document import DocumentFiles
from appliance.settings.registry import PAGES
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor import settings_service
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import Beyond, SettingsTransfer


class Office:
    """A settings service and the peers that use it."""

    def __init__(self, root: Path) -> None:
        self.path = root / "bus.sock"
        store = SettingsStore(DocumentFiles(root / "settings"), Vault.open(root / "key"))
        self.bus = BusServer(self.path, instance="s", settings_version=lambda: store.version)
        self.changed: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.service = SettingsService(
            self.bus,
            store,
            changed=self.changed.append,
            told=lambda kind, details: self.told.append((kind, details)),
        )
        self.tasks: list[asyncio.Task[None]] = []

    async def peer(self, name: str) -> BusClient:
        client = BusClient(self.path, name, name)
        self.tasks.append(asyncio.create_task(client.run()))
        async with asyncio.timeout(5):
            await client.connected.wait()
        return client

    async def consumer(self, name: str, *, refuse: str = "", silent: bool = False) -> list[Any]:
        """A peer that watches channels and answers each change."""
        client = await self.peer(name)
        seen: list[Any] = []

        async def on_change(change: dict[str, Any]) -> None:
            seen.append(change)
            if not silent and not change["rollback"]:
                await client.request(
                    "settings.ack",
                    {
                        "version": change["version"],
                        "page": change["page"],
                        "applied": not refuse,
                        "text": refuse,
                    },
                )

        client.subscribe("settings.changed", on_change)
        await client.request("settings.watch", {"pages": ["channels"]})
        return seen


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path)
    await office.service.open()
    await office.bus.start()
    yield office
    for task in office.tasks:
        task.cancel()
    await asyncio.gather(*office.tasks, return_exceptions=True)
    await office.bus.close()
    office.service.close()


CAMERA = {"name": "Door", "main_url": "rtsp://10.0.0.1/1", "password": "geheim"}


async def add(web: BusClient, values: dict[str, Any] = CAMERA) -> Any:
    return await web.request(
        "settings.add", {"page": "channels", "values": values, "actor": "admin"}
    )


async def test_change_is_told_to_everybody_and_applied_by_whom_it_concerns(office: Any) -> None:
    seen = await office.consumer("recorder@1")
    web = await office.peer("web")
    added = await add(web)
    assert (added["id"], added["pending"]) == (1, [])
    touched = {"channels", "record"}
    assert set(office.changed) >= touched
    assert "channels" in {change["page"] for change in seen} <= set(office.changed)
    page = await web.request("settings.get", {"page": "channels"})
    assert page["etag"] == added["etag"]
    assert page["item_etags"]["1"] == added["item_etag"]
    everything = await web.request("settings.get")
    assert everything["version"] == added["version"]
    assert set(everything["pages"]) >= {"general", "channels", "record", "storage", "web"}


async def test_refused_change_is_taken_back_and_both_sides_are_told(office: Any) -> None:
    web = await office.peer("web")
    await add(web)
    seen = await office.consumer("recorder@1", refuse="There is no such stream.")
    before = await web.request("settings.get", {"page": "channels"})
    with pytest.raises(BusError) as caught:
        await web.request(
            "settings.patch", {"page": "channels", "item": 1, "changes": {"name": "Yard"}}
        )
    assert caught.value.code == "settings.refused"
    assert "There is no such stream." in caught.value.text
    after = await web.request("settings.get", {"page": "channels"})
    assert after["values"] == before["values"]
    assert after["version"] == before["version"] + 2
    async with asyncio.timeout(5):
        while len(seen) < 2:
            await asyncio.sleep(0.01)
    assert [change["rollback"] for change in seen] == [False, True]
    assert office.told[-1][0] == "settings_refused"


async def test_silent_consumer_does_not_hold_up_the_change_and_may_still_refuse(
    office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_service, "ACK_S", 0.05)
    await office.consumer("recorder@1", silent=True)
    web = await office.peer("web")
    added = await add(web)
    assert added["pending"] == ["recorder@1"]
    recorder = await office.peer("recorder@1")
    await recorder.request(
        "settings.ack",
        {"version": added["version"], "page": "channels", "applied": False, "text": "Late no."},
    )
    async with asyncio.timeout(5):
        while (await web.request("settings.get", {"page": "channels"}))["values"]["items"]:
            await asyncio.sleep(0.01)


async def test_consumer_that_dies_is_not_waited_for(office: Any) -> None:
    await office.consumer("recorder@1", silent=True)
    dying = office.tasks[-1]
    web = await office.peer("web")
    adding = asyncio.create_task(add(web))
    async with asyncio.timeout(2):
        while not office.changed:
            await asyncio.sleep(0.01)
        dying.cancel()
        assert (await adding)["pending"] == []


async def test_secret_is_revealed_to_recorders_only(office: Any) -> None:
    web, recorder = await office.peer("web"), await office.peer("recorder@1")
    await add(web)
    params = {"page": "channels", "item": 1, "field": "password"}
    assert await recorder.request("settings.reveal", params) == {"value": "geheim"}
    with pytest.raises(BusError) as caught:
        await web.request("settings.reveal", params)
    assert caught.value.code == "bus.forbidden"


async def test_recorder_reads_and_never_writes(office: Any) -> None:
    recorder = await office.peer("recorder@1")
    with pytest.raises(BusError) as caught:
        await add(recorder)
    assert caught.value.code == "bus.forbidden"


async def test_wrong_fields_cross_the_bus_with_their_paths(office: Any) -> None:
    web = await office.peer("web")
    with pytest.raises(BusError) as caught:
        await add(web, {"name": 5, "main_url": "nonsense", "colour": "red"})
    assert caught.value.code == "settings.invalid"
    assert {field["path"] for field in caught.value.fields} == {"name", "main_url", "colour"}


async def test_audit_line_names_who_and_which_fields_and_no_secret(office: Any) -> None:
    web = await office.peer("web")
    await add(web)
    kind, details = office.told[-1]
    assert (kind, details["actor"], details["page"]) == ("settings_changed", "admin", "Channels")
    assert details["fields"] == ("added, Name: Door, Main stream: rtsp://10.0.0.1/1, Password: set")
    assert "geheim" not in str(details)


async def test_audit_names_what_changed_only_with_the_values_before_and_after(office: Any) -> None:
    web = await office.peer("web")
    await add(web)
    await add(web, {**CAMERA, "name": "Yard", "main_url": "rtsp://10.0.0.2/1"})
    await web.request(
        "settings.add",
        {"page": "storage", "values": {"id": "a", "path": "/srv/volumes/a", "name": "Disk"}},
    )

    async def told(page: str, changes: dict[str, Any], item: Any = None) -> tuple[str, str]:
        params = {"page": page, "changes": changes, "actor": "admin"}
        await web.request("settings.patch", params | ({"item": item} if item else {}))
        kind, details = office.told[-1]
        assert kind == "settings_changed"
        return details["item"], details["fields"]

    assert await told("storage", {"wanted_days": 30}) == ("", "Keep at least: 0 days → 30 days")
    limit = {"incoming_limit_mbps": 2}
    assert await told("channels", limit) == ("", "Incoming bandwidth: 320 Mbit/s → 2 Mbit/s")
    several = {"name": "Gate", "mode": "off", "password": "neues"}
    assert await told("channels", several, 2) == (
        "2",
        "Name: Yard → Gate, Password: changed, Record: Auto → Off",
    )
    day = {"week": {"monday": [{"start": "08:00", "end": "18:00", "kinds": ["motion", "alarm"]}]}}
    assert await told("record", day, 1) == (
        "1",
        "Schedule Monday: 00:00 24:00 General → 08:00 18:00 Alarm+Motion",
    )
    url = {"main_url": "rtsp://10.0.0.1/1?user=admin&password=geheim", "password": "geheim"}
    assert "geheim" not in (await told("channels", url, 1))[1]
    await web.request("settings.remove", {"page": "channels", "item": 2, "actor": "admin"})
    assert office.told[-1][1]["fields"] == "removed (Gate)"
    assert "neues" not in str(office.told)


async def test_change_that_changes_nothing_is_no_event(office: Any) -> None:
    web = await office.peer("web")
    await web.request("settings.patch", {"page": "storage", "changes": {"wanted_days": 0}})
    assert office.told == []


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("settings.get", {"page": "nothing"}),
        ("settings.get", {"page": 5}),
        ("settings.patch", {"page": "general"}),
        ("settings.patch", {"page": "channels", "item": True, "changes": {}}),
        ("settings.remove", {"page": "channels"}),
        ("settings.remove", {"page": "general", "item": 1}),
        ("settings.copy", {"page": "record", "item": 1, "to": "all"}),
        ("settings.watch", {"pages": "all"}),
        ("settings.ack", {"page": "channels", "version": "1"}),
        ("settings.schema", {"page": "nothing"}),
    ],
)
async def test_malformed_request_is_refused_in_words(office: Any, method: str, params: Any) -> None:
    web = await office.peer("web")
    with pytest.raises(BusError) as caught:
        await web.request(method, params)
    assert caught.value.code.startswith("settings.")
    assert caught.value.text


async def test_forms_of_all_pages_are_given_out(office: Any) -> None:
    web = await office.peer("web")
    forms = (await web.request("settings.schema"))["pages"]
    assert [form["page"] for form in forms] == list(PAGES)


async def test_reset_is_previewed_told_and_seeded_again(office: Any) -> None:
    seeded: list[bool] = []
    gone: list[bool] = []

    async def forget() -> None:
        gone.append(True)

    transfer = SettingsTransfer(
        office.bus,
        office.service,
        seed=lambda: seeded.append(True),
        told=lambda kind, details: office.told.append((kind, details)),
    )
    transfer.also(Beyond("Accounts", forget))
    web = await office.peer("web")
    await web.request("settings.patch", {"page": "general", "changes": {"name": "Shop"}})
    preview = await web.request("settings.reset_preview", {"scope": "all"})
    texts = [change["text"] for page in preview["pages"] for change in page["changes"]]
    assert texts == ["Name: Shop \u2192 NVR"]
    assert preview["beyond"] == ["Accounts"]
    assert not seeded
    await web.request("settings.reset", {"scope": "but_network_and_users", "actor": "eve"})
    assert (await web.request("settings.get", {"page": "general"}))["values"]["name"] == "NVR"
    assert (len(seeded), gone) == (1, [])
    assert ("settings_reset", {"actor": "eve", "scope": "but_network_and_users"}) in office.told
    await web.request("settings.reset", {"scope": "all", "actor": "eve"})
    assert gone == [True]
    with pytest.raises(BusError, match="no such kind"):
        await web.request("settings.reset", {"scope": "some"})


async def test_a_whole_list_neither_adds_nor_removes_parts_of_the_box(office: Any) -> None:
    web = await office.peer("web")
    page = (await web.request("settings.get", {"page": "poe"}))["values"]
    parts = [dict(entry) for entry in page["items"]]
    extra = {"id": 77}
    for items in ([*parts, extra], parts[1:] or [extra], "none", [7]):
        with pytest.raises(BusError) as caught:
            await web.request("settings.patch", {"page": "poe", "changes": {"items": items}})
        assert caught.value.code == "settings.fixed"
    await web.request("settings.patch", {"page": "poe", "changes": {"items": parts}})
    assert (await web.request("settings.get", {"page": "poe"}))["values"]["items"] == page["items"]


async def test_who_changed_something_is_told_in_full(office: Any) -> None:
    web = await office.peer("web")
    name, address = "n" * 32, "fe80::1234:5678:9abc:def0%enp0s31f6.1234"
    actor = f"{name}@{address}"
    change = {"page": "general", "changes": {"name": "Shop"}, "actor": actor}
    await web.request("settings.patch", change)
    assert [details["actor"] for kind, details in office.told if kind == "settings_changed"] == [
        actor
    ]
