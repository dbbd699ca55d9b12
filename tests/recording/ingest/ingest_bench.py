"""A sink that keeps everything, and a small RTSP server that says what a test makes it say."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from appliance.media.rtsp.framing import StreamParser
from appliance.media.rtsp.message import Headers, Message, Request, Response
from appliance.media.types import AccessUnit, RunIds
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.state import Fault, IngestState, Phase

SHORT = Limits(
    connect_s=1.0, answer_s=0.4, first_packet_s=0.6, silence_s=0.4, first_key_frame_s=5.0,
    teardown_s=0.2,
    keep_alive_least_s=0.1, tick_s=0.05, backoff_first_s=0.02, backoff_longest_s=0.1, healthy_s=0.2,
)  # fmt: skip

SPS = bytes.fromhex("6742c00cda05067e78400000030040000007a3c50aa8")
PPS = bytes.fromhex("68ce3c80")


class Catch:
    """Keeps units and states, and wakes whoever waits for one of them."""

    def __init__(self) -> None:
        self.units: list[AccessUnit] = []
        self.states: list[IngestState] = []
        self._changed = asyncio.Event()

    def on_access_unit(self, unit: AccessUnit) -> None:
        self.units.append(unit)
        self._changed.set()

    def on_state(self, state: IngestState) -> None:
        self.states.append(state)
        self._changed.set()

    async def until(self, condition: Callable[[], object], timeout_s: float = 15.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.05)

    @property
    def video(self) -> list[AccessUnit]:
        return [u for u in self.units if u.is_video]

    @property
    def audio(self) -> list[AccessUnit]:
        return [u for u in self.units if not u.is_video]

    @property
    def faults(self) -> list[Fault]:
        ended = (Phase.WAITING, Phase.REFUSED)
        return [s.fault for s in self.states if s.fault and s.phase in ended]


@contextlib.asynccontextmanager
async def running(
    config: SourceConfig, limits: Limits = SHORT, **more: object
) -> AsyncIterator[tuple[Ingest, Catch]]:
    """Run an ingest meanwhile."""
    catch = Catch()
    ingest = Ingest(config, catch, run_ids=RunIds(1), limits=limits, **more)  # type: ignore[arg-type]
    task = asyncio.create_task(ingest.run())
    try:
        yield ingest, catch
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def check_order(units: list[AccessUnit]) -> None:
    """What is promised of every stream of units."""
    last: dict[tuple[int, bool], int] = {}
    for unit in units:
        line = (unit.run, unit.is_video)
        if line not in last and unit.is_video:
            assert unit.key, "a run begins with a key frame"
            assert unit.dts == 0
        assert unit.dts > last.get(line, -1), "dts rises"
        assert unit.pts >= unit.dts >= 0
        assert unit.duration > 0
        last[line] = unit.dts


SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\n"
    b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=framerate:25\r\na=control:track0\r\n"
)


@dataclass(slots=True)
class Link:
    """One connection to the scripted server."""

    writer: asyncio.StreamWriter
    requests: list[Request] = field(default_factory=list)
    sequence: int = 0

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def reply(
        self, request: Request, status: int = 200, *headers: tuple[str, str], body: bytes = b""
    ) -> None:
        answer = Response(
            status, "Whatever", Headers([("CSeq", str(request.cseq)), *headers]), body
        )
        self.send(answer.encode())

    def rtp(self, payload: bytes, timestamp: int, *, marker: bool = True, channel: int = 0) -> None:
        head = bytes([0x80, 96 | (0x80 if marker else 0)]) + self.sequence.to_bytes(2, "big")
        packet = head + (timestamp & 0xFFFFFFFF).to_bytes(4, "big") + b"\0\0\0\1" + payload
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.send(b"$" + bytes([channel]) + len(packet).to_bytes(2, "big") + packet)

    def key_frame(self, timestamp: int) -> None:
        self.rtp(SPS, timestamp, marker=False)
        self.rtp(PPS, timestamp, marker=False)
        self.rtp(b"\x65\x88\x84" + bytes(50), timestamp)

    def frame(self, timestamp: int) -> None:
        self.rtp(b"\x41\x9a\x24" + bytes(20), timestamp)


Script = Callable[[Link, Request], Awaitable[bool | None]]


class ScriptedServer:
    """Answers like a camera, except where `script` takes a request (returns True)."""

    def __init__(self) -> None:
        self.script: Script | None = None
        self.greeting: bytes | None = None
        self.sdp = SDP
        self.frames = True
        self.public = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
        self.session = "77"
        self.links: list[Link] = []
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/x"

    @property
    def requests(self) -> list[Request]:
        return [r for link in self.links for r in link.requests]

    @property
    def methods(self) -> list[str]:
        return [r.method for r in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        link = Link(writer)
        self.links.append(link)
        found: list[Message] = []
        parser = StreamParser(found.append)
        try:
            if self.greeting is not None:
                link.send(self.greeting)
            while data := await reader.read(4096):
                if self.greeting is not None:
                    continue
                parser.feed(data)
                while found:
                    message = found.pop(0)
                    if isinstance(message, Request):
                        link.requests.append(message)
                        await self._answer(link, message)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, link: Link, request: Request) -> None:
        if self.script is not None and await self.script(link, request):
            return
        if request.method == "OPTIONS":
            link.reply(request, 200, ("Public", self.public))
        elif request.method == "DESCRIBE":
            link.reply(request, 200, ("Content-Type", "application/sdp"), body=self.sdp)
        elif request.method == "SETUP":
            wish = request.headers.get("Transport") or ""
            if "TCP" not in wish:
                link.reply(request, 461)
                return
            link.reply(request, 200, ("Transport", wish), ("Session", self.session))
        elif request.method == "PLAY":
            link.reply(request, 200)
            if self.frames:
                task = asyncio.create_task(self._send(link))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        else:
            link.reply(request, 200)

    async def _send(self, link: Link) -> None:
        number = 0
        while not link.writer.is_closing():
            if number % 10 == 0:
                link.key_frame(number * 3600)
            else:
                link.frame(number * 3600)
            number += 1
            await asyncio.sleep(0.04)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = [*self._tasks, *self._serving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
