"""The volumes of a recorder: streams are spread over them, and move on when one fails."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.recording.config import VolumeConfig
from appliance.recording.placement import SETTLED_S, Placement
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.errors import VolumeError, VolumeFault
from appliance.storage.model import NewFragment, StreamId, StreamName
from appliance.storage.report import CommitReport, OpenBlock
from appliance.storage.volume import peek_identity, refuse_clones
from appliance.text import _

log = logging.getLogger(__name__)

HELD_BYTES = 128 << 20
"""Footage kept in memory while no volume takes any; a disk that is back in time loses nothing."""

ATTEMPTS = 3

MOST_FRAGMENT_BYTES = 16 << 20
BLOCK_SHARE = 4
"""A fragment takes at most this part of a block, so that little of one is left unused."""

MakeWorker = Callable[[VolumeConfig], VolumeWorker]


@dataclass(frozen=True, slots=True)
class _Held:
    fragment: NewFragment
    size: int
    attempts: int


def _size(fragment: NewFragment) -> int:
    return sum(map(len, fragment.body))


def _twins(volumes: Sequence[VolumeConfig]) -> dict[str, VolumeFault]:
    """Volumes that carry one identity (a clone beside its original): none of them is written."""
    known = []
    for volume in volumes:
        try:
            known.append((Path(volume.path), peek_identity(Path(volume.path))))
        except VolumeError:
            continue  # whoever opens it says what is wrong
    refused = refuse_clones(known)
    return {
        volume.id: refused[Path(volume.path)].fault
        for volume in volumes
        if Path(volume.path) in refused
    }


class VolumeSet:
    """The volumes of one recorder.

    `on_stored(fragment)` follows each fragment that is durable, `on_lost(fragment, fault)` each
    that is given up, `on_refused(fragments)` those that must be muxed again with in-band
    parameter sets.
    """

    def __init__(
        self,
        make_worker: MakeWorker,
        *,
        on_stored: Callable[[NewFragment], None],
        on_lost: Callable[[NewFragment, VolumeFault], None],
        on_refused: Callable[[Sequence[NewFragment]], None],
    ) -> None:
        self._make_worker = make_worker
        self._on_stored = on_stored
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._workers: dict[str, VolumeWorker] = {}
        self.refused: dict[VolumeConfig, VolumeFault] = {}
        """Volumes that are not opened at all, since two of them claim to be the same one."""

        self._placement = Placement()
        self._streams: frozenset[StreamId] | None = None
        self._ready_since: dict[str, float] = {}
        self._opened: set[str] = set()
        self._hurried: set[StreamId] = set()
        """Streams placed while another volume, perhaps their own, was still being opened."""

        self._resumed: dict[StreamId, int] = {}
        """When the footage ends (ns UTC) that streams went on from, until all are opened."""

        self._held: deque[_Held] = deque()
        self._held_bytes = 0
        self._attempts: dict[int, int] = {}

    def __iter__(self) -> Iterator[VolumeWorker]:
        return iter(self._workers.values())

    async def apply(self, volumes: Iterable[VolumeConfig]) -> None:
        """Open, close and replace workers as the settings say."""
        wanted = {volume.id: volume for volume in volumes if volume.enabled}
        twins = await asyncio.to_thread(_twins, list(wanted.values()))
        gone = [worker for key, worker in self._workers.items() if wanted.get(key) != worker.config]
        for worker in gone:
            del self._workers[worker.config.id]
            self._opened.discard(worker.config.id)
        await asyncio.gather(*(worker.close() for worker in gone))
        refused = {wanted[key]: fault for key, fault in twins.items()}
        for text in sorted({fault.text for fault in refused.values()}):
            if text not in {fault.text for fault in self.refused.values()}:
                log.error("%s", text)
        self.refused = refused
        for key, config in wanted.items():
            if key not in self._workers and key not in twins:
                self._workers[key] = self._make_worker(config)

    @property
    def waiting_bytes(self) -> int:
        """Bytes handed over or held that are not durable yet."""
        return self._held_bytes + sum(worker.waiting_bytes for worker in self)

    @property
    def fragment_bytes(self) -> int | None:
        """What a fragment should hold at most, so that any open volume takes it; None if none is.

        Footage of a volume that fails goes to another one, whose blocks may be smaller.
        """
        sizes = [size for worker in self if (size := worker.block_bytes) is not None]
        return min(min(sizes) // BLOCK_SHARE, MOST_FRAGMENT_BYTES) if sizes else None

    @property
    def ready(self) -> bool:
        """Whether any volume takes footage."""
        return any(worker.ready for worker in self)

    def fault(self) -> VolumeFault | None:
        """Why nothing can be stored; None while a volume takes footage.

        A full one that is only tried again does not count until it has stored something.
        """
        if any(worker.ready and worker.full is None for worker in self):
            return None
        for worker in self:
            fault = worker.current_fault()
            if fault is not None:
                return fault
        for refused in self.refused.values():
            return refused
        if self._workers:
            return VolumeFault("volume_full", _("No volume takes footage at the moment."))
        return VolumeFault(
            "no_volume",
            _("There is no volume to record to. Add one on the Storage page."),
        )

    def keep_only(self, streams: frozenset[StreamId]) -> None:
        """Close what is open of all other streams: they are recorded no more."""
        self._streams = streams
        self._placement.keep_only(streams)
        self._close_left()

    def streams_on(self, worker: VolumeWorker) -> set[StreamId]:
        """The streams that are recorded to a volume now."""
        return {s for s, volume in self._placement.at.items() if volume == worker.config.id}

    def worker_of(self, channel: int, stream: StreamName = StreamName.MAIN) -> VolumeWorker | None:
        """Return the volume a stream is recorded to, placed now if it has none that takes it.

        None while no volume takes footage.
        """
        key = StreamId(channel, stream)
        worker = self._workers.get(self._placement.at.get(key, ""))
        if worker is not None and worker.ready:
            return worker
        ready = {worker.config.id: worker for worker in self if worker.ready}
        roomy = {name: worker for name, worker in ready.items() if worker.full is None} or ready
        self._adopt(roomy.values())
        if self._placement.at.get(key) not in roomy:
            sizes = {name: worker.capacity_bytes for name, worker in roomy.items()}
            self._placement.put(key, sizes)
            if any(worker.opening for worker in self):
                self._hurried.add(key)
        return roomy.get(self._placement.at.get(key, ""))

    def _adopt(self, ready: Iterable[VolumeWorker]) -> None:
        """Streams go on where they were before a restart: where their newest open block is."""
        for worker in ready:
            name = worker.config.id
            if name in self._opened:
                continue
            self._opened.add(name)
            for block in worker.open_blocks():
                stream = block.stream
                if self._streams is not None and stream not in self._streams:
                    continue
                newest_ns = block.fragments[-1].utc_ns if block.fragments else 0
                placed = stream in self._placement.at and stream not in self._hurried
                if not placed or newest_ns > self._resumed.get(stream, newest_ns):
                    self._placement.move(stream, name)
                    self._resumed[stream] = newest_ns
                    self._hurried.discard(stream)
        if not any(worker.opening for worker in self):
            self._hurried.clear()
            self._resumed.clear()

    def _replan(self, mono_s: float) -> None:
        """Think over the placement when a volume has come or gone for good."""
        ready = [worker for worker in self if worker.ready and worker.full is None]
        self._adopt(ready)
        names = {worker.config.id for worker in ready}
        self._ready_since = {n: self._ready_since.get(n, mono_s) for n in names}
        settled = {
            worker.config.id: worker.capacity_bytes
            for worker in ready
            if mono_s - self._ready_since[worker.config.id] >= SETTLED_S
        }
        if self._placement.plan(settled, mono_s):
            for stream, volume in self._placement.target.items():
                log.info(
                    "D%d %s goes to volume %s with its next file",
                    stream.channel,
                    stream.stream.value,
                    self._workers[volume].config.name,
                )
            self._close_left()

    def _move_on(self, fragments: Sequence[NewFragment]) -> None:
        """Let streams whose block ends go to the volume they are meant for."""
        moved = False
        for fragment in fragments:
            stream = fragment.stream
            goal = self._workers.get(self._placement.target.get(stream, ""))
            here = self._workers.get(self._placement.at.get(stream, ""))
            if goal is None or not goal.ready:
                continue
            if here is None or not here.ready or here.block_ends(stream, _size(fragment)):
                self._placement.move(stream, goal.config.id)
                moved = True
        if moved:
            self._close_left()

    def _close_left(self) -> None:
        """Have volumes close the blocks of streams that are no more, or went elsewhere for good.

        Behind what was handed over before.  One that has just come back keeps its part-filled
        blocks until it is settled who returns to it.
        """
        if self._streams is None:
            return
        placement = self._placement
        for worker in self:
            name = worker.config.id
            since = self._ready_since.get(name)
            if since is None or time.monotonic() - since < SETTLED_S:
                worker.keep_only(self._streams)
                continue
            at, target = placement.at, placement.target
            here = [s for s in self._streams if name in (at.get(s, name), target.get(s))]
            worker.keep_only(frozenset(here))

    def submit(self, fragments: Sequence[NewFragment]) -> None:
        """Hand over the fragments of a tick, behind those that wait since no volume was ready."""
        mono_s = time.monotonic()
        for fragment in fragments:
            self._placement.count(fragment.stream, _size(fragment), mono_s)
            self._hold(_Held(fragment, _size(fragment), 0))
        self._replan(mono_s)
        self._move_on(fragments)
        batches: dict[VolumeWorker, list[NewFragment]] = {}
        kept: deque[_Held] = deque()
        for held in self._held:
            stream = held.fragment.stream
            worker = self.worker_of(stream.channel, stream.stream)
            if worker is None:
                kept.append(held)
                continue
            self._held_bytes -= held.size
            if held.attempts:
                self._attempts[id(held.fragment)] = held.attempts
            batches.setdefault(worker, []).append(held.fragment)
        self._held = kept
        for worker, batch in batches.items():
            worker.submit(batch)
        for worker in self:
            if worker.unsettled and worker.ready and not worker.waiting_bytes:
                worker.submit([])  # makes the last fragments visible to other players

    def _hold(self, held: _Held) -> None:
        self._held.append(held)
        self._held_bytes += held.size
        while self._held_bytes > HELD_BYTES:
            oldest = self._held.popleft()
            self._held_bytes -= oldest.size
            fault = self.fault() or VolumeFault("overload", _("The disks are too slow."))
            self._on_lost(oldest.fragment, fault)

    def reported(
        self, worker: VolumeWorker, batch: Sequence[NewFragment], report: CommitReport
    ) -> None:
        """Take the outcome of a commit; what failed goes to another volume, if there is one."""
        failed: dict[int, VolumeFault | None] = {}
        refused: set[int] = set()
        again: dict[StreamId, list[NewFragment]] = {}
        for stream, result in report.results.items():
            failed.update((id(f), result.fault) for f in result.failed)
            refused.update(id(f) for f in result.refused)
            if result.refused:
                again[stream] = result.refused
        for fragment in batch:
            key = id(fragment)
            attempts = self._attempts.pop(key, 0) + 1
            if key in failed:
                self._retry(fragment, attempts, failed[key])
            elif key not in refused:
                self._on_stored(fragment)
        for fragments in again.values():
            self._on_refused(fragments)
        worker.slow = next((f for f in report.faults if f.code == "volume_slow"), None)

    def _retry(self, fragment: NewFragment, attempts: int, fault: VolumeFault | None) -> None:
        fault = fault or VolumeFault("volume_io", _("The volume did not store it."))
        if attempts >= ATTEMPTS or fault.code == "fragment_invalid":
            self._on_lost(fragment, fault)
        else:
            self._hold(_Held(fragment, _size(fragment), attempts))

    def open_blocks(self) -> list[OpenBlock]:
        """Return the blocks being written on all volumes."""
        return [block for worker in self for block in worker.open_blocks()]

    async def close(self) -> None:
        """Commit what waits and close every volume."""
        workers, self._workers = list(self._workers.values()), {}
        await asyncio.gather(*(worker.close() for worker in workers))
