"""The broker between real clients over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.frames import MAX_FRAME_BYTES
from appliance.bus.outbox import MAX_PUBLICATIONS
from appliance.bus.peers import PeerInfo, PeerPolicy
from appliance.bus.server import BusServer


async def test_request_is_answered_with_the_peer_known_by_its_uid_and_pid(bench: Any) -> None:
    seen: list[PeerInfo] = []

    async def double(params: dict[str, Any], peer: PeerInfo) -> Any:
        seen.append(peer)
        return {"value": params["value"] * 2}

    bench.server.handle("double", double)
    client = await bench.connected("web")
    assert await client.request("double", {"value": 21}) == {"value": 42}
    assert (seen[0].name, seen[0].role) == ("web", "web")
    assert (seen[0].credentials.uid, seen[0].credentials.pid) == (os.getuid(), os.getpid())
    assert client.welcome is not None
    assert client.welcome.settings_version == 7


async def test_errors_reach_the_asker_with_code_text_and_fields(bench: Any) -> None:
    async def refuse(_params: dict[str, Any], _peer: PeerInfo) -> Any:
        raise BusError("x.bad", "Two are wrong.", fields=[{"path": "a", "code": "c", "text": "t"}])

    async def break_down(_params: dict[str, Any], _peer: PeerInfo) -> Any:
        raise RuntimeError("secret detail")

    bench.server.handle("refuse", refuse)
    bench.server.handle("break", break_down)
    client = await bench.connected("web")
    with pytest.raises(BusError) as caught:
        await client.request("refuse")
    assert (caught.value.code, caught.value.fields[0]["path"]) == ("x.bad", "a")
    with pytest.raises(BusError) as caught:
        await client.request("break")
    assert caught.value.code == "bus.failed"
    assert "secret" not in caught.value.text
    with pytest.raises(BusError) as caught:
        await client.request("unheard-of")
    assert caught.value.code == "bus.no_method"


async def test_method_for_roles_is_refused_to_others(bench: Any) -> None:
    async def reveal(_params: dict[str, Any], _peer: PeerInfo) -> Any:
        return "clear"

    bench.server.handle("reveal", reveal, roles={"recorder"})
    web = await bench.connected("web")
    recorder = await bench.connected("recorder@1")
    assert await recorder.request("reveal") == "clear"
    with pytest.raises(BusError) as caught:
        await web.request("reveal")
    assert caught.value.code == "bus.forbidden"


async def test_request_is_carried_to_another_peer_and_back(bench: Any) -> None:
    async def blocks(params: dict[str, Any]) -> Any:
        if params.get("bad"):
            raise BusError("blocks.none", "No blocks.")
        return [1, 2, params["n"]]

    bench.client("recorder@1", lambda client: client.handle("blocks", blocks))
    web = await bench.connected("web")
    async with asyncio.timeout(5):
        while "recorder@1" not in bench.server.peers:
            await asyncio.sleep(0)
    assert await web.request("blocks", {"n": 3}, to="recorder@1") == [1, 2, 3]
    with pytest.raises(BusError) as caught:
        await web.request("blocks", {"bad": True}, to="recorder@1")
    assert caught.value.code == "blocks.none"
    with pytest.raises(BusError) as caught:
        await web.request("blocks", to="recorder@9")
    assert caught.value.code == "bus.no_peer"
    with pytest.raises(BusError) as caught:
        await web.request("process.stop", to="recorder@1")
    assert caught.value.code == "bus.forbidden"
    assert await bench.server.request("recorder@1", "blocks", {"n": 9}) == [1, 2, 9]


async def test_asker_is_told_when_the_asked_peer_dies(bench: Any, wait_until: Any) -> None:
    asked = asyncio.Event()

    async def never(_params: dict[str, Any]) -> Any:
        asked.set()
        await asyncio.Event().wait()

    bench.client("recorder@1", lambda client: client.handle("never", never))
    dying = bench.tasks[-1]
    web = await bench.connected("web")
    await wait_until(lambda: "recorder@1" in bench.server.peers)
    request = asyncio.create_task(web.request("never", to="recorder@1"))
    await asked.wait()
    dying.cancel()
    with pytest.raises(BusError) as caught:
        await request
    assert caught.value.code == "bus.no_peer"


async def test_publication_reaches_subscribers_only_and_names_its_source(
    bench: Any, wait_until: Any
) -> None:
    seen: list[Any] = []
    local: list[tuple[Any, str]] = []
    bench.server.subscribe("heartbeat", lambda payload, source: local.append((payload, source)))
    listener = await bench.connected("web")
    listener.subscribe("heartbeat", seen.append)
    other = await bench.connected("courier")
    sender = await bench.connected("recorder@1")
    await wait_until(lambda: "heartbeat" in bench.server._peers["web"].topics)
    await sender.publish("heartbeat", {"n": 1})
    await sender.publish("gossip", {"n": 2})
    await wait_until(lambda: bool(seen and local))
    assert seen == [{"n": 1}]
    assert local == [({"n": 1}, "recorder@1")]
    assert other.dropped == 0


async def test_topics_of_the_supervisor_are_published_by_nobody_else(
    bench: Any, wait_until: Any
) -> None:
    seen: list[Any] = []
    web = await bench.connected("web")
    web.subscribe("event", seen.append)
    web.subscribe("done", seen.append)
    await wait_until(lambda: "done" in bench.server._peers["web"].topics)
    rogue = await bench.connected("courier")
    await rogue.publish("event", "forged")
    await rogue.publish("done", "end")
    await wait_until(lambda: bool(seen))
    assert seen == ["end"]


async def test_peer_that_does_not_read_loses_oldest_publications_and_delays_nobody(
    bench: Any, wait_until: Any
) -> None:
    reader, writer = await asyncio.open_unix_connection(bench.path)
    hello = {"t": "hello", "name": "slow", "instance": "1", "code_version": "1", "protocol": 1}
    writer.write(json.dumps(hello).encode() + b"\n")
    writer.write(b'{"t":"subscribe","topics":["load"]}\n')
    await reader.readline()
    await wait_until(lambda: "load" in bench.server._peers["slow"].topics)
    quick: list[int] = []
    listener = await bench.connected("web")
    listener.subscribe("load", lambda payload: quick.append(payload["n"]))
    await wait_until(lambda: "load" in bench.server._peers["web"].topics)
    count = MAX_PUBLICATIONS * 4
    for number in range(count):
        bench.server.publish("load", {"n": number, "pad": "x" * 2000})
        if number % 100 == 0:
            await asyncio.sleep(0)
    await wait_until(lambda: bool(quick) and quick[-1] == count - 1)
    dropped = bench.server.dropped["slow"]
    assert dropped > 0
    assert bench.server.dropped["web"] < dropped
    received = []
    while not received or received[-1] != count - 1:
        received.append(json.loads(await reader.readline())["payload"]["n"])
    assert received == sorted(received)
    assert len(received) == count - dropped
    writer.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"not json\n",
        b"[1,2]\n",
        b'{"t":"request","id":-1,"method":"x"}\n',
        b'{"t":"request","id":1,"method":7}\n',
        b'{"t":"subscribe","topics":"all"}\n',
        b'{"t":"welcome","instance":"a","code_version":"b"}\n',
        b"[" * 100_000 + b"\n",
        b'{"t":"x","pad":"' + b"y" * (MAX_FRAME_BYTES + 1) + b'"}\n',
    ],
    ids=["text", "list", "id", "method", "topics", "out of place", "deep", "too long"],
)
async def test_peer_that_sends_garbage_is_told_and_let_go_and_others_stay(
    bench: Any, garbage: bytes
) -> None:
    async def pong(_params: dict[str, Any], _peer: PeerInfo) -> Any:
        return "pong"

    bench.server.handle("ping", pong)
    good = await bench.connected("web")
    reader, writer = await asyncio.open_unix_connection(bench.path)
    hello = {"t": "hello", "name": "bad", "instance": "1", "code_version": "1", "protocol": 1}
    writer.write(json.dumps(hello).encode() + b"\n" + garbage)
    async with asyncio.timeout(5):
        lines = []
        try:
            while line := await reader.readline():
                lines.append(json.loads(line))
        except ConnectionError:
            pass
    assert [line["t"] for line in lines] in (["welcome", "failure"], ["welcome"], ["failure"], [])
    assert await good.request("ping") == "pong"
    writer.close()


async def test_user_without_right_to_a_name_is_refused(tmp_path: Any) -> None:
    policy = PeerPolicy(names={os.getuid(): ("web",)}, publishers={})
    server = BusServer(tmp_path / "bus.sock", instance="s", policy=policy)
    await server.start()
    client = BusClient(tmp_path / "bus.sock", "recorder@1", "i")
    with pytest.raises(BusError) as caught:
        async with asyncio.timeout(5):
            await client.run()
    assert caught.value.code == "bus.forbidden"
    await server.close()


async def test_socket_is_closed_to_other_users(bench: Any) -> None:
    assert bench.path.stat().st_mode & 0o007 == 0
