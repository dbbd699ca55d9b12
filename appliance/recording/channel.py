"""One channel: the ingests of its streams, and what of them is recorded now."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.media.types import RunIds
from appliance.recording.config import ChannelConfig, StreamConfig, kind_flags
from appliance.recording.decision import RecordDecision
from appliance.recording.hub import StreamHub
from appliance.recording.ingest.config import SourceConfig
from appliance.recording.ingest.ingest import Ingest
from appliance.recording.ingest.state import IngestState, Phase
from appliance.recording.pipeline import StreamPipeline
from appliance.settings.schedule import HORIZON_DAYS
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName


class _Stream:
    """An ingest and its pipeline; replaced as a whole when its source changes."""

    def __init__(
        self,
        stream: StreamId,
        config: StreamConfig,
        hub: StreamHub,
        run_ids: RunIds,
        on_fingerprint: Callable[[StreamId, str], None],
    ) -> None:
        self.config = config
        self._on_fingerprint = on_fingerprint
        self.pipeline = StreamPipeline(stream, hub, on_state=self._state)
        name = f"D{stream.channel} {stream.stream.value}"
        self.ingest = Ingest(
            config.source,
            self.pipeline,
            run_ids=run_ids,
            watched=lambda: hub.consumers > 0,
            on_fingerprint=self._pinned,
            name=name,
        )
        self.task = asyncio.create_task(self.ingest.run(), name=f"ingest {name}")

    def _pinned(self, fingerprint: str) -> None:
        """Keep the camera's certificate; what is pulled already need not be pulled anew for it."""
        source = replace(self.config.source, tls_fingerprint=fingerprint)
        self.config = replace(self.config, source=source)
        self._on_fingerprint(self.pipeline.stream, fingerprint)

    def _state(self, state: IngestState) -> None:
        if state.phase is Phase.PLAYING:
            self.pipeline.fragmenter.expect_audio = self.ingest.statistics.audio

    async def stop(self) -> None:
        """End the ingest politely (TEARDOWN)."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


class ChannelRecorder:
    """Runs the streams of one channel.

    Hubs live as long as the channel, so that viewers stay attached while a source is changed.
    `on_fingerprint(stream, sha256)` is told the first certificate of a camera spoken to by TLS.
    """

    def __init__(
        self,
        config: ChannelConfig,
        zone: ZoneInfo,
        hubs: dict[StreamId, StreamHub],
        run_ids: RunIds,
        on_fingerprint: Callable[[StreamId, str], None],
    ) -> None:
        self.config = config
        self._on_fingerprint = on_fingerprint
        self.decision = RecordDecision(config.mode, config.post_record_s)
        self.armed = RecordKind.NONE
        self.kinds = RecordKind.NONE
        self._zone = zone
        self._hubs = hubs
        self._run_ids = run_ids
        self._streams: dict[StreamName, _Stream] = {}
        self._next_schedule: datetime | None = None
        self._rest: list[NewFragment] = []

    def take(self) -> list[NewFragment]:
        """Return the fragments of this tick, those of streams that were replaced included."""
        rest, self._rest = self._rest, []
        return rest + [fragment for pipeline in self for fragment in pipeline.take()]

    def __iter__(self) -> Iterator[StreamPipeline]:
        return iter([stream.pipeline for stream in self._streams.values()])

    def pipeline(self, name: StreamName) -> StreamPipeline | None:
        """Return the pipeline of a stream; None where the channel has no such stream."""
        stream = self._streams.get(name)
        return stream.pipeline if stream else None

    def ingest(self, name: StreamName) -> Ingest | None:
        """Return the ingest of a stream; None where the channel has no such stream."""
        stream = self._streams.get(name)
        return stream.ingest if stream else None

    def sources(self) -> dict[StreamName, SourceConfig]:
        """Return what is being pulled."""
        return {name: stream.config.source for name, stream in self._streams.items()}

    async def apply(self, config: ChannelConfig, zone: ZoneInfo) -> None:
        """Take a new configuration; only streams whose source changed are reconnected."""
        self.config, self._zone = config, zone
        self.decision.mode = config.mode
        self.decision.post_record_s = config.post_record_s
        self._next_schedule = None
        wanted = config.streams if config.enabled else {}
        for name, stream in list(self._streams.items()):
            if name not in wanted or wanted[name].source != stream.config.source:
                await stream.stop()
                self._rest.extend(stream.pipeline.take())
                del self._streams[name]
        for name, stream_config in wanted.items():
            key = StreamId(config.id, name)
            hub = self._hubs.setdefault(key, StreamHub(key))
            hub.buffer.seconds = config.pre_record_s if self._waits_for_events() else 0.0
            if name in self._streams:
                self._streams[name].config = stream_config
            else:
                self._streams[name] = _Stream(
                    key, stream_config, hub, self._run_ids, self._on_fingerprint
                )
        for key in [k for k in self._hubs if k.channel == config.id and k.stream not in wanted]:
            del self._hubs[key]
        self.update(datetime.now(UTC), time.monotonic())

    def _waits_for_events(self) -> bool:
        """Whether anything is armed that would want footage from before it began.

        While general footage is recorded, what lies before an event is on the disk already.
        """
        return not self.kinds & RecordKind.GENERAL

    def update(self, now: datetime, mono_s: float) -> None:
        """Decide what is recorded now; called each tick and at every trigger."""
        if self._next_schedule is None or now >= self._next_schedule:
            schedule, holidays = self.config.schedule, self.config.holidays
            self.armed = kind_flags(schedule.in_force(now, self._zone, holidays))
            self.decision.scheduled = self.armed
            # Without a change within its horizon, a holiday may lie behind that: look again then.
            self._next_schedule = schedule.next_change(
                now, self._zone, holidays
            ) or now + timedelta(days=HORIZON_DAYS)
        self.kinds = self.decision.kinds(mono_s) if self.config.enabled else RecordKind.NONE
        for stream in self._streams.values():
            stream.pipeline.set_kinds(self.kinds if stream.config.record else RecordKind.NONE)
            seconds = self.config.pre_record_s if self._waits_for_events() else 0.0
            stream.pipeline.hub.buffer.seconds = seconds

    def retry(self) -> None:
        """Try again at once, also after a refused password (a person asked for it)."""
        for stream in self._streams.values():
            stream.ingest.retry()

    async def stop(self) -> None:
        """End all ingests; what they gathered can still be taken from the pipelines."""
        await asyncio.gather(*(stream.stop() for stream in self._streams.values()))
