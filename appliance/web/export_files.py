"""Prepared exports of the web process, and their files as sources of bytes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from appliance.export.movie import Movie, MovieReader
from appliance.export.package import ARCHIVE, Package
from appliance.export.pieces import Span
from appliance.export.plan import ExportPlan
from appliance.export.zip import Made
from appliance.web.routing import Access
from appliance.web.transfer import Source, Transfers

KEPT_S = 3600.0
MOST_KEPT = 40
MOST_OF_ONE = 8
"""Plans kept; a day of sixteen channels takes 17 MB."""

_CHUNK = 1 << 20
Sign = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(slots=True)
class Kept:
    """A plan that somebody made; `until` is monotonic."""

    id: str
    package: Package
    user: str
    until: float
    sealing: asyncio.Lock = field(default_factory=asyncio.Lock)
    told: set[int] = field(default_factory=set)

    @property
    def plan(self) -> ExportPlan:
        """The plan."""
        return self.package.plan


class Exports:
    """Plans kept for an hour, and the transfers of their files."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self.transfers = Transfers()

    def keep(self, package: Package, user: str) -> Kept:
        """Keep a plan; the oldest of the same person, or of all, give way."""
        self._sweep()
        own = [kept for kept in self._kept.values() if kept.user == user]
        for kept in own[: max(0, len(own) - MOST_OF_ONE + 1)]:
            del self._kept[kept.id]
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        kept = Kept(secrets.token_urlsafe(16), package, user, time.monotonic() + KEPT_S)
        self._kept[kept.id] = kept
        return kept

    def find(self, name: str, access: Access) -> Kept | None:
        """Return a plan of this person that is still kept."""
        self._sweep()
        kept = self._kept.get(name)
        own = kept is not None and access.user is not None and kept.user == access.user.name
        return kept if own else None

    def _sweep(self) -> None:
        now = time.monotonic()
        for name in [kept.id for kept in self._kept.values() if kept.until < now]:
            del self._kept[name]


EXPORTS = web.AppKey("exports", Exports)


async def seal(kept: Kept, transfers: Transfers, sign: Sign) -> None:
    """Let the documents exist: read what was not read yet, have it signed.

    Raises FootageGoneError, OSError, and what `sign` raises.
    """
    async with kept.sealing:
        package = kept.package
        if package.sealed:
            return
        package.seal(await sign(await transfers.run(_statement, package)))


def _statement(package: Package) -> dict[str, Any]:
    with MovieReader() as reader:
        return package.statement(reader)


def source_of(package: Package, name: str) -> Source | None:
    """Return a file of an export by its name, None if there is none."""
    movie = package.movies.get(name)
    if movie is not None:
        return _MovieSource(movie)
    if name == ARCHIVE:
        return _ArchiveSource(package)
    return _DocumentSource(package, name) if name in package.document_sizes else None


class _MovieSource:
    """One MP4; the kernel may copy it."""

    plain = True

    def __init__(self, movie: Movie) -> None:
        self._movie = movie
        self.size, self.etag = movie.size, movie.etag
        self.seal_at = movie.size

    def spans(self, reader: MovieReader, start: int, end: int) -> Iterator[Span]:
        """Yield [start, end)."""
        return reader.spans(self._movie, start, end)


class _DocumentSource:
    """Manifest, signature or page: there once the package is sealed."""

    plain = False
    seal_at = 0

    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._name = name
        self.size = package.size(name)
        self.etag = f"{package.plan.etag}-{name}"

    def spans(self, _reader: MovieReader, start: int, end: int) -> Iterator[Span]:
        """Yield [start, end)."""
        yield self._package.document(self._name)[start:end]


class _ArchiveSource:
    """The archive; its movies are hashed on the way out."""

    plain = False

    def __init__(self, package: Package) -> None:
        self._package = package
        self.size, self.etag = package.archive.size, package.plan.etag
        self.seal_at = package.archive.contents_at(len(package.movies))

    def spans(self, reader: MovieReader, start: int, end: int) -> Iterator[Span]:
        """Yield [start, end), movies in chunks."""
        package = self._package
        for span in package.archive.spans(start, end):
            if isinstance(span, Made):
                yield span.data
                continue
            name = package.names[span.number]
            movie = package.movies.get(name)
            if movie is None:
                yield package.document(name)[span.start : span.end]
                continue
            for at in range(span.start, span.end, _CHUNK):
                data = reader.read(movie, at, min(at + _CHUNK, span.end))
                package.running[name].feed(at, data)
                yield data
