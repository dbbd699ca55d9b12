"""Settings as a whole: reset, saved as a file, taken over from one; each looked at beforehand."""

from __future__ import annotations

from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from appliance.accounts.permission import Permission
from appliance.settings.registry import PAGES
from appliance.web.acting import own_session
from appliance.web.api.settings import permission_of
from appliance.web.asking import ask
from appliance.web.guard import requester
from appliance.web.reading import M, read_body
from appliance.web.routing import Route, request_access

MOST_BYTES = 4 << 20
"""64 channels whose weeks are full make 0.6 MB."""
Scope = Literal["all", "but_network_and_users"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResetBody(_Strict):
    """What is brought back to how it was at first: all, or all but network and users."""

    scope: Scope


class ExportBody(_Strict):
    """`password` seals the secrets, eight characters at least; without one they are left out."""

    password: str | None = Field(None, max_length=256)


class ImportBody(_Strict):
    """An exported document as it is, and the password its secrets were sealed with."""

    document: dict[str, Any]
    password: str | None = Field(None, max_length=256)


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


class ImportAnswer(WholeAnswer):
    """`secrets`: whether the file brings passwords along; else those here stay."""

    secrets: bool


class SettingsFile(BaseModel):
    """The export format: values by page, a secret as {"set": bool}; `secrets` sealed, or null."""

    format: Literal["nvr-settings"]
    # "schema" would hide a method of the model.
    model_config = ConfigDict(populate_by_name=True)
    schema_: int = Field(alias="schema")
    version: int
    device: str
    exported: str
    pages: dict[str, dict[str, Any]]
    secrets: dict[str, Any] | None


def routes() -> list[Route]:
    """Routes of this subject."""
    may, base = Permission.MAINTAIN, "/api/v1/settings-file"
    away = ("supervisor_away", "invalid", "not_allowed")
    return [
        Route("POST", "/api/v1/settings-reset/preview", post_reset_preview, may,
              "What a reset of the settings would change", "settings", body=ResetBody,
              answer=ResetPreview, errors=away),
        Route("POST", "/api/v1/settings-reset", post_reset, may,
              "Reset the settings: all, or all but network and users", "settings", body=ResetBody,
              answer=WholeAnswer, errors=(*away, "settings.not_saved")),
        Route("POST", f"{base}/export", post_export, may, "Save the settings as a file",
              "settings", body=ExportBody, answer=SettingsFile, errors=(*away, "session_needed")),
        Route("POST", f"{base}/preview", post_import_preview, may,
              "What taking over a file of settings would change", "settings", body=ImportBody,
              answer=ImportAnswer, errors=away, body_bytes=MOST_BYTES),
        Route("POST", f"{base}/import", post_import, may, "Take over a file of settings",
              "settings", body=ImportBody, answer=ImportAnswer, body_bytes=MOST_BYTES,
              errors=(*away, "settings.not_saved")),
    ]  # fmt: skip


async def _read(request: web.Request, model: type[M]) -> M:
    """Return the body, for whoever may see and change every page.  Raises ApiError."""
    body = await read_body(request, model)
    access = request_access(request)
    for page in PAGES:
        access.require(permission_of(page))
    return body


async def post_reset_preview(request: web.Request) -> web.Response:
    """Answer what a reset would change; nothing is changed."""
    body = await _read(request, ResetBody)
    return web.json_response(await ask(request, "settings.reset_preview", scope=body.scope))


async def post_reset(request: web.Request) -> web.Response:
    """Bring the settings back to how they were at first."""
    body = await _read(request, ResetBody)
    who = requester(request)
    return web.json_response(await ask(request, "settings.reset", scope=body.scope, actor=who))


async def post_export(request: web.Request) -> web.Response:
    """Answer the settings as a document to be kept; no secret is in it in clear.

    Who seals secrets can open them: that is for people, not for API tokens.
    """
    body = await _read(request, ExportBody)
    if body.password is not None:
        own_session(request)
    who = requester(request)
    document = await ask(request, "settings.export", password=body.password, actor=who)
    return web.json_response(
        document, headers={"Content-Disposition": 'attachment; filename="settings.json"'}
    )


async def post_import_preview(request: web.Request) -> web.Response:
    """Answer what a file would change, or every wrong field of it."""
    body = await _read(request, ImportBody)
    return web.json_response(
        await ask(
            request,
            "settings.import_preview",
            document=body.document,
            password=body.password,
            actor=requester(request),
        )
    )


async def post_import(request: web.Request) -> web.Response:
    """Take over a file, all of it or nothing."""
    body = await _read(request, ImportBody)
    return web.json_response(
        await ask(
            request,
            "settings.import",
            document=body.document,
            password=body.password,
            actor=requester(request),
        )
    )
