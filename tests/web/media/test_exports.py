"""Exports over HTTP: a plan, files by ranges, the archive; rights, people, overwritten footage."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
import zipfile
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import av
import pytest
from aiohttp import ClientPayloadError

from appliance.accounts.permission import GRANTABLE, Permission, User
from appliance.bus.errors import BusError
from appliance.export.errors import ExportError
from appliance.export.verify import verify_export
from appliance.storage.model import StreamId, StreamName
from appliance.storage.signing import DeviceKey, fingerprint
from appliance.web import export_serving, transfer
from appliance.web.export_files import EXPORTS, Exports, surplus

NS = 1_000_000_000
START = 1_790_000_000 * NS
MAIN = StreamId(1, StreamName.MAIN)
ADMIN = User("admin", GRANTABLE)
KEY = DeviceKey.new()


def ms(seconds: float) -> int:
    return START // 1_000_000 + round(seconds * 1000)


@pytest.fixture
def signing(supervisor: Any) -> list[dict[str, Any]]:
    """The supervisor signs and keeps events; returns those raised."""
    events: list[dict[str, Any]] = []

    def note(params: dict[str, Any]) -> Any:
        events.append(params)
        return {"id": len(events), "new": True}

    supervisor.answer("events.raise", note)
    supervisor.answer("exports.key", {"key": KEY.public, "fingerprint": fingerprint(KEY.public)})
    supervisor.answer("exports.sign", lambda params: KEY.sign({"action": "exported", **params}))
    return events


@pytest.fixture
async def browser(page_as: Any, signing: Any) -> Any:
    return page_as(ADMIN)


def body(start: float, end: float, *channels: int, **more: Any) -> dict[str, Any]:
    streams = [{"channel": channel, "stream": "main"} for channel in channels or (1,)]
    return {"streams": streams, "from": ms(start), "to": ms(end), "reason": "theft", **more}


async def planned(page: Any, *args: Any, **more: Any) -> dict[str, Any]:
    status, answer = await page.ask("POST", "/api/v1/exports", body(*args, **more))
    assert status == 201, answer
    return answer


async def get(page: Any, url: str, **headers: str) -> tuple[int, Any, bytes]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with page.client.get(url, headers=sent) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_a_plan_tells_files_sizes_and_gaps(shelf, gop, browser):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 10 * NS, 4, run=2)
    answer = await planned(browser, 1, 20)
    [file] = answer["files"]
    assert file["name"].startswith("D1 Front _ door 2026-09-21")
    assert (file["from"], file["to"], file["coding"]) == (ms(1), ms(14), "H.264 160x96")
    assert [(g["from"], g["to"]) for g in answer["gaps"]] == [(ms(4), ms(10)), (ms(14), ms(20))]
    assert answer["archive"]["bytes"] > answer["bytes"] > file["bytes"]
    assert answer["fingerprint"] == fingerprint(KEY.public)
    again = await browser.ask("GET", f"/api/v1/exports/{answer['id']}")
    assert again[1]["files"] == answer["files"]


async def test_a_file_is_sent_as_planned_and_plays(shelf, gop, browser, signing):
    shelf.store(gop, START, 10, sound=True)
    answer = await planned(browser, 3, 8)
    file = answer["files"][0]
    status, headers, data = await get(browser, file["url"])
    assert (status, len(data)) == (200, file["bytes"])
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Accept-Ranges"] == "bytes"
    assert "D1 Front _ door" in headers["Content-Disposition"]
    with av.open(io.BytesIO(data)) as movie:
        assert sum(frame.pts >= 0 for frame in movie.decode(video=0)) == 50
    [event] = signing
    assert (event["kind"], event["channel"]) == ("exported", 1)
    assert event["details"]["reason"] == "theft"
    assert event["details"]["by"].startswith("admin@")


async def test_each_download_of_each_person_is_recorded_and_its_parts_but_once(
    shelf, gop, browser, signing
):
    shelf.store(gop, START, 20)
    begin = START // 1_000_000
    first = f"/api/v1/download?channel=1&from={begin}&to={begin + 5000}"
    for address in (first, first, f"/api/v1/download?channel=1&from={begin}&to={begin + 9000}"):
        assert (await get(browser, address))[0] == 200
    keys = [event["key"] for event in signing if event["kind"] == "exported"]
    assert keys[0] == keys[1] != keys[2]


async def test_ranges_join_to_the_whole_file(shelf, gop, browser):
    shelf.store(gop, START, 10)
    file = (await planned(browser, 0, 10))["files"][0]
    _status, headers, whole = await get(browser, file["url"])
    etag, size = headers["ETag"], len(whole)
    for at, end in ((0, 1), (0, 5000), (4000, size // 2), (size - 20_000, size), (size - 1, size)):
        status, headers, part = await get(browser, file["url"], Range=f"bytes={at}-{end - 1}")
        assert (status, part) == (206, whole[at:end])
        assert headers["Content-Range"] == f"bytes {at}-{end - 1}/{size}"
    assert (await get(browser, file["url"], Range="bytes=-7"))[2] == whole[-7:]
    assert (await get(browser, file["url"], Range=f"bytes={size - 9}-"))[2] == whole[-9:]
    for wanted in (f"bytes={size}-", "bytes=-0"):
        status, headers, _body = await get(browser, file["url"], Range=wanted)
        assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-"):
        assert (await get(browser, file["url"], Range=ignored))[0] == 200
    part = await get(browser, file["url"], Range="bytes=5-9", If_Range=etag)
    assert (part[0], part[2]) == (206, whole[5:10])
    other = await get(browser, file["url"], Range="bytes=5-9", If_Range='"another"')
    assert (other[0], other[2]) == (200, whole)
    assert (await get(browser, file["url"], If_None_Match=etag))[0] == 304


async def test_the_same_export_planned_again_can_be_resumed(shelf, gop, browser):
    shelf.store(gop, START, 10)
    first, second = [(await planned(browser, 0, 10))["files"][0] for _n in range(2)]
    _status, headers, whole = await get(browser, first["url"])
    status, _headers, rest = await get(
        browser, second["url"], Range="bytes=1000-", If_Range=headers["ETag"]
    )
    assert (status, rest) == (206, whole[1000:])


async def test_head_tells_size_and_is_no_export(shelf, gop, browser, signing):
    shelf.store(gop, START, 4)
    answer = await planned(browser, 0, 4)
    for told in (*answer["files"], answer["archive"]):
        async with browser.client.head(told["url"]) as head:
            assert (head.status, int(head.headers["Content-Length"])) == (200, told["bytes"])
    assert signing == []


async def test_the_archive_is_whole_signed_and_resumable(shelf, gop, other_gop, browser, tmp_path):
    shelf.store(gop, START, 6)
    shelf.store(other_gop, START + 6 * NS, 6, run=2)
    answer = await planned(browser, 0, 20)
    told = answer["archive"]
    _status, headers, data = await get(browser, told["url"])
    assert len(data) == told["bytes"]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 5
    path = tmp_path / "all.zip"
    path.write_bytes(data)
    report = verify_export(path, key=KEY.public)
    assert report.problems == []
    assert report.manifest["reason"] == "theft"
    for at in (0, 100, len(data) // 3, len(data) - 400):
        part = await get(browser, told["url"], Range=f"bytes={at}-", If_Range=headers["ETag"])
        assert (part[0], part[2]) == (206, data[at:])


async def test_the_end_of_an_archive_can_be_had_first(shelf, gop, browser):
    shelf.store(gop, START, 6)
    told = (await planned(browser, 0, 20))["archive"]
    _status, _headers, end = await get(browser, told["url"], Range="bytes=-5000")
    assert (await get(browser, told["url"]))[2][-5000:] == end


async def test_documents_can_be_had_by_themselves(shelf, gop, browser):
    shelf.store(gop, START, 6)
    answer = await planned(browser, 0, 6)
    base = f"/api/v1/exports/{answer['id']}"
    _status, _headers, text = await get(browser, f"{base}/manifest.json")
    manifest = json.loads(text)
    assert manifest["files"][0]["bytes"] == answer["files"][0]["bytes"]
    assert b"Ed25519" in (await get(browser, f"{base}/verify.html"))[2]
    assert (await get(browser, f"{base}/other.txt"))[0] == 404


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (body(60, 90), 404, "no_footage"),
        (body(4, 4), 422, "invalid"),
        (body(9, 4), 422, "invalid"),
        (body(0, 86_400 * 40), 422, "invalid"),
        ({**body(0, 4), "streams": []}, 422, "invalid"),
        (body(0, 4, 1, 1), 422, "invalid"),
        ({**body(0, 4), "reason": "x" * 501}, 422, "invalid"),
    ],
)
async def test_what_cannot_be_exported_is_told(shelf, gop, browser, wanted, status, code):
    shelf.store(gop, START, 4)
    answered, answer = await browser.ask("POST", "/api/v1/exports", wanted)
    assert (answered, answer["code"]) == (status, code), answer


async def test_rights_are_asked_for_each_channel_at_each_request(shelf, gop, page_as, signing):
    shelf.store(gop, START, 4)
    shelf.store(gop, START, 4, stream=MAIN._replace(channel=2))
    clerk = page_as(User("clerk", frozenset({Permission.DOWNLOAD}), frozenset({1})))
    assert (await clerk.ask("POST", "/api/v1/exports", body(0, 4, 1, 2)))[0] == 403
    assert (await clerk.ask("POST", "/api/v1/exports", body(0, 4, 2)))[0] == 403
    admin = page_as(ADMIN)
    both = await planned(admin, 0, 4, 1, 2)
    assert (await get(clerk, both["files"][0]["url"]))[0] == 404  # somebody else's
    less = page_as(User("admin", frozenset({Permission.DOWNLOAD}), frozenset({1})))
    assert (await get(less, both["files"][0]["url"]))[0] == 200
    for url in (both["files"][1]["url"], both["archive"]["url"], f"/api/v1/exports/{both['id']}"):
        assert (await get(less, url))[0] == 403
    watcher = page_as(User("admin", frozenset({Permission.PLAYBACK})))
    assert (await get(watcher, both["files"][0]["url"]))[0] == 403


async def test_footage_overwritten_meanwhile_never_arrives_whole(shelf, gop, browser, signing):
    shelf.store(gop, START, 30)
    answer = await planned(browser, 0, 30)
    for number in range(60):
        shelf.writer.commit([])
        shelf.store(gop, START + (100 + number * 1000) * NS, 900, run=2 + number)
        if not await readable(browser, answer["files"][0]):
            break
    else:
        raise AssertionError("the block was never reused")
    for told in (answer["files"][0], answer["archive"]):
        assert not await readable(browser, told)
    ends = [event for event in signing if event["kind"] == "export_ended_early"]
    assert "overwritten" in ends[-1]["details"]["reason"]


async def readable(page: Any, told: dict[str, Any]) -> bool:
    try:
        _status, _headers, data = await get(page, told["url"])
    except (ClientPayloadError, ConnectionError):
        return False
    return len(data) == told["bytes"]


async def test_a_receiver_that_takes_nothing_is_let_go(
    app, shelf, gop, browser, signing, monkeypatch
):
    monkeypatch.setattr(transfer, "STALLED_S", 0.5)
    large = replace(gop, frames=[b"\0\x01\x86\xa0\x65" + bytes(99_999)] * 20)
    shelf.store(large, START, 40)
    file = (await planned(browser, 0, 40))["files"][0]
    assert file["bytes"] > 30_000_000
    url = browser.client.make_url(file["url"])
    cookies = browser.client.session.cookie_jar.filter_cookies(url)
    with socket.create_connection((url.host, url.port)) as lazy:
        request = (
            f"GET {url.raw_path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\n"
            f"Cookie: {'; '.join(f'{c.key}={c.value}' for c in cookies.values())}\r\n\r\n"
        )
        lazy.sendall(request.encode())
        async with asyncio.timeout(20):
            while not any(event["kind"] == "export_ended_early" for event in signing):
                await asyncio.sleep(0.05)  # the event is what is waited for
    assert "took nothing" in signing[-1]["details"]["reason"]
    assert await readable(browser, file)


def test_descriptors_are_closed_by_whoever_ends_last():
    lease = transfer._Lease()
    closed: list[bool] = []
    lease.reader.close = lambda: closed.append(True)  # type: ignore[method-assign]

    def work() -> bool:
        lease.end()
        return bool(closed)

    assert lease.during(work) is False
    assert closed == [True]
    with pytest.raises(ConnectionResetError):
        lease.during(work)


async def test_a_range_can_be_combined(shelf, gop, browser):
    shelf.store(gop, START, 4)
    shelf.store(gop, START + 60 * NS, 4, run=2)
    file = (await planned(browser, 0, 100, combine=True))["files"][0]
    _status, _headers, data = await get(browser, file["url"])
    with av.open(io.BytesIO(data)) as movie:
        assert max(frame.pts for frame in movie.decode(video=0)) < 8 * 90_000


async def test_a_supervisor_that_does_not_sign_ends_the_archive_not_the_movie(
    shelf, gop, browser, supervisor
):
    supervisor.answers["exports.sign"] = BusError("exports.no_key", "no key")
    shelf.store(gop, START, 4)
    answer = await planned(browser, 0, 4)
    assert await readable(browser, answer["files"][0])
    assert not await readable(browser, answer["archive"])


class Weight:
    """Something kept that takes memory."""

    def __init__(self, kept_bytes: int) -> None:
        self.kept_bytes = kept_bytes


@pytest.mark.parametrize(
    ("kept", "fresh", "going"),
    [
        ([10, 10], 10, 0),
        ([10, 10, 10], 10, 1),  # no more than three
        ([60, 10], 50, 1),  # no more than a hundred bytes
        ([10, 60], 50, 2),
        ([], 1000, 0),  # what was asked for last is always kept
        ([10, 10], 1000, 2),
    ],
)
def test_the_oldest_give_way_where_number_or_memory_is_too_much(kept, fresh, going):
    weights = [Weight(size) for size in kept]
    assert list(surplus(weights, 3, 100, Weight(fresh))) == weights[:going]


async def test_large_plans_of_one_person_give_way_before_those_of_others(monkeypatch):
    monkeypatch.setattr("appliance.web.export_files.MOST_BYTES_OF_ONE", 100)
    exports = Exports()
    try:
        hers = exports.keep(Weight(50), "anna")  # type: ignore[arg-type]
        his = [exports.keep(Weight(60), "ben") for _n in range(3)]  # type: ignore[arg-type]
        assert exports._kept == {hers.id: hers, his[-1].id: his[-1]}
    finally:
        exports.close()


class Slow:
    """A plan that takes until it is stopped."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.stopped = threading.Event()

    def __call__(self, *_args: Any, stop: Any) -> Any:
        self.begun.release()
        while not stop():
            self.stopped.wait(0.01)
        self.stopped.set()
        raise ExportError("cancelled", "stopped")


async def test_an_abandoned_request_ends_its_gathering_and_others_are_planned(
    shelf, gop, browser, monkeypatch
):
    shelf.store(gop, START, 4)
    slow, real = Slow(), export_serving.plan_export
    monkeypatch.setattr(export_serving, "plan_export", slow)
    waiting = [
        asyncio.create_task(browser.ask("POST", "/api/v1/exports", body(0, 4))) for _n in range(3)
    ]
    async with asyncio.timeout(20):
        for _n in range(2):
            await asyncio.to_thread(slow.begun.acquire)
        status, answer = await browser.ask("POST", "/api/v1/exports", body(0, 4))
        assert (status, answer["code"]) == (503, "busy")
        monkeypatch.setattr(export_serving, "plan_export", real)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert await asyncio.to_thread(slow.stopped.wait, 10)
        while (await browser.ask("POST", "/api/v1/exports", body(0, 4)))[0] == 503:
            await asyncio.sleep(0.05)  # the places of those who have gone come free
    assert (await planned(browser, 0, 4))["files"]


async def test_hashing_for_the_manifest_lets_transfers_have_their_turn(monkeypatch):
    monkeypatch.setattr(transfer, "THREADS", 1)
    monkeypatch.setattr(transfer, "TURN_S", 0.001)
    transfers = transfer.Transfers()
    done = threading.Event()
    there: Any = SimpleNamespace(transport=SimpleNamespace(is_closing=lambda: False))

    def endless(_reader: Any) -> Any:
        while not done.is_set():
            yield

    try:
        sealing = asyncio.create_task(transfers.work(there, endless))
        async with asyncio.timeout(20):
            for number in range(3):
                assert await transfers.run(lambda number=number: number) == number
            done.set()
            await sealing
    finally:
        done.set()
        transfers.close()


async def test_hashing_ends_when_nobody_waits_for_it_any_more(monkeypatch):
    monkeypatch.setattr(transfer, "TURN_S", 0.001)
    transfers = transfer.Transfers()
    gone: Any = SimpleNamespace(transport=None)

    def endless(_reader: Any) -> Any:
        while True:
            yield

    try:
        async with asyncio.timeout(20):
            with pytest.raises(ConnectionResetError):
                await transfers.work(gone, endless)
    finally:
        transfers.close()


async def test_an_archive_asked_for_in_the_middle_is_hashed_in_turns(
    app, shelf, gop, browser, monkeypatch
):
    large = replace(gop, frames=[b"\0\x01\x86\xa0\x65" + bytes(99_999)] * 20)
    shelf.store(large, START, 20)
    told = (await planned(browser, 0, 20))["archive"]
    turns = 0
    run = app[EXPORTS].transfers.run

    async def counted(*args: Any) -> Any:
        nonlocal turns
        turns += 1
        return await run(*args)

    monkeypatch.setattr(app[EXPORTS].transfers, "run", counted)
    monkeypatch.setattr(transfer, "TURN_S", 1e-9)
    _status, _headers, end = await get(browser, told["url"], Range="bytes=-200")
    assert turns > 15  # a movie of 20 MB, read in steps of one
    monkeypatch.undo()
    assert (await get(browser, told["url"]))[2][-200:] == end
