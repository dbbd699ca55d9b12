"""Gives out blocks: claims them, makes or erases them, and keeps a few ready.

Which block is next: one that holds nothing, else a new one while the limit allows, else the one
with the lowest allocation sequence that is neither locked nor kept by a rule.  Clocks play no
part, so a wrong clock cannot delete anything.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Collection
from contextlib import AbstractContextManager
from typing import Any

from appliance.storage.catalogue import NOT_READ, BlockRow
from appliance.storage.catalogue_keeper import CatalogueKeeper
from appliance.storage.claims import (
    Claim,
    open_book,
    other_books,
    volume_lock,
    write_book,
)
from appliance.storage.erase import Reason, make_blocks, retire_blocks
from appliance.storage.errors import BlockFormatError
from appliance.storage.head import BlockHead, Erased, Identity, read_head
from appliance.storage.policy import VolumePolicy
from appliance.storage.volume import BLOCKS_FOLDER, Volume, block_name, block_number

_SPARE_BYTES = 32 << 20
_GROW_AGAIN_S = 600.0


class Allocator:
    """The blocks of one owner on one volume.  Thread-safe; raises OSError."""

    def __init__(self, volume: Volume, owner: str, keeper: CatalogueKeeper) -> None:
        self.volume = volume
        self.policy = VolumePolicy()
        self.retired: dict[int, dict[str, Any] | None] = {}
        self._files = volume.files
        self._keeper = keeper
        self._lock = threading.RLock()
        self._ready: deque[Claim] = deque()
        self._no_growth_until = 0.0
        self.file, self.book, self.readable = open_book(self._files, owner)
        self.reused = 0
        self.crowded = False
        """Whether the limit allows more blocks, but other files have taken the room for them."""

    def close(self) -> None:
        """Give back the claims file and with it the lock on the owner's name."""
        self._files.close(self.file)

    def locked(self) -> AbstractContextManager[bool]:
        """The lock under which claims change; re-entrant."""
        return self._lock

    @property
    def ready(self) -> int:
        """How many erased blocks wait."""
        return len(self._ready)

    def take(self) -> Claim | None:
        """An erased block for the next head; None if none is ready."""
        try:
            return self._ready.popleft()  # without the lock: recording waits for no erasing
        except IndexError:
            return None

    def give(self, claim: Claim) -> None:
        """Put an erased block that is claimed among those that wait, in order of sequence."""
        with self._lock:
            self._ready.append(claim)
            self._ready = deque(sorted(self._ready, key=lambda c: c.sequence))

    def release(self, numbers: Collection[int]) -> None:
        """Blocks that are closed and entered in the catalogue are in hand no more."""
        with self._lock:
            for number in numbers:
                self.book.blocks.pop(number, None)
                self.book.touched.discard(number)
            self.save()

    def release_ready(self) -> None:
        """Erased blocks that wait may be claimed by others."""
        with self._lock:
            numbers = [claim.block for claim in self._ready]
            self._ready.clear()
            self.release(numbers)

    def touch(self, numbers: Collection[int]) -> None:
        """Note durably that catalogue rows of these blocks may be behind from now on."""
        with self._lock:
            self.book.touched.update(numbers)
            self.save()

    def save(self, *, clean: bool = False) -> None:
        """Write the claims and sync them."""
        with self._lock:
            self.book.clean = clean
            if not self._keeper.needs_rebuild:
                self.book.catalogue = self._keeper.serial
            write_book(self._files, self.file, self.book)

    def claim_again(self, sequence_floor: int) -> None:
        """After claims were lost: never give out a sequence that is in use."""
        with self._lock:
            self.book.next_sequence = max(self.book.next_sequence, sequence_floor)

    def prepare(self, count: int) -> int:
        """Claim and erase up to `count` blocks and put them among the ready; returns how many."""
        with self._lock:
            with volume_lock(self._files):
                others = list(other_books(self._files, self.book.owner))
                taken = set(self.book.blocks).union(*(book.blocks for book in others))
                self.book.next_sequence = max(
                    self.book.next_sequence, *(b.next_sequence for b in others), 1
                )
                picks = self._pick(count, taken)
                if not picks:
                    return 0
                claims = []
                for number, old in picks:
                    generation = old.generation + 1 if old else 1
                    claims.append(Claim(number, generation, self.book.next_sequence))
                    self.book.next_sequence += 1
                self.book.blocks.update({claim.block: claim for claim in claims})
                self.save()
            fresh = [c for c, (_n, old) in zip(claims, picks, strict=True) if old is None]
            used = {n: old for n, old in picks if isinstance(old, Identity)}
            if fresh:
                gone = set(fresh) - set(self._make(fresh))
                claims = [claim for claim in claims if claim not in gone]
            if used:
                self._retire(used, "overwritten")
                self.reused += len(used)
            self._ready.extend(claims)
            return len(claims)

    def erase_claimed(self, claim: Claim, old: Identity | None) -> None:
        """Finish an erasing (or making, without `old`) that a crash cut off."""
        with self._lock:
            if old is not None:
                self._retire({claim.block: old}, "overwritten")
            elif not self._make([claim]):
                return
            self.give(claim)

    def retire(self, rows: Collection[BlockRow], reason: Reason) -> int:
        """Give up the footage of blocks for good; returns how many were (never locked ones)."""
        with self._lock, volume_lock(self._files):
            others = list(other_books(self._files, self.book.owner))
            taken = set(self.book.blocks).union(*(book.blocks for book in others))
            victims = {}
            for row in rows:
                identity = self._victim(row, taken)
                if identity is not None:
                    victims[row.number] = identity
            if victims:
                self.touch(victims)
                self._retire(victims, reason)
                self.release(victims)
            return len(victims)

    def _pick(self, count: int, taken: set[int]) -> list[tuple[int, Erased | Identity | None]]:
        picks: list[tuple[int, Erased | Identity | None]] = []
        for row in self._keeper.rows("state = 'erased'"):
            if len(picks) < count and row.number not in taken:
                old = self._head(row.number)
                if isinstance(old, Erased):
                    picks.append((row.number, old))
        picks += [(number, None) for number in self._grow(count - len(picks))]
        if len(picks) < count and self.policy.when_full == "overwrite":
            wanted = count - len(picks)
            for row in self._keeper.to_reuse(wanted + len(taken) + 64):
                unread = row.fragments == NOT_READ and self.policy.keep
                if unread or self.policy.keeps(row.channel, row.first_ns, row.last_ns):
                    continue
                identity = self._victim(row, taken)
                if identity is not None:
                    picks.append((row.number, identity))
                if len(picks) == count:
                    break
        if not picks:  # better to try in vain than to stand still for ten minutes
            picks += [(number, None) for number in self._grow(count, at_once=True)]
        return picks

    def _victim(self, row: BlockRow, taken: set[int]) -> Identity | None:
        """The block itself decides: only the footage that was meant, and never a locked one."""
        if row.number in taken:
            return None
        try:
            head = self._head(row.number)
        except FileNotFoundError:
            head = None
        if isinstance(head, BlockHead) and head.identity.sequence == row.sequence:
            if not head.flags.locked:
                return head.identity
            self._keeper.set_locked([row.number], True)
        else:
            self._keeper.distrust(f"block {row.number} is not what it says")
        return None

    def _head(self, number: int) -> BlockHead | Erased | None:
        file = self._files.open(block_name(number), writable=False)
        try:
            return read_head(self._files, file)
        except BlockFormatError:
            return None
        finally:
            self._files.close(file)

    def _grow(self, count: int, *, at_once: bool = False) -> list[int]:
        """Numbers of blocks that do not exist yet, as far as the limit and the disk allow.

        After the disk had less room than it said, only `at_once` asks it again soon.
        """
        if count <= 0 or (not at_once and time.monotonic() < self._no_growth_until):
            return []
        names = self._files.listdir(BLOCKS_FOLDER)
        numbers = {n for n in map(block_number, names) if n is not None}
        size = self.volume.block_bytes
        room = (self._files.free_bytes() - min(_SPARE_BYTES, 2 * size)) // size
        allowed = self.volume.max_blocks - len(numbers)
        self.crowded = room <= 0 < allowed
        count = max(0, min(count, allowed, room))
        free = (n for n in itertools.count(1) if n not in numbers)
        return list(itertools.islice(free, count))

    def _make(self, claims: list[Claim]) -> list[Claim]:
        made = make_blocks(self.volume, self._keeper, claims)
        if len(made) < len(claims):
            self._no_growth_until = time.monotonic() + _GROW_AGAIN_S
            self.crowded = True
            for claim in claims[len(made) :]:
                self.book.blocks.pop(claim.block, None)
            self.save()
        return made

    def _retire(self, victims: dict[int, Identity], reason: Reason) -> None:
        self.retired.update(retire_blocks(self.volume, self._keeper, victims, reason))
