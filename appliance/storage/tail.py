"""The back of a closed block: our index over all its fragments, its signature, and an `mfra`.

Both lie in room reserved when the block was begun.  The index is `[uuid head][meta document]` on
its first page, then one entry per fragment; `mfra` (ISO/IEC 14496-12 section 8.8.9) ends the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from crc32c import crc32c

from appliance.storage import pages
from appliance.storage.boxes import BOX_HEAD, INDEX_TYPE, USER_HEAD, box_head
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.head import Geometry, Identity
from appliance.storage.model import RecordKind
from appliance.storage.pages import PAGE
from appliance.storage.record import FragmentRecord

_META = b"NVRindex"
_ENTRY = struct.Struct(">IIIIqQQQq")
_TFRA_ENTRY = struct.Struct(">QQBBB")
_MFRA_FIXED = BOX_HEAD + 24 + 16
_KEY = 1 << 31
_HAS_KEY = 1 << 30
_HAS_NO_KEY = 1 << 29
_KINDS_MASK = _HAS_NO_KEY - 1


class IndexedFragment(NamedTuple):
    """One fragment of a block as the index knows it.

    `offset` is that of its header page in the file, `box_bytes` the distance from there to the
    `moof`, `payload_bytes` the size of `moof`+`mdat`; `media_time` is the `tfdt` of the video in
    the file, `media_shift` how much the store added to it (FootageReader takes it off again).
    `key` says whether it starts with a key frame, `has_key` whether one is anywhere in it: None in
    indexes made before that was written.
    """

    offset: int
    box_bytes: int
    payload_bytes: int
    utc_ns: int
    duration_ns: int
    run: int
    kinds: RecordKind
    key: bool
    media_time: int
    media_shift: int = 0
    has_key: bool | None = None

    @property
    def may_have_key(self) -> bool:
        """Whether a key frame is in it, as far as is known."""
        return self.key or self.has_key is not False

    @property
    def body_offset(self) -> int:
        """Where the `moof` begins in the file."""
        return self.offset + self.box_bytes

    @property
    def end(self) -> int:
        """Offset just behind the fragment."""
        return self.offset + self.box_bytes + self.payload_bytes

    @property
    def end_ns(self) -> int:
        """UTC at its end."""
        return self.utc_ns + self.duration_ns


def indexed(record: FragmentRecord, offset: int) -> IndexedFragment:
    """The index entry of a fragment whose header page is at `offset`."""
    return IndexedFragment(
        offset,
        record.box_bytes,
        record.payload_bytes,
        record.utc_ns,
        record.duration_ns,
        record.run,
        record.kinds,
        record.starts_with_key,
        record.media_time,
        record.media_shift,
        record.has_key,
    )


@dataclass(frozen=True, slots=True)
class Tail:
    """A block's index with its closing entry (as in the ledger, signed)."""

    closing: dict[str, Any]
    fragments: list[IndexedFragment]


def capacity(geometry: Geometry) -> int:
    """How many fragments the room at the end can index."""
    return (geometry.tail_bytes - PAGE - _MFRA_FIXED) // (_ENTRY.size + _TFRA_ENTRY.size)


def pack_tail(
    identity: Identity, closing: dict[str, Any], fragments: Sequence[IndexedFragment], track: int
) -> bytes:
    """All bytes of the tail as they are when it counts (`uuid` in front, `mfro` at the end)."""
    room = identity.geometry.tail_bytes
    mfra = _mfra(fragments, track)
    entries = pack_entries(fragments)
    meta = {
        "sequence": identity.sequence,
        "count": len(fragments),
        "crc": crc32c(entries),
        "closing": closing,
    }
    index_bytes = room - len(mfra)
    index = (
        box_head(b"uuid", index_bytes)
        + INDEX_TYPE
        + pages.pack_document(_META, meta, PAGE - USER_HEAD)
        + entries
    )
    if len(index) > index_bytes:
        raise BlockFormatError("more fragments than the index has room for")
    return index + bytes(index_bytes - len(index)) + mfra


def free_tail(geometry: Geometry) -> bytes:
    """The first page of the tail while the block is open: `free` up to the end of the file."""
    return box_head(b"free", geometry.tail_bytes) + bytes(PAGE - BOX_HEAD)


def read_tail(files: FileOps, file: File, identity: Identity) -> Tail:
    """Read the index of a block; BlockFormatError if it has none of this generation."""
    place = identity.geometry
    head = files.pread(file, min(place.tail_bytes, 16 * PAGE), place.tail_at)
    meta = _read_meta(head[:PAGE], identity)
    length = meta["count"] * _ENTRY.size
    entries = head[PAGE : PAGE + length]
    if len(entries) < length:
        entries += files.pread(file, length - len(entries), place.tail_at + PAGE + len(entries))
    if crc32c(entries) != meta.get("crc"):
        raise BlockFormatError("index damaged")
    return Tail(meta["closing"], unpack_entries(entries))


def read_closing(files: FileOps, file: File, identity: Identity) -> dict[str, Any]:
    """Read the signed closing of a block alone; BlockFormatError if it has none."""
    page = files.pread(file, PAGE, identity.geometry.tail_at)
    closing: dict[str, Any] = _read_meta(page, identity)["closing"]
    return closing


def _read_meta(page: bytes, identity: Identity) -> dict[str, Any]:
    meta = pages.unpack_document(_META, page[USER_HEAD:])
    count, closing = meta.get("count"), meta.get("closing")
    if not isinstance(count, int) or not isinstance(closing, dict):
        raise BlockFormatError("index malformed")
    if meta.get("sequence") != identity.sequence or not 0 <= count <= capacity(identity.geometry):
        raise BlockFormatError("index of another generation")
    return meta


def pack_entries(fragments: Iterable[IndexedFragment]) -> bytes:
    """Encode index entries."""
    return b"".join(
        _ENTRY.pack(
            f.offset,
            f.box_bytes,
            f.payload_bytes,
            int(f.kinds) | _key_flags(f),
            f.utc_ns,
            f.duration_ns,
            f.run,
            f.media_time,
            f.media_shift,
        )
        for f in fragments
    )


def _key_flags(fragment: IndexedFragment) -> int:
    known = {None: 0, True: _HAS_KEY, False: _HAS_NO_KEY}[fragment.has_key]
    return known | (_KEY if fragment.key else 0)


def unpack_entries(entries: bytes) -> list[IndexedFragment]:
    """Decode what `pack_entries` made; ValueError if it was cut off."""
    try:
        return [_entry(*e) for e in _ENTRY.iter_unpack(entries)]
    except struct.error as error:
        raise ValueError("index entries cut off") from error


def _entry(
    offset: int,
    box: int,
    payload: int,
    kinds: int,
    utc: int,
    duration: int,
    run: int,
    media: int,
    shift: int,
) -> IndexedFragment:
    key = bool(kinds & _KEY)
    has_key = bool(kinds & _HAS_KEY) if kinds & (_HAS_KEY | _HAS_NO_KEY) else None
    return IndexedFragment(
        offset, box, payload, utc, duration, run, kinds_of(kinds & _KINDS_MASK), key, media, shift,
        has_key,
    )  # fmt: skip


_KINDS: dict[int, RecordKind] = {}


def kinds_of(value: int) -> RecordKind:
    """The kinds of a number; quicker than the enumeration's own way."""
    kinds = _KINDS.get(value)
    if kinds is None:
        kinds = _KINDS[value] = RecordKind(value & 0x7F)
    return kinds


def _mfra(fragments: Sequence[IndexedFragment], track: int) -> bytes:
    """Random access points of the first stretch whose media time rises; players take no other."""
    entries = bytearray()
    last = -1
    if track:
        for fragment in fragments:
            if fragment.media_time <= last:
                break
            last = fragment.media_time
            if fragment.key:
                entries += _TFRA_ENTRY.pack(fragment.media_time, fragment.body_offset, 1, 1, 1)
    count = len(entries) // _TFRA_ENTRY.size
    tfra_bytes = 24 + len(entries)
    total = BOX_HEAD + tfra_bytes + 16
    return (
        box_head(b"mfra", total)
        + box_head(b"tfra", tfra_bytes)
        + struct.pack(">IIII", 1 << 24, track, 0, count)
        + entries
        + box_head(b"mfro", 16)
        + struct.pack(">II", 0, total)
    )
