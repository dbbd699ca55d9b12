"""Keeps an eye on the places: one that hangs, is pulled or was ejected is not offered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.jobs.places import Place, is_mount, look, place_id, roots
from appliance.paths import PLACES_VARIABLE, Paths

LOOK_S = 2.0
"""How long a place has to answer."""

EVERY_S = 3.0
MAX_PLACES = 32


class _Root:
    """One folder that may be a place.

    A folder that has been a mount point is a place only while something is mounted there: else
    an export would go to the disk below it.  `ejected` is the file system that may be pulled.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.was_mount = False
        self.ejected: int | None = None
        self._found: asyncio.Future[Place | None] | None = None

    async def look(self) -> Place | None:
        """Return the place, None if it is not there, was ejected or does not answer.

        Who asks while a look is under way waits for that one: a place that hangs holds one thread.
        """
        if self._found is None or self._found.done():
            self._found = self._begin()
        try:
            async with asyncio.timeout(LOOK_S):
                return await asyncio.shield(self._found)
        except TimeoutError:
            return None

    def _begin(self) -> asyncio.Future[Place | None]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Place | None] = loop.create_future()

        def deliver(place: Place | None) -> None:
            if not found.done():
                found.set_result(place)

        def work() -> None:
            place = self._look()
            with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(deliver, place)

        threading.Thread(target=work, name="place", daemon=True).start()
        return found

    def _look(self) -> Place | None:
        try:
            place = look(self.path)
        except OSError:
            self.ejected = None
            return None
        mounted = is_mount(place.path)
        if self.was_mount and not mounted:
            self.ejected = None
            return None
        self.was_mount = mounted
        if self.ejected is not None and self.ejected == place.fsid:
            return None
        self.ejected = None
        return place


class PlaceWatch:
    """The places there are; `changed(places)` is called when one comes, goes or cannot be written.

    `variable` is what NVR_PLACES says, for tests.
    """

    def __init__(
        self, paths: Paths, changed: Callable[[list[Place]], None], variable: str | None = None
    ) -> None:
        self._paths = paths
        self._changed = changed
        self._variable = os.environ.get(PLACES_VARIABLE, "") if variable is None else variable
        self._roots: dict[str, _Root] = {}
        self._last: list[Place] | None = None

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.places()
            await asyncio.sleep(EVERY_S)

    async def places(self) -> list[Place]:
        """Return what is there now."""
        known = await asyncio.to_thread(self._known)
        found = await asyncio.gather(*(root.look() for root in known))
        places = [place for place in found if place is not None]
        without = [replace(place, free=0) for place in places]
        if self._last != without:
            self._last = without
            self._changed(places)
        return places

    async def find(self, wanted: str) -> Place | None:
        """Return a place that is there now, None if it is not."""
        return next((place for place in await self.places() if place.id == wanted), None)

    async def eject(self, place: Place) -> None:
        """Take a place off the list until something else is there, or it has been away."""
        root = self._roots.get(place.id)
        if root is not None:
            root.ejected = place.fsid
        await self.places()

    def _known(self) -> list[_Root]:
        names = {place_id(path): path for path in roots(self._paths, self._variable)}
        for gone in self._roots.keys() - names.keys():
            self._roots.pop(gone, None)
        for name, path in list(names.items())[:MAX_PLACES]:
            self._roots.setdefault(name, _Root(path))
        return [self._roots[name] for name in names if name in self._roots]
