"""GET /api/v1/recordings: the list of recordings, as whole blocks (D1-PB-33)."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.recording.config import KIND_FLAGS, kind_flags, kind_names
from appliance.storage.model import RecordKind, StreamName
from appliance.storage.recordings import (
    MAX_LIMIT,
    FileFilter,
    FilePlace,
    RecordedFile,
    recordings,
)
from appliance.text import _
from appliance.web.errors import ApiError, FieldError
from appliance.web.media.footage import FootageTrouble
from appliance.web.media.service import media
from appliance.web.reading import invalid, read_query
from appliance.web.routing import Route, request_access

MS = 1_000_000
MAX_MS = 1 << 53
LAST_NS = (1 << 63) - 1


class RecordingsQuery(BaseModel):
    """Filters; lists are written "1,2,3", times are ms UTC, a file matches by overlap.

    `kinds`: general, motion, alarm, motion_and_alarm, intelligent, pos, manual; a file matches
    with any of them.  `after` is the `next` of the page before.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=False)
    channels: list[int] = Field(min_length=1, max_length=256)
    start: int = Field(0, alias="from", ge=0, le=MAX_MS)
    end: int = Field(MAX_MS, alias="to", ge=0, le=MAX_MS)
    stream: Literal["main", "sub", "third"] | None = None
    kinds: list[str] | None = Field(None, max_length=16)
    locked: bool = False
    after: str | None = Field(None, max_length=120)
    limit: int = Field(100, ge=1, le=MAX_LIMIT)


class RecordingAnswer(BaseModel):
    """A file: a block on a volume.  Times ms UTC, `size` bytes; an `open` one is being written.

    `kinds` as they are shown where several overlap (D1-RC-07), the weightiest first.
    """

    id: str
    channel: int
    stream: str
    start: int = Field(alias="from")
    end: int = Field(alias="to")
    size: int
    kinds: list[str]
    locked: bool
    open: bool
    volume: str
    number: int


class RecordingsAnswer(BaseModel):
    """A page of files, the latest start first; `next` is null on the last one."""

    recordings: list[RecordingAnswer]
    next: str | None


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/recordings", get_recordings, Permission.PLAYBACK,
              "List recordings", "footage", query=RecordingsQuery, answer=RecordingsAnswer,
              errors=("invalid", "volume_slow")),
    ]  # fmt: skip


async def get_recordings(request: web.Request) -> web.Response:
    """Answer a page of files; every channel asked for has to be one the person may play back."""
    query = read_query(request, RecordingsQuery)
    request_access(request).require_all(Permission.PLAYBACK, query.channels)
    wanted = _filter(query)
    footage = media(request).footage
    await footage.refresh()
    try:
        found, after = await footage.call(recordings, footage.reader, wanted)
    except FootageTrouble as error:
        raise ApiError(503, error.code, error.text) from error
    return web.json_response(
        {"recordings": list(map(_shown, found)), "next": after.text() if after else None}
    )


def _filter(query: RecordingsQuery) -> FileFilter:
    wrong: list[FieldError] = []
    if query.end <= query.start:
        wrong.append(FieldError("to", "order", _("The end must be after the start.")))
    for kind in query.kinds or ():
        if kind not in KIND_FLAGS:
            text = _("One of: {choices}.").format(choices=", ".join(KIND_FLAGS))
            wrong.append(FieldError("kinds", "kind", text))
    after = None
    if query.after:
        try:
            after = FilePlace.parse(query.after)
        except ValueError:
            wrong.append(FieldError("after", "place", _("This is no place in the list.")))
    if wrong:
        raise invalid(wrong)
    streams = [StreamName(query.stream)] if query.stream else list(StreamName)
    return FileFilter(
        tuple(dict.fromkeys(query.channels)),
        tuple(streams),
        query.start * MS,
        min(query.end * MS, LAST_NS),
        kind_flags(query.kinds or ()),
        query.locked,
        after,
        query.limit,
    )


def _shown(file: RecordedFile) -> dict[str, object]:
    place = file.place
    shown = {kinds.effective() for kinds in file.kinds} - {RecordKind.NONE}
    names = kind_names(RecordKind(sum(shown)))
    return {
        "id": f"{place.volume}/{place.number}",
        "channel": place.channel,
        "stream": place.stream,
        "from": place.start_ns // MS,
        "to": -(-file.end_ns // MS),
        "size": file.bytes,
        "kinds": sorted(names, key=_WEIGHT.index),
        "locked": file.locked,
        "open": file.open,
        "volume": file.volume_name,
        "number": place.number,
    }


_WEIGHT = ("motion_and_alarm", "alarm", "pos", "intelligent", "motion", "general", "manual")
