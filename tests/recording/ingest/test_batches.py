"""Streams that nobody watches are read in batches; nothing else about them changes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from ingest_bench import SHORT, ScriptedServer, check_order, running

from appliance.recording.ingest import batches
from appliance.recording.ingest.batches import BatchReader
from appliance.recording.ingest.config import SourceConfig
from appliance.recording.ingest.state import Phase

AT_ONCE = replace(SHORT, settle_s=0.0)


class Protocol(asyncio.BufferedProtocol):
    def __init__(self) -> None:
        self.buffer = bytearray(1000)
        self.taken = bytearray()
        self.fault: Exception | None = None

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self.buffer)

    def buffer_updated(self, nbytes: int) -> None:
        if self.fault:
            raise self.fault
        self.taken += self.buffer[:nbytes]


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


@dataclass
class Bench:
    camera: socket.socket
    protocol: Protocol = field(default_factory=Protocol)
    transport: Transport = field(default_factory=Transport)
    ends: list[BaseException | None] = field(default_factory=list)
    watched: bool = False
    reader: BatchReader = field(init=False)

    async def until(self, condition: object) -> None:
        async with asyncio.timeout(5):
            while not condition():  # type: ignore[operator]
                await asyncio.sleep(0.005)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(batches, "BATCH_S", 0.02)
    camera, ours = socket.socketpair()
    ours.setblocking(False)
    made = Bench(camera)

    def ended(error: BaseException | None) -> None:
        made.ends.append(error)
        made.reader.stop()

    made.reader = BatchReader(
        made.transport, ours, made.protocol, ended=ended, watched=lambda: made.watched
    )
    yield made
    made.reader.stop()
    camera.close()
    ours.close()


async def test_everything_that_waits_is_taken_with_one_batch(bench: Bench) -> None:
    sent = bytes(range(256)) * 20
    bench.camera.sendall(sent)
    assert not bench.transport.reading
    await bench.until(lambda: bench.protocol.taken == sent)
    assert bench.ends == []


async def test_a_stream_that_becomes_watched_is_read_at_once_again(bench: Bench) -> None:
    bench.watched = True
    await bench.until(lambda: bench.transport.reading)
    assert not bench.reader.active


async def test_the_end_of_a_connection_is_told(bench: Bench) -> None:
    bench.camera.sendall(b"last words")
    bench.camera.close()
    await bench.until(lambda: bench.ends)
    assert bench.ends == [None]
    assert bench.protocol.taken == b"last words"


async def test_a_mistake_of_ours_ends_the_connection_and_is_not_hidden(bench: Bench) -> None:
    hidden: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: hidden.append(context["exception"])
    )
    bench.protocol.fault = RuntimeError("a mistake")
    bench.camera.sendall(b"x")
    await bench.until(lambda: bench.ends)
    assert bench.ends == hidden == [bench.protocol.fault]


async def test_an_unwatched_stream_loses_nothing_and_says_goodbye(server: ScriptedServer) -> None:
    running_ = running(SourceConfig(server.url), AT_ONCE, watched=lambda: False)
    async with running_ as (ingest, catch):
        await catch.until(lambda: len(catch.video) > 30)
        figures = ingest.statistics
    check_order(catch.units)
    assert [u.rtp_time for u in catch.video] == [3600 * n for n in range(len(catch.video))]
    assert len({u.mono_ns // 20_000_000 for u in catch.video}) < 0.8 * len(catch.video)
    assert figures.lost_packets == figures.reconnects == 0
    assert "TEARDOWN" in server.methods


async def test_a_camera_that_closes_an_unwatched_stream_is_tried_again(
    server: ScriptedServer,
) -> None:
    running_ = running(SourceConfig(server.url), AT_ONCE, watched=lambda: False)
    async with running_ as (_ingest, catch):
        await catch.until(lambda: len(catch.video) > 5)
        server.links[0].writer.close()
        await catch.until(lambda: [s.phase for s in catch.states].count(Phase.PLAYING) == 2)
    assert catch.faults[0].code == "closed"


async def test_watching_changes_how_a_stream_is_read_without_a_loss(server: ScriptedServer) -> None:
    watched = False
    running_ = running(SourceConfig(server.url), AT_ONCE, watched=lambda: watched)
    async with running_ as (_ingest, catch):
        for _turn in range(4):
            more = len(catch.video) + 8
            await catch.until(lambda more=more: len(catch.video) >= more)
            watched = not watched
    assert [u.rtp_time for u in catch.video] == [3600 * n for n in range(len(catch.video))]
    check_order(catch.units)
