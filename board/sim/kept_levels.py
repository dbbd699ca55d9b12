"""Levels of outputs that stay when the program dies, in a file, as those of real controllers do.

A byte is a line.  Whoever has a line holds a lock on its byte (fcntl), which the kernel takes back
when the process ends, however it ends: just so it takes back the lines of a real chip.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class KeptLevels:
    """A chip's file; `lines` bytes, 1 is high."""

    def __init__(self, path: Path, lines: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._fd).st_size < lines:
            os.ftruncate(self._fd, lines)

    def take(self, offset: int) -> bool:
        """Take a line; False where another process has it."""
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except OSError:
            return False
        return True

    def give(self, offset: int) -> None:
        """Let go of a line; its level stays."""
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, offset)

    def write(self, offset: int, *, high: bool) -> None:
        """Set a level."""
        os.pwrite(self._fd, bytes((high,)), offset)

    def high(self, offset: int) -> bool:
        """Return a level."""
        return os.pread(self._fd, 1, offset) == b"\1"

    def close(self) -> None:
        """Let go of everything."""
        os.close(self._fd)
