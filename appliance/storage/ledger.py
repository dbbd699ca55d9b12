"""The ledger on the system disk: what was closed and what was retired, signed, append-only.

One JSON object a line.  A block's footage is proved by its own chain; the ledger proves that a
block which is not there any more was retired by this box and not taken away.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from appliance.storage.model import StreamId

ROTATE_BYTES = 64 << 20
KEEP_RETIRED = 100_000
_RECENT_BYTES = 1 << 20


def closing_entry(
    volume: str,
    block: int,
    generation: int,
    sequence: int,
    stream: StreamId,
    fragments: int,
    first_ns: int,
    last_ns: int,
    link: bytes,
) -> dict[str, Any]:
    """What is signed when a block is closed; `link` is its last fragment's link."""
    return {
        "action": "closed",
        "volume": volume,
        "block": block,
        "generation": generation,
        "sequence": sequence,
        "channel": stream.channel,
        "stream": stream.stream.value,
        "fragments": fragments,
        "first_ns": first_ns,
        "last_ns": last_ns,
        "link": link.hex(),
    }


def retirement_entry(
    volume: str,
    block: int,
    generation: int,
    sequence: int,
    stream: StreamId | None,
    when_ns: int,
    reason: Literal["overwritten", "expired"],
) -> dict[str, Any]:
    """What is signed before the footage of a block is given up."""
    return {
        "action": "retired",
        "volume": volume,
        "block": block,
        "generation": generation,
        "sequence": sequence,
        "channel": stream.channel if stream else 0,
        "stream": stream.stream.value if stream else "",
        "when_ns": when_ns,
        "reason": reason,
    }


class Ledger:
    """The file; every method may be called from any thread or process.  Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, *entries: dict[str, Any]) -> None:
        """Add entries durably; after a power cut an entry is there whole or not at all."""
        lines = "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in entries).encode()
        with self._locked() as fd:
            end = os.fstat(fd).st_size
            if end and os.pread(fd, 1, end - 1) != b"\n":
                lines = b"\n" + lines  # a line cut off by a power cut stays alone
            os.write(fd, lines)
            os.fdatasync(fd)
            if end + len(lines) > ROTATE_BYTES:
                self._compact()

    def entries(self) -> Iterator[dict[str, Any]]:
        """All readable entries, oldest first; lines cut off are passed over."""
        try:
            with self.path.open("rb") as lines:
                yield from _parsed(lines)
        except FileNotFoundError:
            return

    def highest_sequence(self, volume: str) -> int:
        """The highest allocation sequence ever noted for a volume; 0 if none."""
        recent = _highest(self._recent(), volume)
        return recent or _highest(self.entries(), volume)

    def _recent(self) -> Iterator[dict[str, Any]]:
        """The last few thousand entries: sequences rise, so the highest is among them."""
        try:
            with self.path.open("rb") as lines:
                lines.seek(max(0, self.path.stat().st_size - _RECENT_BYTES))
                lines.readline()
                yield from _parsed(lines)
        except FileNotFoundError:
            return

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                if self._is_current(fd):
                    yield fd
                    return
            finally:
                os.close(fd)

    def _is_current(self, fd: int) -> bool:
        try:
            return self.path.stat().st_ino == os.fstat(fd).st_ino
        except FileNotFoundError:
            return False

    def _compact(self) -> None:
        """Drop the oldest retirements and the closings that they ended."""
        entries = list(self.entries())
        retired = [e for e in entries if e.get("action") == "retired"]
        forget = {_block_key(e) for e in retired[:-KEEP_RETIRED]}
        temporary = self.path.with_name(self.path.name + ".new")
        with temporary.open("w", encoding="utf-8") as new:
            for entry in entries:
                if _block_key(entry) not in forget:
                    new.write(json.dumps(entry, separators=(",", ":")) + "\n")
            new.flush()
            os.fsync(new.fileno())
        temporary.replace(self.path)


def _parsed(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry


def _highest(entries: Iterable[dict[str, Any]], volume: str) -> int:
    found = (int(e.get("sequence", 0)) for e in entries if e.get("volume") == volume)
    return max(found, default=0)


def _block_key(entry: dict[str, Any]) -> tuple[Any, ...]:
    return (entry.get("volume"), entry.get("block"), entry.get("generation"))
