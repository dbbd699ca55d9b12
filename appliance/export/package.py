"""All files of an export: the movies, and what proves them; as they lie in a folder or archive."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from appliance.export.digest import RunningDigest
from appliance.export.errors import ExportError
from appliance.export.manifest import (
    MANIFEST,
    MOST_MANIFEST,
    SIGNATURE,
    Signer,
    chains_of,
    manifest,
    manifest_bytes,
    signature_bytes,
    signature_text,
    statement,
)
from appliance.export.movie import MovieReader
from appliance.export.names import local_time
from appliance.export.page import PAGE_NAME, page_bytes, page_sha256, whole_page
from appliance.export.plan import ExportPlan
from appliance.export.zip import Archive, Entry
from appliance.text import _

ARCHIVE = "all.zip"


class Package:
    """The files of a plan by name, and their sizes before any of them is read.

    The documents (manifest, signature, page) exist after `seal`, which needs the digests of all
    movies: they are taken from whoever reads the movies in order anyway.  Raises ExportError
    (too_large) where the manifest would be larger than who verifies it accepts.
    """

    def __init__(self, plan: ExportPlan) -> None:
        self.plan = plan
        self.movies = {movie.name: movie for movie in plan.movies}
        self.running = {movie.name: RunningDigest(movie) for movie in plan.movies}
        self._page_sha = page_sha256()
        size = manifest_bytes(plan, self._page_sha)
        if size > MOST_MANIFEST:
            text = _(
                "This is too much at once: the list of what proves it would have {size} MB. Choose "
                "a shorter time or fewer channels."
            )
            raise ExportError("too_large", text.format(size=size // 1_000_000))
        self.document_sizes = {
            MANIFEST: size,
            SIGNATURE: signature_bytes(size),
            PAGE_NAME: page_bytes(size, signature_bytes(size)),
        }
        self._documents: dict[str, bytes] = {}
        self._chains: dict[str, list[dict[str, Any]]] = {}
        self._manifest = b""
        self.names = [*self.movies, *self.document_sizes]
        made = local_time(plan.made_ns, plan.zone)
        self.archive = Archive(
            [Entry(f"{plan.name}/{name}", self.size(name), made) for name in self.names], self._crc
        )

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(map(self.size, self.names))

    @property
    def kept_bytes(self) -> int:
        """About how much memory it takes for as long as it is kept, sealed or not."""
        return self.plan.kept_bytes + sum(self.document_sizes.values())

    @property
    def sealed(self) -> bool:
        """Whether the documents exist."""
        return bool(self._documents)

    def size(self, name: str) -> int:
        """Return the size of a file.  Raises KeyError."""
        movie = self.movies.get(name)
        return movie.size if movie else self.document_sizes[name]

    def document(self, name: str) -> bytes:
        """Return a document of a sealed package.  Raises KeyError."""
        return self._documents[name]

    def prepare(self, reader: MovieReader) -> Iterator[None]:
        """Read what the statement needs and was not read before, in small steps.

        For whoever must not hold a thread for as long as a terabyte takes.  Raises
        FootageGoneError, OSError.
        """
        for movie in self.plan.movies:
            while not self.running[movie.name].step(reader):
                yield
            if movie.name not in self._chains:
                self._chains[movie.name] = chains_of(reader, movie)
                yield

    def statement(self) -> dict[str, Any]:
        """Write the manifest of a prepared package; returns what is to be signed."""
        digests = {m.name: self.running[m.name].digest() for m in self.plan.movies}
        self._manifest = manifest(self.plan, digests, self._chains, self._page_sha)
        return statement(self._manifest)

    def seal(self, signed: dict[str, Any]) -> None:
        """Take the signed statement: now the documents exist."""
        signature = signature_text(signed)
        self._documents = {
            MANIFEST: self._manifest,
            SIGNATURE: signature,
            PAGE_NAME: whole_page(self._manifest, signature),
        }
        for name, data in self._documents.items():
            if len(data) != self.document_sizes[name]:
                raise AssertionError(f"{name} has {len(data)} bytes, not as planned")

    def seal_with(self, signer: Signer, reader: MovieReader) -> None:
        """Do all of it, where the signer is at hand.  Raises FootageGoneError, OSError."""
        if not self.sealed:
            for _step in self.prepare(reader):
                pass
            self.seal(signer.sign(self.statement()))

    def needed(self, reader: MovieReader, numbers: Iterable[int]) -> Iterator[None]:
        """Read, in small steps, what the CRC-32 of entries of the archive needs."""
        for name in (self.names[number] for number in numbers):
            while name in self.running and not self.running[name].step(reader):
                yield

    def _crc(self, number: int) -> int:
        name = self.names[number]
        if name in self.running:
            return self.running[name].digest().crc32
        return zlib.crc32(self._documents[name])
