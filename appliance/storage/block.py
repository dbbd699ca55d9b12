"""A block being written: where the next fragment goes, what is durable, what must be flipped.

Order of writes (docs/design/blocks.md).  In a tick: the bodies of new fragments, each with the
`free` page behind it, and the flips of fragments that an earlier sync made durable.  Then one
sync.  Only after that sync do the new fragments count, and only in a later tick are they flipped.
A closing goes the same way: the tail but its header, a sync, then the header.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from crc32c import crc32c

from appliance.storage.boxes import (
    BOX_HEAD,
    box_head,
    decode_time,
    shift_times,
    timescales,
    video_track,
)
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.head import BlockHead, Flags, Identity, new_head
from appliance.storage.model import Buffer, NewFragment
from appliance.storage.pages import PAGE
from appliance.storage.record import FragmentRecord, box_bytes_for, free_page, header_tail
from appliance.storage.tail import IndexedFragment, capacity, free_tail, indexed, pack_tail
from appliance.storage.walk import Walk

_MFRO_BYTES = 16
_NS = 1_000_000_000
_LONGEST_PAUSE_NS = 3600 * _NS


class BlockWriter:
    """One block in hand.  Not thread-safe; all writing methods raise OSError.

    `fragments` are those that are durable; `staged` those written since the last sync.
    """

    def __init__(
        self, files: FileOps, file: File, identity: Identity, head: bytes, flags: Flags
    ) -> None:
        self.files = files
        self.file = file
        self.identity = identity
        self.head = head
        self.flags = flags
        self.place = identity.geometry
        self.track = video_track(head)
        self._scales = {track: scale for track, scale in timescales(head).items() if scale > 0}
        self.position = self.place.data_at
        self.fragments: list[IndexedFragment] = []
        self.staged: list[IndexedFragment] = []
        self.unflipped: list[tuple[int, int]] = []
        self.record: FragmentRecord | None = None
        self.link = identity.link()
        self.suspect = flags.suspect
        self.sealing = False
        self.wants_close = False
        self.done = False
        self.used_at_ns = 0
        self._first_page: bytes | None = None
        self._staged_flips: list[tuple[int, int]] = []
        self._capacity = capacity(self.place)
        self._tail: bytes | None = None
        self.closing: dict[str, Any] | None = None

    @classmethod
    def begin(cls, files: FileOps, file: File, identity: Identity, head: bytes) -> BlockWriter:
        """Write the front of an erased block but its first page; to be synced before `stage`.

        The first page goes with the first fragment, so that the file has either no content or a
        head with all that belongs to it.
        """
        place = identity.geometry
        front = b"".join(new_head(identity, head))
        files.pwrite(file, [front[PAGE:]], PAGE)
        files.pwrite(file, [free_tail(place)], place.tail_at)
        block = cls(files, file, identity, head, Flags())
        block._first_page = front[:PAGE]
        return block

    @classmethod
    def resume(cls, files: FileOps, file: File, head: BlockHead, walk: Walk) -> BlockWriter:
        """Go on in a block that was walked and repaired."""
        block = cls(files, file, head.identity, head.head, head.flags)
        block.position = walk.position
        block.fragments = walk.fragments
        block.record = walk.last
        block.link = walk.link
        return block

    @property
    def number(self) -> int:
        """Number of the block on its volume."""
        return self.identity.block

    def fits(self, payload_bytes: int) -> bool:
        """Whether a fragment of that size, and the free page behind it, still have room."""
        total = box_bytes_for(payload_bytes) + payload_bytes
        return (
            self.position + total + PAGE <= self.place.tail_at
            and len(self.fragments) + len(self.staged) < self._capacity
        )

    @property
    def room(self) -> int:
        """Bytes left for fragments."""
        return self.place.tail_at - PAGE - self.position

    def stage(self, fragment: NewFragment) -> int:
        """Write a fragment behind the last one; returns the bytes it takes on the disk."""
        body, media_time, shift = self._timed(fragment)
        payload = sum(map(len, body))
        box = box_bytes_for(payload)
        padding = bytes(box - PAGE)
        sha = hashlib.sha256(padding)
        crc = crc32c(padding)
        for part in body:
            sha.update(part)
            crc = crc32c(part, crc)
        record = FragmentRecord(
            self.identity.volume,
            self.identity.block,
            self.identity.generation,
            self.identity.sequence,
            len(self.fragments) + len(self.staged),
            fragment.stream,
            fragment.kinds,
            fragment.run,
            fragment.utc_ns,
            fragment.mono_ns,
            fragment.rtp_time,
            fragment.duration_ns,
            media_time,
            shift,
            fragment.starts_with_key,
            fragment.has_key,
            box,
            payload,
            crc,
            sha.digest(),
            self.link,
        )
        behind = free_page(self.place.tail_at - self.position - record.total_bytes, record)
        front = header_tail(record, self.record)
        if self._first_page is not None:
            self.files.pwrite(self.file, [self._first_page], 0)
            self._first_page = None
        self.files.pwrite(self.file, [front, padding, *body, behind], self.position + BOX_HEAD)
        self.used_at_ns = fragment.mono_ns
        self.staged.append(indexed(record, self.position))
        self._staged_flips.append((self.position, box))
        self.record = record
        self.link = record.link()
        self.position += record.total_bytes
        return record.total_bytes

    def _timed(self, fragment: NewFragment) -> tuple[Sequence[Buffer], int, int]:
        """The body as it goes into the file, its `tfdt`, and how much later that was made.

        Each run counts from 0, but players take a file whose times fall back for broken: so a
        later run of a block goes on where the one before it ended, after the same pause.
        """
        track, last = self.track, self.record
        time = decode_time(fragment.body[0], track) if track in self._scales else None
        if time is None:
            return fragment.body, 0, 0
        shift = last.media_shift if last else 0
        if last is not None and last.run != fragment.run:
            scale = self._scales[track]
            pause_ns = fragment.utc_ns - last.utc_ns - last.duration_ns
            ticks = (last.duration_ns + min(max(0, pause_ns), _LONGEST_PAUSE_NS)) * scale // _NS
            shift = max(0, last.media_time + ticks - time)
        if shift == 0:
            return fragment.body, time, 0
        moof = shift_times(fragment.body[0], self._scales, track, shift)
        return [moof, *fragment.body[1:]], time + shift, shift

    def write_flips(self) -> bool:
        """Turn the headers of durable fragments, and of a durable tail, into what players see."""
        work = bool(self.unflipped)
        for offset, box in self.unflipped:
            self.files.pwrite(self.file, [box_head(b"uuid", box)], offset)
        if self.sealing and self._tail is not None:
            work = True
            tail, end = self._tail, self.place.block_bytes
            self.files.pwrite(self.file, [tail[:BOX_HEAD]], self.place.tail_at)
            self.files.pwrite(self.file, [tail[-_MFRO_BYTES:]], end - _MFRO_BYTES)
        return work

    def write_tail(self, closing: dict[str, Any]) -> None:
        """Write the index of all durable fragments, not yet its header."""
        if self.staged:
            raise BlockFormatError("fragments of unknown fate cannot be indexed")
        self.closing = closing
        self._tail = pack_tail(self.identity, closing, self.fragments, self.track)
        self.files.pwrite(
            self.file, [self._tail[BOX_HEAD:-_MFRO_BYTES]], self.place.tail_at + BOX_HEAD
        )

    def synced(self) -> bool:
        """A sync worked: what was staged is durable now.  True when the block is closed by it."""
        closed = self.sealing
        self.unflipped = self._staged_flips
        self._staged_flips = []
        self.fragments.extend(self.staged)
        self.staged = []
        self.sealing = self._tail is not None
        self.done = closed
        return closed

    @property
    def busy(self) -> bool:
        """Whether another tick has something to write here."""
        return not self.done and bool(self.unflipped or self.wants_close)

    @property
    def tail_written(self) -> bool:
        """Whether the index is on its way."""
        return self._tail is not None
