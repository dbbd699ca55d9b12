"""Storing footage: one group commit a tick for all streams of an owner on one volume."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence

from appliance.storage.allocator import Allocator
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.commit import GroupCommit
from appliance.storage.errors import BusyVolumeError, VanishedVolumeError, VolumeFault, slow_fault
from appliance.storage.expiry import Expiry, ExpiryReport
from appliance.storage.hands import Hands
from appliance.storage.housekeeping import Housekeeping
from appliance.storage.locks import LockReport, set_lock
from appliance.storage.model import NewFragment, StreamId
from appliance.storage.policy import VolumePolicy
from appliance.storage.report import CommitReport, OpenBlock
from appliance.storage.volume import Volume
from appliance.text import _

log = logging.getLogger(__name__)

SLOW_S = 0.8
"""A sync that takes longer cannot keep up with a tick of one second for long."""

SPARE_PER_STREAM = 2


class VolumeWriter:
    """The one who writes for an owner (a recorder) on a volume.

    `commit` blocks and is called from one thread; everything else may be called from any.
    With `background` False the housekeeping is done in the calling thread, for tests.
    Raises BusyVolumeError if another process writes as the same owner, or another VolumeError.
    """

    commit_class = GroupCommit

    def __init__(
        self,
        volume: Volume,
        owner: str,
        *,
        policy: VolumePolicy | None = None,
        background: bool = True,
        resume_budget_s: float = 1.5,
        slow_s: float = SLOW_S,
        clock: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        if not owner or "." in owner or "/" in owner:
            raise ValueError(f"owner {owner!r}")
        self.volume = volume
        self.owner = owner
        self._slow_s = slow_s
        self._mutex = threading.RLock()
        self._fault: VolumeFault | None = None
        self._closed = False
        self.keeper = CatalogueKeeper(volume)
        try:
            self.allocator = Allocator(volume, owner, self.keeper)
        except OSError as error:
            self.keeper.close()
            raise volume.error(error) from error
        try:
            self._be_the_only_one()
            self.allocator.policy = policy or VolumePolicy()
            self.expiry = Expiry(self.allocator, self.keeper)
            self.housekeeping = Housekeeping(
                volume, self.keeper, self.allocator, background=background
            )
            self._hands = Hands(volume, owner, self.allocator, self.housekeeping, clock, now_ns)
            for block in self.housekeeping.take_stock(resume_budget_s):
                self._hands.resume(block)
            self.allocator.save()  # no longer clean
            self.housekeeping.start(self._hands.settled)
        except OSError as error:
            self._let_go()
            raise volume.error(error) from error
        except BaseException:  # whatever it is, the volume can be opened again
            self._let_go()
            raise

    def set_policy(self, policy: VolumePolicy) -> None:
        """Apply settings from now on."""
        with self._mutex:
            self.allocator.policy = policy
            self._hands.ask_again_at = 0.0

    @property
    def policy(self) -> VolumePolicy:
        """Settings in force."""
        return self.allocator.policy

    @property
    def fault(self) -> VolumeFault | None:
        """What ended this writer; None while it works."""
        return self._fault

    def open_blocks(self) -> list[OpenBlock]:
        """A snapshot of all blocks in hand, including those not yet in the catalogue."""
        return self._hands.snapshot()

    def commit(self, batch: Sequence[NewFragment]) -> CommitReport:
        """Store a batch; what the report calls stored is durable when this returns.

        Fragments of one stream are stored in the order given.  An empty batch makes earlier
        fragments visible to players on other computers.  Never raises for the disk's sake: after
        a `fault` in the report nothing more is stored, and the volume is to be opened again.
        """
        hands = self._hands
        with self._mutex:
            started = hands.clock()
            commit = self.commit_class(hands)
            if self._fault is None and not self.volume.files.still_mounted():
                self._fault = self._gone()
            if self._fault is not None:
                return commit.refuse(batch, self._fault)
            for block in self.housekeeping.recovered():
                hands.resume(block)
            report = commit.run(batch)
            self._fault = report.fault
            report.total_s = hands.clock() - started
            report.write_s = report.total_s - report.sync_s
            if report.sync_s > self._slow_s:
                report.slow = True
                report.faults.append(slow_fault(self.volume.name, report.total_s))
        self.housekeeping.poke(SPARE_PER_STREAM * hands.active)
        return report

    def lock(self, streams: Sequence[StreamId], start_ns: int, end_ns: int) -> LockReport:
        """Keep footage of streams within [start, end) from being overwritten; whole blocks.

        Durable when it returns.  Raises VolumeError.
        """
        return self._set_lock(streams, start_ns, end_ns, locked=True)

    def unlock(self, streams: Sequence[StreamId], start_ns: int, end_ns: int) -> LockReport:
        """Undo `lock`."""
        return self._set_lock(streams, start_ns, end_ns, locked=False)

    def expire(
        self, *, time_trusted: bool, now_ns: int | None = None, mono_ns: int | None = None
    ) -> ExpiryReport:
        """Give up footage older than the policy allows; to be called every minute or so.

        `time_trusted`: the clock chip and network time agree.  Raises VolumeError.
        """
        self._hands.time_trusted = time_trusted
        now = self._hands.now_ns() if now_ns is None else now_ns
        mono = time.monotonic_ns() if mono_ns is None else mono_ns
        try:
            return self.expiry.run(self.policy.expiry_days, now, mono, time_trusted)
        except OSError as error:
            raise self.volume.error(error) from error

    def keep_only(self, streams: Collection[StreamId]) -> None:
        """Close the blocks of all other streams, which are recorded no more.

        Else they would stay claimed, and so be neither filled nor reused, for ever.
        """
        with self._mutex:
            self._hands.keep_only(streams)
            if any(block.wants_close and not block.done for block in self._hands.held.values()):
                self._finish()

    def _finish(self) -> None:
        for _round in range(3):  # flips, index, seal
            if self._fault is None:
                self.commit([])

    def close(self, *, for_good: bool = False) -> None:
        """Make everything visible, leave part-filled blocks to be gone on with, end the thread.

        `for_good`: the owner does not come back, so its blocks are closed and nothing stays
        claimed.
        """
        if self._closed:
            return
        self._closed = True
        clean = False
        try:
            if for_good:
                self._hands.keep_only(())
            self._finish()
            clean = self._fault is None
        finally:
            try:
                self.housekeeping.stop()
                if for_good and clean:
                    self._release()
            finally:
                with self._mutex:
                    self._end(clean=clean)

    def _release(self) -> None:
        try:
            self.allocator.release_ready()
        except OSError as error:
            log.warning("volume %s: erased blocks stay claimed: %s", self.volume.name, error)

    def _end(self, *, clean: bool) -> None:
        try:
            if clean:
                self.allocator.save(clean=True)
        except OSError as error:
            log.warning("volume %s at its closing: %s", self.volume.name, error)
        for block in self._hands.held.values():
            self.volume.files.close(block.file)
        self._let_go()

    def _be_the_only_one(self) -> None:
        if self.volume.files.lock(self.allocator.file, wait=False):
            return
        raise BusyVolumeError(
            _(
                "Another process records on volume {name} as {owner}. "
                "Stop it first, or wait until it has ended."
            ).format(name=self.volume.name, owner=self.owner)
        )

    def _let_go(self) -> None:
        """Close claims (and so the lock on the owner's name) and catalogue."""
        self.allocator.close()
        self.keeper.close()

    def _set_lock(
        self, streams: Sequence[StreamId], start_ns: int, end_ns: int, *, locked: bool
    ) -> LockReport:
        try:
            with self._mutex:
                return set_lock(
                    self.volume,
                    self.allocator,
                    self.keeper,
                    self._hands.held,
                    streams,
                    start_ns,
                    end_ns,
                    locked,
                )
        except OSError as error:
            raise self.volume.error(error) from error

    def _gone(self) -> VolumeFault:
        return VanishedVolumeError(
            _("Volume {name} is gone. Check that the disk is plugged in.").format(
                name=self.volume.name
            )
        ).fault
