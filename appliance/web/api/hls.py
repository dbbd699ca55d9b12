"""HLS (RFC 8216, fragmented MP4 by byte ranges): footage for players and phones.

Players send no cookies, so the address holds a token.  It stands for one person's session, one
channel and one stretch of time; it ends with the session, or after some hours.  Whoever has the
address has the footage, so it takes the right to export, is noted as an export when it is given,
and playing it does not keep the session alive.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
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
from appliance.web.errors import ApiError, FieldError
from appliance.web.export_files import Kept, source_of, surplus
from appliance.web.export_serving import api_error, planned, serve, tell_exported
from appliance.web.guard import requester
from appliance.web.reading import invalid, read_body
from appliance.web.routing import Access, Route, request_access

MS = 1_000_000
KEPT_S = 4 * 3600.0
LONGEST_H = 24
MOST = 64
MOST_OF_ONE = 8
MOST_BYTES = 64 << 20
"""Of all tokens; a day of one channel takes 4 MB."""

PLAYLIST = "index.m3u8"
NEEDED = (Permission.PLAYBACK, Permission.DOWNLOAD)


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
        Route("POST", "/api/v1/hls", post_hls, Permission.DOWNLOAD,
              "An address under which players and phones play footage", "footage", body=HlsBody,
              answer=HlsAnswer, status=201,
              errors=("invalid", "no_footage", "gone", "busy", "volume_slow")),
        Route("GET", "/api/v1/hls/{token}/{file}", get_file, Permission.PUBLIC,
              "Playlist and media; the token is the key", "footage",
              answer_type=PLAYLIST_TYPE, keeps_session=False, errors=("not_found", "range")),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """What a token stands for; `until` is monotonic."""

    access: Access
    channel: int
    kept: Kept
    files: Playlist
    until: float

    @property
    def holds(self) -> bool:
        """Whether the person may still take this channel with them."""
        return time.monotonic() < self.until and all(
            self.access.may(permission, self.channel) for permission in NEEDED
        )

    @property
    def kept_bytes(self) -> int:
        """About how much memory it takes."""
        return self.kept.kept_bytes + len(self.files.text)


@dataclass(slots=True)
class Grants:
    """The tokens given."""

    known: dict[str, Grant] = field(default_factory=dict)

    def add(self, grant: Grant) -> str:
        """Keep; returns the token.  What does not hold, and the oldest, give way."""
        self._drop([one for one in self.known.values() if not one.holds])
        own = [one for one in self.known.values() if one.kept.user == grant.kept.user]
        self._drop(surplus(own, MOST_OF_ONE, MOST_BYTES, grant))
        self._drop(surplus(list(self.known.values()), MOST, MOST_BYTES, grant))
        token = secrets.token_urlsafe(24)
        self.known[token] = grant
        return token

    def _drop(self, grants: Sequence[Grant]) -> None:
        for token in [token for token, known in self.known.items() if known in grants]:
            del self.known[token]

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
    for permission in NEEDED:
        access.require(permission, body.channel)
    if body.end - body.start > LONGEST_H * 3_600_000:
        text = _("At most {most} hours can be played under one address. Choose a shorter time.")
        raise invalid([FieldError("to", "too_long", text.format(most=LONGEST_H))])
    stream = StreamId(body.channel, StreamName(body.stream))
    try:
        wanted = ExportRequest(
            (stream,), body.start * MS, body.end * MS, requester(request),
            _("An address for players was made (HLS)."),
        )  # fmt: skip
        package, files = await planned(
            request, wanted, lambda plan: (Package(plan), playlist(plan.movies))
        )
    except ExportError as error:
        raise api_error(error) from error
    name = f"hls {secrets.token_hex(8)}"
    kept = Kept(name, package, access.user.name if access.user else "", 0)
    grant = Grant(access, body.channel, kept, files, time.monotonic() + KEPT_S)
    await tell_exported(request, kept, [body.channel])
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
