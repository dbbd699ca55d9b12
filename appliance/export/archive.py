"""The archive of an export, read as a stranger's: only the one layout that this program writes.

Its entries are read from the directory at the end, or, where that is damaged or cut off, from the
headers in front of each file.  Then the archive is laid out anew and compared byte for byte: so
entries that overlap, lie about their sizes, are links, or hide something between them differ.
"""

from __future__ import annotations

import contextlib
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from appliance.export.check_movie import Bytes
from appliance.export.entries import MOST_FILES, is_plain_name
from appliance.export.errors import ExportError
from appliance.export.files import Told
from appliance.export.manifest import MANIFEST, SIGNATURE
from appliance.export.page import PAGE_NAME
from appliance.export.report import Report
from appliance.export.words import same_letters
from appliance.export.zip import (
    CENTRAL,
    CENTRAL_EXTRA,
    CENTRAL_MARK,
    DESCRIPTOR,
    END,
    END64,
    END64_MARK,
    END_MARK,
    EXTRA,
    LOCAL,
    LOCAL_MARK,
    LOCATOR,
    Archive,
    Entry,
    Made,
)
from appliance.text import _

MOST_ENTRIES = MOST_FILES + 16
MOST_DIRECTORY = 8 << 20
_MOST_NAME = 1024
_MOST_BYTES = 1 << 62
_CHUNK = 1 << 20


class Zipped:
    """The files of an archive; all its bytes are looked at."""

    single = False

    def __init__(self, path: Path, told: Told) -> None:
        self._path = path
        self._file_bytes = path.stat().st_size
        self._entries = _entries(path, self._file_bytes)
        self._crcs: dict[int, int] = {}
        self._made = Archive(self._entries, self._crcs.__getitem__)
        self._numbers = self._named(told)

    def _named(self, told: Told) -> dict[str, int]:
        """The entries by their names without the folder; those with any other name are told."""
        numbers: dict[str, int] = {}
        taken: set[str] = set()
        top = same_letters(_top(self._entries))
        for number, entry in enumerate(self._entries):
            folder, _slash, name = same_letters(entry.name).partition("/")
            if folder != top or not is_plain_name(folder) or not is_plain_name(name):
                told(entry.name, "name", _("no file of an export has such a name in its archive"))
            elif name.casefold() in taken:
                told(name, "duplicate", _("the archive has two files of this name"))
            else:
                numbers[name] = number
                taken.add(name.casefold())
        return numbers

    def names(self) -> list[str]:
        """Without the folder they lie in."""
        return list(self._numbers)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Bytes]:
        """Open one; its CRC is taken while it is read."""
        with self._open(self._numbers[name]) as contents:
            yield contents

    def size(self, name: str) -> int:
        """Its size."""
        return self._entries[self._numbers[name]].size

    def litter(self, _name: str) -> bool:
        """Nothing: nobody but this program writes into an archive."""
        return False

    def check(self, report: Report, read: Callable[[int], None]) -> None:
        """Compare what lies between the files with what this program writes there."""
        self._read_rest(read)
        changed = {problem.file for problem in report.problems}
        with self._path.open("rb") as source:
            for number, entry in enumerate(self._entries):
                if entry.name.partition("/")[2] in changed:  # so its CRC differs: told already
                    self._crcs[number] = self._told_crc(source, number)
            at = 0
            for span in self._made.spans(0, self._made.size):
                if not isinstance(span, Made):
                    at += span.end - span.start
                    continue
                if at < self._file_bytes:
                    source.seek(at)
                    if source.read(len(span.data)) != span.data:
                        report.problem(self._path.name, "archive", self._place(at))
                at += len(span.data)
        if self._file_bytes != self._made.size:
            text = _("the archive has {is_bytes} bytes instead of {bytes}")
            text = text.format(is_bytes=self._file_bytes, bytes=self._made.size)
            report.problem(self._path.name, "size", text)

    def _read_rest(self, read: Callable[[int], None]) -> None:
        """Read what nobody asked for to its end, for its CRC."""
        for number in range(len(self._entries)):
            if number not in self._crcs:
                with self._open(number) as rest:
                    while part := rest.read(_CHUNK):
                        read(len(part))

    def _told_crc(self, source: BinaryIO, number: int) -> int:
        source.seek(min(self._made.contents_at(number) + self._entries[number].size,
                        self._file_bytes))  # fmt: skip
        data = source.read(DESCRIPTOR.size)
        return int(DESCRIPTOR.unpack(data)[1]) if len(data) == DESCRIPTOR.size else 0

    def _place(self, at: int) -> str:
        """Say which bytes of the archive itself were changed."""
        for number, entry in enumerate(self._entries):
            begin = self._made.contents_at(number)
            name = entry.name.partition("/")[2]
            if at < begin:
                return _("what stands in front of {name} was changed").format(name=name)
            if at <= begin + entry.size:
                return _("what stands behind {name} was changed").format(name=name)
        return _("its directory was changed")

    @contextlib.contextmanager
    def _open(self, number: int) -> Iterator[_Contents]:
        with self._path.open("rb", buffering=0) as file:
            file.seek(min(self._made.contents_at(number), self._file_bytes))
            yield _Contents(file, self._entries[number].size, self._crcs, number)


class _Contents:
    """The contents of one entry; takes their CRC-32."""

    def __init__(self, source: Bytes, size: int, sums: dict[int, int], number: int) -> None:
        self._source = source
        self._left = size
        self._sums = sums
        self._number = number
        sums[number] = 0

    def read(self, size: int, /) -> bytes:
        """Read on."""
        data = self._source.read(min(size, self._left))
        self._left -= len(data)
        self._sums[self._number] = zlib.crc32(data, self._sums[self._number])
        return data


def _entries(path: Path, size: int) -> list[Entry]:
    """Return the entries; raise ExportError (unreadable, not_an_export) where there are none."""
    found: list[list[Entry]] = []
    with path.open("rb") as source:
        for read in (_directory, _headers):
            with contextlib.suppress(ValueError, struct.error):
                entries = read(source, size)
                if entries and sum(entry.size for entry in entries) < _MOST_BYTES:
                    found.append(entries)
    if found:
        return min(found, key=lambda entries: _oddity(entries, size))
    if zipfile.is_zipfile(path):
        text = _("{path} was packed anew. Unpack it and verify the folder.")
        raise ExportError("not_an_export", text.format(path=path))
    text = _("The archive {path} is damaged: it has no list of files. Get it again.")
    raise ExportError("unreadable", text.format(path=path))


def _top(entries: list[Entry]) -> str:
    """Return the folder that most entries lie in."""
    return Counter(entry.name.partition("/")[0] for entry in entries).most_common(1)[0][0]


def _oddity(entries: list[Entry], size: int) -> int:
    """How far entries are from those of an export: of two lists the damaged one is further."""
    top = _top(entries)
    fits = Archive(entries, lambda _number: 0).size == size
    names = {entry.name for entry in entries}
    missing = sum(f"{top}/{name}" not in names for name in (MANIFEST, SIGNATURE, PAGE_NAME))
    strays = sum(not entry.name.startswith(f"{top}/") for entry in entries)
    return strays + MOST_ENTRIES * missing + 4 * MOST_ENTRIES * (not fits)


def _directory(source: BinaryIO, size: int) -> list[Entry]:
    """Read the directory at the end.  Raises ValueError, struct.error."""
    ends = END64.size + LOCATOR.size + END.size
    source.seek(max(0, size - ends))
    tail = source.read(ends)
    mark64, *_versions, count, _count, length, begin = END64.unpack_from(tail)
    [mark, *_more] = END.unpack_from(tail, END64.size + LOCATOR.size)
    if (mark64, mark, begin + length) != (END64_MARK, END_MARK, size - ends):
        raise ValueError("directory")
    if count > MOST_ENTRIES or length > MOST_DIRECTORY:
        raise ValueError("too many entries")
    source.seek(begin)
    data = source.read(length)
    entries, at = [], 0
    while at < len(data):
        fields = CENTRAL.unpack_from(data, at)
        mark, method, time, date, name_bytes = fields[0], *fields[4:7], fields[10]
        at += CENTRAL.size
        name = data[at : at + name_bytes].decode()
        tag, _length, contents, _same, _where = CENTRAL_EXTRA.unpack_from(data, at + name_bytes)
        if (mark, method, tag, fields[11]) != (CENTRAL_MARK, 0, 1, CENTRAL_EXTRA.size):
            raise ValueError("entry")
        entries.append(Entry(name, contents, _moment(time, date)))
        at += name_bytes + CENTRAL_EXTRA.size
    if len(entries) != count:
        raise ValueError("count")
    return entries


def _headers(source: BinaryIO, size: int) -> list[Entry]:
    """Read the headers in front of the files, up to what is none.  Raises ValueError."""
    entries: list[Entry] = []
    at = 0
    while at < size and len(entries) < MOST_ENTRIES:
        source.seek(at)
        head = source.read(LOCAL.size + _MOST_NAME + EXTRA.size)
        try:
            fields = LOCAL.unpack_from(head)
            mark, method, time, date, name_bytes = fields[0], *fields[3:6], fields[9]
            name = head[LOCAL.size : LOCAL.size + name_bytes].decode()
            tag, _length, contents, _same = EXTRA.unpack_from(head, LOCAL.size + name_bytes)
            if (mark, method, tag, fields[10]) != (LOCAL_MARK, 0, 1, EXTRA.size):
                break
            entries.append(Entry(name, contents, _moment(time, date)))
        except (struct.error, ValueError):
            break
        at += LOCAL.size + name_bytes + EXTRA.size + contents + DESCRIPTOR.size
    return entries


def _moment(time: int, date: int) -> datetime:
    """Return when a file was made (local time of the box); raise ValueError for no time."""
    return datetime(  # noqa: DTZ001 - DOS knows no zone
        1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2
    )
