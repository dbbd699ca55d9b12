"""One attempt to play a stream through libav: what our own client does not speak.

MJPEG, MPEG-4 part 2, HTTP and RTSP over HTTP come in this way.  libav runs in a process of its
own (about 45 MB), because a crash or a hang of it must not touch the recording of other cameras.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import sys
from typing import Any

from appliance.media.errors import UnsupportedError
from appliance.media.rtsp.url import RtspUrl, with_credentials
from appliance.recording.ingest import fault
from appliance.recording.ingest.assembler import Assembler
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.libav_formats import FrameMaker, SoundMaker, maker_for
from appliance.recording.ingest.libav_wire import (
    KEY,
    MAX_RECORD_BYTES,
    NO_TIME,
    PACKET,
    RECORD,
    Kind,
)
from appliance.recording.ingest.precheck import check
from appliance.recording.ingest.state import Fault, IngestError
from appliance.recording.ingest.statistics import IngestStatistics
from appliance.recording.ingest.tls import CertificatePin
from appliance.recording.ingest.watch import Watch

log = logging.getLogger(__name__)

_RTSP_TRANSPORT = {
    "tcp": "tcp", "tls": "tcp", "udp": "udp", "multicast": "udp_multicast", "http": "http",
}  # fmt: skip
_CHILD = "appliance.recording.ingest.libav_child"
_START_S = 3.0
"""What the child needs to load libav, on top of the waits of the source."""


class LibavTrack:
    """A track as the assembler knows it."""

    frame_rate: float | None = None
    ssrc: int | None = None

    def __init__(self, kind: str, clock_rate: int, maker: FrameMaker) -> None:
        self.kind = kind
        self.clock_rate = clock_rate
        self.maker = maker


class LibavSource:
    """Plays one source in a child; `run` only ends with an error, `close` is awaited afterwards."""

    transport = ""

    def __init__(
        self,
        config: SourceConfig,
        url: RtspUrl,
        username: str,
        password: str,
        assembler: Assembler,
        statistics: IngestStatistics,
        limits: Limits,
        *,
        pin: CertificatePin,
    ) -> None:
        self._config = config
        self._url = url
        self._username, self._password = username, password
        self._assembler = assembler
        self._statistics = statistics
        self._limits = limits
        self._pin = pin
        self._told = False
        self._tracks: dict[int, LibavTrack] = {}
        self._child: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        """Start the child and read from it until something ends it: raises `IngestError`."""
        self._told = await check(
            self._url,
            self._username,
            self._password,
            tunnelled=self._config.transport == "http",
            allow_basic=self._config.allow_basic,
            pin=self._pin,
            limits=self._limits,
        )
        reader = await self._start()
        self._statistics.transport = self._config.transport
        limits, loop = self._limits, asyncio.get_running_loop()
        reading = asyncio.create_task(self._read(reader))
        opening_s = limits.connect_s + limits.first_packet_s + _START_S
        watch: Watch | None = None
        begun_s = loop.time()
        try:
            while True:
                await asyncio.wait((reading,), timeout=limits.tick_s)
                if reading.done():
                    raise IngestError(await reading)
                if self._tracks and watch is None:
                    self._statistics.sessions += 1
                    watch = Watch(self._statistics, limits, loop.time(), udp=False)
                if watch is not None:
                    watch.tick(loop.time(), self._statistics.packets)
                elif loop.time() - begun_s > opening_s:
                    raise IngestError(fault.silent(opening_s, udp=False, ever=False))
                self._assembler.note_clock()
                if (problem := self._assembler.problem) is not None:
                    raise IngestError(problem)
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, IngestError, UnsupportedError):
                await reading

    async def _start(self) -> asyncio.StreamReader:
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            reader, self._writer = await asyncio.open_connection(sock=ours)
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _CHILD,
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        whole = with_credentials(self._url, self._username, self._password)
        wish = {
            "url": whole if self._told else str(self._url),
            "rtsp_transport": self._rtsp_transport(),
            "want_audio": self._config.want_audio,
            "open_s": self._limits.connect_s + self._limits.first_packet_s,
            "read_s": self._limits.silence_s,
        }
        self._writer.write(json.dumps(wish).encode() + b"\n")
        return reader

    def _rtsp_transport(self) -> str | None:
        if not self._url.scheme.startswith("rtsp"):
            return None
        if self._config.transport == "http" and self._url.encrypted:
            return "https"
        return _RTSP_TRANSPORT[self._config.transport]

    async def _read(self, reader: asyncio.StreamReader) -> Fault:
        """Take records until the last one; returns why it was the last."""
        try:
            while True:
                kind, size = RECORD.unpack(await reader.readexactly(RECORD.size))
                if size > MAX_RECORD_BYTES:
                    return fault.library("a frame of more than 32 MB")
                content = await reader.readexactly(size)
                if kind == Kind.PACKET:
                    self._packet(content)
                elif kind == Kind.TRACKS:
                    self._open(json.loads(content))
                else:
                    return self._fault(json.loads(content))
        except (asyncio.IncompleteReadError, OSError):
            log.warning("the media library's process for %s ended by itself", self._url.host)
            return fault.library("the media library gave up")

    def _open(self, tracks: list[dict[str, Any]]) -> None:
        if not tracks:
            raise IngestError(fault.no_video())
        self._statistics.audio = None
        for number, track in enumerate(tracks):
            try:
                maker = maker_for(track)
            except UnsupportedError as error:
                raise IngestError(fault.unsupported_video(str(error))) from error
            rate = int(track.get("rate") or 0)
            if maker is not None and rate > 0:
                made = LibavTrack(str(track.get("kind")), rate, maker)
                self._tracks[number] = made
                self._assembler.add(made)
                if isinstance(maker, SoundMaker):
                    self._statistics.audio = maker.format
            else:
                self._statistics.audio_note = str(track.get("codec", "?"))

    def _packet(self, content: bytes) -> None:
        number, flags, pts, dts = PACKET.unpack_from(content)
        figures = self._statistics
        figures.packets += 1
        figures.bytes += len(content)
        track = self._tracks.get(number)
        if track is None:
            return
        stamp = pts if pts != NO_TIME else dts
        if stamp == NO_TIME:
            figures.invalid_packets += 1
            return
        frames = track.maker.frames(content[PACKET.size :], stamp, key=bool(flags & KEY))
        if frames:
            self._assembler.on_frames(track, frames)

    def _fault(self, told: dict[str, Any]) -> Fault:
        """Put what the child says into our words; its details hold no address."""
        code, url = str(told.get("code", "")), self._url
        if code == "password_refused" and not self._told:
            return fault.asked_too_late()
        if code == "password_refused":
            has_password = bool(self._username or self._password)
            return fault.password_refused() if has_password else fault.password_needed()
        if code in ("forbidden", "not_found"):
            return fault.status("GET", {"forbidden": 403, "not_found": 404}[code], "")
        if code == "connection_refused":
            return fault.connect_failed(url.host, url.port, ConnectionRefusedError())
        if code == "silent":
            return fault.silent(self._limits.silence_s, udp=False, ever=bool(self._tracks))
        if code == "closed":
            return fault.closed()
        return fault.library(str(told.get("detail", code))[:80])

    async def close(self) -> None:
        """End the child and wait for it; never raises."""
        if self._writer is not None:
            self._writer.close()
        child = self._child
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
