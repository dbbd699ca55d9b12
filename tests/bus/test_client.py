"""The client when the supervisor comes, goes and comes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer


async def answer(_params: dict[str, Any], peer: PeerInfo) -> Any:
    return peer.settings_version


async def test_client_comes_back_and_registers_anew_after_the_supervisor_died(
    tmp_path: Path, wait_until: Any
) -> None:
    path = tmp_path / "bus.sock"
    seen: list[Any] = []
    connects: list[int] = []
    client = BusClient(path, "recorder@1", "i")

    async def connected() -> None:
        connects.append(1)
        client.settings_version = 5

    client.subscribe("news", seen.append)
    client.on_connect(connected)
    task = asyncio.create_task(client.run())
    for life in (1, 2):
        server = BusServer(path, instance=str(life))
        server.handle("version", answer)
        await server.start()
        assert await client.request("version", timeout_s=5) == (0 if life == 1 else 5)
        await wait_until(lambda server=server: "news" in server._peers["recorder@1"].topics)
        server.publish("news", life)
        await wait_until(lambda life=life: seen == list(range(1, life + 1)))
        await server.close()
        await wait_until(lambda: not client.connected.is_set())
    assert len(connects) == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_without_supervisor_requests_fail_in_time_and_publications_are_counted(
    tmp_path: Path,
) -> None:
    client = BusClient(tmp_path / "none.sock", "web", "i")
    task = asyncio.create_task(client.run())
    with pytest.raises(BusError) as caught:
        await client.request("anything", timeout_s=0.05)
    assert caught.value.code == "bus.disconnected"
    await client.publish("topic", {})
    assert client.dropped == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_waiting_request_fails_at_once_when_the_supervisor_dies(tmp_path: Path) -> None:
    path = tmp_path / "bus.sock"
    server = BusServer(path, instance="1")
    asked = asyncio.Event()

    async def never(_params: dict[str, Any], _peer: PeerInfo) -> Any:
        asked.set()
        await asyncio.Event().wait()

    server.handle("never", never)
    await server.start()
    client = BusClient(path, "web", "i")
    task = asyncio.create_task(client.run())
    request = asyncio.create_task(client.request("never", timeout_s=60))
    await asked.wait()
    await server.close()
    with pytest.raises(BusError) as caught:
        async with asyncio.timeout(5):
            await request
    assert caught.value.code == "bus.disconnected"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_broken_subscriber_does_not_stop_the_next_publication(
    bench: Any, wait_until: Any
) -> None:
    seen: list[int] = []

    def fragile(payload: int) -> None:
        seen.append(payload)
        if payload == 1:
            raise RuntimeError

    client = await bench.connected("web")
    client.subscribe("n", fragile)
    await wait_until(lambda: "n" in bench.server._peers["web"].topics)
    bench.server.publish("n", 1)
    bench.server.publish("n", 2)
    await wait_until(lambda: seen == [1, 2])


async def test_heartbeat_names_process_and_instance(bench: Any, wait_until: Any) -> None:
    beats: list[Any] = []
    bench.server.subscribe("heartbeat", lambda payload, _source: beats.append(payload))
    client = await bench.connected("recorder@1")
    beating = asyncio.create_task(client.beat(lambda: {"progress": {"packets": 3}}, every_s=0.01))
    await wait_until(lambda: len(beats) >= 2)
    beating.cancel()
    assert beats[0] == {
        "process": "recorder@1",
        "instance": "i-recorder@1",
        "progress": {"packets": 3},
    }
