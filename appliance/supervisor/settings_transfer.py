"""Resetting the settings as a whole over the bus, with a look at what would change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.settings.change import Change
from appliance.settings.declare import ResetGroup
from appliance.settings.registry import PAGES
from appliance.supervisor.footage_eraser import FootageEraser
from appliance.supervisor.settings_service import WRITE_ROLES, SettingsService
from appliance.text import _

SCOPES: Mapping[str, frozenset[ResetGroup]] = {
    "all": frozenset(),
    "but_network_and_users": frozenset({ResetGroup.NETWORK}),
}
"""Which pages a reset leaves as they are; all but \"all\" leave the accounts too."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """Something besides the pages that a reset of everything brings back to how it was at first.

    `title` names it in the preview.
    """

    title: str
    reset: Callable[[], Awaitable[None]]


class SettingsTransfer:
    """What the supervisor answers about the settings as a whole.

    - ``settings.reset_preview`` {scope, footage?} and ``settings.reset`` {scope, footage?, actor}

    Footage stays unless `footage` is "erased" (D2-MT-34).

    `seed` fills in afterwards what a box knows by itself at its first start (it blocks);
    `settled` is awaited before and after a reset of everything, which nobody takes back.
    """

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsService,
        *,
        seed: Callable[[], None],
        told: Callable[[str, dict[str, Any]], None],
        settled: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._settings = settings
        self._seed = seed
        self._told = told
        self._settled = settled
        self._beyond: list[Beyond] = []
        self._eraser: FootageEraser | None = None
        write = {"roles": WRITE_ROLES}
        bus.handle("settings.reset_preview", self._preview_reset)
        bus.handle("settings.reset", self._reset, **write)

    def also(self, beyond: Beyond) -> None:
        """Let a reset of everything bring this back, too."""
        self._beyond.append(beyond)

    def erase_by(self, eraser: FootageEraser) -> None:
        """Let a reset erase footage where that is wanted."""
        self._eraser = eraser

    async def reset(self, scope: str, actor: str, *, footage: bool = False) -> Change:
        """Bring the settings back to how they were at first: the one function that does.

        `footage`: erase it all.  What could not be erased is told by BusError afterwards.
        """
        kept, eraser = _scope(scope), self._eraser if footage else None
        if eraser is None:
            return await self._reset_settings(scope, kept, actor)
        eraser.note()
        try:
            change = await self._reset_settings(scope, kept, actor)
            problems = await eraser.erase(actor)
        finally:
            eraser.end()
        if problems:
            raise BusError("settings.footage_left", " ".join(problems))
        return change

    async def _reset_settings(self, scope: str, kept: frozenset[ResetGroup], actor: str) -> Change:
        store = self._settings.store

        def work() -> Change:
            return store.replace_pages(store.defaults(but=kept))

        whole = scope == "all"
        if whole:
            await self._settle()
        change = await self._settings.change(work, actor)
        await self._settings.run(self._seed)
        self._settings.publish_all()
        self._told("settings_reset", {"actor": actor, "scope": scope})
        if whole:
            await self._settle()
            for beyond in self._beyond:
                await beyond.reset()
        return change

    async def _settle(self) -> None:
        if self._settled is not None:
            await self._settled()

    async def _preview_reset(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        store, scope = self._settings.store, str(params.get("scope"))
        kept = _scope(scope)
        change = await self._settings.run(lambda: store.weigh(store.defaults(but=kept)))
        beyond = [beyond.title for beyond in self._beyond] if scope == "all" else []
        if _footage(params) and self._eraser is not None:
            text = _("All footage of {volume} is erased")
            beyond += [text.format(volume=name) for name in self._eraser.names()]
        return {**told(change), "beyond": beyond}

    async def _reset(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        scope, footage = str(params.get("scope")), _footage(params)
        change = await self.reset(scope, actor_of(params, peer), footage=footage)
        return told(change)


def _scope(scope: str) -> frozenset[ResetGroup]:
    kept = SCOPES.get(scope)
    if kept is None:
        raise BusError("settings.bad_request", _("There is no such kind of reset."))
    return kept


def _footage(params: Mapping[str, Any]) -> bool:
    return params.get("footage") == "erased"


def told(change: Change) -> dict[str, Any]:
    """Return a change in words, page by page."""
    pages = [
        {
            "page": page,
            "title": PAGES[page].spec.title,
            "changes": [{"item": edit.item, "text": edit.words()} for edit in edits],
        }
        for page, edits in change.edits.items()
        if edits
    ]
    return {"version": change.version, "pages": pages}
