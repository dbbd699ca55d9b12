"""The OpenAPI description of this very server."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.web.openapi import describe
from appliance.web.reading import REGISTRY
from appliance.web.routing import Route


def routes() -> list[Route]:
    """Routes of this subject."""
    return [
        Route("GET", "/api/v1/openapi.json", get_openapi, Permission.PUBLIC,
              "This description", "description"),
    ]  # fmt: skip


async def get_openapi(request: web.Request) -> web.Response:
    """Answer the description; it holds no secrets, and programs read it before signing in."""
    registry = request.config_dict[REGISTRY]
    description: dict[str, Any] = describe(registry)
    return web.json_response(description)
