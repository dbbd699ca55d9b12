"""HLS (RFC 8216, fragmented MP4 by byte ranges): footage for players and phones.

Players send no cookies, so the address holds a token.  It stands for one person's session, one
channel and one stretch of time; it ends with the session, or after some hours.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.export.errors import ExportError
from appliance.export.package import Package
from appliance.export.playlist import PLAYLIST_TYPE, Playlist, playlist
from appliance.export.request import ExportRequest
from appliance.storage.model import StreamId, StreamName
from appliance.text import _
from appliance.web.errors import ApiError
from appliance.web.export_files import EXPORTS, Kept, source_of
from appliance.web.export_serving import api_error, make_plan, serve
from appliance.web.guard import requester
from appliance.web.reading import read_body
from appliance.web.routing import Access, Route, request_access
from appliance.web.session_keeper import SESSIONS

MS = 1_000_000
KEPT_S = 4 * 3600.0
MOST = 200
PLAYLIST = "index.m3u8"


class HlsBody(BaseModel):
    """A stretch of one channel; times in ms UTC."""

    model_config = ConfigDict(extra="forbid")
    channel: int = Field(ge=1, le=4096)
    stream: Literal["main", "sub", "third"] = "main"
    start: int = Field(alias="from", ge=0, le=1 << 53)
    end: int = Field(alias="to", ge=0, le=1 << 53)


class HlsAnswer(BaseModel):
    """The address to open in a player, good until `expires` (ms UTC) or the end of the session."""

    url: str
    expires: int


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("POST", "/api/v1/hls", post_hls, Permission.PLAYBACK,
              "An address under which players and phones play footage", "footage", body=HlsBody,
              answer=HlsAnswer, status=201,
              errors=("invalid", "no_footage", "gone", "volume_slow")),
        Route("GET", "/api/v1/hls/{token}/{file}", get_file, Permission.PUBLIC,
              "Playlist and media; the token is the key", "footage",
              answer_type=PLAYLIST_TYPE, errors=("not_found", "range")),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for; `until` is monotonic."""

    access: Access
    channel: int
    kept: Kept
    files: Playlist
    until: float

    @property
    def holds(self) -> bool:
        """Whether the person may still play this channel."""
        return time.monotonic() < self.until and self.access.may(Permission.PLAYBACK, self.channel)


@dataclass(slots=True)
class Grants:
    """The tokens given."""

    known: dict[str, Grant] = field(default_factory=dict)

    def add(self, grant: Grant) -> str:
        """Keep; returns the token.  What does not hold any more, and the oldest, give way."""
        for token in [token for token, known in self.known.items() if not known.holds]:
            del self.known[token]
        if len(self.known) >= MOST:
            del self.known[next(iter(self.known))]
        token = secrets.token_urlsafe(24)
        self.known[token] = grant
        return token

    def find(self, token: str) -> Grant | None:
        """Return what a token stands for now."""
        grant = self.known.get(token)
        return grant if grant is not None and grant.holds else None


GRANTS = web.AppKey("hls", Grants)


async def lifetime(app: web.Application) -> AsyncIterator[None]:
    """Tokens end with the process."""
    app[GRANTS] = Grants()
    yield


async def post_hls(request: web.Request) -> web.Response:
    """Plan, and give a token."""
    body = await read_body(request, HlsBody)
    access = request_access(request)
    access.require(Permission.PLAYBACK, body.channel)
    stream = StreamId(body.channel, StreamName(body.stream))
    try:
        wanted = ExportRequest((stream,), body.start * MS, body.end * MS, requester(request))
        plan = await make_plan(request, wanted)
    except ExportError as error:
        raise api_error(error) from error
    kept = Kept("hls", Package(plan), access.user.name if access.user else "", 0)
    files = await request.config_dict[EXPORTS].transfers.run(playlist, plan.movies)
    grant = Grant(access, body.channel, kept, files, time.monotonic() + KEPT_S)
    token = request.config_dict[GRANTS].add(grant)
    told = {
        "url": f"/api/v1/hls/{token}/{PLAYLIST}",
        "expires": int((time.time() + KEPT_S) * 1000),
    }
    return web.json_response(told, status=201)


async def get_file(request: web.Request) -> web.StreamResponse:
    """Send the playlist, the head of a movie or ranges of it."""
    grant = request.config_dict[GRANTS].find(request.match_info["token"])
    if grant is None:
        text = _("This address is not valid any more. Make a new one on the playback page.")
        raise ApiError(404, "not_found", text)
    request.config_dict[SESSIONS].touch([grant.access.session])  # playing is using it
    files = grant.files
    name = request.match_info["file"]
    if name == PLAYLIST:
        return web.Response(body=files.text, content_type=PLAYLIST_TYPE)
    if name in files.heads:
        return web.Response(body=files.heads[name], content_type="video/mp4")
    movie = files.media.get(name)
    source = source_of(grant.kept.package, movie.name) if movie else None
    if source is None:
        raise ApiError(404, "not_found", _("There is nothing at this address."))
    return await serve(request, grant.kept, source, name, [grant.channel], attached=False)
