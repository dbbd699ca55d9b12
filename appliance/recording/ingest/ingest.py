"""One stream of one camera, kept playing for ever: attempts, waits, refusals."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from appliance.media.errors import MediaError, UnsupportedError
from appliance.media.rtsp.url import RtspUrl, split, without_secrets
from appliance.media.types import AccessUnit, RunIds
from appliance.recording.ingest import address, fault
from appliance.recording.ingest.assembler import Assembler
from appliance.recording.ingest.backoff import Backoff
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.libav import LibavSource
from appliance.recording.ingest.native import NativeSource
from appliance.recording.ingest.session import RtspSession
from appliance.recording.ingest.state import Fault, IngestError, IngestSink, IngestState, Phase
from appliance.recording.ingest.statistics import IngestStatistics
from appliance.recording.ingest.tls import CertificatePin

log = logging.getLogger(__name__)

_AWAY = frozenset({"connection_refused", "connect_timeout", "unreachable"})
"""Faults after which a camera that takes a connection again is tried at once."""


class Ingest:
    """Pulls one stream and hands its access units to a sink.

    Guarantees towards the sink: everything is called on the event loop that runs `run`; within a
    run and track `dts` strictly rises and is >= 0, video begins with a key frame; a run never
    spans a break of the camera's clock or of the connection.
    """

    def __init__(
        self,
        config: SourceConfig,
        sink: IngestSink,
        *,
        run_ids: RunIds,
        limits: Limits | None = None,
        on_fingerprint: Callable[[str], None] | None = None,
        watched: Callable[[], bool] = lambda: True,
        name: str = "",
    ) -> None:
        """Take what to pull and whom to tell; nothing happens before `run`.

        `on_fingerprint` is told the first certificate of a camera spoken to by TLS, to be kept in
        `SourceConfig.tls_fingerprint`; `watched` tells whether somebody wants each frame at once,
        else they may come a fifth of a second late, which saves two fifths of the CPU; `name`
        stands in the log ("D3 main").
        """
        self.config = config
        self.state = IngestState(Phase.CONNECTING)
        self._sink = sink
        self._limits = limits or Limits()
        self._watched = watched
        self._name = name or without_secrets(config.url)
        self._statistics = IngestStatistics()
        self._assembler = Assembler(self._on_unit, run_ids, self._statistics, self._limits)
        self._backoff = Backoff(
            self._limits.backoff_first_s, self._limits.backoff_longest_s, random.random
        )
        self._pin = CertificatePin(config.tls_fingerprint, on_fingerprint)
        self._engine = self._first_engine()
        self._transport = config.transport
        self._retry = asyncio.Event()
        self._fault: Fault | None = None
        self._playing_since_s: float | None = None

    @property
    def statistics(self) -> IngestStatistics:
        """The figures of this instant."""
        return self._statistics.copy()

    def retry(self) -> None:
        """Try now: a person has corrected something, or does not want to wait."""
        self._retry.set()

    async def run(self) -> None:
        """Play until cancelled; ends sessions politely."""
        try:
            while True:
                self._set(IngestState(Phase.CONNECTING, self._fault))
                problem = await self._attempt()
                if problem is not None:
                    await self._pause(problem)
        finally:
            self._set(IngestState(Phase.STOPPED))

    async def _attempt(self) -> Fault | None:
        """Play once; returns why it ended, None to go on at once with the other engine."""
        self._playing_since_s = None
        self._assembler.begin_session()
        self._statistics.engine = self._engine
        try:
            source = self._make_source()
        except IngestError as error:
            return error.fault
        try:
            await source.run()
        except IngestError as error:
            return error.fault
        except UnsupportedError as error:
            if self.config.engine == "native" or self._engine == "libav":
                return fault.unsupported_video(str(error))
            log.info("%s: %s is read by the media library", self._name, error)
            self._engine = "libav"
            return None
        except Exception:
            log.exception("%s: reading the stream failed by a mistake of ours", self._name)
            return fault.internal()
        finally:
            await source.close()
            if isinstance(source, NativeSource) and self._transport in ("udp", "multicast"):
                self._transport = "tcp" if source.transport == "tcp" else self._transport
        return fault.internal()

    async def _pause(self, problem: Fault) -> None:
        """Wait as long as the fault demands; `retry` cuts it short."""
        loop = asyncio.get_running_loop()
        if self._playing_since_s is not None:
            self._statistics.reconnects += 1
            if loop.time() - self._playing_since_s >= self._limits.healthy_s:
                self._backoff.reset()
        if problem != self._fault:
            log.warning("%s: %s", self._name, problem.text, extra={"code": problem.code})
        self._fault = problem
        self._statistics.last_fault = problem
        self._statistics.last_fault_utc_s = time.time()
        self._retry.clear()
        if problem.needs_person:
            self._set(IngestState(Phase.REFUSED, problem))
            await self._retry.wait()
            return
        flood = problem.code == "absurd_bitrate"  # each further try would fill the network again
        wait_s = self._backoff.worst() if flood else self._backoff.next()
        self._set(IngestState(Phase.WAITING, problem, round(wait_s, 1)))
        try:
            async with asyncio.timeout(wait_s):
                if problem.code in _AWAY:
                    await self._knock()
                else:
                    await self._retry.wait()
        except TimeoutError:
            return

    async def _knock(self) -> None:
        """Wait until the camera takes connections again, or somebody wants a try."""
        url, _username, _password = split(self.config.url)
        while not self._retry.is_set():
            try:
                async with asyncio.timeout(self._limits.knock_s * random.uniform(0.8, 1.2)):  # noqa: S311
                    await self._retry.wait()
            except TimeoutError:
                try:
                    sock = await address.connect(url.host, url.port, self._limits.knock_s)
                except IngestError:
                    continue
                sock.close()
                return

    # Sources

    def _first_engine(self) -> str:
        if self.config.engine != "auto":
            return self.config.engine
        over_http = self.config.url.lower().lstrip().startswith(("http:", "https:"))
        return "libav" if over_http or self.config.transport == "http" else "native"

    def _make_source(self) -> NativeSource | LibavSource:
        config = self.config
        try:
            url, username, password = split(config.url)
        except MediaError as error:
            raise IngestError(fault.bad_address(str(error))) from error
        username = config.username or username
        password = config.password or password
        encrypted = url.encrypted or config.transport == "tls"
        if encrypted and url.scheme == "rtsp" and ":554" not in config.url and url.port == 554:
            url = RtspUrl("rtsps", url.host, 322, url.path)
        if self._engine == "libav":
            if encrypted and url.scheme == "rtsp":  # libav goes by the scheme alone
                url = RtspUrl("rtsps", url.host, url.port, url.path)
            return LibavSource(
                config,
                url,
                username,
                password,
                self._assembler,
                self._statistics,
                self._limits,
                pin=self._pin,
            )
        if url.scheme not in ("rtsp", "rtsps"):
            raise IngestError(fault.bad_address(f"{url.scheme}://"))
        session = RtspSession(
            url,
            username,
            password,
            allow_basic=config.allow_basic,
            encrypted=encrypted,
            pin=self._pin,
            limits=self._limits,
        )
        transport = self._transport if self._transport in ("udp", "multicast") else "tcp"
        return NativeSource(
            session,
            self._assembler,
            self._statistics,
            self._limits,
            transport=transport,
            want_audio=config.want_audio,
            watched=self._watched,
        )

    # Towards the sink

    def _on_unit(self, unit: AccessUnit) -> None:
        if self._playing_since_s is None:
            self._playing_since_s = asyncio.get_running_loop().time()
            self._fault = None
            self._set(IngestState(Phase.PLAYING))
        self._sink.on_access_unit(unit)

    def _set(self, state: IngestState) -> None:
        if state == self.state and state.phase is not Phase.CONNECTING:
            return
        if state.phase is Phase.PLAYING:
            log.info("%s: playing", self._name)
        self.state = state
        self._statistics.phase = state.phase
        self._sink.on_state(state)
