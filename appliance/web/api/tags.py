"""Tags: instants of a channel with a name, marked, found, renamed, deleted, played (D1-PB-34..36).

Who may play a channel back sees its tags; to write them takes the right of its own.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.storage.model import StreamId, StreamName
from appliance.storage.reader import FootageReader
from appliance.text import _
from appliance.web.asking import ask
from appliance.web.box_state import BOX
from appliance.web.errors import ApiError, FieldError
from appliance.web.guard import requester
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.service import media
from appliance.web.reading import invalid, not_found, read_body, read_query
from appliance.web.routing import Route, request_access

MAX_MS = 1 << 53
MS = 1_000_000
MAX_NAME = 64
MAX_BEFORE_S = 60
JOIN_NS = 2_000_000_000
"""Footage that goes on within so long is one recording for whoever plays a tag."""


class TagsQuery(BaseModel):
    """Filters; channels are written "1,2,3", times are ms UTC, `to` exclusive.

    `name` is any part of the name, in any case.  `after` is the `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=False)
    channels: list[int] | None = Field(None, max_length=256)
    start: int | None = Field(None, alias="from", ge=0, le=MAX_MS)
    end: int | None = Field(None, alias="to", ge=0, le=MAX_MS)
    name: str | None = Field(None, max_length=MAX_NAME)
    after: str | None = Field(None, max_length=64)
    limit: int = Field(100, ge=1, le=500)


class TagBody(BaseModel):
    """An instant (ms UTC) of a channel and its name: 1 to 64 characters of any language."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=256)
    at: int = Field(ge=0, le=MAX_MS)
    name: str = Field(max_length=1000)


class NameBody(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=1000)


class IdsBody(BaseModel):
    """Which tags."""

    model_config = ConfigDict(extra="forbid")
    ids: list[str] = Field(min_length=1, max_length=500)


class BeforeQuery(BaseModel):
    """How many seconds before the tag to begin (D1-PB-35)."""

    model_config = ConfigDict(extra="forbid")
    before: int = Field(5, ge=0, le=MAX_BEFORE_S)


class TagAnswer(BaseModel):
    """A tag; times are ms UTC.

    `gone`: since when no disk has footage of it (then it is removed a day later), else null.
    """

    id: str
    channel: int
    at: int
    name: str
    author: str
    changed: int
    gone: int | None


class TagsAnswer(BaseModel):
    """A page of tags, the latest instant first; `next` is null on the last one."""

    tags: list[TagAnswer]
    next: str | None


class DeletedAnswer(BaseModel):
    """How many tags were deleted; some may have been deleted before."""

    deleted: int


class PlayAnswer(BaseModel):
    """Where to begin: `recorded` says whether there is footage of the tag's instant."""

    channel: int
    at: int
    recorded: bool


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/tags", get_tags, Permission.PLAYBACK, "Search tags", "tags",
              query=TagsQuery, answer=TagsAnswer, errors=("supervisor_away", "invalid")),
        Route("POST", "/api/v1/tags", post_tag, Permission.TAG, "Tag an instant of a channel",
              "tags", body=TagBody, answer=TagAnswer, status=201,
              errors=("supervisor_away", "invalid", "tags.full")),
        Route("POST", "/api/v1/tags/delete", delete_tags, Permission.TAG,
              "Delete one or many tags", "tags", body=IdsBody, answer=DeletedAnswer,
              errors=("supervisor_away", "invalid")),
        Route("PATCH", "/api/v1/tags/{id}", patch_tag, Permission.TAG, "Rename a tag", "tags",
              body=NameBody, answer=TagAnswer,
              errors=("supervisor_away", "invalid", "tags.no_tag")),
        Route("GET", "/api/v1/tags/{id}/play", get_play, Permission.PLAYBACK,
              "Where to begin to play a tag", "tags", query=BeforeQuery, answer=PlayAnswer,
              errors=("supervisor_away", "tags.no_tag", "volume_slow")),
    ]  # fmt: skip


async def get_tags(request: web.Request) -> web.Response:
    """Answer tags of channels the person may play back."""
    access = request_access(request)
    query = read_query(request, TagsQuery).model_dump(exclude_none=True)
    allowed = access.channels_of(Permission.PLAYBACK)
    if allowed is not None or "channels" in query:
        wanted = query.get("channels") or sorted(allowed or ())
        query["channels"] = access.visible(Permission.PLAYBACK, wanted)
        if not query["channels"]:
            return web.json_response({"tags": [], "next": None})
    access.asked = True
    answer = await ask(request, "tags.query", **query)
    tags = [tag for tag in answer["tags"] if access.may(Permission.PLAYBACK, tag["channel"])]
    return web.json_response({"tags": list(map(_shown, tags)), "next": answer["next"]})


async def post_tag(request: web.Request) -> web.Response:
    """Mark an instant."""
    body = await read_body(request, TagBody)
    access = request_access(request)
    access.require(Permission.TAG, body.channel)
    await request.config_dict[BOX].channels()
    if not request.config_dict[BOX].known_channel(body.channel):
        text = _("There is no channel D{number}.").format(number=body.channel)
        raise invalid([FieldError("channel", "unknown", text)])
    author = access.user.name if access.user else ""
    tag = await ask(
        request, "tags.add", channel=body.channel, at=body.at, name=body.name, author=author
    )
    return web.json_response(_shown({**tag, "gone": None}), status=201)


async def patch_tag(request: web.Request) -> web.Response:
    """Rename."""
    tag_id = _id(request)
    body = await read_body(request, NameBody)
    known = await _one(request, tag_id, Permission.TAG)
    renamed = await ask(request, "tags.rename", id=tag_id, name=body.name, by=requester(request))
    return web.json_response(_shown({**renamed, "gone": known["gone"]}))


async def delete_tags(request: web.Request) -> web.Response:
    """Delete all of them or, where one is of a channel the person has no right on, none."""
    body = await read_body(request, IdsBody)
    if not all(map(_is_id, body.ids)):
        raise invalid([FieldError("ids", "id", _("These have to be ids of tags."))])
    known = (await ask(request, "tags.get", ids=body.ids))["tags"]
    request_access(request).require_all(Permission.TAG, [tag["channel"] for tag in known])
    ids = [tag["id"] for tag in known]
    answer = {"deleted": 0}
    if ids:
        answer = await ask(request, "tags.delete", ids=ids, by=requester(request))
    return web.json_response(answer)


async def get_play(request: web.Request) -> web.Response:
    """Answer the instant `before` seconds ahead of a tag, or where its recording begins."""
    query = read_query(request, BeforeQuery)
    tag = await _one(request, _id(request), Permission.PLAYBACK)
    footage = media(request).footage
    await footage.refresh()
    try:
        start, recorded = await footage.call(
            beginning, footage.reader, tag["channel"], tag["at"], query.before
        )
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    return web.json_response({"channel": tag["channel"], "at": start, "recorded": recorded})


def beginning(reader: FootageReader, channel: int, at_ms: int, before_s: int) -> tuple[int, bool]:
    """Return where to begin (ms UTC) for a tag, and whether its instant is recorded.

    `before_s` ahead of it; if the recording that holds it begins later, where that begins; if
    nothing holds it, at the tag itself (D1-PB-35).
    """
    streams = [StreamId(channel, name) for name in StreamName]
    at_ns, wanted_ns = at_ms * MS, (at_ms - before_s * 1000) * MS
    spans = reader.timeline(streams, wanted_ns, at_ns + JOIN_NS, gap_ns=JOIN_NS)
    begin_ns = None
    for span in sorted(spans, key=lambda span: -span.end_ns):
        if span.end_ns >= (at_ns if begin_ns is None else begin_ns) - JOIN_NS:
            begin_ns = span.start_ns if begin_ns is None else min(begin_ns, span.start_ns)
    if begin_ns is None:
        return at_ms, False
    return max(0, min(at_ms, max(at_ms - before_s * 1000, -(-begin_ns // MS)))), True


async def _one(request: web.Request, tag_id: str, permission: Permission) -> dict[str, Any]:
    access = request_access(request)
    access.asked = True
    found = (await ask(request, "tags.get", ids=[tag_id]))["tags"]
    if not found:
        text = _("There is no such tag any more. It may have been deleted.")
        raise ApiError(404, "tags.no_tag", text)
    access.require(permission, found[0]["channel"])
    return dict(found[0])


def _id(request: web.Request) -> str:
    tag_id = request.match_info["id"]
    if not _is_id(tag_id):
        raise not_found()
    return tag_id


def _is_id(text: str) -> bool:
    return len(text) == 32 and set(text) <= set("0123456789abcdef")


def _shown(tag: dict[str, Any]) -> dict[str, Any]:
    return {name: tag[name] for name in TagAnswer.model_fields}
