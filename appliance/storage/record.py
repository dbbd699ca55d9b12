"""The record in front of every fragment: what it is, where it belongs, and the proof of both.

A fragment is `[uuid][moof][mdat]`, starts on a page and fills whole pages; its padding stands
inside the `uuid` box.  The first page (header page) holds nothing of the `moof`:

    0    size and type: `free` until the fragment is durable, then `uuid` (the flip)
    8    user type (16 bytes)
    24   record of this fragment; zeros while nothing was begun here
    212  copy of the record of the fragment before it
    400  zeros up to the end of the page, then padding up to the `moof`

All of it that matters lies in one 512-byte sector.  The page behind a fragment is written with
the fragment and already carries the copy, so that a header page torn by the flip can be rebuilt.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from crc32c import crc32c

from appliance.storage.boxes import BOX_HEAD, FRAGMENT_TYPE, USER_HEAD, box_head
from appliance.storage.errors import BlockFormatError
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pages import PAGE

FORMAT_VERSION = 1
_MAGIC = b"NVRf"
_STARTS_WITH_KEY = 1
_HAS_KEY = 2
_HAS_NO_KEY = 4
_BODY = struct.Struct(">4sHHIIQ16sIHBBIIQqQQQqIII4x32s32s")
_CRC = struct.Struct(">I")
RECORD_BYTES = _BODY.size + _CRC.size
RECORD_AT = USER_HEAD
COPY_AT = RECORD_AT + RECORD_BYTES
HEADER_BYTES = COPY_AT + RECORD_BYTES
"""How much of a header page must be read to know everything it says."""

_STREAMS = (StreamName.MAIN, StreamName.SUB, StreamName.THIRD)
_NO_RECORD = bytes(RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class FragmentRecord:
    """What stands in front of a fragment.

    `index` counts the fragments of a block from 0.  `box_bytes` is the size of the `uuid` box (so
    the `moof` begins there), `payload_bytes` that of `moof`+`mdat`.  `media_time` is the `tfdt` of
    the video track as it stands in the file, `media_shift` how much of it was added so that times
    rise from run to run (ticks).  `has_key` says whether any video sample is a key frame, None in
    records made before that was written.  `crc` (CRC-32C) and `sha256` cover everything of the
    fragment but its header page; `previous` is the link of the fragment before it, which covers
    that header page: so the links form a chain from the identity of the block to its last fragment.
    """

    volume: bytes
    block: int
    generation: int
    sequence: int
    index: int
    stream: StreamId
    kinds: RecordKind
    run: int
    utc_ns: int
    mono_ns: int
    rtp_time: int
    duration_ns: int
    media_time: int
    media_shift: int
    starts_with_key: bool
    has_key: bool | None
    box_bytes: int
    payload_bytes: int
    crc: int
    sha256: bytes
    previous: bytes

    @property
    def total_bytes(self) -> int:
        """Bytes from this header page to the next."""
        return self.box_bytes + self.payload_bytes

    def pack(self) -> bytes:
        """Encode to RECORD_BYTES."""
        body = _BODY.pack(
            _MAGIC,
            FORMAT_VERSION,
            _key_flags(self.starts_with_key, self.has_key),
            self.block,
            self.generation,
            self.sequence,
            self.volume,
            self.index,
            self.stream.channel,
            _STREAMS.index(self.stream.stream),
            0,
            int(self.kinds),
            self.rtp_time & 0xFFFF_FFFF,
            self.run,
            self.utc_ns,
            self.mono_ns,
            self.duration_ns,
            self.media_time,
            self.media_shift,
            self.box_bytes,
            self.payload_bytes,
            self.crc,
            self.sha256,
            self.previous,
        )
        return body + _CRC.pack(crc32c(body))

    def link(self) -> bytes:
        """SHA-256 of the `uuid` box as after the flip: its header, user type and record."""
        return hashlib.sha256(
            box_head(b"uuid", self.box_bytes) + FRAGMENT_TYPE + self.pack()
        ).digest()


def _key_flags(starts_with_key: bool, has_key: bool | None) -> int:
    known = 0 if has_key is None else _HAS_KEY if has_key else _HAS_NO_KEY
    return known | (_STARTS_WITH_KEY if starts_with_key else 0)


def unpack_record(data: bytes, at: int = 0) -> FragmentRecord:
    """Decode one record; BlockFormatError if it is not one, or not whole."""
    if len(data) < at + RECORD_BYTES:
        raise BlockFormatError("record cut off")
    body = data[at : at + _BODY.size]
    if body[:4] != _MAGIC:
        raise BlockFormatError("no record")
    if crc32c(body) != _CRC.unpack_from(data, at + _BODY.size)[0]:
        raise BlockFormatError("record damaged")
    fields = _BODY.unpack(body)
    _, version, flags, block, generation, sequence, volume, index, channel, stream = fields[:10]
    kinds, rtp, run, utc, mono, duration, media, shift, box, payload, crc, sha, previous = fields[
        11:
    ]
    if version != FORMAT_VERSION or stream >= len(_STREAMS):
        raise BlockFormatError("record of an unknown version")
    if box < PAGE or payload < 2 * BOX_HEAD or (box + payload) % PAGE:
        raise BlockFormatError("record with impossible sizes")
    return FragmentRecord(
        volume, block, generation, sequence, index, StreamId(channel, _STREAMS[stream]),
        RecordKind(kinds), run, utc, mono, rtp, duration, media, shift,
        bool(flags & _STARTS_WITH_KEY),
        bool(flags & _HAS_KEY) if flags & (_HAS_KEY | _HAS_NO_KEY) else None,
        box, payload, crc, sha, previous,
    )  # fmt: skip


def box_bytes_for(payload_bytes: int) -> int:
    """Size of the `uuid` box that brings `payload_bytes` to the end of a page."""
    return PAGE + -payload_bytes % PAGE


def header_tail(record: FragmentRecord | None, before: FragmentRecord | None) -> bytes:
    """A header page but its first eight bytes, which say whether it counts."""
    own = record.pack() if record else _NO_RECORD
    copy = before.pack() if before else _NO_RECORD
    return FRAGMENT_TYPE + own + copy + bytes(PAGE - HEADER_BYTES)


def free_page(room: int, before: FragmentRecord | None) -> bytes:
    """The page behind the last fragment: a `free` box over the `room` bytes that are left."""
    return box_head(b"free", room) + header_tail(None, before)


@dataclass(frozen=True, slots=True)
class HeaderPage:
    """What a header page says: whether it is flipped, and both records, None where unreadable."""

    kind: bytes
    size: int
    ours: bool
    record: FragmentRecord | None
    before: FragmentRecord | None

    @property
    def flipped(self) -> bool:
        """Whether players see the fragment."""
        return bool(self.kind == b"uuid" and self.record and self.size == self.record.box_bytes)


def read_header(data: bytes) -> HeaderPage:
    """Read the first HEADER_BYTES of a header page; garbage gives a page without records."""

    def record(at: int) -> FragmentRecord | None:
        try:
            return unpack_record(data, at)
        except BlockFormatError:
            return None

    size = int.from_bytes(data[:4], "big")
    return HeaderPage(
        data[4:8], size, data[8:24] == FRAGMENT_TYPE, record(RECORD_AT), record(COPY_AT)
    )
