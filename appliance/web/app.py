"""The web application: guard in front, routes of every module behind it."""

from __future__ import annotations

import importlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import ModuleType

from aiohttp import web

from appliance.accounts.known import KnownBrowsers
from appliance.accounts.passwords import Passwords
from appliance.accounts.sessions import Sessions
from appliance.paths import Paths
from appliance.web import guard, session_keeper, static_files, websocket
from appliance.web.bearer import TOKENS, TokenTable
from appliance.web.box_state import BOX, BoxState
from appliance.web.connections import Connections
from appliance.web.context import CONTEXT, Bus, WebContext, connect
from appliance.web.headers import TRANSPORT, Transport, add_headers
from appliance.web.hosts import HostNames
from appliance.web.reading import REGISTRY
from appliance.web.routing import DEFAULT_BODY_BYTES, Registry
from appliance.web.session_keeper import SESSIONS
from appliance.web.sign_in import SIGN_IN, SignIn
from appliance.web.static_files import STATIC, StaticFiles

MODULES = (
    "appliance.web.api.session",
    "appliance.web.api.second_factor",
    "appliance.web.api.recovery",
    "appliance.web.api.users",
    "appliance.web.api.groups",
    "appliance.web.api.onvif_users",
    "appliance.web.api.sessions",
    "appliance.web.api.tokens",
    "appliance.web.api.box",
    "appliance.web.api.health",
    "appliance.web.api.wizard",
    "appliance.web.api.events",
    "appliance.web.api.network",
    "appliance.web.api.poe",
    "appliance.web.api.inputs_outputs",
    "appliance.web.api.serial",
    "appliance.web.api.serial_stream",
    "appliance.web.api.camera_test",
    "appliance.web.api.settings",
    "appliance.web.api.settings_transfer",
    "appliance.web.api.habits",
    "appliance.web.api.log",
    "appliance.web.api.courier",
    "appliance.web.api.captures",
    "appliance.web.api.information",
    "appliance.web.api.locks",
    "appliance.web.api.clock",
    "appliance.web.api.power",
    "appliance.web.api.firewall",
    "appliance.web.api.certificates",
    "appliance.web.api.time",
    "appliance.web.api.tags",
    "appliance.web.api.recordings",
    "appliance.web.api.jobs",
    "appliance.web.api.places",
    "appliance.web.api.place_files",
    "appliance.web.api.exports",
    "appliance.web.api.hls",
    "appliance.web.api.feed",
    "appliance.web.media.routes",
    "appliance.web.api.description",
)
"""Modules with ``routes()`` and, where they need it, ``lifetime(app)``; the page comes last."""
STATIC_FOLDER = Path(__file__).parent / "static"


def modules() -> list[ModuleType]:
    """Return the modules whose routes are served."""
    return [importlib.import_module(name) for name in MODULES]


def registry(parts: Sequence[ModuleType]) -> Registry:
    """Return every route of the process: those of `parts`, then the page."""
    routes = Registry()
    for part in parts:
        routes.add(part.routes())
    routes.add(static_files.routes())
    return routes


def make_app(
    paths: Paths,
    bus: Bus,
    *,
    passwords: Passwords | None = None,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], float] = time.time,
    static: Path = STATIC_FOLDER,
    connections: Connections | None = None,
) -> web.Application:
    """Return the application; `clock` is monotonic, `wall` UTC seconds."""
    app = web.Application(
        middlewares=[guard.errors, guard.guard], client_max_size=DEFAULT_BODY_BYTES
    )
    parts = modules()
    routes = registry(parts)
    app[CONTEXT] = WebContext(paths, bus)
    app[REGISTRY] = routes
    app[guard.HOSTS] = HostNames()
    app[guard.CONNECTIONS] = Connections(clock) if connections is None else connections
    app[SESSIONS] = Sessions(paths.state / "web" / "sessions.json", wall=wall)
    app[TOKENS] = TokenTable(wall)
    app[TRANSPORT] = Transport()
    known = KnownBrowsers(paths.state / "web" / "known-browsers.key")
    app[SIGN_IN] = SignIn(bus, passwords or Passwords(), clock=clock, known=known)
    app[BOX] = BoxState(bus, clock=clock)
    app[STATIC] = StaticFiles(static)
    connect(app.on_response_prepare, add_headers)
    app.cleanup_ctx.append(websocket.lifetime)
    app.cleanup_ctx.append(session_keeper.lifetime)
    app.cleanup_ctx.append(_prepare)
    app.cleanup_ctx.append(static_files.lifetime)
    for part in parts:
        lifetime = getattr(part, "lifetime", None)
        if lifetime is not None:
            app.cleanup_ctx.append(lifetime)
    connect(app.on_cleanup, _close)
    routes.install(app)
    return app


async def _prepare(app: web.Application) -> AsyncIterator[None]:
    await app[SIGN_IN].prepare()
    yield


async def _close(app: web.Application) -> None:
    app[SIGN_IN].close()
