"""Keeps recording apart from its catalogue: changes that fail are noted, never in the way.

A catalogue that cannot be opened, read or written is set aside and made anew from the blocks.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from appliance.storage.catalogue import DAMAGE, BlockRow, BlockState, Catalogue, Totals
from appliance.storage.head import Identity
from appliance.storage.model import StreamId
from appliance.storage.pieces import Piece
from appliance.storage.tail import IndexedFragment
from appliance.storage.volume import CATALOGUE_FILE, Volume

log = logging.getLogger(__name__)
T = TypeVar("T")


class CatalogueKeeper:
    """The catalogue of an opened volume, or nothing for as long as there is none."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._path = volume.path / CATALOGUE_FILE
        self._lock = threading.RLock()
        self.catalogue: Catalogue | None = None
        self.needs_rebuild = False
        self.open()

    def open(self) -> None:
        """Open it; a file that SQLite refuses is removed, since it can be made anew."""
        with self._lock:
            if not self._volume.files.still_mounted():
                return  # never on what lies below a lost mount point
            for _attempt in (1, 2):
                try:
                    self.catalogue = Catalogue(self._path, self._volume.identity.uuid)
                except sqlite3.OperationalError as error:
                    log.warning("catalogue of volume %s: %s", self._volume.name, error)
                    self.catalogue = None
                except DAMAGE as error:
                    log.warning(
                        "catalogue of volume %s is damaged (%s) and will be made anew",
                        self._volume.name,
                        error,
                    )
                    self._remove()
                    continue
                break
            self.needs_rebuild = self.catalogue is None or not self._complete()

    def empty(self) -> Catalogue | None:
        """An empty catalogue in place of the present one, which is kept if it is empty."""
        with self._lock:
            if self.catalogue is not None:
                with contextlib.suppress(*DAMAGE):
                    if not self.catalogue.complete and not self.catalogue.blocks():
                        return self.catalogue
            self.close()
            self._remove()
            self.open()
            return self.catalogue

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self.catalogue is not None:
                self.catalogue.close()
                self.catalogue = None

    def distrust(self, why: str) -> None:
        """Something in it was not so: have it made anew in the background, now or next time."""
        if not self.needs_rebuild:
            log.warning("catalogue of volume %s will be made anew: %s", self._volume.name, why)
            self.needs_rebuild = True
            self._ask(lambda catalogue: catalogue.set_incomplete(), None)

    def verify(self) -> None:
        """At the beginning: let SQLite look through the file; distrust it if it finds anything."""
        if not self._ask(lambda catalogue: catalogue.check(), False):
            self.distrust("SQLite finds it damaged")

    @property
    def serial(self) -> int:
        """Counts changes; 0 while there is no catalogue."""
        return self._ask(lambda catalogue: catalogue.serial, 0)

    def rows(self, where: str, values: Sequence[object] = ()) -> list[BlockRow]:
        """Rows by a condition; none while there is no catalogue."""
        return self._ask(lambda catalogue: catalogue.blocks(where, values), [])

    def to_reuse(self, limit: int) -> list[BlockRow]:
        """Blocks that may be reused, lowest sequence first; none before all heads are known."""
        return self._ask(lambda c: c.to_reuse(limit) if c.heads else [], [])

    def totals(self, since_ns: int, until_ns: int) -> Totals:
        """See Catalogue.totals; nothing while there is no catalogue."""
        nothing = Totals(0, 0, None, 0, 0, None)
        return self._ask(lambda catalogue: catalogue.totals(since_ns, until_ns), nothing)

    def holding(self, stream: StreamId, start_ns: int, end_ns: int) -> list[BlockRow]:
        """See Catalogue.holding; none while there is no catalogue."""
        return self._ask(lambda catalogue: catalogue.holding(stream, start_ns, end_ns), [])

    def erased(self, blocks: Iterable[tuple[int, int]]) -> None:
        """See Catalogue.erased."""
        self._ask(lambda catalogue: catalogue.erased(blocks), None)

    def opened(self, identity: Identity, locked: bool) -> None:
        """See Catalogue.opened."""
        self._ask(lambda catalogue: catalogue.opened(identity, locked), None)

    def closed(
        self, identity: Identity, locked: bool, fragments: Sequence[IndexedFragment],
        state: BlockState = "closed",
    ) -> None:  # fmt: skip
        """See Catalogue.closed."""
        self._ask(lambda c: c.closed(identity, locked, fragments, state), None)

    def put(
        self, rows: Iterable[tuple[BlockRow, Sequence[Piece]]], *, only_unread: bool = False
    ) -> None:
        """See Catalogue.put."""
        self._ask(lambda catalogue: catalogue.put(rows, only_unread=only_unread), None)

    def set_locked(self, numbers: Iterable[int], locked: bool) -> None:
        """See Catalogue.set_locked."""
        self._ask(lambda catalogue: catalogue.set_locked(numbers, locked), None)

    def _ask(self, work: Callable[[Catalogue], T], otherwise: T) -> T:
        catalogue = self.catalogue
        if catalogue is None:
            return otherwise
        try:
            if catalogue.replaced:
                catalogue = self._follow()
                if catalogue is None:
                    return otherwise
            return work(catalogue)
        except DAMAGE as error:
            self._failed(error)
            return otherwise

    def _follow(self) -> Catalogue | None:
        """Another recorder began a new catalogue: go on in that one."""
        with self._lock:
            self.close()
            if self._path.exists():
                self.open()
            else:
                self.needs_rebuild = True
            return self.catalogue

    def _complete(self) -> bool:
        try:
            return self.catalogue is not None and self.catalogue.complete
        except DAMAGE:
            return False

    def _failed(self, error: Exception) -> None:
        if not self.needs_rebuild:
            log.error(
                "catalogue of volume %s failed (%s); recording goes on and it will be made anew",
                self._volume.name,
                error,
            )
        self.needs_rebuild = True

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + suffix).unlink()
