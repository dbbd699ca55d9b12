"""The spool and the outlet `ping`: kept over a restart, bounded, tried again, told how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.bus.errors import BusError
from appliance.courier import worker
from appliance.courier.outlet import Bounds
from appliance.courier.spool import Spool


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RETRY_S", (0.05, 0.2))


class Switch:
    """A dead man's switch: notes each call, answers with `status`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, await request.text()))
        headers = {"Location": "/elsewhere"} if self.status == 302 else {}
        return web.Response(status=self.status, headers=headers)


@pytest.fixture
async def switch() -> AsyncIterator[tuple[Switch, str]]:
    made = Switch()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", made.answer)
    async with TestServer(app) as server:
        yield made, str(server.make_url("/ping/secret-word"))


async def test_a_ping_is_sent_and_its_end_is_told(bench: Any, switch: Any, wait: Any) -> None:
    made, url = switch
    told: list[Any] = []
    bench.web.subscribe("courier.delivered", told.append)
    await bench.deliver(outlet="ping", body={"url": url}, key="health", expires_s=60)
    await bench.deliver(outlet="ping", body={"url": url, "method": "POST", "text": "8 of 8"})
    await wait(lambda: len(told) == 2)
    assert sorted(made.calls) == [("GET", ""), ("POST", "8 of 8")]
    assert [entry["delivered"] for entry in told] == [True, True]
    assert {entry["key"] for entry in told} == {"health", ""}


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_a_refusal_is_tried_again_and_told_without_the_address(
    bench: Any, switch: Any, wait: Any, status: int
) -> None:
    made, url = switch
    made.status = status
    await bench.deliver(outlet="ping", body={"url": url}, key="health")
    await wait(lambda: bench.raised)
    event = bench.raised[0]
    assert (event["kind"], event["key"]) == ("delivery_failed", "ping/health")
    assert str(status) in event["details"]["reason"]
    assert "secret-word" not in str(event)
    made.status = 204
    await wait(lambda: bench.kept.get("courier") == [])
    assert (await bench.status("ping"))["waiting"] == 0


async def test_a_newer_ping_takes_the_place_of_one_that_waits_and_others_do_not_wait_for_it(
    bench: Any, switch: Any, wait: Any, free_port: Any
) -> None:
    made, url = switch
    dead = f"http://127.0.0.1:{free_port()}/"
    for _turn in range(3):
        await bench.deliver(outlet="ping", body={"url": dead}, key="health")
    assert (await bench.status("ping"))["waiting"] == 1
    await bench.deliver(outlet="ping", body={"url": url}, key="other")
    await wait(lambda: made.calls)


async def test_what_comes_too_late_is_given_up(bench: Any, wait: Any, free_port: Any) -> None:
    told: list[Any] = []
    bench.web.subscribe("courier.delivered", told.append)
    await wait(lambda: bench.web.connected.is_set())
    body = {"url": f"http://127.0.0.1:{free_port()}/"}
    await bench.deliver(outlet="ping", body=body, key="health", expires_s=0.3)
    await wait(lambda: told)
    assert told[0]["delivered"] is False
    assert "refused" in told[0]["text"]
    assert (await bench.status("ping"))["expired"] == 1


async def test_what_waits_is_there_after_a_restart(bench: Any, switch: Any, wait: Any) -> None:
    made, url = switch
    made.status = 503
    await bench.deliver(outlet="ping", body={"url": url, "method": "POST", "text": "kept"})
    await wait(lambda: made.calls)
    await bench.stop_courier()
    made.status, made.calls = 200, []
    await bench.start_courier()
    await wait(lambda: made.calls == [("POST", "kept")])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "ftp://example.org/"},
        {"url": "https://"},
        {"url": "https://a b/"},
        {"url": "https://example.org:99999/"},
        {"url": "https://example.org/", "method": "DELETE"},
        {"url": "https://example.org/", "method": "POST", "text": "x" * 70_000},
    ],
)
async def test_what_can_never_be_delivered_is_refused_at_once(bench: Any, body: Any) -> None:
    with pytest.raises(BusError) as refused:
        await bench.deliver(outlet="ping", body=body)
    assert refused.value.code == "courier.bad_request"


async def test_a_face_cannot_have_anything_delivered(bench: Any) -> None:
    with pytest.raises(BusError) as refused:
        await bench.web.request(
            "courier.deliver",
            {"outlet": "ping", "body": {"url": "http://127.0.0.1/"}},
            to="courier",
        )
    assert refused.value.code == "bus.forbidden"


async def test_beyond_its_bounds_the_spool_drops_the_oldest_and_counts_them(
    tmp_path: Path,
) -> None:
    spool = Spool(tmp_path / "spool.db", {"a": Bounds(3, 1000), "b": Bounds(100, 50)})
    await spool.open()
    for number in range(5):
        await spool.put("a", [{"n": number}], 1)
        await spool.put("b", [{"text": "x" * 20}], 1)
    assert [m.body["n"] for m in await spool.head("a", 10)] == [2, 3, 4]
    assert spool.dropped == {"a": 2, "b": 4}
    assert (await spool.waiting())["b"][0] == 1
    await spool.close()


async def test_a_damaged_spool_is_kept_aside_and_delivering_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"this is no database" * 100)
    spool = Spool(path, {"a": Bounds(3, 1000)})
    await spool.open()
    await spool.put("a", [{"n": 1}], 1)
    assert len(await spool.head("a", 10)) == 1
    await spool.close()
    assert len(list(tmp_path.glob("spool.db.broken-*"))) == 1


async def test_marks_and_messages_are_kept_together(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", {"a": Bounds(3, 1000)})
    await spool.open()
    assert await spool.mark("log") is None
    await spool.put("a", [{"n": 1}], 1, marks={"log": 7})
    await spool.close()
    again = Spool(tmp_path / "spool.db", {"a": Bounds(3, 1000)})
    await again.open()
    assert await again.mark("log") == 7
    assert len(await again.head("a", 10)) == 1
    await again.close()
    await asyncio.sleep(0)
