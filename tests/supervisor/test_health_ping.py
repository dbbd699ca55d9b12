"""The call to who watches from outside goes on only while all that should be recorded is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient, connected_client
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.settings.document import DocumentFiles
from appliance.settings.problems import SettingsError
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.health_ping import KEY, RecordingPing
from appliance.supervisor.settings_service import SettingsService

URL = "https://watch.example/ping/6f1a"
GOOD: Any = {"id": 1, "enabled": True, "mode": "auto", "state": "playing", "recording": True}
BAD: Any = {**GOOD, "id": 2, "state": "waiting", "recording": False}


class Box:
    now_s = 1000.0

    def __init__(self, root: Path) -> None:
        store = SettingsStore(
            DocumentFiles(root / "settings"), Vault.open(root / "keys" / "device.key")
        )
        self.bus = BusServer(root / "bus", instance="s")
        self.settings = SettingsService(
            self.bus, store, changed=self._changed, told=lambda _kind, _details: None
        )
        self.ping = RecordingPing(self.bus, self.settings, clock=lambda: self.now_s)
        self.root = root
        self.calls: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def _changed(self, page: str) -> None:
        self.ping.settings_changed(page)

    async def set(self, **values: Any) -> None:
        await self.settings.change(lambda: self.settings.store.change("health", None, values), "me")

    async def call(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self.calls.get()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    await box.settings.open()
    await box.bus.start()
    yield box
    await box.ping.close()
    await box.bus.close()
    box.settings.close()


@pytest.fixture
async def courier(box: Box) -> AsyncIterator[BusClient]:
    async with connected_client(box.root / "bus", "courier", "c") as client:

        async def deliver(params: dict[str, Any]) -> Any:
            box.calls.put_nowait(params)
            return {"id": 1}

        client.handle("courier.deliver", deliver)
        async with asyncio.timeout(5):
            await client.connected.wait()
        yield client


async def test_it_is_sent_each_interval_while_all_is_recorded_and_else_not(
    box: Box, courier: BusClient
) -> None:
    box.ping.turn([GOOD])
    assert not box.ping.status()["called"], "nobody is called unless an address is set"
    await box.set(ping_url=URL, ping_minutes=2)
    box.ping.turn([GOOD, BAD])
    box.ping.turn([])
    box.ping.turn([{**GOOD, "fault": {"code": "no_answer", "text": "Main is gone.", "since": 1}}])
    assert box.calls.empty()
    box.ping.turn([GOOD])
    sent = await box.call()
    assert (sent["outlet"], sent["body"], sent["key"]) == ("ping", {"url": URL}, KEY)
    assert sent["expires_s"] < 60, "one that comes late would tell a lie"
    box.now_s += 119
    box.ping.turn([GOOD])
    assert box.calls.empty()
    box.now_s += 1
    box.ping.turn([GOOD, BAD])
    assert box.calls.empty()
    box.ping.turn([GOOD, {**BAD, "mode": "off"}])
    await box.call()


async def test_what_became_of_it_is_told_without_the_address(box: Box, courier: BusClient) -> None:
    await box.set(ping_url=URL)
    for delivered, text in ((False, "The server answered with status 404 instead of 200."),
                            (True, "")):  # fmt: skip
        result = {"id": 1, "outlet": "ping", "key": KEY, "delivered": delivered, "text": text,
                  "at": 7}  # fmt: skip
        await courier.publish("courier.delivered", result)
        async with asyncio.timeout(5):
            while box.ping.status()["failure"] != text or (
                delivered and not box.ping.status()["last"]
            ):
                await asyncio.sleep(0.005)
    assert box.ping.status() == {"called": True, "last": 7, "failure": ""}
    assert URL not in str(box.settings.store.read("health"))


async def test_without_a_courier_the_reason_is_told(box: Box) -> None:
    await box.set(ping_url=URL)
    box.ping.turn([GOOD])
    async with asyncio.timeout(10):
        while not box.ping.status()["failure"]:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("url", ["ftp://x", "https://", "nonsense", "https://a b", "http://a:x/"])
async def test_what_is_no_address_is_refused_at_its_field(box: Box, url: str) -> None:
    with pytest.raises((SettingsError, BusError)) as error:
        await box.set(ping_url=url)
    assert "ping_url" in str(error.value.fields)
