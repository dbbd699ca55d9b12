"""The helper's socket: who may ask, what is refused, and that nothing makes it do more or die."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from appliance.bus.peers import Credentials
from appliance.helper.server import MAX_CONNECTIONS, MAX_RUNNING
from appliance.helper.wire import MAX_LINE_BYTES


async def test_answers_a_verb_of_its_list(bench: Any) -> None:
    peer = await bench.connect()
    await peer.ask(7, "test.echo", word="a", times=2)
    answer = await peer.answer()
    assert (answer["id"], answer["code"]) == (7, "")
    assert answer["answer"] == {"words": ["a", "a"]}


async def test_another_user_is_told_so_and_let_go(bench: Any, tmp_path: Any) -> None:
    await bench.server.close()
    stranger = bench.make(credentials=lambda _socket: Credentials(99, 4242, 4242))
    await stranger.start()
    try:
        peer = await bench.connect()
        await peer.ask(1, "test.echo", word="a")
        assert (await peer.answer())["code"] == "helper.forbidden"
        assert await peer.ended()
    finally:
        await stranger.close()


@pytest.mark.parametrize(
    ("verb", "params"),
    [
        ("test.nothing", {}),
        ("test.__class__", {}),
        ("power.off", {}),
        ("test.echo", {}),
        ("test.echo", {"word": 3}),
        ("test.echo", {"word": "a", "times": "2"}),
        ("test.echo", {"word": "a", "extra": 1}),
        ("test.echo", {"word": ["/bin/sh"]}),
    ],
)
async def test_unknown_verbs_and_wrong_arguments_are_refused(
    bench: Any, verb: str, params: dict[str, Any]
) -> None:
    peer = await bench.connect()
    await peer.ask(1, verb, **params)
    assert (await peer.answer())["code"] == "helper.refused"
    await peer.ask(2, "test.echo", word="still there")
    assert (await peer.answer())["answer"]["words"] == ["still there"]


async def test_every_wrong_argument_is_named_and_none_is_repeated(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await bench.connect()
    with caplog.at_level(logging.DEBUG):
        await peer.ask(1, "test.echo", word=1, times="hunter2", secret=["hunter2"])
        answer = await peer.answer()
    assert {entry["path"] for entry in answer["fields"]} == {"word", "times", "secret"}
    assert "hunter2" not in str(answer) + caplog.text


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x00\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"id":0,"verb":"test.echo","params":{}}\n',
        b'{"id":-1,"verb":"test.echo"}\n',
        b'{"id":true,"verb":"test.echo"}\n',
        b'{"id":1,"verb":5}\n',
        b'{"id":1,"verb":"test.echo","params":[]}\n',
        b'{"id":1,"verb":"test.echo","params":{},"uid":0}\n',
        b'{"id":1,"verb":"' + b"x" * 100 + b'"}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (MAX_LINE_BYTES + 10),
    ],
    ids=lambda line: repr(line[:30]),
)
async def test_garbage_ends_its_connection_and_nothing_else(bench: Any, line: bytes) -> None:
    other = await bench.connect()
    peer = await bench.connect()
    await peer.send(line)
    answer = await peer.answer()
    assert (answer["id"], answer["code"]) == (0, "helper.bad_frame")
    assert await peer.ended()
    await other.ask(1, "test.echo", word="a")
    assert (await other.answer())["code"] == ""


async def test_half_a_line_does_nothing(bench: Any) -> None:
    peer = await bench.connect()
    await peer.send(b'{"id":1,"verb":"test.hold","params":{}}')
    peer.writer.close()
    other = await bench.connect()
    await other.ask(1, "test.echo", word="a")
    await other.answer()
    assert not bench.began.is_set()


async def test_changes_of_one_domain_come_one_after_the_other_and_reading_does_not_wait(
    bench: Any,
) -> None:
    one, two = await bench.connect(), await bench.connect()
    await one.ask(1, "test.hold")
    await bench.began.wait()
    bench.began.clear()
    await two.ask(1, "test.hold")
    await two.ask(2, "test.echo", word="a")
    assert (await two.answer())["id"] == 2
    assert not bench.began.is_set()
    bench.go_on.set()
    assert (await one.answer())["code"] == (await two.answer())["code"] == ""
    assert bench.done == ["hold", "hold"]


async def test_a_verb_over_its_limit_is_ended_and_said_to_be_half_done(bench: Any) -> None:
    peer = await bench.connect()
    await peer.ask(1, "test.wait")
    answer = await peer.answer()
    assert answer["code"] == "helper.timeout"
    assert "half done" in answer["text"]


async def test_too_much_at_once_is_refused(bench: Any) -> None:
    peer = await bench.connect()
    for number in range(1, MAX_RUNNING + 2):
        await peer.ask(number, "test.hold")
    answer = await peer.answer()
    assert (answer["id"], answer["code"]) == (MAX_RUNNING + 1, "helper.busy")


async def test_too_many_connections_are_refused(bench: Any) -> None:
    peers = [await bench.connect() for _ in range(MAX_CONNECTIONS)]
    for peer in peers:
        await peer.ask(1, "test.echo", word="a")
        await peer.answer()
    late = await bench.connect()
    assert (await late.answer())["code"] == "helper.busy"
    peers[0].writer.close()


async def test_a_verb_goes_on_when_its_peer_dies(bench: Any) -> None:
    peer = await bench.connect()
    await peer.ask(1, "test.hold")
    await bench.began.wait()
    peer.writer.transport.abort()
    other = await bench.connect()
    await other.ask(1, "test.echo", word="a")
    await other.answer()
    bench.go_on.set()
    await other.ask(2, "test.hold")
    await other.answer()
    assert bench.done == ["hold", "hold"]


@pytest.mark.parametrize("how", ["crash", "answer", "file", "program"])
async def test_a_broken_verb_is_told_without_what_it_knew(bench: Any, how: str) -> None:
    peer = await bench.connect()
    await peer.ask(1, "test.break", how=how)
    answer = await peer.answer()
    assert answer["code"] == "helper.failed"
    assert "hunter2" not in answer["text"]
    assert not (bench.machine.files / "etc/shadow").exists()


async def test_an_error_of_the_verb_itself_comes_through(bench: Any) -> None:
    peer = await bench.connect()
    await peer.ask(1, "test.break", how="own")
    answer = await peer.answer()
    assert (answer["code"], answer["fields"]) == ("test.own", [{"path": "how"}])


async def test_each_verb_leaves_a_line_with_what_may_be_shown(
    bench: Any, caplog: pytest.LogCaptureFixture
) -> None:
    peer = await bench.connect()
    with caplog.at_level(logging.INFO, "appliance.helper"):
        await peer.ask(1, "test.echo", word="private", times=3, secret="hunter2")
        await peer.answer()
    line = next(r.getMessage() for r in caplog.records if "test.echo" in r.getMessage())
    assert "3 times" in line and "done" in line
    assert "private" not in caplog.text and "hunter2" not in caplog.text


async def test_nobody_else_may_open_the_socket(bench: Any) -> None:
    assert bench.path.stat().st_mode & 0o007 == 0
    await asyncio.sleep(0)
