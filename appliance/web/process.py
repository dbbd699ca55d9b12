"""The web process: ports, certificate, bus, heartbeat; everything in words when a part is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.orphan import orphaned
from appliance.paths import Paths
from appliance.settings.pages.lockout import LockoutPage
from appliance.settings.pages.passwords import PasswordsPage
from appliance.settings.pages.web import WebPage
from appliance.settings.values import host_names
from appliance.web import websocket
from appliance.web.app import make_app
from appliance.web.certificate import ShownCertificate
from appliance.web.connections import SWEEP_S, Connections
from appliance.web.context import CONTEXT
from appliance.web.guard import HOSTS
from appliance.web.headers import TRANSPORT
from appliance.web.serial_door import LINE, SerialDoor
from appliance.web.servers import Servers, Trouble, places
from appliance.web.session_keeper import SESSIONS
from appliance.web.sign_in import SIGN_IN

CERTIFICATE_CHECK_S = 600.0
SETTINGS_WAIT_S = 3.0
"""How long the start waits for the settings before it takes the last known ones or defaults."""
PAGES = ("web", "lockout", "passwords")
NEVER_MIN = 10 * 366 * 1440
"""Idle minutes of a session that ends by its longest time only."""
STOP_S = 3.0
KEEP_ALIVE_S = 40.0
EVENT = "port_unusable"
_log = logging.getLogger(__name__)


class WebProcess:
    """One life of the process; `run` ends when it is told to stop."""

    def __init__(self, paths: Paths, *, bus: BusClient | None = None) -> None:
        self._paths = paths
        self.bus = bus or BusClient(paths.bus_socket, "web", secrets.token_hex(8))
        self._connections = Connections(time.monotonic)
        self.app = make_app(paths, self.bus, connections=self._connections)
        self._certificate = ShownCertificate()
        self._stop = asyncio.Event()
        self._page = WebPage()
        self._fetching = asyncio.Lock()
        self.ready = asyncio.Event()
        self.servers: Servers | None = None
        self.serial: SerialDoor | None = None

    def stop(self) -> None:
        """End in order."""
        self._stop.set()

    async def run(self) -> None:
        """Serve until `stop`.  Raises BusError where the supervisor refuses this process."""
        self.bus.handle("process.stop", self._on_stop)
        self.bus.handle("use.get", self._on_use, roles={"supervisor"})
        self.bus.subscribe("settings.changed", self._on_settings)
        self.bus.subscribe("certificates.changed", self._on_certificates)
        self.bus.on_connect(self._on_connect)
        runner = web.AppRunner(
            self.app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=KEEP_ALIVE_S,
            shutdown_timeout=STOP_S,
        )
        await runner.setup()
        server = runner.server
        assert server is not None
        tasks = [self._task(self.bus.run(), "bus")]
        try:
            with contextlib.suppress(BusError):
                await self._load_settings(SETTINGS_WAIT_S)
            await self._fetch_certificate()
            self.servers = Servers(server, self._connections, self._certificate.context, self._tell)
            await self._apply()
            self._announce()
            self.serial = SerialDoor(
                self.app, self.bus, self._certificate.steady(), self._paths.run / LINE
            )
            await self.serial.start()
            self.ready.set()
            tasks += [
                self._task(self.bus.beat(self._progress), "heartbeat"),
                self._task(self.servers.run(), "ports"),
                self._task(self._sweep(), "connections"),
                self._task(self._keep_certificate(), "certificate"),
                self._task(self._stop.wait(), "stop"),
                self._task(self._end_alone(), "orphan watch"),
            ]
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            if self.serial is not None:
                await self.serial.close()
            if self.servers is not None:
                await self.servers.close()
            await runner.cleanup()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    def _task(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        return asyncio.create_task(work, name=name)

    # -- settings ------------------------------------------------------------------------------

    async def _on_connect(self) -> None:
        await self.bus.request("settings.watch", {"pages": list(PAGES)})
        await self._load_settings(SETTINGS_WAIT_S)
        if self.servers is not None:
            await self._fetch_certificate()
            await self._apply()
            await self._tell(self.servers.troubles())

    async def _load_settings(self, timeout_s: float) -> None:
        page = await self.bus.request("settings.get", {"page": "web"}, timeout_s=timeout_s)
        self._page = WebPage.model_validate(page["values"])
        self.bus.settings_version = int(page["version"])
        await self._load_lockout(timeout_s)
        await self._load_passwords(timeout_s)

    async def _load_lockout(self, timeout_s: float) -> None:
        try:
            page = await self.bus.request("settings.get", {"page": "lockout"}, timeout_s=timeout_s)
        except BusError as error:
            _log.warning("The page Lockout cannot be had, the former limits stay: %s", error)
            return
        lock = LockoutPage.model_validate(page["values"])
        self.app[SIGN_IN].limit(lock.tries, lock.first_wait_min * 60.0, lock.longest_wait_min * 60)

    async def _load_passwords(self, timeout_s: float) -> None:
        try:
            page = await self.bus.request(
                "settings.get", {"page": "passwords"}, timeout_s=timeout_s
            )
        except BusError as error:
            _log.warning("The page Passwords cannot be had, the former rules stay: %s", error)
            return
        rules = PasswordsPage.model_validate(page["values"])
        self.app[SIGN_IN].ask_of_passwords(rules.least_kinds, rules.renew_days)

    async def _on_settings(self, payload: Any) -> None:
        if payload.get("page") not in PAGES:
            return
        try:
            await self._load_settings(SETTINGS_WAIT_S)
            await self._apply()
            if payload.get("rollback"):
                return
            troubles = self.servers.troubles() if self.servers else []
            ack = {"version": payload["version"], "page": payload["page"], "applied": not troubles}
            if troubles:
                ack["text"] = troubles[0].text
            await self.bus.request("settings.ack", ack)
        except (BusError, ValueError) as error:
            _log.warning("The page Web access could not be applied: %s", error)

    async def _apply(self) -> None:
        page = self._page
        sessions = self.app[SESSIONS]
        sessions.idle_s = (page.session_minutes or NEVER_MIN) * 60.0
        sessions.absolute_s = page.session_hours * 3600.0
        sessions.open_page_counts = page.open_page_counts
        self.app[HOSTS].set(host_names(page.host_names))
        self.app[TRANSPORT].plain_http = page.http_loopback
        if self.servers is not None:
            http = page.http_port if page.http_loopback else None
            await self.servers.want(places(page.https_port, http))

    # -- certificate ---------------------------------------------------------------------------

    async def _fetch_certificate(self) -> None:
        """Show from now on what the supervisor hands out; connections that are made go on."""
        async with self._fetching:
            names = host_names(self._page.host_names)
            await self._certificate.fetch(self.bus, names, SETTINGS_WAIT_S)

    async def _on_certificates(self, _payload: Any) -> None:
        await self._fetch_certificate()

    async def _keep_certificate(self) -> None:
        while True:
            await asyncio.sleep(CERTIFICATE_CHECK_S)
            await self._fetch_certificate()

    # -- telling -------------------------------------------------------------------------------

    async def _tell(self, troubles: list[Trouble]) -> None:
        try:
            for trouble in troubles:
                await self.bus.request(
                    "events.raise",
                    {
                        "kind": EVENT,
                        "key": f"port {trouble.port}",
                        "source": "web",
                        "details": {"port": trouble.port, "reason": trouble.text},
                    },
                    timeout_s=1,
                )
            keys = [f"port {trouble.port}" for trouble in troubles]
            await self.bus.request("events.sync", {"source": "web", "keys": keys}, timeout_s=1)
        except BusError as error:
            _log.debug("The supervisor was not told of the ports: %s", error)

    def _announce(self) -> None:
        if self.servers is None:
            return
        for place, port in sorted(self.servers.ports.items(), key=lambda entry: entry[1]):
            _log.info(
                "Serving %s on %s", "HTTPS" if place.tls else "HTTP", f"port {port} of {place.host}"
            )

    def _progress(self) -> dict[str, Any]:
        counters = self.app[CONTEXT].counters
        counters.loop_turns += 1
        counters.refused_connections = self._connections.refused
        return {
            "progress": {
                "loop_turns": counters.loop_turns,
                "requests": counters.requests,
                "media_units": counters.media_units,
                "refused_connections": counters.refused_connections,
                "feed_dropped": counters.feed_dropped,
                "timed_out": self._connections.timed_out,
            },
            "idle": len(self._connections) == 0 and websocket.count(self.app) == 0,
        }

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._connections.sweep()

    async def _on_use(self, _params: dict[str, Any]) -> dict[str, Any]:
        """Tell who would be interrupted by a stop of the box."""
        counters = self.app[CONTEXT].counters
        return {"viewers": counters.viewers, "downloads": counters.downloads}

    async def _end_alone(self) -> None:
        """End where no supervisor comes back: the port is free for whoever starts next."""
        await orphaned(self.bus.connected)
        _log.warning("No supervisor; the web server ends")

    async def _on_stop(self, _params: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().call_later(0.05, self.stop)
        return {}


async def serve(paths: Paths) -> None:
    """Run one process until a signal or the supervisor ends it."""
    process = WebProcess(paths)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()
