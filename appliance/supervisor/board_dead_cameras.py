"""Cameras that had pictures and answer no more: the port each is powered by is switched off and on.

What recorders report of their channels goes in; the controller has backoff and daily limit.
docs/design/poe.md says when a port is left alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from appliance.bus.messages import ChannelStatus
from appliance.bus.server import BusServer
from appliance.health.words import label_of
from appliance.supervisor.board_dead_words import GIVEN_UP, text_of
from appliance.supervisor.board_poe_events import PoeEvents
from board.poe.controller import PoeController
from board.poe.model import PoeError
from board.poe.ownership import Evidence, owner_of

_log = logging.getLogger(__name__)

NO_ANSWER = frozenset(
    {"connect_timeout", "unreachable", "connection_refused", "no_answer", "closed", "silent"}
)
"""Faults of a stream with which nothing answers; with every other one the camera does."""

GAP_S = 6.0
"""Reports further apart say nothing of the time between."""
TICK_S = 2.0
BETWEEN_S = 60.0
"""What makes several cameras fall silent at once is seldom the cameras: one port at a time."""

Look = Callable[[int, str], Evidence]
"""How a port is now, with where the camera of this host (of its address) was seen."""


@dataclass(slots=True)
class Watched:
    """A camera on a port.  Times are `monotonic`; `code`: see board_dead_words.

    `evidence` is a report older than `fresh`: in the second in which a camera dies its link may
    have gone before its last picture is reported.
    """

    port: int
    certain: bool
    host: str
    label: str = ""
    played: bool = False
    last_frame: int = 0
    fresh: Evidence | None = None
    evidence: Evidence | None = None
    silent_since: float | None = None
    heard_at: float = 0.0
    ask_at: float = 0.0
    code: str = ""
    until: float = 0.0
    count: int = 0


def bindings(ports: list[dict[str, Any]]) -> dict[int, tuple[int, bool]]:
    """Return port and whether a person said so, by channel, from the entries of the page PoE.

    Port n is channel n (D1-PO-03) unless it is set otherwise; 0: no camera of this recorder.
    """
    said = {entry["channel"]: entry["id"] for entry in ports if entry["channel"]}
    found = {
        entry["id"]: (entry["id"], False)
        for entry in ports
        if entry["channel"] is None and entry["id"] not in said
    }
    return {**found, **{channel: (port, True) for channel, port in said.items()}}


class DeadCameras:
    """Watches the channels that are bound to ports.  `pages` gives a page of settings, raw."""

    def __init__(
        self,
        bus: BusServer,
        pages: Callable[[str], Mapping[str, Any]],
        controller: PoeController,
        events: PoeEvents,
        look: Look,
    ) -> None:
        self._pages = pages
        self._controller = controller
        self._events = events
        self._look = look
        self._watched: dict[int, Watched] = {}
        self._last_cycle: float | None = None
        events.dead_text = self._reason
        bus.subscribe("channel.status", self.take)

    # -- what recorders report -----------------------------------------------------------------

    def take(self, payload: Any, _source: str = "") -> None:
        """Take a report of channels."""
        reports = payload.get("channels") if isinstance(payload, dict) else None
        channels = {item["id"]: item for item in self._pages("channels")["items"]}
        bound = self._bound()
        for number in set(self._watched) - (set(bound) & set(channels)):
            self._forget(number)
        for status in reports if isinstance(reports, list) else ():
            channel = status.get("id") if isinstance(status, dict) else None
            if channel in bound and channel in channels:
                self._take(channel, status, channels[channel], *bound[channel])

    def _bound(self) -> dict[int, tuple[int, bool]]:
        """Return the bindings of ports that this board has; settings may be of a larger one."""
        entries = self._pages("poe")["items"]
        return bindings([entry for entry in entries if entry["id"] in self._controller.ports])

    def _take(
        self,
        number: int,
        status: ChannelStatus,
        channel: Mapping[str, Any],
        port: int,
        certain: bool,
    ) -> None:
        now, host = monotonic(), _host(channel["main_url"])
        known = self._watched.get(number)
        if known is None or (known.port, known.host) != (port, host):
            self._forget(number)
            known = self._watched[number] = Watched(port, certain, host)
        known.certain, known.label = certain, label_of(status)
        if now - known.heard_at > GAP_S:
            known.silent_since = None
        known.heard_at = now
        streams = [s for s in (status.get("streams") or {}).values() if isinstance(s, dict)]
        faults = {fault["code"] for stream in streams if (fault := stream.get("fault"))}
        plays = any(stream.get("state") == "playing" for stream in streams)
        if plays or faults - NO_ANSWER or not channel["enabled"]:
            self._answers(known)
        elif faults and known.silent_since is None:
            known.silent_since = now
        frame = status.get("last_frame_utc") or 0
        known.played = known.played or bool(frame)
        if channel["enabled"] and frame not in (0, known.last_frame):
            known.evidence, known.fresh = known.fresh, self._look(port, host)
        known.last_frame = frame

    def _answers(self, known: Watched) -> None:
        known.silent_since = None
        known.ask_at = 0.0
        if known.code:
            known.code = ""
            self._events.camera_answers(known.port)

    def _forget(self, number: int) -> None:
        known = self._watched.pop(number, None)
        if known is not None:
            self._answers(known)

    # -- what is done about it -----------------------------------------------------------------

    async def run(self) -> None:
        """Do so for ever."""
        while True:
            await asyncio.sleep(TICK_S)
            await self.look_after()

    async def look_after(self) -> None:
        """Look after what is silent, once."""
        for known in list(self._watched.values()):
            if known.played and known.silent_since is not None:
                await self._consider(known, known.silent_since)

    async def _consider(self, known: Watched, since: float) -> None:
        page, now = self._pages("poe"), monotonic()
        if now - known.heard_at > GAP_S:
            return  # the recorder is away: nothing is known
        if not page["recovery"]:
            self._note(known, "switched_off")
        elif now < since + page["dead_after_s"]:
            self._note(known, "waiting", since + page["dead_after_s"])
        elif now >= known.ask_at:
            await self._restart(known, now)

    async def _restart(self, known: Watched, now: float) -> None:
        owner = owner_of(known.evidence, self._look(known.port, known.host), certain=known.certain)
        if owner != "same":
            self._note(known, owner)
            return
        if self._last_cycle is not None and now - self._last_cycle < BETWEEN_S:
            self._note(known, "queued", self._last_cycle + BETWEEN_S)
            return
        try:
            verdict = await self._controller.camera_dead(known.port)
        except PoeError as error:
            _log.warning("Port %d is not restarted: %s", known.port, error.text)
            self._note(known, "unreachable")
            return
        if verdict.answer == "cycled":
            self._last_cycle = now
            _log.warning("%s does not answer: port %d was cycled", known.label, known.port)
        known.ask_at = now + min(verdict.wait_s, BETWEEN_S)
        self._note(known, verdict.answer, now + verdict.wait_s, verdict.today)

    def _note(self, known: Watched, code: str, until: float = 0.0, count: int = 0) -> None:
        before, known.code = known.code, code
        known.until, known.count = until, count
        if code in GIVEN_UP and before != code:
            self._events.camera_dead(known.port, self._text(known))
        elif code not in GIVEN_UP and before in GIVEN_UP:
            self._events.camera_answers(known.port)

    # -- what is told --------------------------------------------------------------------------

    def of_port(self, port: int) -> tuple[int | None, str, str]:
        """Return the channel of a port, a code of how its camera fares, and that in words."""
        for channel, known in self._watched.items():
            if known.port == port:
                return channel, known.code, self._text(known)
        bound = self._bound()
        channels = {item["id"] for item in self._pages("channels")["items"]}
        mine = (n for n, (p, _said) in bound.items() if p == port and n in channels)
        return next(mine, None), "", ""

    def _text(self, known: Watched) -> str:
        now = monotonic()
        silent = 0.0 if known.silent_since is None else now - known.silent_since
        left = max(0.0, known.until - now)
        return text_of(known.code, known.label, silent, left, known.count)

    def _reason(self, port: int) -> str:
        """Why a port is cycled for its camera."""
        for known in self._watched.values():
            if known.port == port and known.silent_since is not None:
                silent = monotonic() - known.silent_since
                return text_of("dead", known.label, silent, 0.0, 0)
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
