"""Erases all footage where a reset is to: recorders are ended meanwhile, and begin anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.settings.store import SettingsStore
from appliance.storage.wipe import wipe_volume
from appliance.supervisor.spec import RECORDER_PREFIX
from appliance.supervisor.table import ProcessTable
from appliance.text import _

_log = logging.getLogger(__name__)


class FootageEraser:
    """`note` before the settings change, `erase` after; `end` in any case.

    `match` starts the recorders that the settings then want.  `known` is the folder in which they
    remember which volume belongs where: an erased one is forgotten, so that it can be made anew.
    """

    def __init__(
        self,
        store: SettingsStore,
        table: ProcessTable,
        known: Path,
        match: Callable[[], None],
        told: Callable[[str, dict[str, Any]], None],
    ) -> None:
        self._store = store
        self._table = table
        self._known = known
        self._match = match
        self._told = told
        self._volumes: Sequence[tuple[str, str, Path]] = ()

    def names(self) -> list[str]:
        """Return how the volumes are called whose footage would go."""
        return [str(v["name"] or v["id"]) for v in self._store.raw("storage")["volumes"]]

    def note(self) -> None:
        """Note the volumes there are."""
        volumes = self._store.raw("storage")["volumes"]
        self._volumes = [(v["id"], str(v["name"] or v["id"]), Path(v["path"])) for v in volumes]

    async def erase(self, actor: str) -> list[str]:
        """End the recorders and erase; return in words what could not be."""
        recorders = [name for name in self._table.names if name.startswith(RECORDER_PREFIX)]
        await self._table.halt(recorders, _("all footage is erased"))
        problems = []
        for number, name, path in self._volumes:
            try:
                count = await asyncio.to_thread(wipe_volume, path)
                (self._known / f"{number}.uuid").unlink(missing_ok=True)
            except OSError as error:
                _log.error("The footage of volume %s could not be erased: %s", name, error)
                text = _("The footage of volume {name} could not be erased: {why}.")
                problems.append(text.format(name=name, why=error.strerror or error))
            else:
                self._told("footage_deleted", {"actor": actor, "volume": name, "count": count})
        return problems

    def end(self) -> None:
        """Let recorders begin again."""
        self._volumes = ()
        self._match()
