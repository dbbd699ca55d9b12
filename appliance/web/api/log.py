"""The log: who did what, what happened to the box; and what the processes wrote."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.log_files import FILE_BYTES, LogFilter, LogLine, processes, read_lines
from appliance.web import audit
from appliance.web.asking import ask
from appliance.web.audit import note
from appliance.web.context import context
from appliance.web.guard import requester
from appliance.web.reading import read_query
from appliance.web.routing import Route, request_access

lifetime = audit.lifetime
MAX_MS = 1 << 53
_PAGE = 500
_COLUMNS = ("number", "time", "type", "title", "severity", "channel", "text")
Types = Literal[
    "system", "config", "storage", "record", "account", "clear", "playback", "connection"
]
Level = Literal["debug", "info", "warning", "error", "critical"]


class TableQuery(BaseModel):
    """Types of D2-MT-01, written "system,account"; `from` and `to` are ms UTC; words of `text`."""

    model_config = ConfigDict(extra="forbid")
    types: list[Types] | None = Field(None, max_length=8)
    start: int | None = Field(None, alias="from", ge=0, le=MAX_MS)
    end: int | None = Field(None, alias="to", ge=0, le=MAX_MS)
    text: str | None = Field(None, max_length=100)


class LogQuery(TableQuery):
    """`after` is the `next` of the page before."""

    after: str | None = Field(None, max_length=40)
    limit: int = Field(100, ge=1, le=_PAGE)


class EntryAnswer(BaseModel):
    """An entry; `seq` is its number in the chain of what people did, null for other entries."""

    model_config = ConfigDict(extra="allow")
    id: int
    kind: str
    type: Types
    type_title: str
    title: str
    severity: str
    channel: int | None
    start: int
    text: str
    details: dict[str, Any]
    seq: int | None


class LogAnswer(BaseModel):
    """A page of entries, newest first; `next` is null on the last one."""

    entries: list[EntryAnswer]
    next: str | None


class BrokenAnswer(BaseModel):
    """A place where something was altered or removed."""

    seq: int
    text: str


class CheckAnswer(BaseModel):
    """Whether every entry is as it was written and none is missing; `since` is ms UTC."""

    whole: bool
    entries: int
    since: int | None
    broken: list[BrokenAnswer]


class ClearAnswer(BaseModel):
    """How many entries went."""

    count: int


class SystemQuery(BaseModel):
    """Lines of a process, of at least a level, of a time (ms UTC), with words."""

    model_config = ConfigDict(extra="forbid")
    process: str | None = Field(None, max_length=40)
    level: Level = "info"
    start: int | None = Field(None, alias="from", ge=0, le=MAX_MS)
    end: int | None = Field(None, alias="to", ge=0, le=MAX_MS)
    text: str | None = Field(None, max_length=100)
    limit: int = Field(200, ge=1, le=1000)


class LineAnswer(BaseModel):
    """A line; `time` is ms UTC, `more` what was noted besides."""

    time: int
    level: Level
    process: str
    text: str
    more: dict[str, Any]


class SystemAnswer(BaseModel):
    """Lines, newest first; `kept_bytes` is what each process keeps at most."""

    lines: list[LineAnswer]
    processes: list[str]
    kept_bytes: int


def routes() -> list[Route]:
    """Routes of this subject."""
    may, errors = Permission.LOGS, ("supervisor_away", "invalid")
    return [
        Route("GET", "/api/v1/log", get_log, may, "Search the log", "log", query=LogQuery,
              answer=LogAnswer, errors=errors),
        Route("GET", "/api/v1/log/check", get_check, may,
              "Whether the log is whole", "log", answer=CheckAnswer, errors=errors),
        Route("GET", "/api/v1/log/table", get_table, may, "The log as a table (CSV)", "log",
              query=TableQuery, answer_type="text/csv", errors=errors),
        Route("POST", "/api/v1/log/clear", post_clear, Permission.MAINTAIN,
              "Clear the log; that stays in it", "log", answer=ClearAnswer, errors=errors),
        Route("GET", "/api/v1/log/system", get_system, may, "What the processes wrote", "log",
              query=SystemQuery, answer=SystemAnswer, errors=("invalid", "not_allowed")),
    ]  # fmt: skip


async def get_log(request: web.Request) -> web.Response:
    """Answer entries, of the channels whose log the asker may read."""
    query = _of(request) | read_query(request, LogQuery).model_dump(exclude_none=True)
    return web.json_response(await ask(request, "log.query", **query))


async def get_check(request: web.Request) -> web.Response:
    """Answer what a walk along the chains finds; it tells numbers, nothing of channels."""
    _of(request)
    return web.json_response(await ask(request, "log.check"))


async def get_table(request: web.Request) -> web.StreamResponse:
    """Stream the entries as RFC 4180, times as ISO 8601 in UTC.

    That it is saved is noted before anything is sent: who breaks off has what came.
    """
    query = _of(request) | read_query(request, TableQuery).model_dump(exclude_none=True)
    pages = _pages(request, query)
    first = await anext(pages)  # an error is answered as such, before the table begins
    await note(request, "log_exported")
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="log.csv"',
        }
    )
    await response.prepare(request)
    await response.write(_rows([_COLUMNS]))
    await response.write(_rows(_cells(first)))
    async for entries in pages:
        await response.write(_rows(_cells(entries)))
    await response.write_eof()
    return response


async def post_clear(request: web.Request) -> web.Response:
    """Empty the log."""
    return web.json_response(await ask(request, "log.clear", actor=requester(request)))


async def get_system(request: web.Request) -> web.Response:
    """Answer lines out of the files of this box, which tell of all channels."""
    request_access(request).require_everywhere(Permission.LOGS)
    query = read_query(request, SystemQuery)
    folder = context(request).paths.logs
    wanted = LogFilter(
        process=query.process or "",
        level=query.level,
        start_ms=query.start or 0,
        end_ms=MAX_MS if query.end is None else query.end,
        words=tuple((query.text or "").split()),
        limit=query.limit,
    )

    def read() -> tuple[list[LogLine], list[str]]:
        return read_lines(folder, wanted), processes(folder)

    lines, names = await asyncio.to_thread(read)
    told = [
        LineAnswer(
            time=line.time_ms,
            level=line.level,
            process=line.process,
            text=line.text,
            more=line.more,
        )
        for line in lines
    ]
    answer = SystemAnswer(lines=told, processes=names, kept_bytes=2 * FILE_BYTES)
    return web.json_response(answer.model_dump())


def _of(request: web.Request) -> dict[str, list[int]]:
    """Return the channels whose log may be read, {} for all of it."""
    channels = request_access(request).channels_of(Permission.LOGS)
    return {} if channels is None else {"of": sorted(channels)}


async def _pages(
    request: web.Request, query: dict[str, Any]
) -> AsyncIterator[list[dict[str, Any]]]:
    after: str | None = None
    while True:
        more = {"after": after} if after else {}
        answer = await ask(request, "log.query", **query, **more, limit=_PAGE)
        yield answer["entries"]
        after = answer["next"]
        if after is None:
            return


def _cells(entries: list[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        instant = datetime.fromtimestamp(entry["start"] / 1000, UTC)
        yield (
            entry["seq"] or "",
            instant.isoformat(timespec="milliseconds"),
            _safe(entry["type_title"]),
            _safe(entry["title"]),
            entry["severity"],
            entry["channel"] or "",
            _safe(entry["text"]),
        )


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _rows(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
