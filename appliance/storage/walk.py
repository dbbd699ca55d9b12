"""Going through a block from its first fragment on: what is whole, where it ends, what to mend.

Needed only for blocks that were open: a closed block has its index.  A fragment counts if its
record belongs to this generation, continues the chain and is flipped; or if it is not flipped
(or its header page is garbage and was rebuilt from the copy behind it) but its bytes match.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

from crc32c import crc32c

from appliance.storage.boxes import BOX_HEAD, FRAGMENT_TYPE, box_head
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.head import Flags, Identity
from appliance.storage.pages import PAGE
from appliance.storage.record import (
    COPY_AT,
    HEADER_BYTES,
    RECORD_AT,
    RECORD_BYTES,
    FragmentRecord,
    HeaderPage,
    free_page,
    header_tail,
    read_header,
    unpack_record,
)
from appliance.storage.tail import IndexedFragment, indexed

MAX_FRAGMENT_BYTES = 64 << 20
_CHUNK = 1 << 20
_DISTRUSTED = 2


class Header(NamedTuple):
    """What a header page is to say; `record` None stands for the end."""

    offset: int
    record: FragmentRecord | None
    before: FragmentRecord | None


@dataclass(slots=True)
class Walk:
    """What a walk found.

    `position` is where the next fragment goes, `last` and `link` what it continues.  To be mended
    are header pages: `lost` ones hold nothing that is right, `stale` ones only have to be flipped.
    """

    position: int
    link: bytes
    last: FragmentRecord | None = None
    fragments: list[IndexedFragment] = field(default_factory=list)
    lost: list[Header] = field(default_factory=list)
    stale: list[Header] = field(default_factory=list)


def walk(files: FileOps, file: File, identity: Identity, flags: Flags) -> Walk:
    """Go through a block without changing it; raises OSError."""
    place = identity.geometry
    chain: list[tuple[int, FragmentRecord, HeaderPage, bool]] = []
    found = Walk(place.data_at, identity.link())
    while flags.good is None or len(chain) < flags.good:
        data = files.pread(file, PAGE, found.position)
        page = read_header(data)
        record = page.record
        if record is None or not _belongs(record, identity, found, len(chain)):
            record = _rebuild(files, file, identity, found, len(chain), page)
        if record is None:
            break
        if not page.flipped and not matches(files, file, record, found.position):
            break
        chain.append((found.position, record, page, _littered(data[HEADER_BYTES:])))
        found.position += record.total_bytes
        found.link = record.link()
        found.last = record
    _drop_unwhole(files, file, identity, found, chain)
    before = None
    for offset, record, page, littered in chain:
        found.fragments.append(indexed(record, offset))
        header = Header(offset, record, before)
        if page.record != record or not page.ours:
            found.lost.append(header)
        elif not page.flipped or page.before != before or littered:
            found.stale.append(header)
        before = record
    data = files.pread(file, PAGE, found.position)
    end = read_header(data)
    header = Header(found.position, None, before)
    if end.before != before or not end.ours:
        found.lost.append(header)
    elif (
        end.kind != b"free"
        or end.size != place.tail_at - found.position
        or _littered(data[RECORD_AT:COPY_AT])  # of a fragment that was cut off
        or _littered(data[HEADER_BYTES:])
    ):
        found.stale.append(header)
    return found


def mend(files: FileOps, file: File, identity: Identity, found: Walk) -> None:
    """Repair what a walk found, so that players see all of it and writing can go on.

    Everything is synced first: after a killed process the kernel may hold what the disk does not
    have yet.  Neighbouring pages are each other's spares, so the power may go again at any time
    only if those that hold nothing are made good, and synced, before others are touched.
    """
    files.fdatasync(file)
    for pages in (found.lost, found.stale):
        for offset, record, before in pages:
            if record is None:
                page = [free_page(identity.geometry.tail_at - offset, before)]
            else:
                page = [box_head(b"uuid", record.box_bytes), header_tail(record, before)]
            files.pwrite(file, page, offset)
        if pages:
            files.fdatasync(file)
        pages.clear()


def matches(
    files: FileOps, file: File, record: FragmentRecord, offset: int, *, thorough: bool = False
) -> bool:
    """Whether a fragment's bytes are those its record speaks of (CRC; `thorough`: SHA-256 too)."""
    at = offset + PAGE
    end = offset + record.total_bytes
    crc = 0
    sha = hashlib.sha256()
    while at < end:
        part = files.pread(file, min(_CHUNK, end - at), at)
        if not part:
            return False
        crc = crc32c(part, crc)
        if thorough:
            sha.update(part)
        at += len(part)
    return crc == record.crc and (not thorough or sha.digest() == record.sha256)


def _littered(room: bytes) -> bool:
    """Whether anything lies where a header page has nothing: torn by a cut, no harm to footage."""
    return bool(room.strip(b"\0"))


def _belongs(record: FragmentRecord, identity: Identity, found: Walk, index: int) -> bool:
    return (
        record.sequence == identity.sequence
        and record.generation == identity.generation
        and record.block == identity.block
        and record.volume == identity.volume
        and record.stream == identity.stream
        and record.index == index
        and record.previous == found.link
        and found.position + record.total_bytes + PAGE <= identity.geometry.tail_at
    )


def _rebuild(
    files: FileOps, file: File, identity: Identity, found: Walk, index: int, page: HeaderPage
) -> FragmentRecord | None:
    """Find the record of a garbage header page in the copy that stands behind its fragment."""
    if page.kind == b"free" and page.ours:
        return None  # the regular end
    start = found.position + PAGE
    limit = min(identity.geometry.tail_at, start + MAX_FRAGMENT_BYTES)
    for at in range(start, limit, _CHUNK):
        data = files.pread(file, min(_CHUNK, limit - at), at)
        for inner in range(0, len(data) - PAGE + 1, PAGE):
            if data[inner + BOX_HEAD : inner + BOX_HEAD + len(FRAGMENT_TYPE)] != FRAGMENT_TYPE:
                continue
            copy_at = inner + COPY_AT
            try:
                record = unpack_record(data[copy_at : copy_at + RECORD_BYTES])
            except BlockFormatError:
                continue
            if found.position + record.total_bytes == at + inner and _belongs(
                record, identity, found, index
            ):
                return record
    return None


def _drop_unwhole(
    files: FileOps,
    file: File,
    identity: Identity,
    found: Walk,
    chain: list[tuple[int, FragmentRecord, HeaderPage, bool]],
) -> None:
    """Distrust the last flipped fragments: a disk that lied about a sync lost them first."""
    for back in range(min(_DISTRUSTED, len(chain)), 0, -1):
        offset, record, *_page = chain[-back]
        if not matches(files, file, record, offset):
            del chain[-back:]
            found.position = offset
            found.last = chain[-1][1] if chain else None
            found.link = found.last.link() if found.last else identity.link()
            return
