"""The process of the courier: `python -m appliance.courier`."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import ssl
import time
from typing import Any

from pydantic import ValidationError

from appliance import log
from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.bus.orphan import orphaned
from appliance.certificates.trust import FOLDER as TRUSTED
from appliance.certificates.trust import client_context
from appliance.courier.desk import Desk, refused
from appliance.courier.inbox import Inbox
from appliance.courier.log_feed import LogFeed
from appliance.courier.log_outlet import LogOutlet, Target
from appliance.courier.outlet import DeliveryError
from appliance.courier.ping import PingOutlet
from appliance.courier.spool import Spool
from appliance.paths import Paths
from appliance.settings.pages.log_server import LogServerPage
from appliance.text import _

_log = logging.getLogger(__name__)

PAGES = ("log_server", "general")


class CourierProcess:
    """One life of the process; `run` ends when it is told to stop."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self.bus = BusClient(paths.bus_socket, "courier", secrets.token_hex(8))
        self.log_outlet = LogOutlet(self._trust)
        outlets = (self.log_outlet, PingOutlet(self._trust))
        bounds = {outlet.name: outlet.bounds for outlet in outlets}
        self.spool = Spool(paths.state / "courier" / "spool.db", bounds)
        self.desk = Desk(self.bus, self.spool, outlets, self._inbox_status)
        self.inbox = Inbox(paths.logs)
        self._feed = LogFeed(self.bus, self.spool, self.log_outlet, self.desk.workers["log"].wake)
        self._applying = asyncio.Lock()
        self._ended = asyncio.Event()
        self._turns = 0
        self.bus.handle("process.stop", self._on_stop)
        self.bus.handle("courier.test_log", self._test_log, roles={"web"})
        self.bus.subscribe("settings.changed", self._on_settings)
        self.bus.on_connect(self._on_connect)

    def stop(self) -> None:
        """End in order."""
        self._ended.set()

    async def run(self) -> None:
        """Deliver until `stop`.  Raises BusError where the supervisor refuses this process."""
        await self.spool.open()
        tasks = [
            asyncio.create_task(self.bus.run(), name="bus"),
            asyncio.create_task(self.bus.beat(self._progress), name="heartbeat"),
            asyncio.create_task(self._feed.run(), name="log feed"),
            asyncio.create_task(self.desk.tell(), name="telling"),
            asyncio.create_task(self._watch_orphanhood(), name="orphan watch"),
            asyncio.create_task(self._ended.wait(), name="stop"),
            *(
                asyncio.create_task(worker.run(), name=f"outlet {name}")
                for name, worker in self.desk.workers.items()
            ),
        ]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.inbox.close()
            for worker in self.desk.workers.values():
                await worker.outlet.close()
            await self.spool.close()

    async def _watch_orphanhood(self) -> None:
        """Return when there is no supervisor any more: what is not delivered stays in the spool."""
        await orphaned(self.bus.connected)
        _log.warning("No supervisor; the courier ends")

    def _trust(self) -> ssl.SSLContext:
        return client_context(self._paths.state / TRUSTED)

    def _inbox_status(self) -> dict[str, Any]:
        return self.inbox.status()

    def _progress(self) -> dict[str, Any]:
        self._turns += 1
        progress = {
            "turns": self._turns,
            "delivered": self.desk.delivered,
            "received": self.inbox.taken,
        }
        return {"progress": progress}

    # -- settings ------------------------------------------------------------------------------

    async def _on_connect(self) -> None:
        await self.bus.request("settings.watch", {"pages": ["log_server"]})
        await self._load()
        self.desk.told_anew()
        self._feed.look()

    async def _on_settings(self, payload: Any) -> None:
        if payload.get("page") not in PAGES:
            return
        try:
            fault = await self._load()
            if payload.get("rollback") or payload["page"] != "log_server":
                return
            answer = {"version": payload["version"], "page": payload["page"], "applied": not fault}
            if fault:
                answer["text"] = fault
            await self.bus.request("settings.ack", answer)
        except (BusError, ValidationError) as error:
            _log.warning("The page Log server could not be applied: %s", error)

    async def _load(self) -> str:
        """Apply the settings; return what cannot be done, "" if all is well."""
        async with self._applying:
            answer = await self.bus.request("settings.get", {"page": "log_server"})
            general = await self.bus.request("settings.get", {"page": "general"})
            page = LogServerPage.model_validate(answer["values"])
            self.bus.settings_version = int(answer["version"])
            target = Target.of(page, str(general["values"]["name"])) if page.send else None
            await self._feed.switch(lambda: self.log_outlet.aim(target), on=page.send)
            self._feed.least = page.least
            if target is None:
                await self.spool.clear("log")
            self.desk.workers["log"].wake(now=True)
            fault = await self.inbox.apply(page)
            await self._tell_fault(page.receive_port, fault)
            self._feed.look()
            return fault

    async def _tell_fault(self, port: int, fault: str) -> None:
        if fault:
            event = {"kind": "port_unusable", "key": "syslog", "source": "courier inbox",
                     "details": {"port": port, "reason": fault}}  # fmt: skip
            await self.bus.request("events.raise", event)
        keys = ["syslog"] if fault else []
        await self.bus.request("events.sync", {"source": "courier inbox", "keys": keys})

    # -- methods -------------------------------------------------------------------------------

    async def _test_log(self, params: dict[str, Any]) -> Any:
        answer = await self.bus.request("settings.get", {"page": "log_server"})
        general = await self.bus.request("settings.get", {"page": "general"})
        page = LogServerPage.model_validate(answer["values"])
        if not page.host:
            text = _("Enter and save the address of the log server first.")
            raise BusError("courier.no_server", text)
        name = str(general["values"]["name"])
        entry = {
            "at": time.time_ns() // 1_000_000,
            "severity": "info",
            "kind": "test",
            "text": _("Test line of {name}, asked for by {actor}.").format(
                name=name, actor=str(params.get("actor", ""))[:64]
            ),
        }
        try:
            await self.log_outlet.test(Target.of(page, name), entry)
        except DeliveryError as error:
            raise refused(error) from error
        return {}

    async def _on_stop(self, _params: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().call_later(0.05, self.stop)
        return {}


async def serve(paths: Paths) -> None:
    """Run one process until a signal or the supervisor ends it."""
    process = CourierProcess(paths)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop)
    await process.run()


def main() -> int:
    """Serve until told to stop; 1 where the supervisor refuses this process."""
    log.configure("courier")
    try:
        asyncio.run(serve(Paths.from_environment()))
    except BusError as error:
        _log.error("%s", error.text)
        return 1
    return 0
