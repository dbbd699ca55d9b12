"""One try at a source, for the test button: what it sends and a picture, or what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from appliance.media.types import AccessUnit, RunIds, TrackFormat
from appliance.recording.ingest import fault
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.state import Fault, IngestState, Phase

MEASURE_S = 3.0
"""The bit rate is measured for so long at most; a whole GOP that ends earlier will do."""

LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a source turned out to be.

    `formats` are those of the tracks, video first, as far as they became known; `key_frame` is
    the first one that is whole; `fault` is None exactly if there is one.  `fingerprint` is the
    certificate's where the source was spoken to by TLS without a known one.  `bitrate_bps` is the
    mean of one GOP or of `MEASURE_S`, sound included; None where less than `LEAST_S` came.
    """

    formats: list[TrackFormat] = field(default_factory=list)
    key_frame: AccessUnit | None = None
    fault: Fault | None = None
    fingerprint: str = ""
    bitrate_bps: int | None = None


class _Catcher:
    """Keeps the first key frame or the first fault, and what came from that frame on."""

    def __init__(self) -> None:
        self.done: asyncio.Future[AccessUnit | Fault] = asyncio.get_running_loop().create_future()
        self.measured = asyncio.Event()
        self._first: AccessUnit | None = None
        self._span_s = 0.0
        self._bytes = self._pending = 0

    def on_access_unit(self, unit: AccessUnit) -> None:
        if not self.done.done():
            if not (unit.is_video and unit.key and not unit.damaged):
                return
            self.done.set_result(unit)
            self._first = unit
        if self._first is not None:
            self._measure(unit, self._first)

    def _measure(self, unit: AccessUnit, first: AccessUnit) -> None:
        """Count whole frames: what came before a video frame lies in the time up to it."""
        if unit.run != first.run:
            self.measured.set()
        if self.measured.is_set():
            return
        if unit.is_video:
            self._span_s = (unit.dts - first.dts) / first.format.timescale
            self._bytes = self._pending
            whole_gop = unit.key and self._span_s >= LEAST_S
            if whole_gop or self._span_s >= MEASURE_S:
                self.measured.set()
        self._pending += len(unit.data)

    @property
    def bitrate_bps(self) -> int | None:
        """What the source sends, in bits per second of its own clock; None if too little came."""
        return round(self._bytes * 8 / self._span_s) if self._span_s >= LEAST_S else None

    def on_state(self, state: IngestState) -> None:
        ended = state.phase in (Phase.WAITING, Phase.REFUSED)
        if ended and state.fault is not None and not self.done.done():
            self.done.set_result(state.fault)


async def probe(config: SourceConfig, timeout_s: float = 20.0) -> ProbeResult:
    """Connect once and wait for a whole key frame, at most `timeout_s`; never raises."""
    catcher, seen = _Catcher(), [""]

    def keep(fingerprint: str) -> None:
        seen[0] = fingerprint

    ingest = Ingest(
        config, catcher, run_ids=RunIds(0), limits=Limits(), on_fingerprint=keep, name="test"
    )
    running = asyncio.create_task(ingest.run())
    try:
        await asyncio.wait((catcher.done, running), timeout=timeout_s,
                           return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        if catcher.done.done() and isinstance(catcher.done.result(), AccessUnit):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MEASURE_S + LEAST_S):
                    await catcher.measured.wait()
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    figures = ingest.statistics
    formats: list[TrackFormat] = [f for f in (figures.video, figures.audio) if f is not None]
    result = catcher.done.result() if catcher.done.done() else None
    if isinstance(result, AccessUnit):
        return ProbeResult(formats, result, None, seen[0], catcher.bitrate_bps)
    if result is None:
        result = (
            fault.no_key_frame(timeout_s, frames=figures.video is not None)
            if figures.packets
            else fault.silent(timeout_s, udp=config.transport == "udp", ever=False)
        )
    return ProbeResult(formats, None, result, seen[0])
