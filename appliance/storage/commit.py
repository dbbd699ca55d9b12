"""One group commit: what earlier ticks left to do, new fragments, and one sync for all of it."""

from __future__ import annotations

import errno
import logging
import os
from collections import deque
from collections.abc import Iterable, Sequence

from appliance.storage.block import BlockWriter
from appliance.storage.errors import FullVolumeError, VolumeFault
from appliance.storage.hands import Hands
from appliance.storage.head import MAX_HEAD_BYTES
from appliance.storage.ledger import closing_entry
from appliance.storage.model import NewFragment, StreamId
from appliance.storage.pieces import MAX_DURATION_NS
from appliance.storage.report import CommitReport
from appliance.storage.stream_blocks import Need
from appliance.storage.walk import MAX_FRAGMENT_BYTES
from appliance.text import _

log = logging.getLogger(__name__)
_ATTEMPTS = 2
_BLOCKS_AT_ONCE = 8

Queues = dict[StreamId, deque[NewFragment]]


class GroupCommit:
    """Used once, for one batch; fills in `report`.  Errors of the disk end up there."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.report = CommitReport()
        self.work: dict[BlockWriter, list[NewFragment]] = {}

    def run(self, batch: Sequence[NewFragment]) -> CommitReport:
        """Store a batch; fragments that fail with their block get one more try in a new one."""
        self.advance()
        queues = self._sorted(batch)
        for attempt in range(_ATTEMPTS):
            self._place(queues)
            queues = self.sync()
            if not queues:
                break
            if attempt == _ATTEMPTS - 1:  # a new block failed as well: it is not just one spot
                self.end(self.report.faults[-1], queues)
        no_room = self.hands.no_room
        if no_room is not None and no_room.code != FullVolumeError.code:
            self.report.fault = no_room
        return self.report

    def refuse(self, batch: Sequence[NewFragment], fault: VolumeFault) -> CommitReport:
        """Store nothing, for this reason."""
        self.end(fault, self._sorted(batch))
        return self.report

    def end(self, fault: VolumeFault, queues: Queues) -> None:
        """The volume is at fault: the writer has to be made anew."""
        self.report.fault = fault
        for stream, queue in queues.items():
            self._fail(stream, queue, fault)

    def advance(self) -> None:
        """Write what earlier ticks left to do: flips, indexes, seals."""
        for block in list(self.hands.held.values()):
            if block.suspect or block.done:
                continue
            try:
                if not self.hands.volume.files.linked(block.file):
                    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), block.file.name)
                if block.busy:
                    block.write_flips()
                    if block.wants_close and not block.tail_written:
                        self._write_tail(block)
                    self.work.setdefault(block, [])
            except OSError as error:
                self._suspect(block, error)

    def sync(self) -> Queues:
        """The one sync of the tick; returns the fragments of files that failed it."""
        hands = self.hands
        again: Queues = {}
        work, self.work = self.work, {}
        started = hands.clock()
        failed = hands.volume.files.sync_group(block.file for block in work)
        self.report.sync_s += hands.clock() - started
        for block, fragments in work.items():
            error = failed.get(block.file)
            if error is not None:
                self._suspect(block, error)
                if fragments:
                    again.setdefault(block.identity.stream, deque()).extend(fragments)
                continue
            if block.synced():
                self.report.closed += 1
                hands.blocks_of(block.identity.stream).drop(block)
                hands.housekeeping.closed(block)
            self._count(fragments)
        return again

    def _sorted(self, batch: Sequence[NewFragment]) -> Queues:
        queues: Queues = {}
        for fragment in batch:
            if self._acceptable(fragment):
                queues.setdefault(fragment.stream, deque()).append(fragment)
        return queues

    def _acceptable(self, fragment: NewFragment) -> bool:
        payload = sum(map(len, fragment.body))
        room = self.hands.volume.block_bytes // 2
        fits = 16 <= payload <= min(MAX_FRAGMENT_BYTES, room)
        sane = (
            0 <= fragment.duration_ns <= MAX_DURATION_NS
            and 0 <= fragment.utc_ns < 1 << 62
            and 0 <= fragment.mono_ns < 1 << 63
            and 0 <= fragment.run < 1 << 64
            and 0 < fragment.stream.channel < 1 << 16
            and 8 <= len(fragment.head) <= min(MAX_HEAD_BYTES, room // 8)
        )
        if fits and sane:
            return True
        fault = VolumeFault(
            "fragment_invalid",
            _(
                "A piece of footage of channel {channel} could not be stored: it is too large or "
                "its times make no sense. Check the camera's bit rate and clock."
            ).format(channel=fragment.stream.channel),
        )
        self._fail(fragment.stream, [fragment], fault)
        return False

    def _write_tail(self, block: BlockWriter) -> None:
        volume, identity, fragments = self.hands.volume, block.identity, block.fragments
        entry = volume.device_key.sign(
            closing_entry(
                volume.identity.uuid,
                identity.block,
                identity.generation,
                identity.sequence,
                identity.stream,
                len(fragments),
                min((f.utc_ns for f in fragments), default=0),
                max((f.end_ns for f in fragments), default=0),
                block.link,
            )
        )
        block.write_tail(entry)
        self.hands.blocks_of(identity.stream).closing_entry = entry

    def _place(self, queues: Queues) -> None:
        """Write all queued fragments, beginning new blocks where they are needed."""
        for _attempt in range(_BLOCKS_AT_ONCE):
            fresh = [
                block
                for stream, queue in queues.items()
                if (block := self._fill(stream, queue)) is not None
            ]
            if not fresh:
                return
            failed = self.hands.volume.files.sync_group(block.file for block in fresh)
            for block in fresh:
                if block.file in failed:
                    self._suspect(block, failed[block.file])
        for stream, queue in queues.items():
            self._fail(stream, queue, self._last_fault())

    def _fill(self, stream: StreamId, queue: deque[NewFragment]) -> BlockWriter | None:
        """Stage fragments of one stream; returns a block begun for it, which must be synced."""
        blocks = self.hands.blocks_of(stream)
        while queue:
            fragment = queue[0]
            chosen = blocks.choose(fragment, sum(map(len, fragment.body)))
            if chosen is Need.IN_BAND:
                result = self.report.result(stream)
                result.in_band_wanted = True
                result.refused.append(queue.popleft())
            elif isinstance(chosen, BlockWriter):
                self._stage(chosen, queue)
            else:
                return self._begin(stream, queue)
        return None

    def _stage(self, block: BlockWriter, queue: deque[NewFragment]) -> None:
        try:
            self.report.disk_bytes += block.stage(queue[0])
            self.work.setdefault(block, []).append(queue.popleft())
        except OSError as error:
            self._suspect(block, error)
            queue.extendleft(reversed(self.work.pop(block, [])))

    def _begin(self, stream: StreamId, queue: deque[NewFragment]) -> BlockWriter | None:
        fault = None
        try:
            block = self.hands.begin(queue[0])
        except OSError as error:
            log.error("volume %s: no block can be begun: %s", self.hands.volume.name, error)
            block, fault = None, self.hands.volume.error(error).fault
            self.hands.no_room = fault
        if block is None:
            self._fail(stream, queue, fault or self.hands.no_block())
        else:
            self.report.opened += 1
        return block

    def _count(self, fragments: Iterable[NewFragment]) -> None:
        for fragment in fragments:
            size = sum(map(len, fragment.body))
            result = self.report.result(fragment.stream)
            result.stored += 1
            result.stored_bytes += size
            self.report.stored += 1
            self.report.stored_bytes += size

    def _suspect(self, block: BlockWriter, error: OSError) -> None:
        """Writes of a block were lost: it is never synced again, what was durable stays."""
        if block.suspect:
            return
        volume = self.hands.volume
        log.error("block %d of volume %s is suspect: %s", block.number, volume.name, error)
        block.suspect = True
        block.staged.clear()
        self.report.suspect.append(block.number)
        self.report.faults.append(volume.error(error).fault)
        self.hands.blocks_of(block.identity.stream).drop(block)
        self.hands.housekeeping.suspect(block)

    def _last_fault(self) -> VolumeFault:
        return self.report.faults[-1] if self.report.faults else self.hands.no_block()

    def _fail(self, stream: StreamId, fragments: Iterable[NewFragment], fault: VolumeFault) -> None:
        failed = list(fragments)
        if isinstance(fragments, deque):
            fragments.clear()
        if failed:
            result = self.report.result(stream)
            result.failed.extend(failed)
            result.fault = fault
            if fault not in self.report.faults:
                self.report.faults.append(fault)
