"""Routes of what is managed by name: accounts, groups, ONVIF users; added, changed, removed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from appliance.accounts.permission import Permission
from appliance.web.acting import change
from appliance.web.reading import read_body
from appliance.web.routing import Route

BODY_BYTES = 64 * 1024
ERRORS = ("accounts.invalid", "accounts.outranks", "accounts.stale", "accounts.unknown",
          "supervisor_away")  # fmt: skip
More = Callable[[web.Request, Any, str], Awaitable[dict[str, Any]]]


async def _nothing(_request: web.Request, _body: Any, _name: str) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Records:
    """A sort of record under `path`; `put` and `remove` are the methods that change it.

    `values` holds the fields that can be changed; `fresh` has a name besides, `body` a revision.
    `more(request, body, name)` returns what goes along with the values, such as a hash.
    `texts` say what adding, changing and removing do, for the description of the API.
    """

    path: str
    put: str
    remove: str
    values: type[BaseModel]
    fresh: type[BaseModel]
    body: type[BaseModel]
    answer: type[BaseModel]
    texts: tuple[str, str, str]
    more: More = _nothing
    errors: tuple[str, ...] = ()
    remove_errors: tuple[str, ...] = ()

    def routes(self) -> list[Route]:
        """Return POST, PATCH and DELETE."""
        may, tag, one = Permission.ACCOUNTS, "accounts", f"{self.path}/{{name}}"
        wrong = (*ERRORS, *self.errors)
        return [
            Route("POST", self.path, self._post, may, self.texts[0], tag, body=self.fresh,
                  answer=self.answer, status=201, body_bytes=BODY_BYTES,
                  errors=(*wrong, "accounts.full")),
            Route("PATCH", one, self._patch, may, self.texts[1], tag, body=self.body,
                  answer=self.answer, body_bytes=BODY_BYTES, errors=wrong),
            Route("DELETE", one, self._delete, may, self.texts[2], tag, status=204,
                  errors=(*wrong, *self.remove_errors)),
        ]  # fmt: skip

    async def _post(self, request: web.Request) -> web.Response:
        body = await read_body(request, self.fresh)
        name = str(body.model_dump()["name"])
        more = await self.more(request, body, name)
        values = self._values(body)
        record = await change(request, self.put, name=name, create=True, values=values, **more)
        return web.json_response(record, status=201)

    async def _patch(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        body = await read_body(request, self.body)
        more = await self.more(request, body, name)
        revision = body.model_dump()["revision"]
        values = self._values(body)
        record = await change(
            request, self.put, name=name, values=values, revision=revision, **more
        )
        return web.json_response(record)

    async def _delete(self, request: web.Request) -> web.Response:
        await change(request, self.remove, name=request.match_info["name"])
        return web.Response(status=204)

    def _values(self, body: BaseModel) -> dict[str, Any]:
        return body.model_dump(include=set(self.values.model_fields), exclude_unset=True)
