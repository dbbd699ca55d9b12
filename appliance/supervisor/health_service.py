"""The health of the box in the supervisor: judged, told by events, put aside, mended.

Methods on the bus, for the web process only:

    health.get {}                              {health: Health, checks: [{slug, title}], ping}
    health.fix {finding, fix, actor}           {finding}: its text; what was in the way is the error
    health.snooze {finding, hours, reason, by} {finding}
    health.wake {finding}                      {finding}

Who may do it is decided by who asks.  Codes of refusals begin with "health.".
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.bus.status_messages import Health
from appliance.events.book import EventBook
from appliance.health import register
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.health.fixup import Hands
from appliance.health.snoozes import MAX_HOURS, MAX_REASON, Snooze, Snoozes
from appliance.health.summary import health_of, id_of
from appliance.health.ward import Ward
from appliance.supervisor.health_ping import RecordingPing
from appliance.text import _

_log = logging.getLogger(__name__)

FACES = frozenset({"web", "gui"})
SOURCE = "health"
KIND_OF = {"error": "health_error", "warning": "health_warning"}
SETTLE_S = 60.0
"""After a start the findings of the last life stay until the checks have had time to look."""

LASTS_S = 15.0
"""What is over sooner, or is told by an event of its own by then, raises none of ours."""

LEAST_REASON = 3
HOUR_MS = 3_600_000


class HealthService:
    """One ward and what follows from its findings.

    `ask` brings the facts up to date and judges (it ends in `turn`); `hands` do what fixups need.
    """

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        path: Path,
        hands: Hands,
        ping: RecordingPing,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._events = events
        self._wall_ms = wall_ms
        self._hands = hands
        self._ping = ping
        self._clock = clock
        self._began_s = clock()
        self._ward = Ward(register.checks())
        self._fixups = register.fixups()
        self._snoozes = Snoozes(path)
        self._saving = asyncio.Lock()
        self._findings: list[Finding] = []
        self._aside: dict[str, Snooze] = {}
        self._told: dict[str, str] = {}
        self._inherited: set[str] | None = None
        self._new_s: dict[str, float] = {}
        self._last: Health | None = None
        self.ask: Callable[[], Any] | None = None
        bus.handle("health.get", self._get, roles=FACES | {"cli"})
        bus.handle("health.fix", self._fix, roles=FACES)
        bus.handle("health.snooze", self._snooze, roles=FACES)
        bus.handle("health.wake", self._wake, roles=FACES)

    async def start(self) -> None:
        """Read what was put aside."""
        await asyncio.to_thread(self._snoozes.load)

    def turn(self, facts: Facts, power_w: tuple[float, float] | None = None) -> Health:
        """Judge the box by these facts; events and lights follow."""
        self._findings = self._ward.turn(facts)
        self._aside = {
            finding.key: snooze
            for finding in self._findings
            if (snooze := self._snoozes.of(finding.key, finding.level, facts.now)) is not None
        }
        self._tell()
        self._ping.turn(facts.channels)
        self._last = health_of(facts, self._findings, self._aside, self._fixups, power_w)
        return self._last

    def aside_events(self) -> Collection[tuple[str, str]]:
        """Return the events (kind, key) whose findings are put aside."""
        return {
            finding.event
            for finding in self._findings
            if finding.event is not None and finding.key in self._aside
        }

    # -- events --------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Raise an event for what is new and no other event tells; end those that are over."""
        if self._inherited is None:
            self._told = {e.key: e.kind for e in self._events.open_events if e.source == SOURCE}
            self._inherited = set(self._told)
        wanted = {
            finding.key: finding
            for finding in self._findings
            if not finding.told and finding.level in KIND_OF and finding.key not in self._aside
        }
        now_s = self._clock()
        if now_s - self._began_s >= SETTLE_S:
            self._inherited.clear()
        self._inherited -= wanted.keys()
        for key, kind in list(self._told.items()):
            new = wanted.get(key)
            if new is None and key in self._inherited:
                continue
            if new is None or KIND_OF[new.level] != kind:
                self._events.end_event(kind, key)
                del self._told[key]
        self._new_s = {key: self._new_s.get(key, now_s) for key in wanted}
        for key, finding in wanted.items():
            if key in self._told or now_s - self._new_s[key] < LASTS_S:
                continue
            kind = self._told[key] = KIND_OF[finding.level]
            channel = finding.channels[0] if len(finding.channels) == 1 else None
            details = {"finding": finding.text, "code": finding.code, "todo": finding.todo}
            self._events.raise_event(kind, key=key, channel=channel, source=SOURCE, details=details)

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        if self.ask is not None:
            await self.ask()
        checks = [{"slug": check.slug, "title": check.title} for check in self._ward.checks]
        return {"health": self._last, "checks": checks, "ping": self._ping.status()}

    async def _fix(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        finding = self._find(params)
        slug = str(params.get("fix"))
        fixup = self._fixups.get(slug) if slug in finding.fixes else None
        if fixup is None:
            raise BusError("health.no_fix", _("There is no such button at this finding."))
        await fixup.apply(finding, self._hands, actor_of(params, peer))
        _log.info("%s: %s", fixup.title, finding.text)
        return {"finding": finding.text, "fix": fixup.title}

    async def _snooze(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        finding = self._find(params)
        hours, reason = params.get("hours"), " ".join(str(params.get("reason") or "").split())
        fields = []
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= MAX_HOURS:
            text = _("Between 1 and {most} hours.").format(most=MAX_HOURS)
            fields.append({"path": "hours", "code": "range", "text": text})
        if not LEAST_REASON <= len(reason) <= MAX_REASON:
            text = _("Say why, in {least} to {most} characters.").format(
                least=LEAST_REASON, most=MAX_REASON
            )
            fields.append({"path": "reason", "code": "length", "text": text})
        if fields:
            raise BusError("health.invalid", fields[0]["text"], fields=fields)
        now = self._wall_ms()
        snooze = Snooze(
            until=now + int(hours or 0) * HOUR_MS,
            level=finding.level,
            by=str(params.get("by") or peer.name)[:64],
            reason=reason,
            at=now,
        )
        await self._keep(lambda: self._snoozes.put(finding.key, snooze))
        return {"finding": finding.text}

    async def _wake(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        finding = self._find(params)
        if finding.key not in self._aside:
            raise BusError("health.not_aside", _("This finding is not put aside."))
        await self._keep(lambda: self._snoozes.drop(finding.key))
        return {"finding": finding.text}

    def _find(self, params: dict[str, Any]) -> Finding:
        for finding in self._findings:
            if id_of(finding.key) == params.get("finding"):
                return finding
        raise BusError("health.no_finding", _("This is over, or was never so."))

    async def _keep(self, change: Callable[[], object]) -> None:
        async with self._saving:
            change()
            try:
                await asyncio.to_thread(self._snoozes.save)
            except OSError as error:
                text = _("It holds until the next start only; it could not be stored: {why}.")
                raise BusError("health.not_saved", text.format(why=error.strerror)) from error
        if self.ask is not None:
            await self.ask()
