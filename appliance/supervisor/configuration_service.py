"""The whole configuration over the bus: saved as a file, looked at, taken over; all or nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.settings.change import Change
from appliance.settings.declare import ResetGroup
from appliance.settings.files import make_folder, sync_folder, write_atomically
from appliance.settings.fitting import Misfit
from appliance.settings.migrate import SCHEMA
from appliance.settings.problems import SettingsError
from appliance.settings.registry import PAGES
from appliance.settings.transfer import MOST_PASSPHRASE, seal, unseal
from appliance.settings.vault import Vault, VaultError
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import told
from appliance.text import _
from appliance.version import VERSION

_log = logging.getLogger(__name__)

ROLES = frozenset({"web", "cli"})
SETTINGS = "settings"
ACCOUNTS = "accounts"
_PLACE = "configuration/import"


class Part(Protocol):
    """Something of the configuration besides the settings.

    `gather` and `weigh` block; values are JSON with secrets in clear, None for nothing.  `weigh`
    returns what would change, in words; it and `apply` raise SettingsError before anything changed
    where the value makes no sense.
    """

    name: str
    title: str

    def gather(self) -> Any:
        """Return what there is."""

    def weigh(self, value: Any) -> list[str]:
        """Return what `apply` would change."""

    async def apply(self, value: Any) -> None:
        """Put it in the place of what is here."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a file comes to on this box."""

    about: Mapping[str, Any]
    pages: Mapping[str, Mapping[str, Any]]
    change: Change
    misfits: Sequence[Misfit]
    parts: Sequence[tuple[Part, Any, list[str]]]


class ConfigurationService:
    """What the supervisor answers about the configuration as one file (D2-MT-32, D2-MT-33).

    - ``configuration.export`` {passphrase, actor} -> {file}
    - ``configuration.preview`` and ``configuration.import``
      {file, passphrase, network?, accounts?, actor} -> {version, about, pages, parts, misfits}

    A file is first checked as a whole.  What will be applied is noted, sealed with the device key:
    if the power fails half way, it is applied again at the next start (`resume`).  `about` says
    which box this is.
    """

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsService,
        vault: Vault,
        folder: Path,
        *,
        about: Callable[[], Mapping[str, Any]],
        told: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._vault = vault
        self._note = folder / "import.pending"
        self._about = about
        self._told = told
        self._parts: list[Part] = []
        self._importing = asyncio.Lock()
        bus.handle("configuration.export", self._export, roles=ROLES)
        bus.handle("configuration.preview", self._preview, roles=ROLES)
        bus.handle("configuration.import", self._import, roles=ROLES)

    def also(self, part: Part) -> None:
        """Let the configuration have this, too."""
        self._parts.append(part)

    async def resume(self) -> bool:
        """Finish an import that a power cut interrupted; return whether there was one."""
        try:
            noted = await asyncio.to_thread(self._note.read_text)
        except OSError:
            return False
        try:
            value = json.loads(self._vault.open_sealed(noted, _PLACE))
            pages = value.pop(SETTINGS, {})
            await self._settings.run(lambda: self._settings.store.replace_pages(pages))
            for part in self._parts:
                if part.name in value:
                    await part.apply(value[part.name])
        except (VaultError, ValueError, SettingsError, BusError) as error:
            _log.error("An interrupted import could not be finished: %s", error)
        else:
            self._told("settings_imported", {"actor": _("an import that was interrupted")})
        await asyncio.to_thread(self._forget)
        return True

    # -- methods -------------------------------------------------------------------------------

    async def _export(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        store, passphrase = self._settings.store, _passphrase(params)

        def work() -> str:
            parts = {SETTINGS: store.gather()}
            parts |= {part.name: part.gather() for part in self._parts}
            about = {
                **self._about(),
                "device": store.raw("general")["name"],
                "channels": len(store.raw("channels")["items"]),
                "software": VERSION,
                "schema": SCHEMA,
                "exported": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            return seal(parts, about, passphrase)

        file = await self._settings.run(work)
        self._told("settings_exported", {"actor": actor_of(params, peer), "secrets": "sealed"})
        return {"file": file}

    async def _preview(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        return _shown(await self._plan(params))

    async def _import(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        async with self._importing:
            plan = await self._plan(params)
            store, actor = self._settings.store, actor_of(params, peer)
            noted = {SETTINGS: plan.pages} | {part.name: value for part, value, _w in plan.parts}
            await self._settings.run(lambda: self._write_note(noted))
            try:
                # The settings come first: a process may refuse them, and then nothing has changed.
                change = await self._settings.change(lambda: store.replace_pages(plan.pages), actor)
                try:
                    for part, value, _words in plan.parts:
                        await part.apply(value)
                except BusError:
                    if change.pages:
                        await self._settings.change(lambda: store.roll_back(change), actor)
                    raise
            finally:
                await asyncio.to_thread(self._forget)
        if any(part.name == ACCOUNTS for part, _value, _words in plan.parts):
            self._bus.publish("accounts.changed", {})
        self._told("settings_imported", {"actor": actor})
        return {**_shown(plan), "version": store.version}

    # -- inside --------------------------------------------------------------------------------

    async def _plan(self, params: dict[str, Any]) -> _Plan:
        file, passphrase, store = _file(params), _passphrase(params), self._settings.store
        network, accounts = params.get("network", True), params.get("accounts", True)

        def work() -> _Plan:
            opened = unseal(file, passphrase)
            given = store.pages_of(opened.parts.get(SETTINGS))
            if not network:
                given = {
                    name: values
                    for name, values in given.items()
                    if name not in PAGES or PAGES[name].spec.group is not ResetGroup.NETWORK
                }
            pages, misfits = store.fitted(given)
            change = store.weigh(pages)
            parts = [
                (part, opened.parts[part.name], part.weigh(opened.parts[part.name]))
                for part in self._parts
                if opened.parts.get(part.name) is not None and (accounts or part.name != ACCOUNTS)
            ]
            return _Plan(opened.about, pages, change, misfits, parts)

        return await self._settings.run(work)

    def _write_note(self, value: Mapping[str, Any]) -> None:
        sealed = self._vault.seal(json.dumps(value), _PLACE)
        try:
            make_folder(self._note.parent)
            write_atomically(self._note, sealed.encode())
        except OSError as error:
            text = _("The settings cannot be written: {why}.").format(why=error.strerror or error)
            raise SettingsError("settings.not_saved", text) from error

    def _forget(self) -> None:
        try:
            self._note.unlink()
            sync_folder(self._note.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            _log.warning("The note of an import cannot be removed: %s", error)


def _shown(plan: _Plan) -> dict[str, Any]:
    return {
        **told(plan.change),
        "about": plan.about,
        "parts": [
            {"part": part.name, "title": part.title, "changes": words}
            for part, _value, words in plan.parts
            if words
        ],
        "misfits": [
            {"page": m.page, "title": m.title, "item": m.item, "text": m.text} for m in plan.misfits
        ],
    }


def _passphrase(params: Mapping[str, Any]) -> str:
    value = params.get("passphrase")
    if not isinstance(value, str) or len(value) > MOST_PASSPHRASE:
        raise BusError("settings.bad_request", _("The passphrase is a text."))
    return value


def _file(params: Mapping[str, Any]) -> str:
    value = params.get("file")
    if not isinstance(value, str):
        raise BusError("settings.bad_request", _("The file is a text."))
    return value
