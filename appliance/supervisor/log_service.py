"""The log over the bus: asked for, checked, cleared."""

from __future__ import annotations

import sqlite3
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.events.book import EventError
from appliance.events.log_book import LogBook
from appliance.events.query import EventQueryError
from appliance.text import _

ROLES = frozenset({"web", "cli"})
FOLLOWERS = frozenset({"courier"})
MOST = 500


class LogService:
    """What the supervisor answers about the log; entries are written by ``events.raise``.

    - ``log.query`` {types?, of?, start?, end?, text?, after?, limit?} -> {entries, next}
    - ``log.since`` {after: id | null, limit?} -> {events, last, more}; courier
    - ``log.check`` {} -> {whole, entries, since, broken: [{seq, text}]}
    - ``log.clear`` {actor} -> {count}
    """

    def __init__(self, bus: BusServer, log: LogBook) -> None:
        self._log = log
        bus.handle("log.query", self._query, roles=ROLES)
        bus.handle("log.since", self._since, roles=FOLLOWERS)
        bus.handle("log.check", self._check, roles=ROLES)
        bus.handle("log.clear", self._clear, roles=ROLES)

    async def _query(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        try:
            entries, after = await self._log.query(params)
        except EventQueryError as error:
            field = {"path": error.path, "code": "filter", "text": error.text}
            raise BusError("log.bad_filter", str(error), fields=[field]) from None
        except (EventError, sqlite3.Error) as error:
            raise _unreadable(error) from error
        return {"entries": entries, "next": after}

    async def _since(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        after, limit = params.get("after"), params.get("limit", MOST)
        if not isinstance(after, int | None) or not isinstance(limit, int) or not 0 < limit <= MOST:
            raise BusError("log.bad_request", _("What is asked of the log makes no sense."))
        try:
            return await self._log.since(after, limit)
        except (EventError, sqlite3.Error) as error:
            raise _unreadable(error) from error

    async def _check(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        try:
            verdict = await self._log.check()
        except (EventError, sqlite3.Error) as error:
            raise _unreadable(error) from error
        return {
            "whole": not verdict.broken,
            "entries": verdict.entries,
            "since": verdict.since_ms,
            "broken": [{"seq": place.seq, "text": place.text} for place in verdict.broken],
        }

    async def _clear(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        try:
            return {"count": await self._log.clear(actor_of(params, peer))}
        except (EventError, sqlite3.Error) as error:
            raise _unreadable(error) from error


def _unreadable(error: Exception) -> BusError:
    text = _("The log cannot be read or written now: {why}.").format(why=error)
    return BusError("log.failed", text)
