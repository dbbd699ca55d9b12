"""The control API: what the cameras sent, and faults on demand; HTTP on loopback only.

GET    /                                     the cameras: names, addresses, passwords
GET    /cameras/NAME                         counters and the requests clients made
GET    /cameras/NAME/STREAM/sent             access units sent (?after=SERIAL&limit=N)
POST   /cameras/NAME/faults/FAULT            a fault, its arguments as JSON object
DELETE /cameras/NAME/faults                  end all faults
PUT    /cameras/NAME/quirks                  a JSON list of quirk names
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any

from aiohttp import web

from appliance.cameras.sim.camera import Camera
from appliance.cameras.sim.errors import SimulatorError, SpecError, UnknownNameError
from appliance.cameras.sim.faults import apply_fault
from appliance.cameras.sim.quirks import parse_quirks
from appliance.cameras.sim.simulator import Simulator

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_MOST_UNITS = 20_000


def camera_entry(camera: Camera) -> dict[str, Any]:
    """Return what a person or program needs to add a camera; the addresses hold no password."""
    spec = camera.spec
    streams = {}
    for name, stream in camera.streams.items():
        streams[name] = [
            {"codec": track.codec, "width": track.width, "height": track.height, "fps": track.fps}
            if track.is_video
            else {"codec": track.codec, "sample_rate": track.sample_rate}
            for track in stream.tracks
        ]
    return {
        "name": spec.name,
        "title": spec.title,
        "main_url": camera.url("main", credentials=False),
        "sub_url": camera.url("sub", credentials=False) if "sub" in camera.streams else "",
        "user": camera.gate.user,
        "password": camera.gate.password,
        "transports": list(spec.transports),
        "live": spec.live,
        "streams": streams,
    }


@web.middleware
async def _guard(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse foreign host names (DNS rebinding) and turn our errors into answers."""
    host = request.headers.get("Host", "").rsplit(":", 1)[0]
    if host not in _HOSTS or "Origin" in request.headers:
        return web.json_response({"code": "sim.host", "text": "Loopback only."}, status=403)
    try:
        return await handler(request)
    except SimulatorError as error:
        status = 404 if isinstance(error, UnknownNameError) else 400
        return web.json_response({"code": error.code, "text": error.text}, status=status)


async def _body(request: web.Request, kind: type) -> Any:
    text = await request.text()
    try:
        value = json.loads(text) if text else kind()
    except ValueError as error:
        raise SpecError(f"The body is not JSON: {error}") from error
    if not isinstance(value, kind):
        raise SpecError(f"The body must be a JSON {'object' if kind is dict else 'list'}.")
    return value


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise SpecError(f"{name} must be a number.")
    return int(text)


class Control:
    """The HTTP server beside a simulator."""

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        self._simulator = simulator
        self._wanted = port
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen on 127.0.0.1; raises SimulatorError if the port is taken."""
        application = web.Application(middlewares=[_guard], client_max_size=1 << 16)
        application.add_routes(
            [
                web.get("/", self._list),
                web.get("/cameras/{name}", self._status),
                web.get("/cameras/{name}/{stream}/sent", self._sent),
                web.post("/cameras/{name}/faults/{fault}", self._fault),
                web.delete("/cameras/{name}/faults", self._clear),
                web.put("/cameras/{name}/quirks", self._quirks),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._wanted)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            raise SimulatorError(
                "sim.port", f"Port {self._wanted} for the control API is not free ({error})."
            ) from error
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _camera(self, request: web.Request) -> Camera:
        return self._simulator.camera(request.match_info["name"])

    async def _list(self, request: web.Request) -> web.Response:
        del request
        entries = [camera_entry(camera) for camera in self._simulator.cameras.values()]
        return web.json_response({"cameras": entries})

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response(self._camera(request).status())

    async def _sent(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        name = request.match_info["stream"]
        if name not in camera.streams:
            raise UnknownNameError(f"{camera.spec.name} has no stream {name}.")
        log = camera.streams[name].log
        after = _number(request, "after", 0)
        limit = min(_MOST_UNITS, _number(request, "limit", _MOST_UNITS))
        units = [unit.plain() for unit in islice(log.since(after), limit)]
        return web.json_response(
            {
                "count": log.count,
                "forgotten": log.forgotten,
                "next": units[-1]["serial"] + 1 if units else max(after, log.forgotten),
                "units": units,
            }
        )

    async def _fault(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        await apply_fault(camera, request.match_info["fault"], await _body(request, dict))
        return web.json_response({"ok": True})

    async def _clear(self, request: web.Request) -> web.Response:
        await self._camera(request).clear()
        return web.json_response({"ok": True})

    async def _quirks(self, request: web.Request) -> web.Response:
        camera = self._camera(request)
        names = await _body(request, list)
        camera.set_quirks(parse_quirks(str(name) for name in names))
        return web.json_response({"ok": True, "quirks": sorted(camera.quirks)})
