"""Simulated cameras for tests, and a plain RTSP client that shows what is on the wire."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction
from urllib.parse import unquote, urlsplit

import pytest

from appliance.cameras.sim.cache import LoopCache
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.simulator import Simulator
from appliance.cameras.sim.specs import AudioSpec, CameraSpec, StreamSpec, VideoSpec, small_camera

StartCameras = Callable[..., Awaitable[Simulator]]
_WAIT_S = 10.0


@pytest.fixture(scope="session")
def loop_cache(tmp_path_factory: pytest.TempPathFactory) -> LoopCache:
    """Loops of this session; small ones take a tenth of a second each."""
    return LoopCache(tmp_path_factory.mktemp("loops"))


@pytest.fixture
async def start_cameras(loop_cache: LoopCache) -> AsyncIterator[StartCameras]:
    """A function that starts cameras (one small one by default), stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(*specs: CameraSpec) -> Simulator:
            cameras: Sequence[CameraSpec] = specs or (small_camera(),)
            return await stack.enter_async_context(Simulator(cameras, cache=loop_cache))

        yield start


def quick_spec(*quirks: Quirk, codec: str = "h264", **changes: object) -> CameraSpec:
    """A camera with a key frame five times a second, so that tests wait for nothing."""
    audio = changes.pop("audio", AudioSpec())
    video = VideoSpec(codec, 192, 128, Fraction(50), 10, 0, 1_200_000)
    spec = CameraSpec(
        name="cam1", main=StreamSpec(video, audio), rtcp_interval_s=0.2, quirks=frozenset(quirks)
    )
    return replace(spec, **changes)


@dataclass
class Reply:
    """An RTSP answer; header names in lower case, `raw` as it came."""

    status: int
    headers: dict[str, list[str]]
    body: str
    raw: str

    def header(self, name: str) -> str | None:
        values = self.headers.get(name)
        return values[0] if values else None


@dataclass
class RtpPacket:
    """One RTP packet taken apart (RFC 3550 section 5.1)."""

    first: int
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    channel: int = 0

    @classmethod
    def parse(cls, data: bytes, channel: int = 0) -> RtpPacket:
        first, second, sequence, timestamp, ssrc = struct.unpack(">BBHII", data[:12])
        return cls(first, bool(second & 128), second & 127, sequence, timestamp, ssrc, data[12:],
                   channel)  # fmt: skip


@dataclass
class WireClient:
    """Speaks RTSP by hand; nothing of it is shared with the simulator or the product."""

    url: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    user: str
    password: str
    hashing: str = "MD5"
    sequence: int = 0
    session: str = ""
    challenge: str = ""
    order: list[str] = field(default_factory=list)

    @classmethod
    async def connect(cls, url: str, **options: object) -> WireClient:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port}"
        reader, writer = await asyncio.open_connection(
            parts.hostname, parts.port, limit=1 << 22, **options
        )
        return cls(
            f"{parts.scheme}://{host}{parts.path}", reader, writer,
            unquote(parts.username or ""), unquote(parts.password or ""),
        )  # fmt: skip

    def close(self) -> None:
        self.writer.transport.abort()

    def _authorization(self, method: str, url: str) -> str:
        if self.hashing == "basic":
            code = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return f"Basic {code}"
        realm = re.search(r'realm="([^"]*)"', self.challenge)[1]
        nonce = re.search(r'nonce="([^"]*)"', self.challenge)[1]
        make = hashlib.md5 if self.hashing == "MD5" else hashlib.sha256

        def hashed(text: str) -> str:
            return make(text.encode()).hexdigest()

        secret = hashed(f"{self.user}:{realm}:{self.password}")
        request = hashed(f"{method}:{url}")
        head = f'Digest username="{self.user}", realm="{realm}", nonce="{nonce}", uri="{url}", '
        if self.hashing == "MD5":
            return head + f'response="{hashed(f"{secret}:{nonce}:{request}")}"'
        answer = hashed(f"{secret}:{nonce}:00000001:abc:auth:{request}")
        return head + f'algorithm=SHA-256, qop=auth, nc=00000001, cnonce="abc", response="{answer}"'

    def send(self, method: str, url: str = "", headers: dict[str, str] | None = None) -> None:
        self.sequence += 1
        url = url or self.url
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.sequence}"]
        if self.session:
            lines.append(f"Session: {self.session}")
        if self.challenge:
            lines.append(f"Authorization: {self._authorization(method, url)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def item(self) -> Reply | tuple[int, bytes] | str:
        """Return the next answer, interleaved frame, or request of the server (its first line)."""
        async with asyncio.timeout(_WAIT_S):
            first = await self.reader.readexactly(1)
            if first == b"$":
                channel, size = struct.unpack(">BH", await self.reader.readexactly(3))
                return channel, await self.reader.readexactly(size)
            raw = first + await self.reader.readuntil(b"\r\n\r\n")
            lines = raw.decode("latin-1")[:-4].split("\r\n")
            if not lines[0].startswith("RTSP/"):
                return lines[0]
            headers: dict[str, list[str]] = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers.setdefault(name.lower(), []).append(value.strip())
            size = int(headers.get("content-length", ["0"])[0])
            body = (await self.reader.readexactly(size)).decode()
            return Reply(int(lines[0].split()[1]), headers, body, raw.decode("latin-1"))

    async def ask(
        self,
        method: str,
        url: str = "",
        headers: dict[str, str] | None = None,
        *,
        login: bool = True,
    ) -> Reply:
        """Send a request and return its answer; `order` notes what came before it."""
        self.send(method, url, headers)
        while not isinstance(item := await self.item(), Reply):
            self.order.append("frame" if isinstance(item, tuple) else item)
        self.order.append(method)
        if item.status == 401 and login and not self.challenge:
            wanted = "Basic" if self.hashing == "basic" else "Digest"
            offers = [c for c in item.headers["www-authenticate"] if c.startswith(wanted)]
            if wanted == "Digest":
                offers = [c for c in offers if ("SHA-256" in c) == (self.hashing != "MD5")]
            self.challenge = offers[0]
            return await self.ask(method, url, headers)
        return item

    async def describe(self) -> Reply:
        return await self.ask("DESCRIBE", headers={"Accept": "application/sdp"})

    async def setup(self, track: int, transport: str = "") -> Reply:
        transport = transport or f"RTP/AVP/TCP;unicast;interleaved={2 * track}-{2 * track + 1}"
        reply = await self.ask("SETUP", f"{self.url}/trackID={track}", {"Transport": transport})
        if value := reply.header("session"):
            self.session = value.split(";")[0]
        return reply

    async def play(self) -> Reply:
        """Describe, set up every track over TCP and play."""
        description = await self.describe()
        for track in range(description.body.count("\nm=")):
            await self.setup(track)
        return await self.ask("PLAY")

    async def frames(
        self, until: Callable[[list[tuple[int, bytes]]], bool]
    ) -> list[tuple[int, bytes]]:
        """Gather interleaved frames (channel, data) until the predicate holds."""
        out: list[tuple[int, bytes]] = []
        async with asyncio.timeout(_WAIT_S):
            while not until(out):
                item = await self.item()
                if isinstance(item, tuple):
                    out.append(item)
                else:
                    self.order.append(item if isinstance(item, str) else "answer")
        return out

    async def rtp(self, count: int = 60, channel: int = 0) -> list[RtpPacket]:
        """Return that many RTP packets of one channel."""
        found = await self.frames(lambda got: sum(c == channel for c, _ in got) >= count)
        return [RtpPacket.parse(data, c) for c, data in found if c == channel]


@pytest.fixture
async def open_client() -> AsyncIterator[Callable[..., Awaitable[WireClient]]]:
    """A function that opens a client at an address; closed after the test."""
    clients: list[WireClient] = []

    async def open_one(url: str, **options: object) -> WireClient:
        client = await WireClient.connect(url, **options)
        clients.append(client)
        return client

    yield open_one
    for client in clients:
        client.close()


@pytest.fixture
def quick() -> Callable[..., CameraSpec]:
    """The definition of a camera with many key frames: `quick(Quirk..., codec=..., ...)`."""
    return quick_spec


@pytest.fixture
def parse_rtp() -> Callable[..., RtpPacket]:
    """Take an RTP packet apart."""
    return RtpPacket.parse


@pytest.fixture
async def quirky(start_cameras: StartCameras, open_client) -> Callable[..., Awaitable[WireClient]]:
    """Start a quick camera with these quirks and return a client connected to it."""

    async def start(*quirks: Quirk, **changes: object) -> WireClient:
        simulator = await start_cameras(quick_spec(*quirks, **changes))
        return await open_client(simulator.url("cam1"))

    return start
