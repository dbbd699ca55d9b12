"""One simulated camera: its port, its streams, and what goes wrong with it when asked."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote

from appliance.cameras.sim.auth import Gatekeeper
from appliance.cameras.sim.cache import LoopCache
from appliance.cameras.sim.clock import CameraClock
from appliance.cameras.sim.errors import SimulatorError, UnknownNameError
from appliance.cameras.sim.live import LiveSource
from appliance.cameras.sim.loops import Track
from appliance.cameras.sim.messages import Request
from appliance.cameras.sim.multicast import GroupOutlet, Groups
from appliance.cameras.sim.outlets import Outlet, UdpOutlet
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.session import Session
from appliance.cameras.sim.specs import CameraSpec, VideoSpec
from appliance.cameras.sim.stream import Stream

_REQUESTS_KEPT = 2000


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request a client made, as it is kept for tests; the address holds no password."""

    utc_ns: int
    method: str
    url: str
    authorised: bool


class Camera:
    """A camera on a port of its own.  All methods are called on the event loop."""

    def __init__(
        self,
        spec: CameraSpec,
        cache: LoopCache,
        tracks: dict[str, list[Track]],
        *,
        host: str = "127.0.0.1",
        lead_s: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.spec = spec
        self.host = host
        self.port = spec.port
        self.quirks: frozenset[Quirk] = spec.quirks
        self.clock = CameraClock(lead_s)
        self.chance = random.Random(spec.name)  # noqa: S311 - packet loss, the same each run
        self.gate = Gatekeeper(
            spec.user, spec.password, self._schemes(), lock_after=spec.lock_after
        )
        self.lose_percent = 0.0
        self.reports_received = 0
        self.sessions_expired = 0
        self.connections = 0
        self.requests: deque[SeenRequest] = deque(maxlen=_REQUESTS_KEPT)
        self.streams = {name: Stream(self, name, items) for name, items in tracks.items()}
        self._cache = cache
        self._tls = tls
        self._groups = Groups(host)
        self._server: asyncio.Server | None = None
        self._sessions: set[Session] = set()
        self._silent_until: dict[str, float] = {}
        self._live: dict[str, LiveSource] = {}
        self._reboot: asyncio.Task[None] | None = None

    def _schemes(self) -> tuple[str, ...]:
        if Quirk.BASIC_AND_DIGEST in self.quirks:
            return ("basic", "digest-md5")
        return self.spec.auth

    # -- life ----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen; raises SimulatorError if the port is taken."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Session(self), self.host, self.port, ssl=self._tls, reuse_address=True
            )
        except OSError as error:
            raise SimulatorError(
                "sim.port", f"Port {self.port} for {self.spec.name} is not free ({error}); "
                "end the program that holds it or choose another."
            ) from error  # fmt: skip
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and cut all connections."""
        if self._reboot is not None:
            self._reboot.cancel()
            self._reboot = None
        self._close_port()
        self.drop()
        for stream in self.streams.values():
            stream.close()
        for source in self._live.values():
            source.stop()
        self._live.clear()
        self._groups.close()
        await asyncio.sleep(0)

    def _close_port(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def url(self, stream: str = "main", *, credentials: bool = True) -> str:
        """Return the RTSP address of a stream."""
        if stream not in self.streams:
            raise UnknownNameError(f"{self.spec.name} has no stream {stream}.")
        who = ""
        if credentials and self.gate.schemes:
            who = f"{quote(self.gate.user, safe='')}:{quote(self.gate.password, safe='')}@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rtsps' if self._tls else 'rtsp'}://{who}{host}:{self.port}/{stream}"

    # -- told by sessions and streams ----------------------------------------------------------

    def connected(self, session: Session) -> None:
        """A client came."""
        self.connections += 1
        self._sessions.add(session)

    def disconnected(self, session: Session) -> None:
        """A client went."""
        self._sessions.discard(session)

    def note_request(self, request: Request) -> None:
        """Keep a request for tests."""
        url = request.url
        if "@" in url:
            url = url.split("://")[0] + "://***@" + url.rsplit("@", 1)[1]
        self.requests.append(
            SeenRequest(time.time_ns(), request.method, url, "authorization" in request.headers)
        )

    def watched(self, stream: Stream, *, watched: bool) -> None:
        """A stream got its first viewer, or lost its last: encode live pictures only meanwhile."""
        if not self.spec.live:
            return
        if watched and stream.name not in self._live:
            video = self.spec.streams[stream.name].video
            source = LiveSource(self.spec, video, self.clock, stream)
            self._live[stream.name] = source
            source.start()
        elif not watched and stream.name in self._live:
            self._live.pop(stream.name).stop()

    def group(self, stream: Stream, track: int) -> tuple[Outlet, tuple[str, int]]:
        """Return the multicast outlet of a track and its address."""
        return self._groups.join(stream.name, track)

    def leave_group(self, stream: Stream, track: int, outlet: Outlet) -> bool:
        """Whether the outlet was a shared one (then it is released here)."""
        if not isinstance(outlet, GroupOutlet):
            return False
        self._groups.leave(stream.name, track)
        return True

    @property
    def sessions(self) -> int:
        """How many clients are connected."""
        return len(self._sessions)

    # -- faults --------------------------------------------------------------------------------

    def silent(self, stream: str = "") -> bool:
        """Whether the camera (or this stream of it) is stalled."""
        if not self._silent_until:
            return False
        now = time.monotonic()
        return now < self._silent_until.get("", 0) or now < self._silent_until.get(stream, 0)

    async def refuse(self, *, on: bool = True) -> None:
        """Refuse new connections, as a camera whose RTSP service died; cuts those that are."""
        if on:
            self._close_port()
            self.drop()
        else:
            await self.start()

    def stall(self, seconds: float | None = None, stream: str = "") -> None:
        """Fall silent without closing anything; None means until `clear`.  Answers nothing."""
        self._silent_until[stream] = float("inf") if seconds is None else time.monotonic() + seconds

    def drop(self) -> None:
        """Cut all connections now."""
        for session in tuple(self._sessions):
            session.abort()

    def lose(self, percent: float) -> None:
        """Lose this share of UDP packets, in sessions that are and that come."""
        self.lose_percent = percent
        for session in self._sessions:
            for outlet in session.outlets.values():
                if isinstance(outlet, UdpOutlet):
                    outlet.lose_percent = percent

    def reboot(self, seconds: float) -> None:
        """Be gone for that long; comes back with new SSRCs, sequence numbers and RTP times."""
        self._close_port()
        self.drop()
        if self._reboot is not None:
            self._reboot.cancel()
        self._reboot = asyncio.get_running_loop().create_task(self._come_back(seconds))

    async def _come_back(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        for stream in self.streams.values():
            stream.renew()
        await self.start()

    def change_password(self, password: str) -> None:
        """Take another password from the next request on."""
        self.gate.password = password
        self.gate.refused = 0

    async def change_parameters(self, every_s: float = 0.0, stream: str = "main") -> None:
        """Go on with another SPS (three quarters of the size): once, or every so many seconds."""
        spec = self.spec.streams[stream]
        if self.spec.live or spec.file is not None:
            raise SimulatorError(
                "sim.variant", f"{self.spec.name} is encoded live or from a file and has only "
                "one set of parameters; use another camera."
            )  # fmt: skip
        target = self.streams[stream]
        if not target.variants:
            first = self._cache.tracks(self.spec, spec)[0]
            video = spec.video
            smaller = replace(
                video, width=video.width * 3 // 16 * 4, height=video.height * 3 // 16 * 4
            )
            other = await asyncio.to_thread(self._variant, smaller)
            target.variants = [first, other]
        target.switch_parameters(target.variants, every_s)

    def _variant(self, video: VideoSpec) -> Track:
        return self._cache.video(self.spec, video, lambda share: None)[0]

    def step_clock(self, seconds: float) -> None:
        """Set the camera's clock forward or back; later sender reports say so."""
        self.clock.offset_ns += round(seconds * 1e9)

    def jump_timestamps(self, seconds: float) -> None:
        """Let the RTP time of all tracks leap."""
        for sender in self._senders():
            sender.times.jump(round(seconds * sender.track.clock))

    def repeat_timestamps(self, units: int) -> None:
        """Give the next units of each track the RTP time of the one before."""
        for sender in self._senders():
            sender.times.repeat(units)

    def reverse_timestamps(self, units: int) -> None:
        """Let the RTP time of the next units of each track run backwards."""
        for sender in self._senders():
            sender.times.reverse(units)

    def _senders(self) -> Iterable[Any]:
        return [sender for stream in self.streams.values() for sender in stream.senders]

    def set_quirks(self, quirks: Iterable[Quirk]) -> None:
        """Show these quirks from now on (those of sound coding and tracks: only at start)."""
        self.quirks = frozenset(quirks)
        self.gate.schemes = self._schemes()

    async def clear(self) -> None:
        """End all faults that last; the password stays as it was changed."""
        if self._reboot is not None:
            self._reboot.cancel()
            self._reboot = None
        self._silent_until.clear()
        self.lose(0.0)
        self.clock.offset_ns = 0
        for stream in self.streams.values():
            stream.stop_switching()
        self.set_quirks(self.spec.quirks)
        await self.start()

    # -- what it says about itself -------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return counters for the control API."""
        return {
            "name": self.spec.name,
            "title": self.spec.title,
            "port": self.port,
            "listening": self._server is not None,
            "sessions": self.sessions,
            "connections": self.connections,
            "sessions_expired": self.sessions_expired,
            "refused_passwords": self.gate.refused,
            "reports_received": self.reports_received,
            "quirks": sorted(self.quirks),
            "streams": {
                name: {
                    "clients": len(stream.listeners),
                    "units_sent": stream.log.count,
                    "packets": [sender.packets for sender in stream.senders],
                    "codecs": [track.codec for track in stream.tracks],
                }
                for name, stream in self.streams.items()
            },
            "requests": [asdict(item) for item in self.requests],
        }
