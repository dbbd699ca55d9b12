"""Settings as a whole: reset; the configuration saved as a file and taken over from one."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from appliance.accounts.permission import GRANTABLE, Permission
from appliance.settings.registry import PAGES
from appliance.settings.transfer import MOST_FILE_BYTES, MOST_PASSPHRASE
from appliance.web.acting import own_session
from appliance.web.api.settings import permission_of
from appliance.web.asking import ask, ask_bus
from appliance.web.context import context
from appliance.web.guard import requester
from appliance.web.reading import M, Strict, read_body
from appliance.web.routing import Route, request_access
from appliance.web.session_keeper import following

MOST_BYTES = 2 * MOST_FILE_BYTES
WHOLE_S = 12.0
"""Sealing takes some 0.4 s on the box; a change waits 3 s for those it concerns."""

ERASE_S = 60.0
"""Recorders end within 10 s; some 10,000 blocks a second are removed."""

Scope = Literal["all", "but_network_and_users"]


class ResetBody(Strict):
    """What is brought back to how it was at first: all, or all but network and users.

    Footage stays on the disks unless it is to be erased.
    """

    scope: Scope
    footage: Literal["kept", "erased"] = "kept"


class ExportBody(Strict):
    """`passphrase` seals the file: eight characters at least, and lost with it."""

    passphrase: str = Field(max_length=MOST_PASSPHRASE)


class ImportBody(Strict):
    """A file as it was saved, its passphrase, and what of it is taken over besides the rest.

    `network`: where this box is reached; `accounts`: users, groups and tokens.
    """

    file: str = Field(max_length=MOST_FILE_BYTES)
    passphrase: str = Field(max_length=MOST_PASSPHRASE)
    network: bool = True
    accounts: bool = True


class FieldEdit(BaseModel):
    """One field that changes, or an entry that comes or goes; `item` is null on the page itself."""

    item: int | str | None
    text: str


class PageEdits(BaseModel):
    """What changes on a page."""

    page: str
    title: str
    changes: list[FieldEdit]


class WholeAnswer(BaseModel):
    """What changes, or has changed, page by page; `version` is that of the settings then."""

    version: int
    pages: list[PageEdits]


class ResetPreview(WholeAnswer):
    """`beyond`: what else goes besides settings, in words."""

    beyond: list[str]


class PartEdits(BaseModel):
    """What changes besides settings: users, presets."""

    part: str
    title: str
    changes: list[str]


class MisfitAnswer(BaseModel):
    """What of the file this box cannot have; `item` is null for a whole page."""

    page: str
    title: str
    item: int | str | None
    text: str


class ImportAnswer(WholeAnswer):
    """`about`: what the file says of the box it came from."""

    about: dict[str, Any]
    parts: list[PartEdits]
    misfits: list[MisfitAnswer]


class FileAnswer(BaseModel):
    """The file, as text; only its passphrase opens it."""

    file: str


def routes() -> list[Route]:
    """Routes of this subject."""
    may, base = Permission.MAINTAIN, "/api/v1/configuration"
    away = ("supervisor_away", "invalid", "not_allowed")
    return [
        Route("POST", "/api/v1/settings-reset/preview", post_reset_preview, may,
              "What a reset of the settings would change", "settings", body=ResetBody,
              answer=ResetPreview, errors=away),
        Route("POST", "/api/v1/settings-reset", post_reset, may,
              "Reset the settings: all, or all but network and users", "settings", body=ResetBody,
              answer=WholeAnswer, errors=(*away, "settings.not_saved")),
        Route("POST", f"{base}/export", post_export, may,
              "Save the whole configuration as a file sealed with a passphrase", "settings",
              body=ExportBody, answer=FileAnswer, errors=(*away, "session_needed")),
        Route("POST", f"{base}/preview", post_import_preview, may,
              "What taking over a configuration would change, and what of it does not fit",
              "settings", body=ImportBody, answer=ImportAnswer, errors=(*away, "session_needed"),
              body_bytes=MOST_BYTES),
        Route("POST", f"{base}/import", post_import, may,
              "Take over a configuration, all of it or nothing", "settings", body=ImportBody,
              answer=ImportAnswer, body_bytes=MOST_BYTES,
              errors=(*away, "session_needed", "settings.not_saved", "settings.rolled_back")),
    ]  # fmt: skip


async def _read(request: web.Request, model: type[M]) -> M:
    """Return the body, for whoever may see and change every page.  Raises ApiError."""
    body = await read_body(request, model)
    access = request_access(request)
    for page in PAGES:
        access.require(permission_of(page))
    return body


async def _read_reset(request: web.Request) -> ResetBody:
    """Return the body; accounts go with everything, so that is for whoever may do everything."""
    body = await _read(request, ResetBody)
    if body.scope == "all":
        _require_everything(request)
    return body


async def post_reset_preview(request: web.Request) -> web.Response:
    """Answer what a reset would change; nothing is changed."""
    body = await _read_reset(request)
    return web.json_response(await ask(request, "settings.reset_preview", **body.model_dump()))


async def post_reset(request: web.Request) -> web.Response:
    """Bring the settings back to how they were at first; with everything the accounts, too."""
    body = await _read_reset(request)
    params = {**body.model_dump(), "actor": requester(request)}
    timeout_s = ERASE_S if body.footage == "erased" else WHOLE_S
    async with following(request.app):
        answer = await ask_bus(context(request).bus, "settings.reset", params, timeout_s=timeout_s)
    return web.json_response(answer)


async def post_export(request: web.Request) -> web.Response:
    """Answer the file.

    Who seals secrets can open them: that is for people, not for API tokens.
    """
    body = await _read_all(request, ExportBody)
    who = requester(request)
    answer = await ask_bus(
        context(request).bus,
        "configuration.export",
        {"passphrase": body.passphrase, "actor": who},
        timeout_s=WHOLE_S,
    )
    return web.json_response(answer)


async def post_import_preview(request: web.Request) -> web.Response:
    """Answer what a file would change, or what is wrong with it."""
    return await _with_file(request, "configuration.preview")


async def post_import(request: web.Request) -> web.Response:
    """Take over a file, all of it or nothing."""
    return await _with_file(request, "configuration.import")


async def _with_file(request: web.Request, method: str) -> web.Response:
    body = await _read_all(request, ImportBody)
    params = {**body.model_dump(), "actor": requester(request)}
    return web.json_response(await ask_bus(context(request).bus, method, params, timeout_s=WHOLE_S))


async def _read_all(request: web.Request, model: type[M]) -> M:
    """Return the body, for a person who has every right on every channel.  Raises ApiError.

    Users and their rights are in the file: whoever takes it over could give themselves any.
    """
    _require_everything(request)
    own_session(request)
    return await read_body(request, model)


def _require_everything(request: web.Request) -> None:
    """Raise ApiError unless who asks has every right on every channel."""
    access = request_access(request)
    for permission in sorted(GRANTABLE):
        if permission.per_channel:
            access.require_everywhere(permission)
        else:
            access.require(permission)
