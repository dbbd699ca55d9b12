"""The page of the simulated board: somebody plays installer in a browser, on loopback only.

GET  /                    the page
GET  /state               what every part of the bench shows
POST /act/PART/ACTION     what a person does; parameters as a JSON object
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from aiohttp import web

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.text import _

FILES = Path(__file__).parent / "bench_files"
FIRST_PORT = 8090
PORTS_TRIED = 20
MAX_BODY = 1 << 14
_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}
_CSP = "default-src 'self'; frame-ancestors 'none'"

Bus = Callable[[], AbstractAsyncContextManager[BusClient]]


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse foreign host names (DNS rebinding) and orders from other pages."""
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    if host.rsplit(":", 1)[0] not in _HOSTS or origin not in (None, f"http://{host}"):
        return web.json_response(
            {"text": _("This page answers on this computer only.")}, status=403
        )
    try:
        answer = await handler(request)
    except BusError as error:
        answer = web.json_response({"code": error.code, "text": error.text}, status=400)
    answer.headers["Content-Security-Policy"] = _CSP
    answer.headers["Cache-Control"] = "no-store"
    return answer


class BenchPage:
    """Serves the page; `bus` opens a connection to the supervisor, where the bench is."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> bool:
        """Listen on a free port; return whether there was one."""
        application = web.Application(middlewares=[_guard], client_max_size=MAX_BODY)
        application.add_routes(
            [
                web.get("/", self._file),
                web.get("/state", self._state),
                web.post("/act/{part}/{action}", self._act),
                web.get("/{name}", self._file),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
            try:
                await web.TCPSite(self._runner, "127.0.0.1", port).start()
            except OSError:
                continue
            self.port = port
            return True
        await self.stop()
        return False

    async def stop(self) -> None:
        """Close."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        found = next((path for path in FILES.iterdir() if path.name == name), None)
        if found is None or found.suffix not in _TYPES:
            raise web.HTTPNotFound
        return web.Response(
            body=found.read_bytes(), content_type=_TYPES[found.suffix], charset="utf-8"
        )

    async def _state(self, _request: web.Request) -> web.Response:
        async with self._bus() as bus:
            return web.json_response(await bus.request("bench.get"))

    async def _act(self, request: web.Request) -> web.Response:
        try:
            params: Any = json.loads(await request.text() or "{}")
        except ValueError:
            params = None
        if not isinstance(params, dict):
            return web.json_response({"text": _("The body has to be a JSON object.")}, status=400)
        order = {
            **{name: request.match_info[name] for name in ("part", "action")},
            "params": params,
        }
        async with self._bus() as bus:
            await bus.request("bench.act", order)
            return web.json_response(await bus.request("bench.get"))
