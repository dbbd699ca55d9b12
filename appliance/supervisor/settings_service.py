"""Settings over the bus: read, change, have the change acknowledged or taken back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.settings.change import Change, ItemId
from appliance.settings.forms import all_forms, page_form
from appliance.settings.mend import Mended
from appliance.settings.problems import SettingsError
from appliance.settings.registry import PAGES
from appliance.settings.store import SettingsStore
from appliance.text import _

_log = logging.getLogger(__name__)

ACK_S = 3.0
"""How long a change waits for those it concerns; who is later may still refuse it."""

MOST_ITEMS = 8
"""Entries of a list that are named one by one in the record of a change."""

REVEAL_ROLES = frozenset({"recorder", "cameras"})
WRITE_ROLES = frozenset({"web", "cli", "cameras"})

T = TypeVar("T")


class SettingsService:
    """The only writer of the settings.

    `changed(page)` is called on the loop after each change; `told(kind, details)` raises events;
    `capabilities()` names what this box has, for fields that are only shown with it.
    """

    def __init__(
        self,
        bus: BusServer,
        store: SettingsStore,
        *,
        changed: Callable[[str], None],
        told: Callable[[str, dict[str, Any]], None],
        capabilities: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._bus = bus
        self._capabilities = capabilities
        self.store = store
        self._changed = changed
        self._told = told
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")
        self._changing = asyncio.Lock()
        self._watchers: dict[str, frozenset[str]] = {}
        self._due: set[tuple[str, str, int]] = set()
        self._answered = asyncio.Event()
        self._refusal: tuple[str, str] | None = None
        self._last: Change | None = None
        self._late: set[asyncio.Task[None]] = set()
        bus.on_leave(self._gone)
        write = {"roles": WRITE_ROLES}
        bus.handle("settings.get", self._get)
        bus.handle("settings.schema", self._schema)
        bus.handle("settings.problems", self._problems)
        bus.handle("settings.reveal", self._reveal, roles=REVEAL_ROLES)
        bus.handle("settings.watch", self._watch)
        bus.handle("settings.ack", self._ack)
        bus.handle("settings.patch", self._patch, **write)
        bus.handle("settings.pin", self._pin, roles=REVEAL_ROLES)
        bus.handle("settings.add", self._add, **write)
        bus.handle("settings.remove", self._remove, **write)
        bus.handle("settings.copy", self._copy, **write)

    async def open(self) -> list[Mended]:
        """Read the document, mending what is wrong; return what was."""
        return await self._run(self.store.open)

    async def change(self, work: Callable[[], Change], actor: str) -> Change:
        """Make a change, have it acknowledged or taken back; raise BusError."""
        async with self._changing:
            change = await self._run(work)
            if change.pages:
                await self._apply(change, actor)
            return change

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` in the thread of the store; raise BusError for what it refuses."""
        return await self._run(work)

    def publish_all(self) -> None:
        """Tell everybody to read every page anew: something changed beside `change`."""
        store = self.store
        self._publish(Change(store.version, dict.fromkeys(PAGES, ()), {}), rollback=False)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        page = params.get("page")
        if page is not None:
            read = await self._run(lambda: self.store.read(_text(params, "page")))
            return {**read, "capabilities": sorted(self._capabilities())}

        def read_all() -> dict[str, Any]:
            pages = {name: self.store.read(name) for name in PAGES}
            return {"version": self.store.version, "pages": pages}

        return await self._run(read_all)

    async def _schema(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        name = params.get("page")
        if name is None:
            return {"pages": await self._run(all_forms)}
        model = PAGES.get(_text(params, "page"))
        if model is None:
            raise BusError("settings.no_page", _("There is no such settings page."))
        return {"pages": [await self._run(lambda: page_form(model))]}

    async def _problems(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return {"problems": [note.as_dict() for note in self.store.mended]}

    async def _reveal(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        page, field = _text(params, "page"), _text(params, "field")
        item = _item(params) if params.get("item") is not None else None
        return {"value": await self._run(lambda: self.store.reveal(page, item, field))}

    async def _patch(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        page, changes = _text(params, "page"), _group(params, "changes")
        item = _item(params) if params.get("item") is not None else None
        etag = _optional(params, "etag")
        if item is None:
            self._refuse_other_items(page, changes)
        change = await self.change(
            lambda: self.store.change(page, item, changes, etag), actor_of(params, peer)
        )
        return {**await self._run(lambda: self.store.read(page)), **self._outcome(change)}

    def _refuse_other_items(self, page: str, changes: Mapping[str, Any]) -> None:
        """Raise BusError where a whole list would add or remove parts of the box."""
        collection = PAGES[page].spec.collection if page in PAGES else None
        if collection is None or not collection.fixed or collection.field not in changes:
            return
        wanted = changes[collection.field]
        there = [entry["id"] for entry in self.store.raw(page)[collection.field]]
        if not isinstance(wanted, list) or there != [
            entry.get("id") if isinstance(entry, dict) else None for entry in wanted
        ]:
            text = _("The entries of this page are parts of the box: none is added or removed.")
            raise BusError("settings.fixed", text)

    async def _pin(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        """Note a camera's certificate where none is known; a known one only people replace."""
        channel, fingerprint = _item(params), _text(params, "fingerprint")

        def known() -> bool:
            items = self.store.read("channels")["values"]["items"]
            return any(i["id"] == channel and i["tls_fingerprint"] for i in items)

        if not await self._run(known):
            changes = {"tls_fingerprint": fingerprint}
            await self.change(lambda: self.store.change("channels", channel, changes), peer.name)
        return {}

    async def _add(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        page, values = _text(params, "page"), _group(params, "values")
        _refuse_fixed(page, _("Nothing can be added to this page."))
        added: list[ItemId] = []

        def add() -> Change:
            item, change = self.store.add(page, values)
            added.append(item)
            return change

        change = await self.change(add, actor_of(params, peer))
        read = await self._run(lambda: self.store.read(page))
        return {
            "id": added[0],
            "version": change.version,
            "etag": read["etag"],
            "item_etag": read["item_etags"].get(str(added[0]), ""),
            **self._outcome(change),
        }

    async def _remove(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        page, item, etag = _text(params, "page"), _item(params), _optional(params, "etag")
        _refuse_fixed(page, _("Nothing can be removed from this page."))
        change = await self.change(
            lambda: self.store.remove(page, item, etag), actor_of(params, peer)
        )
        read = await self._run(lambda: self.store.read(page))
        return {"version": change.version, "etag": read["etag"], **self._outcome(change)}

    async def _copy(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        page, item = _text(params, "page"), _item(params)
        to, fields = params.get("to"), params.get("fields")
        if not isinstance(to, list) or not all(isinstance(entry, int | str) for entry in to):
            raise BusError("settings.bad_request", _("Say to which entries to copy."))
        if fields is None:
            fields = ["week"] if page == "record" else []
        if not isinstance(fields, list) or not fields:
            raise BusError("settings.bad_request", _("Say which fields to copy."))
        names = [str(name) for name in fields]
        change = await self.change(
            lambda: self.store.copy_to(page, item, to, names), actor_of(params, peer)
        )
        return {**await self._run(lambda: self.store.read(page)), **self._outcome(change)}

    async def _watch(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        pages = params.get("pages")
        if not isinstance(pages, list) or not all(isinstance(page, str) for page in pages):
            raise BusError("settings.bad_request", _("Say which pages to watch."))
        self._watchers[peer.name] = frozenset(pages)
        return {"version": self.store.version}

    async def _ack(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        page, version = _text(params, "page"), params.get("version")
        if not isinstance(version, int):
            raise BusError("settings.bad_request", _("Say which version was applied."))
        due = (peer.name, page, version)
        waited = due in self._due
        self._due.discard(due)
        if params.get("applied") is not True:
            refusal = (peer.name, str(params.get("text") or _("It does not say why."))[:500])
            if waited:
                self._refusal = refusal
            elif self._last is not None and self._last.version == version:
                task = asyncio.create_task(self._take_back_late(self._last, *refusal))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
        self._answered.set()
        return {}

    # -- applying ------------------------------------------------------------------------------

    async def _apply(self, change: Change, actor: str) -> None:
        self._last = change
        self._refusal = None
        self._due = {
            (name, page, change.version)
            for name, watched in self._watchers.items()
            for page in change.pages
            if page in watched
        }
        self._publish(change, rollback=False)
        try:
            async with asyncio.timeout(ACK_S):
                while self._due and self._refusal is None:
                    self._answered.clear()
                    await self._answered.wait()
        except TimeoutError:
            late = ", ".join(sorted({name for name, _page, _version in self._due}))
            _log.warning("A change of settings is not applied yet by %s", late)
        if self._refusal is not None:
            who, why = self._refusal
            await self._take_back(change, who, why)
            text = _("{who} cannot work with this, so nothing was changed. {why}")
            raise BusError("settings.refused", text.format(who=who, why=why))
        self._audit(change, actor)

    def _outcome(self, change: Change) -> dict[str, Any]:
        """Say who has not answered yet: they take the change up when they come to it."""
        pending = {name for name, _page, version in self._due if version == change.version}
        return {"pending": sorted(pending)}

    async def _take_back(self, change: Change, who: str, why: str) -> None:
        back = await self._run(lambda: self.store.roll_back(change))
        self._last = None
        self._due = set()
        self._publish(back, rollback=True)
        page = ", ".join(change.pages)
        _log.warning("%s refused a change of %s; it was taken back: %s", who, page, why)
        self._told("settings_refused", {"page": page, "reason": f"{who}: {why}"})

    async def _take_back_late(self, change: Change, who: str, why: str) -> None:
        async with self._changing:
            if self._last is not change:
                return
            try:
                await self._take_back(change, who, why)
            except BusError as error:
                _log.error("A refused change could not be taken back: %s", error.text)

    def _publish(self, change: Change, *, rollback: bool) -> None:
        for page, items in change.pages.items():
            self._bus.publish(
                "settings.changed",
                {
                    "page": page,
                    "version": change.version,
                    "items": list(items),
                    "rollback": rollback,
                },
            )
            self._changed(page)

    def _audit(self, change: Change, actor: str) -> None:
        for page, edits in change.edits.items():
            if not edits:
                continue
            items = list(dict.fromkeys(edit.item for edit in edits if edit.item is not None))
            item = ", ".join(map(str, items)) if len(items) <= MOST_ITEMS else str(len(items))
            fields = ", ".join(dict.fromkeys(edit.words() for edit in edits))
            _log.info("%s changed %s %s: %s", actor, page, item, fields)
            title = PAGES[page].spec.title
            details = {"actor": actor, "page": title, "item": item, "fields": fields}
            self._told("settings_changed", details)

    def _gone(self, peer: PeerInfo) -> None:
        self._watchers.pop(peer.name, None)
        self._due = {due for due in self._due if due[0] != peer.name}
        self._answered.set()

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except SettingsError as error:
            fields = [problem.as_dict() for problem in error.fields]
            raise BusError(error.code, error.text, fields=fields) from None


def _refuse_fixed(page: str, text: str) -> None:
    """Raise BusError where the entries of a page are parts of the box."""
    collection = PAGES[page].spec.collection if page in PAGES else None
    if collection is not None and collection.fixed:
        raise BusError("settings.fixed", text)


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value or len(value) > 64:
        raise BusError("settings.bad_request", _("{name} is missing.").format(name=name))
    return value


def _optional(params: Mapping[str, Any], name: str) -> str | None:
    return _text(params, name) if params.get(name) is not None else None


def _group(params: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = params.get(name)
    if not isinstance(value, dict):
        raise BusError("settings.bad_request", _("{name} is missing.").format(name=name))
    return value


def _item(params: Mapping[str, Any]) -> ItemId:
    value = params.get("item")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BusError("settings.bad_request", _("Say which entry is meant."))
    return value
