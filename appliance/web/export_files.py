"""Prepared exports of the web process, and their files as sources of bytes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from aiohttp import web

from appliance.export.movie import Movie, MovieReader
from appliance.export.package import ARCHIVE, Package
from appliance.export.pieces import Span
from appliance.export.plan import ExportPlan
from appliance.export.zip import Made, Needed
from appliance.web.export_planner import Planner
from appliance.web.routing import Access
from appliance.web.transfer import Source, Transfers

KEPT_S = 3600.0
MOST_KEPT = 40
MOST_OF_ONE = 8
MOST_BYTES = 256 << 20
MOST_BYTES_OF_ONE = 128 << 20
"""Plans kept; a day of sixteen channels takes 25 MB."""

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

    @property
    def kept_bytes(self) -> int:
        """About how much memory it takes."""
        return self.package.kept_bytes


class Sized(Protocol):
    """Something kept that takes memory."""

    @property
    def kept_bytes(self) -> int:
        """About how much."""


Thing = TypeVar("Thing", bound=Sized)


def surplus(kept: Sequence[Thing], most: int, most_bytes: int, fresh: Thing) -> Sequence[Thing]:
    """Return which of `kept`, the oldest first, give way so that `fresh` finds room."""
    left = most_bytes - fresh.kept_bytes
    for number, one in enumerate(reversed(kept)):
        left -= one.kept_bytes
        if left < 0 or number >= most - 1:
            return kept[: len(kept) - number]
    return ()


class Exports:
    """Plans kept for an hour, and the transfers of their files."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self.transfers = Transfers()
        self.planner = Planner()

    def close(self) -> None:
        """Stop; what is under way ends with its connections."""
        self.planner.close()
        self.transfers.close()

    def keep(self, package: Package, user: str) -> Kept:
        """Keep a plan; older ones of the same person, then of others, give way."""
        self._sweep()
        kept = Kept(secrets.token_urlsafe(16), package, user, time.monotonic() + KEPT_S)
        own = [one for one in self._kept.values() if one.user == user]
        for one in surplus(own, MOST_OF_ONE, MOST_BYTES_OF_ONE, kept):
            del self._kept[one.id]
        for one in surplus(list(self._kept.values()), MOST_KEPT, MOST_BYTES, kept):
            del self._kept[one.id]
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


async def seal(request: web.Request, kept: Kept, transfers: Transfers, sign: Sign) -> None:
    """Let the documents exist: read what was not read yet, have it signed.

    Raises FootageGoneError, OSError, ConnectionError when the client has gone (what was read is
    not read again for the next one), and what `sign` raises.
    """
    async with kept.sealing:
        package = kept.package
        if package.sealed:
            return
        await transfers.work(request, package.prepare)
        package.seal(await sign(await transfers.run(package.statement)))


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
        for span in package.archive.spans_and_needs(start, end):
            if isinstance(span, Needed):
                for _step in package.needed(reader, span.numbers):
                    yield b""  # nothing to send yet: others may have their turn
                continue
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
