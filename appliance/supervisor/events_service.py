"""Events over the bus: raise, end, ask; every change is published."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook, EventError
from appliance.events.kinds import KINDS
from appliance.events.log_types import LOG_ONLY
from appliance.events.query import EventFilter, EventQueryError
from appliance.events.record import EventRecord
from appliance.text import _


class EventsService:
    """Gives the book of events to the other processes."""

    def __init__(self, bus: BusServer, book: EventBook) -> None:
        self._bus = bus
        self._book = book
        book.listen(self._publish)
        bus.handle("events.raise", self._raise)
        bus.handle("events.end", self._end)
        bus.handle("events.sync", self._sync)
        bus.handle("events.query", self._query)
        bus.handle("events.kinds", self._kinds)

    def _publish(self, change: str, event: EventRecord) -> None:
        if change == "raised":
            self._bus.publish("log.grown", {"id": event.id})
        if event.kind in LOG_ONLY:
            return
        self._bus.publish("event", {"change": change, "event": event.as_dict()})

    async def _raise(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        channel, start = params.get("channel"), params.get("start")
        if channel is not None and not _is_count(channel):
            raise BusError("events.bad_request", _("The channel of an event is a number."))
        if start is not None and not _is_count(start):
            raise BusError("events.bad_request", _("An event starts at a time in milliseconds."))
        try:
            event, new = self._book.raise_event(
                _text(params, "kind"),
                key=_text(params, "key", ""),
                channel=channel,
                source=_text(params, "source", peer.name) or peer.name,
                details=_details(params),
                start_ms=start,
            )
        except EventError as error:
            raise BusError(error.code, error.text) from None
        return {"id": event.id, "new": new}

    async def _end(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        end = params.get("end")
        if end is not None and not _is_count(end):
            raise BusError("events.bad_request", _("An event ends at a time in milliseconds."))
        event = self._book.end_event(
            _text(params, "kind"),
            _text(params, "key"),
            details=_details(params),
            end_ms=end,
        )
        return {"ended": event is not None}

    async def _sync(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        keys = params.get("keys")
        if not isinstance(keys, list):
            raise BusError("events.bad_request", _("The keys of events are a list."))
        source = _text(params, "source", peer.name) or peer.name
        return {"ended": self._book.sync(source, {_key(entry) for entry in keys})}

    async def _query(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        try:
            events, after = await self._book.query(EventFilter.parse(params))
        except EventQueryError as error:
            field = {"path": error.path, "code": "filter", "text": error.text}
            raise BusError("events.bad_filter", str(error), fields=[field]) from None
        except EventError as error:
            raise BusError(error.code, error.text) from None
        told = await asyncio.to_thread(lambda: [event.as_dict() for event in events])
        return {"events": told, "next": after}

    async def _kinds(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return {"kinds": [kind.as_dict() for kind in KINDS.values()]}


def _text(params: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = params.get(name, default)
    if not isinstance(value, str) or len(value) > 128 or (default is None and not value):
        raise BusError("events.bad_request", _("{name} of the event is missing.").format(name=name))
    return value


def _key(entry: Any) -> str | tuple[str, str]:
    """Return what names an event: its key, or its kind and key."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, dict):
        return _text(entry, "kind"), _text(entry, "key")
    raise BusError("events.bad_request", _("The keys of events are texts, or kind and key."))


def _details(params: Mapping[str, Any]) -> dict[str, Any]:
    value = params.get("details", {})
    if not isinstance(value, dict):
        raise BusError("events.bad_request", _("The details of an event are a group of values."))
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53
