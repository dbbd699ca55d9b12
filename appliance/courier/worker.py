"""Delivers what waits for one outlet: in order or one by one, again after a while if it fails."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from appliance.courier.outlet import DeliveryError, Message, Outlet
from appliance.courier.spool import Spool
from appliance.text import _

_log = logging.getLogger(__name__)

RETRY_S = (1.0, 300.0)
"""First and longest wait before another attempt; it doubles, and varies by a fifth."""

TOLD_AFTER = 3
"""Failures one after the other until an event says so."""

STORE_RETRY_S = 5.0


@dataclass(slots=True)
class Tally:
    """How an outlet fares; `failing_since` and `last` are ms UTC, None where it never was."""

    delivered: int = 0
    refused: int = 0
    expired: int = 0
    failing_since: int | None = None
    error: str = ""
    last: int | None = None


Told = Callable[[Message, bool, str], None]
"""Called with a message that left the spool, whether it was delivered, and why not."""

Failing = Callable[[str, str], Awaitable[None]]
"""Called with a lane ("log", "ping/health") and why it fails; with "" once it works again."""


@dataclass(slots=True)
class _Lane:
    """Messages that wait for each other: all of an ordered outlet, else those of one key."""

    due: float = 0.0
    wait_s: float = RETRY_S[0]
    failures: int = 0
    reported: bool = False


class Worker:
    """One task an outlet; nobody waits for it.

    `told` hears of each message that is done with, `failing` of a lane that does not work.
    """

    def __init__(self, outlet: Outlet, spool: Spool, told: Told, failing: Failing) -> None:
        self.outlet = outlet
        self.tally = Tally()
        self._spool = spool
        self._told = told
        self._failing = failing
        self._wake = asyncio.Event()
        self._lanes: dict[str, _Lane] = {}

    def wake(self, *, now: bool = False) -> None:
        """Look at once whether something waits; with `now`, though the last attempt failed."""
        if now:
            for lane in self._lanes.values():
                lane.due, lane.wait_s = 0.0, RETRY_S[0]
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._wake.clear()
            try:
                rest_s = await self._turn()
            except sqlite3.Error as error:
                _log.error("What waits for %s cannot be read: %s", self.outlet.name, error)
                rest_s = STORE_RETRY_S
            if rest_s == 0:
                continue
            try:
                async with asyncio.timeout(rest_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _turn(self) -> float | None:
        """Try what is due; return seconds until there may be more to do, None for "when woken"."""
        outlet = self.outlet
        if not outlet.ready:
            return None
        count = outlet.batch if outlet.ordered else outlet.bounds.items
        waiting = await self._spool.head(outlet.name, count)
        if not waiting:
            self._lanes = {name: lane for name, lane in self._lanes.items() if lane.reported}
            return None
        late = [m for m in waiting if m.expires_ms is not None and m.expires_ms <= _now_ms()]
        if late:
            self.tally.expired += len(late)
            await self._done(late, delivered=False, why=self.tally.error or _("It came too late."))
            return 0
        now = time.monotonic()
        due = [message for message in waiting if self._lane(message).due <= now]
        if not due:
            return min(self._lane(message).due for message in waiting) - now
        messages = due if outlet.ordered else due[:1]
        try:
            async with asyncio.timeout(outlet.timeout_s):
                await outlet.deliver(messages)
        except TimeoutError:
            text = _("No answer within {seconds} s.").format(seconds=f"{outlet.timeout_s:g}")
            await self._failed(messages, DeliveryError(text))
        except DeliveryError as error:
            await self._failed(messages, error)
        except Exception:  # noqa: BLE001 - a broken outlet must not end the others
            _log.exception("Delivering by %s broke", outlet.name)
            text = _("Delivering failed inside the box; its log says why.")
            await self._failed(messages, DeliveryError(text))
        else:
            await self._delivered(messages)
        return 0

    def _name(self, message: Message) -> str:
        if self.outlet.ordered or not message.key:
            return self.outlet.name
        return f"{self.outlet.name}/{message.key}"

    def _lane(self, message: Message) -> _Lane:
        return self._lanes.setdefault(self._name(message), _Lane())

    async def _delivered(self, messages: Sequence[Message]) -> None:
        name, lane = self._name(messages[0]), self._lane(messages[0])
        self.tally.delivered += len(messages)
        self.tally.last = _now_ms()
        self.tally.failing_since, self.tally.error = None, ""
        self._lanes[name] = _Lane()
        await self._done(messages, delivered=True, why="")
        if lane.reported:
            _log.info("What waited for %s is delivered again", name)
            await self._failing(name, "")

    async def _failed(self, messages: Sequence[Message], error: DeliveryError) -> None:
        name, lane = self._name(messages[0]), self._lane(messages[0])
        self.tally.error = error.text
        lane.failures += 1
        if self.tally.failing_since is None:
            self.tally.failing_since = _now_ms()
        if error.permanent:
            self.tally.refused += len(messages)
            await self._done(messages, delivered=False, why=error.text)
        else:
            spread = random.uniform(0.8, 1.2)  # noqa: S311 - no secret, only spread
            lane.due = time.monotonic() + lane.wait_s * spread
            lane.wait_s = min(lane.wait_s * 2, RETRY_S[1])
        if not lane.reported and (error.permanent or lane.failures >= TOLD_AFTER):
            lane.reported = True
            _log.warning("%s does not deliver: %s", name, error.text)
            await self._failing(name, error.text)

    async def _done(self, messages: Sequence[Message], *, delivered: bool, why: str) -> None:
        await self._spool.remove(message.id for message in messages)
        for message in messages:
            self._told(message, delivered, why)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
