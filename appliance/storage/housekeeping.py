"""What a writer need not wait for: catalogue, ledger, erased blocks in reserve, old open blocks."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from appliance.storage.allocator import Allocator
from appliance.storage.block import BlockWriter
from appliance.storage.catalogue import BlockRow
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import volume_lock
from appliance.storage.head import change_flags, unpack_flags
from appliance.storage.model import StreamId
from appliance.storage.pages import PAGE
from appliance.storage.rebuild import Rebuild, read_closing, refresh
from appliance.storage.resume import Leftover, classify, resume_block
from appliance.storage.volume import Volume

log = logging.getLogger(__name__)
_Event = tuple[Literal["opened", "closed", "suspect"], BlockWriter]
_RETRY_S = 5.0


class Housekeeping:
    """One thread beside the writer; everything it does may be late, and fail, and be done again."""

    def __init__(
        self,
        volume: Volume,
        keeper: CatalogueKeeper,
        allocator: Allocator,
        *,
        background: bool,
    ) -> None:
        self._volume = volume
        self._keeper = keeper
        self._allocator = allocator
        self._settled: Callable[[BlockWriter], None] = lambda block: None
        self._background = background
        self._events: deque[_Event] = deque()
        self._leftovers: list[Leftover] = []
        self._recovered: deque[BlockWriter] = deque()
        self._wanted = 0
        self._stop = False
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._rebuilding: threading.Thread | None = None
        self._looked = False
        self.rebuild: Rebuild | None = None
        self.closings: dict[StreamId, dict[str, Any]] = {}

    def take_stock(self, budget_s: float) -> list[BlockWriter]:
        """Look at every block this owner had in hand; returns those that can be gone on with.

        Walking them ends after `budget_s`; the rest is left to the thread, and recording begins
        in erased blocks at once.
        """
        self._leftovers = classify(self._volume, self._allocator, self._keeper)
        deadline = time.monotonic() + budget_s
        resumed = []
        while self._leftovers and (not self._background or time.monotonic() < deadline):
            block = self._resume_next()
            if block is not None:
                resumed.append(block)
        return resumed

    def start(self, settled: Callable[[BlockWriter], None]) -> None:
        """Start the thread; `settled` is told of blocks that the catalogue has come to know."""
        self._settled = settled
        if not self._background:
            self.work()
        else:
            self._thread = threading.Thread(
                target=self._run, name=f"housekeeping {self._volume.name}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Do what is left and end the thread."""
        with self._wake:
            self._stop = True
            self._wake.notify()
        for thread in (self._thread, self._rebuilding):
            if thread is not None:
                thread.join()
        self._attempt()

    def opened(self, block: BlockWriter) -> None:
        """A block was begun."""
        self._events.append(("opened", block))

    def closed(self, block: BlockWriter) -> None:
        """A block is sealed and durable."""
        self._events.append(("closed", block))

    def suspect(self, block: BlockWriter) -> None:
        """A block is not to be written any more."""
        self._events.append(("suspect", block))

    def recovered(self) -> list[BlockWriter]:
        """Blocks of an earlier life that became usable since the last call."""
        found = []
        while self._recovered:
            found.append(self._recovered.popleft())
        return found

    def poke(self, wanted: int) -> None:
        """After a commit: `wanted` erased blocks are to be in reserve."""
        self._wanted = wanted
        if not self._background:
            self._attempt()
            return
        if self._events or self._allocator.ready < wanted:
            with self._wake:
                self._wake.notify()

    def work(self) -> None:
        """Do everything that is due, in this thread; raises OSError."""
        while self._leftovers:
            block = self._resume_next()
            if block is not None:
                self._recovered.append(block)
        self._settle()
        if self._allocator.book.touched:
            refresh(self._volume, self._keeper, self._allocator)
        if not self._looked:
            self._looked = True
            self._keeper.verify()
            self._read_closings()
        missing = self._wanted - self._allocator.ready
        if missing > 0:
            self._allocator.prepare(missing)
        self._rebuild_if_due()

    def _rebuild_if_due(self) -> None:
        if not self._keeper.needs_rebuild or self._stop:
            return
        if self._rebuilding is not None and self._rebuilding.is_alive():
            return
        self.rebuild = Rebuild(self._volume, self._keeper, self._allocator)
        if not self._background:
            self.rebuild.run()
            return
        self._rebuilding = threading.Thread(
            target=self._run_rebuild, name=f"rebuild {self._volume.name}", daemon=True
        )
        self._rebuilding.start()

    def _run_rebuild(self) -> None:
        try:
            if self.rebuild is not None:
                self.rebuild.run(self._stopping)
        except OSError as error:
            log.error("volume %s: its blocks cannot be read: %s", self._volume.name, error)

    def _read_closings(self) -> None:
        """Once: the last closing of each stream, for the next block of the stream to bear."""
        newest: dict[StreamId, BlockRow] = {}
        rows = self._keeper.rows(
            "sequence IN (SELECT max(sequence) FROM blocks"
            " WHERE state = 'closed' AND fragments > 0 GROUP BY channel, stream)"
        )
        for row in rows:
            if row.stream_id is not None:
                newest[row.stream_id] = row
        for stream, row in newest.items():
            closing = read_closing(self._volume, row)
            if closing is not None:
                self.closings.setdefault(stream, closing)

    def _resume_next(self) -> BlockWriter | None:
        return resume_block(self._volume, self._allocator, self._keeper, self._leftovers.pop(0))

    def _settle(self) -> None:
        """Tell catalogue and ledger of blocks; only then are closed ones out of our hands."""
        with self._allocator.locked():
            done = self._enter_all()
            if done:
                self._allocator.release([block.number for block in done])
        for block in done:
            self._settled(block)

    def _enter_all(self) -> list[BlockWriter]:
        done: list[BlockWriter] = []
        while self._events:
            kind, block = self._events.popleft()
            if kind == "opened":
                if block.number in self._allocator.book.blocks:
                    self._keeper.opened(block.identity, block.flags.locked)
                continue
            if kind == "suspect":
                self._flag(block)
            state: Literal["closed", "suspect"] = "suspect" if block.suspect else "closed"
            locked = self._locked(block)
            self._keeper.closed(block.identity, locked, block.fragments, state)
            if block.closing and self._volume.ledger:
                try:
                    self._volume.ledger.append(block.closing)
                except OSError as error:
                    log.error("the ledger cannot be written: %s", error)
            done.append(block)
        return done

    def _flag(self, block: BlockWriter) -> None:
        try:
            with volume_lock(self._volume.files):
                block.flags = change_flags(
                    self._volume.files, block.file, block.identity, good=len(block.fragments)
                )
        except OSError as error:
            log.error("block %d cannot even be marked as suspect: %s", block.number, error)

    def _locked(self, block: BlockWriter) -> bool:
        """As it stands in the block: another recorder may have locked it."""
        place = block.identity.geometry
        try:
            pages = self._volume.files.pread(block.file, 2 * PAGE, place.state_at + PAGE)
        except OSError:
            return block.flags.locked
        return unpack_flags(pages, block.identity.sequence).locked

    def _stopping(self) -> bool:
        return self._stop

    def _attempt(self) -> None:
        try:
            self.work()
        except OSError as error:
            log.error("volume %s: housekeeping failed: %s", self._volume.name, error)

    def _run(self) -> None:
        while not self._stop:
            self._attempt()
            with self._wake:
                if not self._stop and not self._events:
                    self._wake.wait(_RETRY_S)
