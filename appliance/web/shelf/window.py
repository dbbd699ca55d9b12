"""A stretch of an open file as a file of its own, which others may read at the same time."""

from __future__ import annotations

import io
import os


class Window(io.RawIOBase):
    """[offset, offset + size) of a descriptor, which stays open when this is closed.

    With `most` no more than so many bytes are read in all; ValueError then.
    """

    def __init__(self, fd: int, offset: int, size: int, most: int | None = None) -> None:
        self._fd, self._offset, self._size, self._at = fd, offset, size, 0
        self._left = most

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether it has places to go to."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place; raises ValueError before the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Read on."""
        size = min(len(buffer), max(0, self._size - self._at))
        if self._left is not None:
            self._left -= size
            if self._left < 0:
                raise ValueError("too much to read")
        data = os.pread(self._fd, size, self._offset + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
