"""SHA-256 and CRC-32 of movies, taken while they are sent where that is possible."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from appliance.export.movie import Movie, MovieReader

CHUNK = 1 << 20


class Digest(NamedTuple):
    """SHA-256 in hex, CRC-32."""

    sha256: str
    crc32: int


class RunningDigest:
    """Takes the bytes of one movie in order, from whoever has them; thread-safe."""

    def __init__(self, movie: Movie) -> None:
        self._movie = movie
        self._sha = hashlib.sha256()
        self._crc = 0
        self._lock = Lock()
        self.done = 0

    def feed(self, at: int, data: bytes) -> None:
        """Take the bytes at an offset; those that are not the next ones are of no use."""
        with self._lock:
            if at <= self.done < at + len(data):
                new = memoryview(data)[self.done - at :]
                self._sha.update(new)
                self._crc = zlib.crc32(new, self._crc)
                self.done += len(new)

    def finish(
        self, reader: MovieReader, progress: Callable[[int], None] = lambda _done: None
    ) -> Digest:
        """Read what is lacking; `progress` is told the bytes taken so far.

        Raises FootageGoneError, OSError.
        """
        while (at := self.done) < self._movie.size:
            self.feed(at, reader.read(self._movie, at, min(at + CHUNK, self._movie.size)))
            progress(self.done)
        return Digest(self._sha.hexdigest(), self._crc)
