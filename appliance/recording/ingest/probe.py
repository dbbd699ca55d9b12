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


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a source turned out to be.

    `formats` are those of the tracks, video first, as far as they became known; `key_frame` is
    the first one that is whole; `fault` is None exactly if there is one.  `fingerprint` is the
    certificate's where the source was spoken to by TLS without a known one.
    """

    formats: list[TrackFormat] = field(default_factory=list)
    key_frame: AccessUnit | None = None
    fault: Fault | None = None
    fingerprint: str = ""


class _Catcher:
    """Keeps the first key frame or the first fault."""

    def __init__(self) -> None:
        self.done: asyncio.Future[AccessUnit | Fault] = asyncio.get_running_loop().create_future()

    def on_access_unit(self, unit: AccessUnit) -> None:
        if unit.is_video and unit.key and not unit.damaged and not self.done.done():
            self.done.set_result(unit)

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
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    figures = ingest.statistics
    formats: list[TrackFormat] = [f for f in (figures.video, figures.audio) if f is not None]
    result = catcher.done.result() if catcher.done.done() else None
    if isinstance(result, AccessUnit):
        return ProbeResult(formats, result, None, seen[0])
    if result is None:
        result = (
            fault.no_key_frame(timeout_s, frames=figures.video is not None)
            if figures.packets
            else fault.silent(timeout_s, udp=config.transport == "udp", ever=False)
        )
    return ProbeResult(formats, None, result, seen[0])
