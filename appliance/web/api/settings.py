"""Settings: every declared page with values, form and schema; changes guarded by ETag.

Each page has routes of its own, so that each names the permission of that page.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from appliance.accounts.permission import Permission
from appliance.settings.declare import Page
from appliance.settings.forms import page_form
from appliance.settings.registry import PAGES
from appliance.text import _
from appliance.web.api import incoming
from appliance.web.api.incoming import SettingsWarning
from appliance.web.asking import ask
from appliance.web.errors import ApiError
from appliance.web.guard import requester
from appliance.web.reading import not_found, read_body, read_json
from appliance.web.routing import Route, request_access

PAGE_PERMISSIONS = {
    "channels": Permission.CAMERAS,
    "poe": Permission.CAMERAS,
    "ptz": Permission.CAMERAS,
    "record": Permission.CAMERAS,
    "storage": Permission.STORAGE,
    "network": Permission.NETWORK,
    "web": Permission.NETWORK,
    "services": Permission.NETWORK,
    "firewall": Permission.NETWORK,
    "certificates": Permission.NETWORK,
    "restart": Permission.MAINTAIN,
}
"""Pages that are not SYSTEM."""
_MAX_BODY = 128 * 1024
_Handler = Callable[[str, web.Request], Awaitable[web.StreamResponse]]


class PagesAnswer(BaseModel):
    """The pages the person may see, in the order of the menu."""

    pages: list[dict[str, Any]]


class PageAnswer(BaseModel):
    """A page: `values` (a secret is {"set": bool}), `schema` as JSON Schema, `ui` as the form.

    `item_etags` maps the id of each list entry to its ETag; `capabilities` names what the box has,
    for fields that are only shown with it.
    """

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    page: str
    title: str
    version: int
    etag: str
    item_etags: dict[str, str]
    values: dict[str, Any]
    capabilities: list[str] = []
    json_schema: dict[str, Any] = Field(alias="schema")
    ui: dict[str, Any]


class ChangedAnswer(BaseModel):
    """A page's values after a change; `warnings`: what should be known all the same."""

    page: str
    version: int
    etag: str
    item_etags: dict[str, str]
    values: dict[str, Any]
    warnings: list[SettingsWarning] = []


class AddedAnswer(BaseModel):
    """The id the new entry was given; `warnings`: what should be known all the same."""

    id: int | str
    version: int
    etag: str
    item_etag: str
    warnings: list[SettingsWarning] = []


class RemovedAnswer(BaseModel):
    """The page after an entry was removed."""

    version: int
    etag: str


class CopyBody(BaseModel):
    """Which entries take over the values, and which of them (all by default) (D1-RC-01)."""

    model_config = ConfigDict(extra="forbid")
    to: list[int | str] = Field(min_length=1, max_length=256)
    fields: list[str] | None = Field(None, max_length=64)


def _changes_of(model: type[BaseModel], but: str = "") -> type[BaseModel]:
    """Return `model` with every field optional, for the description of a change."""
    fields: dict[str, Any] = {
        name: (info.annotation, _optional(info))
        for name, info in model.model_fields.items()
        if name != but
    }
    return create_model(f"{model.__name__}Changes", **fields)


def _optional(info: FieldInfo) -> FieldInfo:
    field = copy.copy(info)
    field.default, field.default_factory = None, None
    return field


def permission_of(page: str) -> Permission:
    """Return what a person needs to see and change `page`."""
    return PAGE_PERMISSIONS.get(page, Permission.SYSTEM)


def routes() -> list[Route]:
    """Routes of this subject."""
    found = [
        Route("GET", "/api/v1/settings", get_pages, Permission.SESSION, "Settings pages",
              "settings", answer=PagesAnswer),
    ]  # fmt: skip
    for name, page in PAGES.items():
        found += _page_routes(name, page)
    return found


def _page_routes(name: str, page: type[Page]) -> list[Route]:
    may = permission_of(name)
    base = f"/api/v1/settings/{name}"
    change = ("invalid", "settings.stale", "settings.not_saved", "supervisor_away")

    def route(
        method: str,
        path: str,
        handler: _Handler,
        summary: str,
        answer: type[BaseModel],
        **more: Any,
    ) -> Route:
        bound = functools.partial(handler, name)
        return Route(
            method,
            path,
            bound,
            may,
            summary,
            "settings",
            answer=answer,
            body_bytes=_MAX_BODY,
            **more,
        )

    collection = page.spec.collection
    page_changes = _changes_of(page, collection.field if collection else "")
    found = [
        route("GET", base, get_page, f"Page {page.spec.title}", PageAnswer),
        route("PATCH", base, patch_page, f"Change page {page.spec.title}", ChangedAnswer,
              body=page_changes, errors=change),
    ]  # fmt: skip
    if collection is None:
        return found
    item, title = f"{base}/{{id}}", collection.item_title
    item_changes = _changes_of(page.item_model())
    found += [
        route("PATCH", item, patch_item, f"Change {title}", ChangedAnswer, body=item_changes,
              errors=change),
        route("POST", f"{item}/copy", post_copy, f"Copy {title} to others", ChangedAnswer,
              body=CopyBody, errors=change),
    ]  # fmt: skip
    if not collection.follows and not collection.fixed:
        found += [
            route("POST", base, post_item, f"Add {title}", AddedAnswer, body=item_changes,
                  status=201, errors=change),
            route("DELETE", item, delete_item, f"Remove {title}", RemovedAnswer, errors=change),
        ]  # fmt: skip
    return found


async def get_pages(request: web.Request) -> web.Response:
    """Answer the pages with titles and menu, and the whole forms for the search over settings."""
    access = request_access(request)
    pages = [page_form(page) for name, page in PAGES.items() if access.may(permission_of(name))]
    return web.json_response({"pages": pages})


async def get_page(name: str, request: web.Request) -> web.Response:
    """Answer one page with everything a form needs."""
    page = await ask(request, "settings.get", page=name)
    answer = {
        **page,
        "title": PAGES[name].spec.title,
        "schema": PAGES[name].model_json_schema(),
        "ui": page_form(PAGES[name]),
    }
    return _with_etag(answer, page["etag"])


async def patch_page(name: str, request: web.Request) -> web.Response:
    """Change fields of a page."""
    changes = await _changes(request)
    page = await ask(request, "settings.patch", page=name, changes=changes, **_condition(request))
    limit = changes.get("incoming_limit_mbps") if name == "channels" else None
    now = await incoming.incoming_now(request) if isinstance(limit, int) else None
    page["warnings"] = incoming.of_limit(now, limit * 1_000_000) if now and limit else []
    return _with_etag(page, page["etag"])


async def patch_item(name: str, request: web.Request) -> web.Response:
    """Change fields of a list entry."""
    item = _item(name, request)
    changes = await _changes(request)
    now = await _before(name, changes, request)
    page = await ask(
        request, "settings.patch", page=name, item=item, changes=changes, **_condition(request)
    )
    page["warnings"] = []
    if now is not None and isinstance(item, int):
        saved: dict[str, Any] = next(
            (entry for entry in page["values"]["items"] if entry["id"] == item), {}
        )
        measured = request.config_dict[incoming.MEASURED]
        page["warnings"] = incoming.of_channel(now, measured, item, saved, changes)
    return _with_etag(page, page["item_etags"].get(str(item), page["etag"]))


async def post_item(name: str, request: web.Request) -> web.Response:
    """Add a list entry."""
    values = await _changes(request)
    now = await _before(name, values, request)
    added = await ask(request, "settings.add", page=name, values=values, actor=requester(request))
    added["warnings"] = []
    if now is not None:
        measured = request.config_dict[incoming.MEASURED]
        added["warnings"] = incoming.of_channel(now, measured, None, values, values)
    return _with_etag(added, added["item_etag"], status=201)


async def delete_item(name: str, request: web.Request) -> web.Response:
    """Remove a list entry; its footage stays."""
    item = _item(name, request)
    removed = await ask(request, "settings.remove", page=name, item=item, **_condition(request))
    return _with_etag(removed, removed["etag"])


async def post_copy(name: str, request: web.Request) -> web.Response:
    """Give other entries the values of one."""
    item = _item(name, request)
    body = await read_body(request, CopyBody)
    fields = {} if body.fields is None else {"fields": body.fields}
    page = await ask(
        request,
        "settings.copy",
        page=name,
        item=item,
        to=body.to,
        actor=requester(request),
        **fields,
    )
    return _with_etag(page, page["etag"])


async def _before(
    name: str, changes: dict[str, Any], request: web.Request
) -> incoming.Incoming | None:
    """Return what comes in before a change of what a camera sends; None for any other."""
    if name != "channels" or not incoming.concerns(changes):
        return None
    return await incoming.incoming_now(request)


async def _changes(request: web.Request) -> dict[str, Any]:
    value = await read_json(request)
    if not isinstance(value, dict):
        raise ApiError(400, "bad_json", _("Send an object: each field with its new value."))
    return value


def _condition(request: web.Request) -> dict[str, Any]:
    """Return actor, and etag where the request names one."""
    condition: dict[str, Any] = {"actor": requester(request)}
    etag = request.headers.get("If-Match", "*").strip().removeprefix("W/").strip('"')
    if etag != "*":
        condition["etag"] = etag[:64]
    return condition


def _item(name: str, request: web.Request) -> int | str:
    text = request.match_info["id"]
    if PAGES[name].item_model().model_fields["id"].annotation is not int:
        return text[:64]
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise not_found()
    return int(text)


def _with_etag(answer: dict[str, Any], etag: str, *, status: int = 200) -> web.Response:
    return web.json_response(answer, status=status, headers={"ETag": f'"{etag}"'})
