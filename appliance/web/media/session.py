"""A media session: one WebSocket, many opened streams, live and from the disks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from appliance.accounts.permission import Permission
from appliance.text import _
from appliance.web.media import requests, wire
from appliance.web.media.live_hub import LiveHub
from appliance.web.media.outbox import Lane, Outbox, OutboxFull, Socket
from appliance.web.media.playback import Player, PlayerFactory
from appliance.web.media.watch import LiveWatch
from appliance.web.media.wire import Notice
from appliance.web.routing import Access

log = logging.getLogger(__name__)

MAX_OPENED = 64
"""Streams on one socket: a wall of 16, its successor that opens behind it, and then some."""

RECHECK_S = 5.0


@dataclass(slots=True)
class Opened:
    """One stream a client opened, and what is being done for it."""

    request: requests.Open
    lane: Lane
    listening: bool
    task: asyncio.Task[None] | None = None
    watch: LiveWatch | None = None
    player: Player | None = None
    past: bool = False
    position_ms: float | None = None
    speed: float = 1.0
    keys: bool | None = None
    paused: bool = False

    @property
    def permission(self) -> Permission:
        """What its present mode needs."""
        return Permission.PLAYBACK if self.past else Permission.LIVE


class MediaSession:
    """What one client has opened; every message is checked against what its person may do.

    `viewed(channel, at_ms)` hears of every place of the past that is gone to.
    """

    def __init__(
        self,
        access: Access,
        live: LiveHub,
        players: PlayerFactory,
        socket: web.WebSocketResponse,
        sender: Socket,
        viewed: Callable[[int, float], None],
    ) -> None:
        self._access = access
        self._viewed = viewed
        self._live = live
        self._players = players
        self._socket = socket
        self._outbox = Outbox(sender)
        self._opened: dict[int, Opened] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._handlers: dict[type, Callable[..., None]] = {
            requests.Open: self._open,
            requests.Play: self._play,
            requests.Pause: self._pause,
            requests.Seek: self._seek,
            requests.Step: self._step,
            requests.Position: self._position,
            requests.Live: self._go_live,
            requests.Audio: self._audio,
            requests.Close: self._close,
            requests.Ping: self._ping,
        }

    async def run(self) -> None:
        """Serve until the socket closes."""
        sender = asyncio.create_task(self._send(), name="media outbox")
        checker = asyncio.create_task(self._recheck(), name="media rights")
        try:
            async for message in self._socket:
                if message.type is web.WSMsgType.TEXT:
                    self.handle(message.data)
                elif message.type is web.WSMsgType.BINARY:
                    self._answer(
                        wire.fault(None, "bad_request", _("Binary messages are not understood."))
                    )
        except OutboxFull:
            log.warning("a viewer asks without reading the answers; its connection is closed")
        finally:
            for number in list(self._opened):
                self._drop(number)
            tasks = [sender, checker, *self._ending]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def handle(self, text: str) -> None:
        """Do what a message asks; raises OutboxFull when its answer finds no room."""
        try:
            request = requests.parse(text)
        except requests.BadRequest as error:
            self._answer(wire.fault(error.number, error.code, str(error)))
            return
        opened = self._opened.get(getattr(request, "id", -1))
        if isinstance(request, requests.Open | requests.Ping):
            self._handlers[type(request)](request)
        elif opened is None:
            if not isinstance(request, requests.Close | requests.Position):
                self._answer(wire.fault(request.id, "not_open", _("This stream is not open.")))
        else:
            self._handlers[type(request)](opened, request)

    async def _send(self) -> None:
        try:
            await self._outbox.run()
        except (OSError, RuntimeError) as error:
            log.debug("media socket ended: %s", error)
            await self._socket.close()

    async def _recheck(self) -> None:
        """Take away what a person may not see any more."""
        while True:
            await asyncio.sleep(RECHECK_S)
            for number, opened in list(self._opened.items()):
                if not self._access.may(opened.permission, opened.request.channel):
                    self._drop(number)
                    self._answer(self._forbidden(number))

    def _answer(self, notice: Notice) -> None:
        self._outbox.answer(notice)

    def _forbidden(self, number: int) -> Notice:
        return wire.fault(
            number, "not_allowed", _("You are not allowed to see this. Ask the administrator.")
        )

    def _allowed(self, number: int, channel: int, permission: Permission) -> bool:
        if self._access.may(permission, channel):
            return True
        self._answer(self._forbidden(number))
        return False

    # What a client asks.

    def _open(self, request: requests.Open) -> None:
        past = request.at is not None
        self._drop(request.id)
        permission = Permission.PLAYBACK if past else Permission.LIVE
        if not self._allowed(request.id, request.channel, permission):
            return
        if len(self._opened) >= MAX_OPENED:
            text = _("No more than {most} streams can be open at once. Close some first.")
            self._answer(wire.fault(request.id, "too_many", text.format(most=MAX_OPENED)))
            return
        opened = Opened(
            request,
            self._outbox.lane(request.id),
            listening=request.audio,
            past=past,
            position_ms=request.at,
            speed=request.speed,
            keys=request.keys,
            paused=request.paused,
        )
        self._opened[request.id] = opened
        if request.at is not None:
            self._viewed(request.channel, request.at)
        self._start(opened)

    def _play(self, opened: Opened, request: requests.Play) -> None:
        opened.speed, opened.keys, resumed = request.speed, request.keys, opened.paused
        opened.paused = opened.paused and request.op == "speed"
        if opened.player:
            opened.player.play(opened.speed, paused=opened.paused, keys=opened.keys)
        elif resumed and not opened.paused and not opened.past:
            self._start(opened)

    def _pause(self, opened: Opened, _request: requests.Pause) -> None:
        opened.paused = True
        if opened.player:
            opened.player.play(opened.speed, paused=True, keys=opened.keys)
        elif not opened.past:
            self._stop(opened)
            opened.lane.clear()

    def _seek(self, opened: Opened, request: requests.Seek) -> None:
        if not self._allowed(request.id, opened.request.channel, Permission.PLAYBACK):
            return
        self._viewed(opened.request.channel, request.at)
        opened.past, opened.position_ms = True, request.at
        if opened.player:
            opened.player.seek(request.at, key_only=request.mode == "key")
        else:
            self._start(opened, key_only=request.mode == "key")

    def _step(self, opened: Opened, request: requests.Step) -> None:
        if not self._allowed(request.id, opened.request.channel, Permission.PLAYBACK):
            return
        self._viewed(opened.request.channel, request.at)
        opened.past, opened.paused, opened.position_ms = True, True, request.at
        if opened.player:
            opened.player.step(request.at, request.by)
        else:
            self._start(opened, step_by=request.by)

    def _position(self, opened: Opened, request: requests.Position) -> None:
        if opened.player:
            opened.player.at(request.at)

    def _go_live(self, opened: Opened, request: requests.Live) -> None:
        if self._allowed(request.id, opened.request.channel, Permission.LIVE):
            opened.past, opened.paused, opened.speed = False, False, 1.0
            self._start(opened)

    def _audio(self, opened: Opened, request: requests.Audio) -> None:
        opened.listening = request.on
        if opened.player:
            opened.player.listen(request.on)
        if opened.watch:
            opened.watch.listen(request.on)

    def _close(self, opened: Opened, request: requests.Close) -> None:
        self._drop(request.id)

    def _ping(self, request: requests.Ping) -> None:
        self._answer({"op": "pong", "t": request.t})

    # What is done for it.

    def _start(self, opened: Opened, *, key_only: bool = False, step_by: int = 0) -> None:
        """(Re)start an opened stream in its present mode; what waits of the old one is dropped."""
        self._stop(opened)
        opened.lane.clear()

        def work() -> Coroutine[Any, Any, None]:
            if opened.past:
                return self._play_back(opened, key_only, step_by)
            return self._show_live(opened)

        opened.task = asyncio.create_task(
            self._guarded(opened, work), name=f"media {opened.request.id}"
        )

    async def _guarded(self, opened: Opened, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """What breaks in one stream is told to its viewer and leaves the others alone."""
        try:
            await work()
        except Exception:
            log.exception("an opened stream broke: %s", opened.request)
            text = _("This stream broke inside the box; its log says why. Open it again.")
            opened.lane.post(wire.fault(opened.request.id, "failed", text))

    def _stop(self, opened: Opened) -> None:
        if opened.watch:
            opened.watch.close()
        if opened.player:
            opened.player.close()
        opened.watch = opened.player = None
        if opened.task and not opened.task.done():
            opened.task.cancel()
            self._ending.add(opened.task)
            opened.task.add_done_callback(self._ending.discard)
        opened.task = None

    def _drop(self, number: int) -> None:
        opened = self._opened.pop(number, None)
        if opened:
            self._stop(opened)
            self._outbox.drop(number)

    async def _show_live(self, opened: Opened) -> None:
        opened.watch = LiveWatch(
            self._live, opened.request, opened.lane, listening=opened.listening
        )
        await opened.watch.run()

    async def _play_back(self, opened: Opened, key_only: bool, step_by: int) -> None:
        """Play from the disks; at the end go live if the client asked for that."""
        player = self._players(opened.request, opened.lane)
        opened.player = player
        player.listen(opened.listening)
        player.play(opened.speed, paused=opened.paused, keys=opened.keys)
        if step_by:
            player.step(opened.position_ms or 0, step_by)
        else:
            player.seek(opened.position_ms or 0, key_only=key_only)
        await player.run()
        if self._access.may(Permission.LIVE, opened.request.channel):
            asyncio.get_running_loop().call_soon(self._hand_over, opened)

    def _hand_over(self, opened: Opened) -> None:
        if self._opened.get(opened.request.id) is opened and opened.past:
            opened.past, opened.speed = False, 1.0
            self._start(opened)
