"""One thread per volume: opens it, commits what is handed over, opens it again after a fault."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.recording.config import VolumeConfig
from appliance.recording.volume_place import VolumePlace
from appliance.storage.errors import (
    VanishedVolumeError,
    VolumeError,
    VolumeFault,
    error_of,
)
from appliance.storage.ledger import Ledger
from appliance.storage.model import NewFragment, StreamId
from appliance.storage.policy import VolumePolicy
from appliance.storage.report import CommitReport, OpenBlock
from appliance.storage.signing import DeviceKey
from appliance.storage.writer import VolumeWriter
from appliance.text import _

log = logging.getLogger(__name__)

REOPEN_S = 3.0
"""A volume that failed is tried again this often."""

HUNG_S = 6.0
"""A commit that takes longer means that the disk does not answer; others take over."""

FULL_PAUSE_S = 5.0

JUST_BEGUN = 3
"""A block with fewer fragments can be left without wasting much of the volume."""

ENDING_FRAGMENTS = 3
"""A block ends soon when it has no room for so many fragments more."""

TAIL_SHARE = 256
"""This part of a block is kept for its index."""

PAGES = 8192
"""What a fragment takes beside its media, at most."""

LOOK_S = 2.0
"""How often it is checked that the volume is still what lies at its path."""


@dataclass(frozen=True, slots=True)
class _Commit:
    batch: Sequence[NewFragment]
    size: int
    handed_s: float


@dataclass(frozen=True, slots=True)
class _Call:
    work: Callable[[VolumeWriter], Any]
    answer: Future[Any]


def opening_fault() -> VolumeFault:
    """What is shown until a volume has been opened."""
    return VolumeFault("volume_opening", _("The volume is being opened."))


class VolumeWorker:
    """Owns a volume's writer.  Methods are called on the event loop; callbacks run there too.

    `on_report(worker, batch, report)` follows each commit; `on_change(worker)` each change of
    `fault`.  `uuid_file` remembers which volume was set up at this place.  `unsettled` says that
    one more commit, even an empty one, is due.
    """

    def __init__(
        self,
        config: VolumeConfig,
        *,
        owner: str,
        device_key: DeviceKey,
        ledger: Ledger,
        uuid_file: Path,
        block_bytes: int,
        on_report: Callable[[VolumeWorker, Sequence[NewFragment], CommitReport], None],
        on_change: Callable[[VolumeWorker], None],
        disks_only: bool = False,
    ) -> None:
        self.config = config
        self.fault: VolumeFault | None = opening_fault()
        self.slow: VolumeFault | None = None
        self.full: VolumeFault | None = None
        self.last_commit_s = 0.0
        self.stored_span = (0.0, 0.0)
        """When what was stored last was handed over, and since when it is durable (monotonic)."""
        self.waiting_bytes = 0
        self.unsettled = False
        self.writer: VolumeWriter | None = None
        self._place = VolumePlace(
            config, owner, device_key, ledger, uuid_file, block_bytes, disks_only
        )
        self._on_report = on_report
        self._on_change = on_change
        self._policy = VolumePolicy()
        self._streams: frozenset[StreamId] | None = None
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Commit | _Call | None] = queue.SimpleQueue()
        self._busy_since: float | None = None
        self._full_until = 0.0
        self._looked_at = 0.0
        self._stopping = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=f"volume {config.id}", daemon=True)
        self._thread.start()

    @property
    def hung(self) -> bool:
        """Whether a commit or the opening has not come back for long."""
        busy = self._busy_since
        return busy is not None and time.monotonic() - busy > HUNG_S

    @property
    def ready(self) -> bool:
        """Whether footage may be handed over now."""
        return self.fault is None and not self.hung and time.monotonic() >= self._full_until

    @property
    def block_bytes(self) -> int | None:
        """Size of the volume's blocks; None while it is not open."""
        writer = self.writer
        return writer.volume.block_bytes if writer else None

    @property
    def opening(self) -> bool:
        """Whether it has never been told whether the volume can be opened."""
        return self.fault is not None and self.fault.code == "volume_opening"

    @property
    def capacity_bytes(self) -> int:
        """What footage may take on the volume; 0 while it is not open."""
        writer = self.writer
        return writer.volume.max_blocks * writer.volume.block_bytes if writer else 0

    def block_ends(self, stream: StreamId, size: int) -> bool:
        """Whether the stream's block is about to end: it has no room for a few more such fragments.

        True as well where there is none, or one that has hardly begun; `size` in bytes.
        """
        blocks = [b for b in self.open_blocks() if b.stream == stream and b.fragments]
        if not blocks:
            return True
        current = max(blocks, key=lambda block: block.fragments[-1].utc_ns)
        last = current.fragments[-1]
        end = last.offset + last.box_bytes + last.payload_bytes
        size_of_block = self.block_bytes or 0
        room = size_of_block - size_of_block // TAIL_SHARE - end
        return len(current.fragments) < JUST_BEGUN or room < ENDING_FRAGMENTS * (size + PAGES)

    def current_fault(self) -> VolumeFault | None:
        """What is wrong now, the disk's silence included."""
        if self.hung:
            return VolumeFault(
                "volume_hung",
                _("Volume {name} does not answer. Check the disk and its cable.").format(
                    name=self.config.name
                ),
            )
        return self.fault or self.full or self.slow

    def set_policy(self, policy: VolumePolicy) -> None:
        """Apply settings from the next commit on."""
        if policy != self._policy:
            self._policy = policy
            self._full_until = 0.0
            self.full = None  # it is told again if it still is
            self._jobs.put(_Call(lambda writer: writer.set_policy(policy), Future()))

    def keep_only(self, streams: frozenset[StreamId]) -> None:
        """Close the blocks of all other streams, behind what was handed over before."""
        if streams != self._streams:
            self._streams = streams
            self._jobs.put(_Call(lambda writer: writer.keep_only(streams), Future()))

    def submit(self, batch: Sequence[NewFragment]) -> None:
        """Hand fragments over; their fate comes with `on_report`."""
        size = sum(len(part) for fragment in batch for part in fragment.body)
        self.waiting_bytes += size
        self._jobs.put(_Commit(batch, size, time.monotonic()))

    async def call(self, work: Callable[[VolumeWriter], Any], timeout_s: float = 5.0) -> Any:
        """Run `work(writer)` in the thread; raises VolumeError where there is no writer now."""
        answer: Future[Any] = Future()
        self._jobs.put(_Call(work, answer))
        async with asyncio.timeout(timeout_s):
            return await asyncio.wrap_future(answer)

    def open_blocks(self) -> list[OpenBlock]:
        """Return the blocks being written."""
        return self.writer.open_blocks() if self.writer else []

    async def close(self) -> None:
        """Commit what waits, close the volume, end the thread; a hung disk is left behind."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            try:
                async with asyncio.timeout(HUNG_S):
                    await self._ended.wait()
            except TimeoutError:
                log.error("volume %s does not answer and is left as it is", self.config.name)

    # -- in the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if self.writer is None and not self._stopping.is_set():
                self._open()
            job = self._next_job()
            if job is None:
                break
            if isinstance(job, _Call):
                self._do_call(job)
            elif self.writer is None:
                self._tell_lost(job)
            else:
                self._commit(job)
        self._shut()
        self._loop.call_soon_threadsafe(self._ended.set)

    def _next_job(self) -> _Commit | _Call | None:
        timeout = REOPEN_S if self.writer is None else None
        while True:
            try:
                return self._jobs.get(timeout=timeout)
            except queue.Empty:
                if not self._stopping.is_set():
                    self._open()
                timeout = REOPEN_S if self.writer is None else None

    def _commit(self, first: _Commit) -> None:
        jobs, calls = [first], []
        while not self._jobs.empty():
            job = self._jobs.get()
            if isinstance(job, _Commit):
                jobs.append(job)
                continue
            calls.append(job)
            break
        batch = [fragment for job in jobs for fragment in job.batch]
        writer = self.writer
        if writer is None:
            return
        self._busy_since = time.monotonic()
        try:
            report = writer.commit(batch)
        except Exception:  # else the thread would end, and with it the recording
            log.exception("volume %s: a commit failed by a mistake of ours", self.config.name)
            report = _nothing_stored(batch, _mistake(self.config.name))
        durable_s = time.monotonic()
        if report.fault is None:
            report.fault = self._gone(writer)
        self._busy_since = None
        size = sum(job.size for job in jobs)
        span = (first.handed_s, durable_s)
        self._loop.call_soon_threadsafe(self._reported, batch, size, report, span)
        if report.fault is not None:
            self._shut()
        for call in calls:
            if call is None:
                self._jobs.put(None)
            elif isinstance(call, _Call):
                self._do_call(call)

    def _gone(self, writer: VolumeWriter) -> VolumeFault | None:
        """Whether the disk was unmounted under our open files, which then still take writes."""
        if time.monotonic() - self._looked_at < LOOK_S:
            return None
        self._looked_at = time.monotonic()
        if writer.volume.files.still_mounted():
            return None
        return VanishedVolumeError(
            _("Volume {name} is gone. Check that the disk is plugged in.").format(
                name=self.config.name
            )
        ).fault

    def _do_call(self, job: _Call) -> None:
        if not job.answer.set_running_or_notify_cancel():
            return
        try:
            if self.writer is None:
                fault = self.fault or opening_fault()
                raise VolumeError(fault.text)
            job.answer.set_result(job.work(self.writer))
        except (VolumeError, OSError, ValueError) as error:
            job.answer.set_exception(error)

    def _tell_lost(self, job: _Commit) -> None:
        report = _nothing_stored(job.batch, self.fault or opening_fault())
        self._loop.call_soon_threadsafe(self._reported, job.batch, job.size, report, None)

    def _open(self) -> None:
        self._busy_since = time.monotonic()
        try:
            self.writer = self._place.open_writer(self._policy)
            if self._streams is not None:
                self.writer.keep_only(self._streams)
            fault = self.writer.fault
            if fault is not None:
                self._shut()
        except VolumeError as error:
            fault = error.fault
        except OSError as error:
            fault = error_of(error, self.config.name).fault
        except Exception:  # else the thread would end, and nobody be told
            log.exception("volume %s: opening failed by a mistake of ours", self.config.name)
            fault = _mistake(self.config.name)
        self._busy_since = None
        self._loop.call_soon_threadsafe(self._opened, fault)

    def _shut(self) -> None:
        writer, self.writer = self.writer, None
        if writer is None:
            return
        try:
            writer.close()
        except Exception:  # as above; what is durable stays durable
            log.exception("volume %s: closing failed by a mistake of ours", self.config.name)
        writer.volume.close()

    # -- on the loop ---------------------------------------------------------------------------

    def _opened(self, fault: VolumeFault | None) -> None:
        before, self.fault = self.fault, fault
        self.full = None
        if before != fault:
            if fault:
                log.error("%s", fault.text)
            else:
                log.info("Volume %s is open", self.config.name)
            self._on_change(self)

    def _reported(
        self,
        batch: Sequence[NewFragment],
        size: int,
        report: CommitReport,
        span: tuple[float, float] | None,
    ) -> None:
        self.waiting_bytes -= size
        self.last_commit_s = report.total_s
        self.unsettled = report.stored > 0
        self.stored_span = span or self.stored_span
        if report.fault is not None and self.fault is None:
            self.fault = report.fault
            log.error("%s", report.fault.text)
            self._on_change(self)
        self._note_full(report)
        self._on_report(self, batch, report)

    def _note_full(self, report: CommitReport) -> None:
        """Leave a full volume alone for a while; it is full until it has stored something again."""
        faults = [result.fault for result in report.results.values() if result.fault]
        full = next((fault for fault in faults if fault.code == "volume_full"), None)
        if full is not None:
            self._full_until = time.monotonic() + FULL_PAUSE_S
        elif not report.stored:
            return
        before, self.full = self.full, full
        if before != full:
            if full:
                log.error("%s", full.text)
            else:
                log.info("Volume %s takes footage again", self.config.name)
            self._on_change(self)


def _mistake(name: str) -> VolumeFault:
    text = _(
        "Volume {name} cannot be used by a mistake in the recorder; its log says more. It is "
        "opened again."
    )
    return VolumeFault("volume_internal", text.format(name=name))


def _nothing_stored(batch: Sequence[NewFragment], fault: VolumeFault) -> CommitReport:
    report = CommitReport(fault=fault)
    for fragment in batch:
        result = report.result(fragment.stream)
        result.failed.append(fragment)
        result.fault = fault
    return report
