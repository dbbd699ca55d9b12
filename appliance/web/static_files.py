"""The page's files: only those that are there at a look, compressed, hashed ones kept for ever."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.encoding import offered_encodings
from appliance.web.headers import page_policy
from appliance.web.reading import not_found
from appliance.web.routing import Route

INDEX = "index.html"
HASHED = "assets/"
"""Folder of files whose name changes with their content."""
MAX_FILES = 2000
MAX_FILE_BYTES = 8 << 20
MAX_TOTAL_BYTES = 48 << 20
MIN_COMPRESSED = 1024
_ENCODINGS = ((".br", "br"), (".gz", "gzip"))
_COMPRESSIBLE = (
    "text/", "application/javascript", "application/json", "application/manifest+json",
    "application/wasm", "image/svg+xml",
)  # fmt: skip
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".html": "text/html",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file in memory, in the encodings there are ("" is as it is)."""

    type: str
    etag: str
    bodies: dict[str, bytes]


class StaticFiles:
    """All files of one folder, read at once: a request's path is a key, never a path on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, StaticFile] = {}
        self._stamp: tuple[int, int] | None = None

    def load(self) -> None:
        """Read (again, where the build changed).  Blocking."""
        stamp = self._current_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._files = _read_folder(self._folder) if stamp else {}

    def get(self, name: str) -> StaticFile | None:
        """Return the file of that name ("assets/app-1a2b.js"), None if there is none."""
        return self._files.get(name)

    def _current_stamp(self) -> tuple[int, int] | None:
        try:
            status = (self._folder / INDEX).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


STATIC = web.AppKey("static", StaticFiles)


def routes() -> list[Route]:
    """Everything that is not the API: a file, or the page for its own addresses."""
    return [
        Route(
            "GET", "/", _page, Permission.PUBLIC, "The page", tag="page", answer_type="text/html"
        ),
        Route("GET", "/{path:.+}", _file, Permission.PUBLIC, "Files of the page", tag="page"),
    ]


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Read the files at the start."""
    await asyncio.to_thread(app[STATIC].load)
    yield


async def _file(request: web.Request) -> web.StreamResponse:
    path = request.match_info["path"]
    if path == "api" or path.startswith("api/"):
        raise not_found()
    file = request.config_dict[STATIC].get(path)
    if file is not None and path != INDEX:
        return _answer(request, file, hashed=path.startswith(HASHED))
    if "." in path.rpartition("/")[2] or path.startswith(HASHED):
        raise not_found()
    return await _page(request)


async def _page(request: web.Request) -> web.StreamResponse:
    files = request.config_dict[STATIC]
    await asyncio.to_thread(files.load)
    page = files.get(INDEX)
    if page is None:
        text = _(
            "The page of the recorder is not part of this installation. "
            "Build it (make page), then load this address again. Recording is not affected."
        )
        return web.Response(status=503, text=text + "\n")
    response = _answer(request, page, hashed=False)
    response.headers["Content-Security-Policy"] = page_policy(request)
    return response


def _answer(request: web.Request, file: StaticFile, *, hashed: bool) -> web.Response:
    headers = {
        "ETag": file.etag,
        "Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if file.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    offered = offered_encodings(request)
    for encoding in ("br", "gzip"):
        if encoding in offered and encoding in file.bodies:
            headers["Content-Encoding"] = encoding
            return _body(file, file.bodies[encoding], headers)
    return _body(file, file.bodies[""], headers)


def _body(file: StaticFile, body: bytes, headers: dict[str, str]) -> web.Response:
    charset = "utf-8" if file.type.startswith("text/") else None
    return web.Response(body=body, content_type=file.type, charset=charset, headers=headers)


def _read_folder(folder: Path) -> dict[str, StaticFile]:
    """Return the files below `folder`, without links and hidden ones, within bounds."""
    found: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or "/." in f"/{name}":
            continue
        size = path.stat().st_size
        total += size
        if size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES or len(found) >= MAX_FILES:
            _log.warning("The page's file %s is left out: too large or too many", name)
            continue
        found[name] = path.read_bytes()
    return {
        name: _static_file(name, body, found)
        for name, body in found.items()
        if not name.endswith((".br", ".gz", ".map"))
    }


def _static_file(name: str, body: bytes, found: dict[str, bytes]) -> StaticFile:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    bodies = {"": body}
    for ending, encoding in _ENCODINGS:
        packed = found.get(name + ending)
        if packed is not None:
            bodies[encoding] = packed
    if "gzip" not in bodies and len(body) >= MIN_COMPRESSED and kind.startswith(_COMPRESSIBLE):
        bodies["gzip"] = gzip.compress(body, 9, mtime=0)
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return StaticFile(kind, etag, bodies)
