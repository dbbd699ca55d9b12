"""Checking one exported MP4: every fragment against its own record, the chain, the manifest.

Whatever was changed is told by fragment and time: records, footage, the pages between them, the
head and the index.  The SHA-256 of the whole file is the last word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from appliance.export.entries import Chain, FileEntry, LeadMoof, Part
from appliance.export.lead_moof import ORIGINAL_TYPE
from appliance.export.names import iso_time
from appliance.storage.boxes import (
    FRAGMENT_TYPE,
    USER_HEAD,
    box_head,
    decode_time,
    move_times,
    parse_box,
    timescales,
    video_track,
)
from appliance.storage.errors import BlockFormatError
from appliance.storage.pages import PAGE
from appliance.storage.record import (
    COPY_AT,
    HEADER_BYTES,
    RECORD_BYTES,
    FragmentRecord,
    header_tail,
    unpack_record,
)
from appliance.text import _

CHUNK = 1 << 20
MOST_FRAGMENT = 64 << 20
MOST_HEAD = 16 << 20
_NOTHING = bytes(RECORD_BYTES)
_FOOTAGE = frozenset({b"moof", b"mdat"})

Told = Callable[[str, str], None]
"""Is told (code, words) of each problem."""


class Bytes(Protocol):
    """A file that is read from its beginning to its end."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes."""


class Hashed:
    """Reads in order, can look ahead, and hashes all that is passed over."""

    def __init__(self, source: Bytes, progress: Callable[[int], None]) -> None:
        self._source = source
        self._progress = progress
        self._buffer = bytearray()
        self._sha = hashlib.sha256()
        self.at = 0

    def look(self, size: int) -> bytes:
        """Return the next bytes without passing over them; fewer at the end."""
        while len(self._buffer) < size:
            data = self._source.read(max(CHUNK, size - len(self._buffer)))
            if not data:
                break
            self._buffer += data
        return bytes(self._buffer[:size])

    def skip(self, size: int) -> int:
        """Pass over bytes; returns how many there were."""
        return sum(len(part) for part in self._passed(size))

    def digest(self, size: int) -> str:
        """Pass over bytes; returns their SHA-256."""
        sha = hashlib.sha256()
        for part in self._passed(size):
            sha.update(part)
        return sha.hexdigest()

    def _passed(self, size: int) -> Iterator[bytes]:
        while size > 0 and (part := self.look(min(size, CHUNK))):
            self._sha.update(part)
            del self._buffer[: len(part)]
            size -= len(part)
            self.at += len(part)
            self._progress(len(part))
            yield part

    def take(self, size: int) -> bytes:
        """Return the next bytes, passed over."""
        data = self.look(size)
        self.skip(len(data))
        return data

    def sha256(self) -> str:
        """Pass over the rest; the digest of the whole file."""
        while self.skip(CHUNK):
            pass
        return self._sha.hexdigest()


def check_movie(
    source: Bytes,
    entry: FileEntry,
    told: Told,
    progress: Callable[[int], None] = lambda _done: None,
) -> int:
    """Check a file against its entry of the manifest; returns how many fragments are right.

    Raises OSError.
    """
    file = Hashed(source, progress)
    found: list[str] = []

    def tell(code: str, text: str) -> None:
        found.append(code)
        told(code, text)

    _check_made(file, entry.front, _("its head"), tell)
    good = 0
    for chain in entry.chains:
        good += ChainCheck(file, tell, chain).run()
    _check_made(file, entry.back, _("the index at its end"), tell)
    digest = file.sha256()
    if file.at != entry.size:
        text = _("it has {is_bytes} bytes instead of {bytes}: it was cut off, or added to")
        tell("size", text.format(is_bytes=file.at, bytes=entry.size))
    elif digest != entry.sha256 and not found:
        tell("sha256", _("its bytes were changed (SHA-256)"))
    return good


def _check_made(file: Hashed, part: Part, what: str, told: Told) -> None:
    if file.digest(part.size) != part.sha256:
        told("changed", _("{what} was changed").format(what=what))


def check_alone(
    source: Bytes, told: Told, progress: Callable[[int], None] = lambda _done: None
) -> int:
    """Check a file without a manifest: its fragments, and what they say of each other.

    Nothing vouches for its head, for the `moof` that was cut, and for the index at its end.
    Returns the number of fragments that are right.  Raises OSError.
    """
    file = Hashed(source, progress)
    clock, lead = _front(file, told)
    chain = ChainCheck(file, told, None, clock, lead)
    chain.run()
    if not chain.passed:
        told("foreign", _("it holds no footage of a recorder of this kind"))
    else:
        _check_index(file, told)
    file.sha256()
    return chain.good


def _front(file: Hashed, told: Told) -> tuple[Clock | None, LeadMoof | None]:
    """Pass over what lies before the first fragment; returns what it says of all."""
    clock: Clock | None = None
    lead: LeadMoof | None = None
    while head := file.look(USER_HEAD):
        kind = head[4:8]
        if head[8:] == FRAGMENT_TYPE or kind in _FOOTAGE:
            break
        try:
            size = parse_box(file.look(16)).size
        except BlockFormatError:
            told("changed", _("{what} was changed").format(what=_("its head")))
            break
        if kind == b"moov" and size < MOST_HEAD:
            moov = file.look(size)
            clock = Clock(video_track(moov), timescales(moov))
        if head[8:] == ORIGINAL_TYPE and size < MOST_HEAD:
            lead = LeadMoof(file.look(size)[USER_HEAD:], "")
        if file.skip(size) < size:
            told("size", _("it is cut off"))
    return clock, lead


def _check_index(file: Hashed, told: Told) -> None:
    """The index has to be there and the last of the file."""
    head = file.look(16)
    try:
        whole = head[4:8] == b"mfra" and file.skip(size := parse_box(head).size) == size
    except BlockFormatError:
        whole = False
    if not whole:
        told("size", _("it is cut off"))
    elif file.look(1):
        told("size", _("something was added behind its end"))


class Clock(NamedTuple):
    """The video track of a movie and the timescales of all."""

    track: int
    scales: dict[int, int]


class ChainCheck:
    """Fragments that continue each other; `chain` is the manifest's word on them.

    Without it, `clock` is what is needed to find out by how much times were moved.
    """

    def __init__(
        self,
        file: Hashed,
        told: Told,
        chain: Chain | None,
        clock: Clock | None = None,
        lead: LeadMoof | None = None,
    ) -> None:
        self._file = file
        self._told = told
        self._chain = chain
        self._link: bytes | None = chain.before if chain else None
        self._last: FragmentRecord | None = None
        self._clock = clock
        self._end = file.at + chain.size if chain else 1 << 62
        self._back = {t: -ticks for t, ticks in chain.moved.items()} if chain else {}
        self._lead = chain.lead if chain else lead
        self._expected = chain.first if chain else None
        self.passed = 0
        self.good = 0

    def run(self) -> int:
        """Check; returns how many fragments are right."""
        while self._file.at < self._end:
            page = self._file.look(PAGE)
            if self._ends(page):
                break
            record = _record(page)
            if record is None or record.box_bytes + record.payload_bytes > MOST_FRAGMENT:
                if not self._lost(page):
                    break
                continue
            self._fragment(record, page)
        if self._chain is not None:
            self._check_end(self._chain)
        return self.good

    def _check_end(self, chain: Chain) -> None:
        count = chain.fragments
        if self._last is not None and self._last.link().hex() != chain.last:
            self._tell(_("{fragment}: it is not the one that the manifest ends with"), self._last)
        if self.passed < count:
            text = _("{count} of {all} fragments of block {block} are missing")
            self._told("missing", text.format(count=count - self.passed, all=count,
                                              block=chain.block))  # fmt: skip
        self._file.skip(self._end - self._file.at)

    def _fragment(self, record: FragmentRecord, page: bytes) -> None:
        right = self._check_record(record)
        right = self._check_page(record, page) and right
        self._file.skip(PAGE)
        rest = self._file.take(record.total_bytes - PAGE)
        right = self._check_footage(record, rest) and right
        self._link, self._last = record.link(), record
        self._expected = record.index + 1
        self.passed += 1
        self.good += right

    def _check_record(self, record: FragmentRecord) -> bool:
        last = self._last
        if self._chain is None and last and record.sequence != last.sequence:
            return True  # the next block begins
        if self._expected is not None and record.index > self._expected:
            text = _("{count} fragments before {fragment} are missing")
            self._tell(text, record, count=record.index - self._expected)
        elif self._link is not None and record.previous != self._link:
            self._tell(_("{fragment}: it does not continue the one before it"), record)
        else:
            return True
        return False

    def _check_page(self, record: FragmentRecord, page: bytes) -> bool:
        before = page[COPY_AT:HEADER_BYTES]
        copy = _record(page, COPY_AT)
        if record.index == 0:
            continues = before == _NOTHING
        else:
            continues = copy is not None and copy.link() == record.previous
        expected = box_head(b"uuid", record.box_bytes) + header_tail(record, copy)
        if continues and page == expected:
            return True
        self._tell(_("{fragment}: the page in front of it was changed"), record)
        return False

    def _check_footage(self, record: FragmentRecord, rest: bytes) -> bool:
        if len(rest) < record.total_bytes - PAGE:
            self._tell(_("{fragment}: it is cut off"), record)
            return False
        sha = hashlib.sha256()
        for part in self._undone(record, memoryview(rest)):
            sha.update(part)
        if sha.digest() == record.sha256:
            return True
        self._tell(_("{fragment}: its picture or sound was changed"), record)
        return False

    def _undone(self, record: FragmentRecord, rest: memoryview) -> tuple[bytes | memoryview, ...]:
        """Take off what the export added to the times, put back what it left out."""
        at = record.box_bytes - PAGE
        lead, self._lead = self._lead, None
        if lead is not None:
            end = at + len(lead.stored)
            if lead.shown and hashlib.sha256(rest[at:end]).hexdigest() != lead.shown:
                return (rest,)
            return rest[:at], lead.stored, rest[end:]
        try:
            end = at + parse_box(rest, at).size
        except BlockFormatError:
            return (rest,)
        moof = bytes(rest[at:end])
        back = self._back if self._chain is not None else self._found_out(record, moof)
        return (rest[:at], move_times(moof, back), rest[end:]) if back else (rest,)

    def _found_out(self, record: FragmentRecord, moof: bytes) -> dict[int, int]:
        """How much to take off, from the time that the record knows."""
        track, scales = self._clock or Clock(0, {})
        time, scale = decode_time(moof, track), scales.get(track)
        if time is None or not scale:
            return {}
        stored = record.media_shift
        shift = time - record.media_time + stored
        return {n: stored * own // scale - shift * own // scale for n, own in scales.items()}

    def _lost(self, page: bytes) -> bool:
        """Pass over what has no readable record, up to the next fragment; False at the end."""
        if not page:
            return False
        foreign = self._last is None and self._chain is None  # until footage of ours follows
        if not foreign:
            self._tell_lost()
        self._file.skip(PAGE)
        for _page in range(MOST_FRAGMENT // PAGE):
            ahead = self._file.look(PAGE)
            if self._ends(ahead):
                return True
            if self._file.at >= self._end or len(ahead) < PAGE:
                return False
            record = _record(ahead) if ahead[8:USER_HEAD] == FRAGMENT_TYPE else None
            if record is not None:
                if foreign:
                    self._tell_lost()
                self._link = None
                self._expected = record.index
                self.passed += 1
                return True
            self._file.skip(PAGE)
        return False

    def _ends(self, page: bytes) -> bool:
        """Whether the index follows, where no manifest says when."""
        return self._chain is None and page[4:8] == b"mfra"

    def _tell_lost(self) -> None:
        if self._last is not None:
            self._tell(_("the fragment after {fragment}: its record was changed"), self._last)
        elif self._chain is not None:
            text = _("fragment {number} of block {block}: its record was changed")
            text = text.format(number=self._chain.first, block=self._chain.block)
            self._told("changed", text)
        else:
            self._told("changed", _("the first fragment: its record was changed"))

    def _tell(self, text: str, record: FragmentRecord, **more: object) -> None:
        begin, end = iso_time(record.utc_ns), iso_time(record.utc_ns + record.duration_ns)
        name = _("fragment {index} of block {block} ({begin} to {end})").format(
            index=record.index, block=record.block, begin=begin, end=end
        )
        self._told("changed", text.format(fragment=name, **more))


def _record(page: bytes, at: int = USER_HEAD) -> FragmentRecord | None:
    try:
        return unpack_record(page, at)
    except BlockFormatError:
        return None
