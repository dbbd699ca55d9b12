"""Log lines on disk, bounded: one JSON object a line, a file and the one before it a process."""

from __future__ import annotations

import contextlib
import fcntl
import heapq
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE_BYTES = 1 << 20
"""A file of this size becomes the former one; with both a process keeps up to 2 MiB."""
MAX_LINE_BYTES = 16 * 1024
LEVELS = ("debug", "info", "warning", "error", "critical")
SUFFIX = ".jsonl"
_STANDARD = frozenset({"time", "level", "process", "text"})
_NAME = re.compile(r"[a-z][a-z0-9@_-]{0,39}")


class FileHandler(logging.Handler):
    """Appends lines; several processes of one name may share a file.

    A line that cannot be written is dropped and counted: a full disk stops nobody.
    """

    def __init__(self, folder: Path, name: str, *, file_bytes: int = FILE_BYTES) -> None:
        super().__init__()
        self._path = folder / (name + SUFFIX)
        self._most = file_bytes
        self._descriptor = -1
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        line = self.format(record).encode("utf-8", "replace")
        if len(line) > MAX_LINE_BYTES:
            line = _shortened(line)
        try:
            self._open()
            os.write(self._descriptor, line + b"\n")
        except OSError:
            self.dropped += 1

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
        super().close()

    def _open(self) -> None:
        """Have the file open that is the present one, making room before it grows too large."""
        if self._descriptor >= 0 and self._is_present():
            if os.fstat(self._descriptor).st_size < self._most:
                return
            self._rotate()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        if os.fstat(self._descriptor).st_size >= self._most:
            self._rotate()
            os.close(self._descriptor)
            self._descriptor = os.open(self._path, flags, 0o600)

    def _is_present(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._descriptor))

    def _rotate(self) -> None:
        """Make the file the former one, unless another process just did."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            if self._is_present():
                self._path.replace(former(self._path))
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def former(path: Path) -> Path:
    """Return the file before `path`."""
    return path.with_name(path.name + ".1")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line as it was written; `time_ms` since 1970 (UTC), `more` the fields besides."""

    time_ms: int
    level: str
    process: str
    text: str
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines: of a process ("" for all), of at least a level, in [start, end), with words."""

    process: str = ""
    level: str = "debug"
    start_ms: int = 0
    end_ms: int = 1 << 62
    words: tuple[str, ...] = ()
    limit: int = 200


def processes(folder: Path) -> list[str]:
    """Return the names of processes that have lines."""
    names = {path.name.partition(SUFFIX)[0] for path in folder.glob(f"*{SUFFIX}*")}
    return sorted(name for name in names if _NAME.fullmatch(name))


def read_lines(folder: Path, wanted: LogFilter) -> list[LogLine]:
    """Return matching lines, the newest first.  Blocks; reads at most 2 MiB a process."""
    names = [name for name in processes(folder) if wanted.process in ("", name)]
    found = (line for name in names for line in _lines_of(folder / (name + SUFFIX), wanted))
    newest = heapq.nlargest(wanted.limit, enumerate(found), key=lambda n: (n[1].time_ms, n[0]))
    return [line for _number, line in newest]


def _lines_of(path: Path, wanted: LogFilter) -> Iterator[LogLine]:
    words = [word.lower() for word in wanted.words]
    least = LEVELS.index(wanted.level)
    for part in (former(path), path):
        try:
            data = part.read_bytes()
        except OSError:
            continue
        for raw in data.splitlines():
            line = _parse(raw)
            if line is None or not wanted.start_ms <= line.time_ms < wanted.end_ms:
                continue
            if line.level not in LEVELS or LEVELS.index(line.level) < least:
                continue
            told = f"{line.text} {' '.join(map(str, line.more.values()))}".lower()
            if all(word in told for word in words):
                yield line


def _parse(raw: bytes) -> LogLine | None:
    """Return the line; None for one that was cut off or is none of ours."""
    try:
        entry = json.loads(raw)
        instant = datetime.fromisoformat(entry["time"]).astimezone(UTC)
        more = {name: value for name, value in entry.items() if name not in _STANDARD}
        return LogLine(
            round(instant.timestamp() * 1000),
            str(entry["level"]),
            str(entry["process"]),
            str(entry["text"]),
            more,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def _shortened(line: bytes) -> bytes:
    """Return a line that is too long with its texts cut, still an object."""
    entry = json.loads(line)
    cut = {
        name: value[:4000] + "\u2026" if isinstance(value, str) and len(value) > 4000 else value
        for name, value in entry.items()
    }
    short = json.dumps(cut, ensure_ascii=False, default=str).encode()
    if len(short) <= MAX_LINE_BYTES:
        return short
    kept = {name: cut[name] for name in _STANDARD if name in cut}
    return json.dumps(kept, ensure_ascii=False, default=str).encode()[:MAX_LINE_BYTES]
