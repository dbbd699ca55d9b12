"""Which of a stream's blocks a fragment goes to: codec parameters that change, or flap.

A block holds fragments of one head.  When the head changes the stream returns to a part-filled
block with that head; else it may begin one new block in ten minutes for this reason; beyond that
the recorder is asked for in-band parameter sets.  So a camera that changes its mind every second
costs two blocks and not everybody's footage.
"""

from __future__ import annotations

from enum import Enum

from appliance.storage.block import BlockWriter
from appliance.storage.boxes import uses_in_band
from appliance.storage.model import NewFragment

CHANGE_EVERY_NS = 600 * 1_000_000_000
MAX_PARKED = 4


class Need(Enum):
    """What a fragment needs that is not there."""

    NEW_BLOCK = "new_block"
    IN_BAND = "in_band"


class StreamBlocks:
    """The blocks of one stream: the current one, and part-filled ones of other heads."""

    def __init__(self) -> None:
        self.current: BlockWriter | None = None
        self.parked: list[BlockWriter] = []
        self.closing_entry: dict[str, object] | None = None
        self._replaces = False
        self._changed_ns: dict[bool, int] = {}

    def choose(self, fragment: NewFragment, payload_bytes: int) -> BlockWriter | Need:
        """The block for a fragment, or what is missing; blocks found full are set to close."""
        current = self.current
        if current is not None and current.head == fragment.head:
            if current.fits(payload_bytes):
                return current
            current.wants_close = True
            self.current = None
        known = any(block.head == fragment.head for block in self.parked)
        back = self._part_filled(fragment.head, payload_bytes)
        if back is not None:
            self.parked.remove(back)
            if self.current is not None:
                self._park(self.current)
            self.current = back
            return back
        if known or not self._is_change(fragment):
            self._replaces = known
            return Need.NEW_BLOCK  # a full block is followed by another, whatever its head
        self._replaces = False
        in_band = uses_in_band(fragment.head)
        last = self._changed_ns.get(in_band)
        if last is not None and 0 <= fragment.mono_ns - last < CHANGE_EVERY_NS:
            return Need.IN_BAND
        return Need.NEW_BLOCK

    def _is_change(self, fragment: NewFragment) -> bool:
        return self.current is not None and self.current.head != fragment.head

    def begun(self, block: BlockWriter, fragment: NewFragment) -> None:
        """A new block was begun for a fragment."""
        if self._is_change(fragment) and not self._replaces:
            self._changed_ns[uses_in_band(fragment.head)] = fragment.mono_ns
        if self.current is not None:
            self._park(self.current)
        self.current = block

    def found(self, block: BlockWriter) -> None:
        """A part-filled block of an earlier life can be gone on with."""
        self._park(block)

    def close_all(self) -> None:
        """The stream is recorded no more: its blocks are to close, however much room is left."""
        for block in (self.current, *self.parked):
            if block is not None:
                block.wants_close = True
        self.current = None
        self.parked.clear()

    def drop(self, block: BlockWriter) -> None:
        """A block is suspect or closed."""
        if self.current is block:
            self.current = None
        if block in self.parked:
            self.parked.remove(block)

    def _part_filled(self, head: bytes, payload_bytes: int) -> BlockWriter | None:
        for block in list(self.parked):
            if block.head == head:
                if block.fits(payload_bytes):
                    return block
                block.wants_close = True
                self.parked.remove(block)
        return None

    def _park(self, block: BlockWriter) -> None:
        self.parked.append(block)
        if len(self.parked) > MAX_PARKED:
            oldest = min(self.parked, key=lambda b: b.used_at_ns)
            oldest.wants_close = True
            self.parked.remove(oldest)
