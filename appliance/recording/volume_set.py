"""Which volume footage goes to: channels are spread, and move on when a volume fails."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.recording.config import VolumeConfig
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.errors import VolumeError, VolumeFault
from appliance.storage.model import NewFragment, StreamId
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

        self._place: dict[int, str] = {}
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

    def worker_of(self, channel: int) -> VolumeWorker | None:
        """Return the volume a channel records to; the least used one where it has none yet."""
        worker = self._workers.get(self._place.get(channel, ""))
        if worker is not None and worker.ready:
            return worker
        ready = [worker for worker in self if worker.ready]
        if not ready:
            return None
        load = Counter(self._place.values())
        worker = min(ready, key=lambda w: (load[w.config.id], w.config.id))
        self._place[channel] = worker.config.id
        return worker

    def submit(self, fragments: Sequence[NewFragment]) -> None:
        """Hand over the fragments of a tick, behind those that wait since no volume was ready."""
        for fragment in fragments:
            self._hold(_Held(fragment, _size(fragment), 0))
        batches: dict[VolumeWorker, list[NewFragment]] = {}
        kept: deque[_Held] = deque()
        for held in self._held:
            worker = self.worker_of(held.fragment.stream.channel)
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
