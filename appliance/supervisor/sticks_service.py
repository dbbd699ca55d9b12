"""USB sticks in the supervisor: mounted when plugged in, made places for the jobs, let go of.

A stick's place is a link in `state/places`, named as people know the stick.  What is mounted
outlives the supervisor, so jobs go on; a stick that appears later is unmounted first, in case
another one of that name was pulled.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.export.words import plain
from appliance.helper.contract import HelperError
from appliance.helper.requests.sticks import MountStick, ReleaseStick
from appliance.paths import Paths
from appliance.supervisor.helper_service import HelperService
from appliance.text import _
from board.profile.places import UsbSocket
from board.usb.sticks import Stick, StickWatch, Udev

_log = logging.getLogger(__name__)

SOURCE = "sticks"
RETRY_S = 5.0
MOST_NAME = 48


@dataclass(frozen=True, slots=True)
class _Held:
    """A stick that is mounted; `link` is its place."""

    stick: Stick
    link: Path


class SticksService:
    """`allowed()`: whether sticks may be used at all (D2-AP-52)."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        helper: HelperService,
        paths: Paths,
        allowed: Callable[[], bool],
    ) -> None:
        self._events = events
        self._helper = helper
        self._folder = paths.places
        self._allowed = allowed
        self._there: dict[str, Stick] = {}
        self._held: dict[str, _Held] = {}
        self._let_go: dict[str, Stick] = {}  # ejected or of no use, until they are pulled
        self._due = asyncio.Event()
        self._watch: StickWatch | None = None
        self._task: asyncio.Task[None] | None = None
        bus.handle("sticks.release", self._release, roles={"jobs"})

    def start(self, udev: Udev, sockets: tuple[UsbSocket, ...]) -> None:
        """Watch what is plugged in; with `sockets`, into those only."""
        loop = asyncio.get_running_loop()

        def changed(sticks: dict[str, Stick]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(self._changed, sticks)

        self._events.sync(SOURCE, [])
        self._watch = StickWatch(udev, sockets, changed)
        self._task = asyncio.create_task(self._run(), name="usb sticks")
        self._watch.start()

    async def close(self) -> None:
        """Stop watching; what is mounted stays so."""
        if self._watch is not None:
            self._watch.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def settings_changed(self, page: str) -> None:
        """Sticks may have been forbidden or allowed."""
        if page == "services":
            self._due.set()

    def _changed(self, sticks: dict[str, Stick]) -> None:
        self._there = sticks
        self._due.set()

    async def _run(self) -> None:
        first = True
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                if first:
                    await asyncio.to_thread(self._remove_old_links)
                await self._match(fresh=not first)
                first = False
            except HelperError as error:
                _log.warning("A USB stick has to wait: %s", error.text)
                asyncio.get_running_loop().call_later(RETRY_S, self._due.set)
            except OSError:
                _log.exception("The places of USB sticks cannot be kept")
                asyncio.get_running_loop().call_later(RETRY_S, self._due.set)

    async def _match(self, *, fresh: bool) -> None:
        """Have mounted what is there, and nothing else."""
        there = self._there if self._allowed() else {}
        for device, stick in list(self._let_go.items()):
            if there.get(device) != stick:
                del self._let_go[device]
                self._events.end_event("stick_unreadable", device)
        for device, held in list(self._held.items()):
            if there.get(device) != held.stick:
                await self._unmount(held)
        for device, stick in there.items():
            if device not in self._held and device not in self._let_go:
                await self._mount(stick, fresh=fresh)

    async def _mount(self, stick: Stick, *, fresh: bool) -> None:
        name = _name(stick)
        try:
            if fresh:
                await self._helper.call(ReleaseStick(device=stick.device))
            mounted = await self._helper.call(MountStick(device=stick.device))
        except HelperError as error:
            if error.code.startswith("helper."):
                raise
            self._let_go[stick.device] = stick
            details = {"stick": name, "reason": error.text}
            self._raise("stick_unreadable", stick, details)
            return
        link = await asyncio.to_thread(self._link, name, Path(mounted.path))
        self._held[stick.device] = _Held(stick, link)
        self._raise(
            "stick_plugged", stick, {"stick": link.name, "gb": round(stick.size_bytes / 1e9, 1)}
        )

    async def _unmount(self, held: _Held) -> None:
        """Take the place away first, so that nothing begins to write there."""
        await asyncio.to_thread(held.link.unlink, missing_ok=True)
        await self._helper.call(ReleaseStick(device=held.stick.device))
        self._held.pop(held.stick.device, None)
        self._events.end_event("stick_plugged", held.stick.device)

    def _raise(self, kind: str, stick: Stick, details: dict[str, Any]) -> None:
        self._events.raise_event(kind, key=stick.device, source=SOURCE, details=details)

    async def _release(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        """Let go of the stick of a place (`folder`, where it is mounted) that was ejected."""
        folder = str(params.get("folder"))
        for device, held in list(self._held.items()):
            if await asyncio.to_thread(_leads_to, held.link, folder):
                self._let_go[device] = held.stick
                await self._unmount(held)
                return {"released": True}
        return {"released": False}

    # -- links, in a thread --------------------------------------------------------------------

    def _remove_old_links(self) -> None:
        """Remove links of a former life that lead nowhere or to a mount point of ours."""
        if not self._folder.is_dir():
            return
        for entry in self._folder.iterdir():
            if entry.is_symlink() and "media/nvr/" in str(entry.readlink()):
                entry.unlink()

    def _link(self, name: str, target: Path) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            link = self._folder / (name if number == 1 else f"{name} {number}")
            try:
                link.symlink_to(target)
            except FileExistsError:
                number += 1
            else:
                return link


def _name(stick: Stick) -> str:
    """Return what people see: the label they gave it, else the maker's name of it."""
    for text in (stick.label, stick.model):
        name = plain(text, MOST_NAME).replace("/", "-").strip(" .")
        if name:
            return name
    return _("USB stick")


def _leads_to(link: Path, folder: str) -> bool:
    try:
        return str(link.resolve(strict=True)) == folder
    except OSError:
        return False
