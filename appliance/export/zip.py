"""A ZIP64 archive without compression, laid out before its contents are read.

Every size is known ahead and any range can be asked for.  Only the CRC-32 of an entry is not: it
stands behind the contents (data descriptor) and in the directory at the end (APPNOTE 6.3.10).
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

LOCAL_MARK, CENTRAL_MARK, END64_MARK, END_MARK = 0x0403_4B50, 0x0201_4B50, 0x0606_4B50, 0x0605_4B50
LOCAL = struct.Struct("<IHHHHHIIIHH")
EXTRA = struct.Struct("<HHQQ")
DESCRIPTOR = struct.Struct("<IIQQ")
CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
CENTRAL_EXTRA = struct.Struct("<HHQQQ")
END64 = struct.Struct("<IQHHIIQQQQ")
LOCATOR = struct.Struct("<IIQI")
END = struct.Struct("<IHHHHIIH")
_VERSION = 45
_UNIX = 3
_FLAGS = 1 << 3 | 1 << 11
"""Sizes and CRC follow the contents; names are UTF-8."""

_MOST32 = 0xFFFF_FFFF
_MOST16 = 0xFFFF
_FILE_MODE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: its path within, its size, when it was made (local time)."""

    name: str
    size: int
    modified: datetime


class Made(NamedTuple):
    """Bytes of the archive itself."""

    data: bytes


class Contents(NamedTuple):
    """[start, end) of the contents of entry `number`."""

    number: int
    start: int
    end: int


class Needed(NamedTuple):
    """The CRC-32 of these entries are asked for next."""

    numbers: range


class Archive:
    """The layout; `crc` gives the CRC-32 of an entry by its number when it is needed."""

    def __init__(self, entries: Sequence[Entry], crc: Callable[[int], int]) -> None:
        self._entries = list(entries)
        self._crc = crc
        sizes: list[int] = []
        for entry in self._entries:
            sizes += [len(_local(entry)), entry.size, DESCRIPTOR.size]
        sizes.append(self._directory_bytes())
        self._starts = list(accumulate(sizes, initial=0))
        self.size = self._starts[-1]

    def spans(self, start: int, end: int) -> Iterator[Made | Contents]:
        """Yield what [start, end) consists of."""
        for span in self.spans_and_needs(start, end):
            if not isinstance(span, Needed):
                yield span

    def spans_and_needs(self, start: int, end: int) -> Iterator[Made | Contents | Needed]:
        """Yield what [start, end) consists of, and before each what it will be asked for."""
        number = bisect_right(self._starts, start) - 1
        while start < min(end, self.size):
            begin, until = self._starts[number], min(end, self._starts[number + 1])
            if start < until:
                entry, part = divmod(number, 3)
                if part == 1 and entry < len(self._entries):
                    yield Contents(entry, start - begin, until - begin)
                else:
                    if part == 2:
                        yield Needed(range(entry, entry + 1))
                    elif entry == len(self._entries):
                        yield Needed(range(entry))
                    yield Made(self._made(entry, part)[start - begin : until - begin])
            start, number = max(start, until), number + 1

    def contents_at(self, number: int) -> int:
        """Return where the contents of an entry begin."""
        return self._starts[3 * number + 1]

    def _made(self, number: int, part: int) -> bytes:
        if number == len(self._entries):
            return self._directory()
        entry = self._entries[number]
        if part == 0:
            return _local(entry)
        return DESCRIPTOR.pack(0x0807_4B50, self._crc(number), entry.size, entry.size)

    def _directory_bytes(self) -> int:
        entries = sum(
            CENTRAL.size + len(entry.name.encode()) + CENTRAL_EXTRA.size for entry in self._entries
        )
        return entries + END64.size + LOCATOR.size + END.size

    def _directory(self) -> bytes:
        parts = []
        for number, entry in enumerate(self._entries):
            name = entry.name.encode()
            parts.append(
                CENTRAL.pack(
                    CENTRAL_MARK, _UNIX << 8 | _VERSION, _VERSION, _FLAGS, 0,
                    *_dos_time(entry.modified), self._crc(number), _MOST32, _MOST32, len(name),
                    CENTRAL_EXTRA.size, 0, 0, 0, _FILE_MODE, _MOST32,
                )
            )  # fmt: skip
            parts.append(name)
            where = self._starts[3 * number]
            parts.append(CENTRAL_EXTRA.pack(1, 24, entry.size, entry.size, where))
        begin, size = self._starts[-2], sum(map(len, parts))
        count = len(self._entries)
        parts.append(
            END64.pack(END64_MARK, END64.size - 12, _UNIX << 8 | _VERSION, _VERSION, 0, 0,
                        count, count, size, begin)
        )  # fmt: skip
        parts.append(LOCATOR.pack(0x0706_4B50, 0, begin + size, 1))
        parts.append(END.pack(END_MARK, 0, 0, _MOST16, _MOST16, _MOST32, _MOST32, 0))
        return b"".join(parts)


def _local(entry: Entry) -> bytes:
    name = entry.name.encode()
    head = LOCAL.pack(
        LOCAL_MARK, _VERSION, _FLAGS, 0, *_dos_time(entry.modified), 0, _MOST32, _MOST32,
        len(name), EXTRA.size,
    )  # fmt: skip
    return head + name + EXTRA.pack(1, 16, entry.size, entry.size)


def _dos_time(when: datetime) -> tuple[int, int]:
    """Return time and date as DOS has them: two seconds, from 1980 to 2107."""
    if not 1980 <= when.year <= 2107:
        return 0, 1 << 5 | 1
    time = when.hour << 11 | when.minute << 5 | when.second // 2
    return time, (when.year - 1980) << 9 | when.month << 5 | when.day
