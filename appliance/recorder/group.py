"""The recorder of one group of channels: ticks, volumes, overload, what it serves and reports."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from appliance.media.types import RunIds
from appliance.paths import Paths
from appliance.recorder.clock_watch import ClockTrust
from appliance.recording.channel import ChannelRecorder
from appliance.recording.config import ChannelConfig, RecorderConfig, VolumeConfig
from appliance.recording.exposure import Exposure
from appliance.recording.hub import StreamHub
from appliance.recording.losses import Losses, LossReason
from appliance.recording.overload import PROCESSOR, Shedding
from appliance.recording.pipeline import StreamPipeline
from appliance.recording.volume_set import VolumeSet
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.abandoned import settle_abandoned
from appliance.storage.errors import VolumeError, VolumeFault
from appliance.storage.ledger import Ledger
from appliance.storage.model import NewFragment, StreamId, StreamName
from appliance.storage.policy import VolumePolicy
from appliance.storage.report import CommitReport
from appliance.storage.signing import DeviceKey
from appliance.text import _

log = logging.getLogger(__name__)

TICK_S = 1.0
GROUP_SIZE = 8
"""Channels of one recorder process."""

ABANDONED_EVERY_S = 20.0
"""How often it is looked for what recorders left in hand whose channels were removed."""

_OWNER = re.compile(r"recorder(\d+)")


class GroupRecorder:
    """Runs the channels of a group against the volumes; knows nothing of bus and sockets.

    `losses` counts what was given up, per stream; `flapping` names streams whose parameters
    changed too often.
    """

    def __init__(self, paths: Paths, group: int, *, owner: str = "") -> None:
        self.group = group
        self.hubs: dict[StreamId, StreamHub] = {}
        self.channels: dict[int, ChannelRecorder] = {}
        self.config: RecorderConfig | None = None
        self.losses = Losses()
        self.flapping: dict[StreamId, float] = {}
        self.suspect_blocks: list[tuple[str, int]] = []
        self.shedding = Shedding()
        self.exposure = Exposure()
        self.clock = ClockTrust()
        self.units_stored = 0
        self.fingerprints: dict[int, str] = {}
        """Certificates of cameras seen for the first time, by channel, to be kept for good."""

        self._owner = owner or f"recorder{group}"
        self._paths = paths
        self._key = DeviceKey.load(paths.state / "device.key")
        self._ledger = Ledger(paths.state / "ledger.jsonl")
        self._run_ids = RunIds(time.time_ns() // 1_000_000)
        self.volumes = VolumeSet(
            self._make_worker,
            on_stored=self._stored,
            on_lost=self._lost,
            on_refused=self._refused,
        )
        self._tick: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick."""
        self._tick = asyncio.create_task(self._ticks(), name="tick")

    async def apply(self, config: RecorderConfig) -> None:
        """Take a configuration; what did not change goes on undisturbed."""
        self.config = config
        await self.volumes.apply(config.volumes)
        self._apply_policies(config)
        wanted = {channel.id: channel for channel in config.channels}
        for number in [n for n in self.channels if n not in wanted]:
            gone = self.channels.pop(number)
            await gone.stop()
            self.volumes.submit(gone.take())
        for number, channel in wanted.items():
            if number not in self.channels:
                self.channels[number] = ChannelRecorder(
                    channel, config.zone, self.hubs, self._run_ids, self._on_fingerprint
                )
            await self.channels[number].apply(channel, config.zone)
        streams = frozenset(StreamId(c.id, name) for c in config.channels for name in c.streams)
        self.volumes.keep_only(streams)

    async def settle_abandoned(self) -> None:
        """Close what recorders of groups without channels left in hand; the first group does it.

        Else these blocks would stay claimed, and so never be reused.
        """
        groups = self.config.groups if self.config else frozenset()
        if self.group != 1 or not groups:
            return

        def abandoned(owner: str) -> bool:
            known = _OWNER.fullmatch(owner)
            return known is not None and int(known[1]) not in groups

        for worker in self.volumes:
            writer = worker.writer if worker.ready else None
            if writer is None:
                continue
            try:
                await asyncio.to_thread(
                    settle_abandoned,
                    writer.volume.path,
                    abandoned,
                    device_key=self._key,
                    ledger=self._ledger,
                    uuid=writer.volume.identity.uuid,
                )
            except (VolumeError, OSError) as error:
                log.warning(
                    "volume %s: files that a removed recorder left open were not closed: %s",
                    worker.config.name,
                    error,
                )

    def _apply_policies(self, config: RecorderConfig) -> None:
        policy = VolumePolicy(
            when_full=config.when_full,
            expiry_days=_days(config.channels, lambda c: c.expiry_days),
            wanted_days=_days(config.channels, lambda c: c.wanted_days),
        )
        for worker in self.volumes:
            worker.set_policy(policy)

    def _make_worker(self, config: VolumeConfig) -> VolumeWorker:
        return VolumeWorker(
            config,
            owner=self._owner,
            device_key=self._key,
            ledger=self._ledger,
            uuid_file=self._paths.state / "volumes" / f"{config.id}.uuid",
            block_bytes=self.config.block_bytes if self.config else 256 << 20,
            on_report=self._reported,
            on_change=lambda worker: None,
            disks_only=self._paths.on_box,
        )

    # -- ticking -------------------------------------------------------------------------------

    async def _ticks(self) -> None:
        loop = asyncio.get_running_loop()
        last = loop.time()
        due = last + TICK_S
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            now = loop.time()
            self.shedding.lateness.note(max(now - due, now - last - TICK_S))
            last = now
            due = max(due + TICK_S, loop.time() + TICK_S / 2)
            self.tick()

    def tick(self) -> None:
        """Decide what is recorded, cut all fragments, hand them to the volumes."""
        now, mono_s = datetime.now(UTC), time.monotonic()
        self.clock.tick()
        fragments: list[NewFragment] = []
        for channel in self.channels.values():
            channel.update(now, mono_s)
            fragments.extend(channel.take())
        if most_bytes := self.volumes.fragment_bytes:
            for channel in self.channels.values():
                for pipeline in channel:
                    pipeline.fragmenter.most_bytes = most_bytes
        self._shed(mono_s)
        self.exposure.tick(mono_s)
        self.volumes.submit(fragments)

    def _shed(self, mono_s: float) -> None:
        """Let streams give way or record again, and count what those that gave way have missed."""
        priorities = {
            pipeline.stream: channel.config.priority
            for channel in self.channels.values()
            for pipeline in channel
            if pipeline.kinds
        }
        waiting: dict[str, tuple[float, dict[StreamId, int]]] = {}
        for worker in self.volumes:
            streams = {
                s: priorities[s] for s in self.volumes.streams_on(worker) & priorities.keys()
            }
            rate = max(1.0, sum(self._bytes_per_s(stream) for stream in streams))
            seconds = worker.waiting_bytes / rate if worker.ready else 0.0
            waiting[worker.config.id] = (seconds, streams)
        before = dict(self.shedding.causes)
        self.shedding.update(waiting, mono_s)
        for channel in self.channels.values():
            for pipeline in channel:
                self._shed_stream(pipeline, before.get(pipeline.stream), mono_s)

    def _shed_stream(self, pipeline: StreamPipeline, before: str | None, mono_s: float) -> None:
        stream, cause = pipeline.stream, self.shedding.causes.get(pipeline.stream)
        if (missed := pipeline.take_shed()) is not None:
            start_ns, end_ns, lost_ns = missed
            self.losses.note(
                stream,
                LossReason.OVERLOAD,
                (start_ns, end_ns),
                seconds=lost_ns / 1e9,
                text=self.why_shed(cause or before),
                mono_s=mono_s,
            )
        if pipeline.shed != (cause is not None):
            pipeline.set_shed(cause is not None)
            log.warning(
                "D%d %s %s",
                stream.channel,
                stream.stream.value,
                f"gives way. {self.why_shed(cause)}" if cause else "records again",
            )

    def why_shed(self, cause: str | None) -> str:
        """Say what is too slow."""
        if cause == PROCESSOR:
            return _("The processor is too busy.")
        for worker in self.volumes:
            if worker.config.id == cause:
                return _("Volume {name} is too slow.").format(name=worker.config.name)
        return _("The disks were too slow.")

    def _bytes_per_s(self, stream: StreamId) -> float:
        ingest = self.channels[stream.channel].ingest(stream.stream)
        return ingest.statistics.bitrate_bps / 8 if ingest else 0.0

    def pipeline(self, stream: StreamId) -> StreamPipeline | None:
        """Return the pipeline of a stream, None where there is none (any more)."""
        channel = self.channels.get(stream.channel)
        return channel.pipeline(stream.stream) if channel else None

    # -- what became of the fragments ----------------------------------------------------------

    def _reported(
        self, worker: VolumeWorker, batch: Sequence[NewFragment], report: CommitReport
    ) -> None:
        if report.stored:
            self.exposure.stored(*worker.stored_span)
        self.volumes.reported(worker, batch, report)
        for block in report.suspect:
            self.suspect_blocks.append((worker.config.name, block))

    def _stored(self, fragment: NewFragment) -> None:
        self.units_stored += 1
        pipeline = self.pipeline(fragment.stream)
        if pipeline is not None:
            pipeline.fragmenter.settled(fragment)
            pipeline.stored(fragment)

    def _lost(self, fragment: NewFragment, fault: VolumeFault) -> None:
        stream = fragment.stream
        self.losses.note(
            stream,
            LossReason.OVERLOAD if fault.code == "overload" else LossReason.DISK,
            (fragment.utc_ns, fragment.utc_ns + fragment.duration_ns),
            text=fault.text,
            mono_s=time.monotonic(),
        )
        pipeline = self.pipeline(stream)
        if pipeline is not None:
            pipeline.fragmenter.settled(fragment)

    def _refused(self, fragments: Sequence[NewFragment]) -> None:
        stream = fragments[0].stream
        pipeline = self.pipeline(stream)
        if pipeline is None:
            return
        if stream not in self.flapping:
            log.warning(
                "D%d %s changes its parameters too often; they are recorded in band",
                stream.channel,
                stream.stream.value,
            )
        self.flapping[stream] = time.monotonic()
        self.volumes.submit(pipeline.fragmenter.again_in_band(fragments))

    def _on_fingerprint(self, stream: StreamId, fingerprint: str) -> None:
        if stream.stream is StreamName.MAIN:
            self.fingerprints[stream.channel] = fingerprint

    async def stop(self) -> None:
        """Store what is in hand and close everything."""
        if self._tick:
            self._tick.cancel()
            await asyncio.gather(self._tick, return_exceptions=True)
        await asyncio.gather(*(channel.stop() for channel in self.channels.values()))
        self.tick()
        await self.volumes.close()


def _days(
    channels: Sequence[ChannelConfig], value: Callable[[ChannelConfig], int]
) -> dict[StreamId, float]:
    return {
        StreamId(channel.id, name): float(value(channel))
        for channel in channels
        if value(channel)
        for name in channel.streams
    }
