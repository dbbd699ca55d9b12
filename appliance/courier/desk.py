"""What other processes ask of the courier, and what it tells them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.courier.outlet import DeliveryError, Message, Outlet
from appliance.courier.spool import Spool
from appliance.courier.worker import Worker
from appliance.text import _

_log = logging.getLogger(__name__)

SENDERS = frozenset({"supervisor", "analytics", "jobs"})
"""Who has things delivered; the faces only ask how it goes."""

FACES = frozenset({"web", "cli", "gui", "supervisor"})
MOST_KEY = 64
FAILED = "delivery_failed"
ASK_S = 2.0


class Desk:
    """Methods ``courier.*`` (see `appliance.bus.courier_messages`) and the workers behind them."""

    def __init__(
        self,
        bus: BusClient,
        spool: Spool,
        outlets: Sequence[Outlet],
        inbox: Callable[[], dict[str, Any]],
    ) -> None:
        self._bus = bus
        self._inbox = inbox
        self._spool = spool
        self.workers = {
            outlet.name: Worker(outlet, spool, self._told, self._failing) for outlet in outlets
        }
        self._broken: dict[str, str] = {}
        self._changed = asyncio.Event()
        bus.handle("courier.deliver", self._deliver, roles=SENDERS)
        bus.handle("courier.status", self._status, roles=FACES)
        bus.handle("courier.retry", self._retry, roles=FACES)

    @property
    def delivered(self) -> int:
        """Messages that left since the start: progress."""
        return sum(worker.tally.delivered for worker in self.workers.values())

    async def tell(self) -> None:
        """Keep the events of what fails as it is, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            broken = dict(self._broken)
            try:
                for name, why in broken.items():
                    event = {"kind": FAILED, "key": name, "source": "courier",
                             "details": {"outlet": name, "reason": why}}  # fmt: skip
                    await self._bus.request("events.raise", event, timeout_s=ASK_S)
                keys = {"source": "courier", "keys": [{"kind": FAILED, "key": k} for k in broken]}
                await self._bus.request("events.sync", keys, timeout_s=ASK_S)
            except BusError as error:
                _log.debug("The supervisor was not told of what fails: %s", error.text)

    def told_anew(self) -> None:
        """Tell the supervisor again what fails: it may be a new one."""
        self._changed.set()

    # -- methods -------------------------------------------------------------------------------

    async def _deliver(self, params: dict[str, Any]) -> Any:
        worker = self._worker(params)
        key, body, expires_s = params.get("key", ""), params.get("body"), params.get("expires_s")
        if not isinstance(key, str) or len(key) > MOST_KEY or not isinstance(body, dict):
            raise _bad(_("What is to be delivered is not described as it has to be."))
        if expires_s is not None and (not isinstance(expires_s, int | float) or expires_s <= 0):
            raise _bad(_("Something expires after a number of seconds."))
        try:
            worker.outlet.check(body)
        except ValueError as error:
            raise _bad(str(error)) from None
        now = time.time_ns() // 1_000_000
        expires = None if expires_s is None else now + round(expires_s * 1000)
        try:
            number = await self._spool.put(
                worker.outlet.name, [body], now, key=key, expires_ms=expires
            )
        except sqlite3.Error as error:
            text = _("What is to be delivered cannot be stored now: {why}.").format(why=error)
            raise BusError("courier.not_stored", text) from error
        worker.wake()
        return {"id": number}

    async def _status(self, _params: dict[str, Any]) -> Any:
        try:
            waiting = await self._spool.waiting()
        except sqlite3.Error as error:
            _log.warning("What waits cannot be counted: %s", error)
            waiting = dict.fromkeys(self.workers, (0, 0, None))
        return {
            "outlets": [
                {
                    "outlet": name,
                    "ready": worker.outlet.ready,
                    "waiting": waiting[name][0],
                    "bytes": waiting[name][1],
                    "oldest": waiting[name][2],
                    "delivered": worker.tally.delivered,
                    "refused": worker.tally.refused,
                    "expired": worker.tally.expired,
                    "dropped": self._spool.dropped[name],
                    "failing_since": worker.tally.failing_since,
                    "error": worker.tally.error,
                    "last": worker.tally.last,
                }
                for name, worker in self.workers.items()
            ],
            "inbox": self._inbox(),
        }

    async def _retry(self, params: dict[str, Any]) -> Any:
        self._worker(params).wake(now=True)
        return {}

    def _worker(self, params: Mapping[str, Any]) -> Worker:
        worker = self.workers.get(str(params.get("outlet")))
        if worker is None:
            raise BusError("courier.unknown", _("There is no such way to deliver."))
        return worker

    # -- what workers tell ---------------------------------------------------------------------

    def _told(self, message: Message, delivered: bool, why: str) -> None:
        if message.outlet == "log":
            return  # hundreds a minute, and nobody waits for one of them
        self._bus.publish_nowait(
            "courier.delivered",
            {
                "id": message.id,
                "outlet": message.outlet,
                "key": message.key,
                "delivered": delivered,
                "text": why,
                "at": time.time_ns() // 1_000_000,
            },
        )

    async def _failing(self, lane: str, why: str) -> None:
        if why:
            self._broken[lane] = why
        else:
            self._broken.pop(lane, None)
        self._changed.set()


def refused(error: DeliveryError) -> BusError:
    """Return what is answered where something was to be delivered at once."""
    return BusError("courier.failed", error.text)


def _bad(text: str) -> BusError:
    return BusError("courier.bad_request", text)
