"""Tags over the bus: mark, find, rename, delete; copies on volumes go both ways."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer, Handler
from appliance.events.tags import Tag, TagError, is_channel, is_tag_id, is_time
from appliance.events.tags_book import TagBook
from appliance.events.tags_query import TagFilter
from appliance.text import _

MAX_IDS = 500
MAX_COPIES = 500
"""Tags of one message: 500 of 500 bytes each are a quarter of the longest line of the bus."""

_FACES = frozenset({"web", "cli", "gui"})
_RECORDER = frozenset({"recorder"})
_Method = Callable[["TagsService", dict[str, Any]], Coroutine[Any, Any, Any]]


class TagsService:
    """Gives the book of tags to the other processes; every change is published."""

    def __init__(self, bus: BusServer, book: TagBook) -> None:
        self._bus = bus
        self._book = book
        book.listen(self._publish)
        for name, method, roles in (
            ("tags.query", TagsService._query, _FACES),
            ("tags.get", TagsService._get, _FACES),
            ("tags.add", TagsService._add, _FACES),
            ("tags.rename", TagsService._rename, _FACES),
            ("tags.delete", TagsService._delete, _FACES),
            ("tags.changes", TagsService._changes, _RECORDER),
            ("tags.merge", TagsService._merge, _RECORDER),
            ("tags.footage", TagsService._footage, _RECORDER),
        ):
            bus.handle(name, self._answering(method), roles=roles)

    def _answering(self, method: _Method) -> Handler:
        @wraps(method)
        async def answer(params: dict[str, Any], _peer: PeerInfo) -> Any:
            try:
                return await method(self, params)
            except TagError as error:
                fields = []
                if error.field:
                    fields = [{"path": error.field, "code": error.code, "text": error.text}]
                raise BusError(error.code, error.text, fields=fields) from None

        return answer

    def _publish(self, serial: int, channels: Collection[int]) -> None:
        self._bus.publish("tags.changed", {"serial": serial, "channels": sorted(channels)})

    async def _query(self, params: dict[str, Any]) -> Any:
        tags, after = await self._book.query(TagFilter.parse(params))
        return {"tags": await self._told(tags), "next": after}

    async def _get(self, params: dict[str, Any]) -> Any:
        return {"tags": await self._told(await self._book.get(_ids(params)))}

    async def _told(self, tags: Sequence[Tag]) -> list[dict[str, Any]]:
        gone = await self._book.gone_since([tag.id for tag in tags])
        return [{**tag.as_dict(), "gone": gone.get(tag.id)} for tag in tags]

    async def _add(self, params: dict[str, Any]) -> Any:
        channel, at = params.get("channel"), params.get("at")
        if not is_channel(channel) or not is_time(at):
            raise _bad(_("A tag belongs to a channel and to a time in milliseconds."))
        tag = await self._book.add(channel, at, _name(params), str(params.get("author") or ""))
        return tag.as_dict()

    async def _rename(self, params: dict[str, Any]) -> Any:
        if not is_tag_id(params.get("id")):
            raise _bad(_("A tag is named by its id."))
        return (await self._book.rename(params["id"], _name(params), _by(params))).as_dict()

    async def _delete(self, params: dict[str, Any]) -> Any:
        return {"deleted": await self._book.delete(_ids(params), _by(params))}

    async def _changes(self, params: dict[str, Any]) -> Any:
        after, channels = params.get("after", 0), params.get("channels")
        if not is_time(after):
            raise _bad(_("Changes are asked for from a number on."))
        if not (
            isinstance(channels, list) and len(channels) == 2 and all(map(is_channel, channels))
        ):
            raise _bad(_("Changes are asked for of a range of channels."))
        found = await self._book.changes(after, (channels[0], channels[1]), MAX_COPIES)
        return {
            "store": found.store,
            "tags": [tag.as_dict() for tag in found.tags],
            "serial": found.serial,
            "more": found.more,
        }

    async def _merge(self, params: dict[str, Any]) -> Any:
        copies = params.get("tags")
        if not isinstance(copies, list) or len(copies) > MAX_COPIES:
            raise _bad(_("Copies of tags are a list, not too long."))
        try:
            tags = [Tag.from_dict(copy) for copy in copies]
        except (ValueError, AttributeError) as error:
            raise _bad(_("A copy of a tag is damaged: {reason}.").format(reason=error)) from None
        return {"taken": await self._book.merge(tags)}

    async def _footage(self, params: dict[str, Any]) -> Any:
        removed = await self._book.footage(_ids(params, "gone"), _ids(params, "here"))
        return {"removed": removed}


def _bad(text: str) -> TagError:
    return TagError("tags.bad_request", text)


def _name(params: Mapping[str, Any]) -> str:
    name = params.get("name")
    if not isinstance(name, str):
        raise _bad(_("A tag needs a name."))
    return name


def _by(params: Mapping[str, Any]) -> str:
    return str(params.get("by") or "")[:128]


def _ids(params: Mapping[str, Any], field: str = "ids") -> list[str]:
    ids = params.get(field)
    if not isinstance(ids, list) or len(ids) > MAX_IDS or not all(map(is_tag_id, ids)):
        raise _bad(_("Tags are named by their ids, at most {most}.").format(most=MAX_IDS))
    return ids
