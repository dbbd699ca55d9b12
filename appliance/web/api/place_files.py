"""Files of a stick or other mounted place, listed and played in the page (D1-PB-11).

A file may show any camera, so it takes the right to play back every channel of the box.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.web.api.jobs import ask_jobs
from appliance.web.box_state import BOX
from appliance.web.errors import ApiError
from appliance.web.ranges import unchanged, wanted_part
from appliance.web.reading import read_query
from appliance.web.routing import Route, request_access
from appliance.web.shelf.films import CHUNK, STALLED_S, Films
from appliance.web.shelf.tree import MAX_PATH, Film, Root, ShelfError, list_folder, open_film

FILMS = web.AppKey("films", Films)
_STATUS = {
    "shelf.bad_path": 422,
    "shelf.not_playable": 422,
    "shelf.packed": 422,
    "shelf.damaged": 422,
    "shelf.not_a_film": 422,
    "shelf.pulled": 404,
    "shelf.no_file": 404,
}
_ERRORS = ("jobs_away", "jobs.no_place", "invalid", *_STATUS, "shelf.unreadable", "shelf.slow")


class PathQuery(BaseModel):
    """A path below the place ("" is the place itself): "folder/film.mp4", "export.zip/film.mp4"."""

    model_config = ConfigDict(extra="forbid")
    path: str = Field("", max_length=MAX_PATH)


class PlayQuery(PathQuery):
    """From which second of the film on."""

    start: float = Field(0, alias="from", ge=0, le=1e7, allow_inf_nan=False)


class FileAnswer(BaseModel):
    """A folder, film or archive; `size` bytes, `modified` ms UTC; `export`: it has a manifest."""

    name: str
    kind: Literal["folder", "film", "archive"]
    size: int
    modified: int
    export: bool


class FilesAnswer(BaseModel):
    """What can be played; `export`: this folder or archive is one; `more`: some are not shown."""

    entries: list[FileAnswer]
    export: bool
    more: bool


class PicturesAnswer(BaseModel):
    """How pictures are coded: the library's name, the RFC 6381 name ("" if unknown), pixels."""

    codec: str
    codec_string: str
    width: int
    height: int


class FactsAnswer(BaseModel):
    """What a film holds.

    `native`: browsers play GET .../film as it is, if they can decode `video`; else GET .../play
    turns it into what they play, unless there is an `obstacle`: no_picture, coding, or order (of
    pictures, which the container does not tell).  `seconds` is null where it is not known.
    """

    container: str
    seconds: float | None
    video: PicturesAnswer | None
    audio: str | None
    native: bool
    obstacle: Literal["", "no_picture", "coding", "order"]


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/places/{id}/files", get_files, Permission.PLAYBACK,
              "What can be played on a stick or folder", "places", query=PathQuery,
              answer=FilesAnswer, errors=_ERRORS),
        Route("GET", "/api/v1/places/{id}/facts", get_facts, Permission.PLAYBACK,
              "What a film of a stick or folder holds", "places", query=PathQuery,
              answer=FactsAnswer, errors=(*_ERRORS, "shelf.busy")),
        Route("GET", "/api/v1/places/{id}/film", get_film, Permission.PLAYBACK,
              "The bytes of a film, or a range of them", "places", query=PathQuery,
              answer_type="video/mp4", errors=(*_ERRORS, "range")),
        Route("GET", "/api/v1/places/{id}/play", get_play, Permission.PLAYBACK,
              "A film as fragmented MP4 while it plays, whatever container it lies in", "places",
              query=PlayQuery, answer_type="video/mp4", errors=(*_ERRORS, "shelf.busy")),
    ]  # fmt: skip


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Start with the application, stop with it."""
    films = app[FILMS] = Films()
    yield
    films.close()


async def get_files(request: web.Request) -> web.Response:
    """Answer one folder."""
    query = read_query(request, PathQuery)
    root = await _root(request)
    found = await _do(request, list_folder, root, query.path)
    return web.json_response(asdict(found))


async def get_facts(request: web.Request) -> web.Response:
    """Look into a film, in a child."""
    film = await _open(request, read_query(request, PathQuery).path)
    try:
        return web.json_response(await request.config_dict[FILMS].facts(film))
    except ShelfError as error:
        raise _api_error(error) from error
    finally:
        film.close()


async def get_film(request: web.Request) -> web.StreamResponse:
    """Send a film as it lies there."""
    query = read_query(request, PathQuery)
    film = await _open(request, query.path)
    try:
        headers = {"ETag": f'"{film.etag}"', "Accept-Ranges": "bytes"}
        if unchanged(request, film.etag):
            return web.Response(status=304, headers=headers)
        part = wanted_part(request, film.size, film.etag)
        if not part.whole:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{film.size}"
        response = web.StreamResponse(status=200 if part.whole else 206, headers=headers)
        response.content_type = _type_of(query.path)
        response.content_length = part.end - part.start
        await response.prepare(request)
        if request.method != "HEAD":
            await _send(request, response, _parts(request, film, part.start, part.end))
        return response
    finally:
        film.close()


async def get_play(request: web.Request) -> web.StreamResponse:
    """Turn a film into what browsers play, while they play it."""
    query = read_query(request, PlayQuery)
    film = await _open(request, query.path)
    try:
        async with request.config_dict[FILMS].turned(film, query.start) as pieces:
            first = await anext(pieces, b"")  # what cannot be turned is told before the head
            response = web.StreamResponse()
            response.content_type = "video/mp4"
            await response.prepare(request)
            if request.method != "HEAD":
                await _send(request, response, _with(first, pieces))
            return response
    except ShelfError as error:
        raise _api_error(error) from error
    finally:
        film.close()


async def _send(
    request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]
) -> None:
    """Send; what breaks off breaks the connection, so that nobody takes it for the end."""
    try:
        async for data in pieces:
            async with asyncio.timeout(STALLED_S):
                await response.write(data)
        await response.write_eof()
    except (ShelfError, TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()


async def _parts(request: web.Request, film: Film, start: int, end: int) -> AsyncIterator[bytes]:
    films = request.config_dict[FILMS]
    while start < end:
        data = await films.call(film.read, start, min(CHUNK, end - start))
        start += len(data)
        yield data


async def _with(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for data in rest:
        yield data


async def _open(request: web.Request, path: str) -> Film:
    root = await _root(request)
    film: Film = await _do(request, open_film, root, path)
    return film


async def _do(request: web.Request, work: Any, *args: Any) -> Any:
    try:
        return await request.config_dict[FILMS].call(work, *args)
    except ShelfError as error:
        raise _api_error(error) from error


async def _root(request: web.Request) -> Root:
    """Return the place asked for, for whoever may play back every channel."""
    channels = await request.config_dict[BOX].channels()
    request_access(request).require_all(
        Permission.PLAYBACK, [channel["id"] for channel in channels]
    )
    told = await ask_jobs(request, "places.where", place=request.match_info["id"])
    return Root(Path(told["path"]), int(told["fsid"]), str(told["name"]))


def _type_of(path: str) -> str:
    suffix = Path(path).suffix.lower()
    return {".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4"}.get(
        suffix, "application/octet-stream"
    )


def _api_error(error: ShelfError) -> ApiError:
    return ApiError(_STATUS.get(error.code, 503), error.code, error.text)
