"""SHA-256 and CRC-32 of movies, taken while they are sent where that is possible."""

from __future__ import annotations

import hashlib
import zlib
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

    @property
    def whole(self) -> bool:
        """Whether all bytes were taken."""
        return self.done >= self._movie.size

    def step(self, reader: MovieReader) -> bool:
        """Read the next bytes that are lacking; True once there are none.

        Raises FootageGoneError, OSError.
        """
        at = self.done
        if at < self._movie.size:
            self.feed(at, reader.read(self._movie, at, min(at + CHUNK, self._movie.size)))
        return self.whole

    def digest(self) -> Digest:
        """Return the digests of the whole movie.  Raises ValueError as long as bytes lack."""
        if not self.whole:
            raise ValueError(f"{self._movie.name}: {self.done} of {self._movie.size} bytes")
        return Digest(self._sha.hexdigest(), self._crc)
