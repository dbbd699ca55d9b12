"""The clock in the supervisor: settings applied through the helper, watched, set by hand."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.bus.time_messages import TimePreview, TimeSource, TimeStatus
from appliance.events.book import EventBook
from appliance.health.facts import ClockFacts
from appliance.helper.contract import HelperError
from appliance.helper.requests.time import (
    EARLIEST_S,
    LATEST_S,
    ApplyTime,
    Server,
    SetClock,
    SyncNow,
    TimeAnswer,
)
from appliance.helper.requests.time import TimeStatus as AskStatus
from appliance.settings.store import SettingsStore
from appliance.supervisor.helper_service import HelperService
from appliance.text import _
from appliance.timekeeping.words import difference, meaning, shown
from appliance.timekeeping.zone import next_changes

_log = logging.getLogger(__name__)

FACES = frozenset({"web", "cli", "gui"})
LOOK_S = 20.0
RETRY_S = 10.0
ABSENT = frozenset({"helper.absent", "helper.busy", "helper.cut_off", "helper.timeout"})
BATTERY_S = 60.0
"""A battery-backed clock vouches for the time while they are no further apart."""

WRONG, FAULT = "time_server_wrong", "time_not_applied"


@dataclass(frozen=True, slots=True)
class Around:
    """What the service needs of the supervisor.

    `recording()`: channels recorded now, of how many; `rtc_ahead_s()`: how far the system's clock
    is ahead of the battery-backed one, None without one or while it has lost its time; `look()`:
    the clock was changed, see by how much; `simulated`: nothing real is set.
    """

    recording: Callable[[], tuple[int, int]]
    rtc_ahead_s: Callable[[], float | None]
    look: Callable[[], None]
    simulated: bool


class TimeService:
    """Time over the bus."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsStore,
        helper: HelperService,
        around: Around,
    ) -> None:
        self._events = events
        self._settings = settings
        self._helper = helper
        self._around = around
        self._stale = asyncio.Event()
        self._stale.set()
        self._fault = ""
        self._answer: TimeAnswer | None = None
        self._ahead_s = 0.0
        self._by_hand = False
        self._had_server = False
        bus.handle("time.get", self._get, roles=FACES)
        bus.handle("time.preview", self._preview, roles=FACES)
        bus.handle("time.set", self._set, roles=FACES)
        bus.handle("time.sync", self._sync, roles=FACES)

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        if page in ("time", "general"):
            self._stale.set()

    async def run(self) -> None:
        """Apply what is set, again where the helper was away, and look how the clock fares."""
        while True:
            settled = not self._stale.is_set() or await self.apply()
            await self.look()
            if not settled:
                await asyncio.sleep(RETRY_S)
                continue
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._stale.wait()
            except TimeoutError:
                pass

    async def apply(self) -> bool:
        """Put the settings in force; return whether that is settled, well or not."""
        self._stale.clear()
        try:
            await self._helper.call(self._wanted())
        except HelperError as error:
            if error.code in ABSENT:
                self._stale.set()
            self._fault = error.text
            self._events.raise_event(FAULT, key=FAULT, details={"reason": error.text})
            _log.warning("The settings of the clock are not in force: %s", error.text)
            return error.code not in ABSENT
        self._fault = ""
        self._events.end_event(FAULT, FAULT)
        return True

    async def look(self) -> None:
        """Ask how the clock fares; tell of servers that are not believed."""
        try:
            self._answer = await self._helper.call(AskStatus(), wait_s=1.0)
        except HelperError as error:
            self._answer = None
            _log.info("How the clock fares is not known: %s", error.text)
            return
        if self._around.simulated:
            self._ahead_s = self._answer.utc_s - time.time()
        if self._answer.synchronised:
            self._by_hand = False
            if not self._had_server:
                self._had_server = True  # from now on no large step is followed
                self._stale.set()
        self._tell_wrong()

    def facts(self) -> ClockFacts:
        """Return what checks of the health want to know."""
        answer, ahead_s = self._answer, self._around.rtc_ahead_s()
        ntp = bool(self._settings.raw("time")["ntp"])
        if answer is None or not ntp:
            return ClockFacts(rtc_ahead_s=ahead_s, time_server=ntp)
        return ClockFacts(
            rtc_ahead_s=ahead_s,
            time_server=True,
            synchronised=answer.synchronised,
            server_ahead_s=answer.ahead_s if answer.synchronised else None,
        )

    def _wanted(self) -> ApplyTime:
        values = self._settings.raw("time")
        servers = values["servers"] if values["ntp"] else []
        believed = self._had_server or self._around.rtc_ahead_s() is not None
        return ApplyTime(
            servers=[Server(host=entry["host"], port=entry["port"]) for entry in servers],
            interval_s=values["interval_min"] * 60,
            largest_step_s=values["largest_step_min"] * 60 if believed else None,
            networks=[entry["network"] for entry in values["serve_to"]] if values["serve"] else [],
            zone=self._settings.raw("general")["zone"],
        )

    # -- sources -------------------------------------------------------------------------------

    def _sources(self) -> list[TimeSource]:
        values, answer = self._settings.raw("time"), self._answer
        if not values["ntp"]:
            return []
        limit_s = values["largest_step_min"] * 60
        found: list[TimeSource] = []
        for source in () if answer is None else answer.sources:
            state: Any = source.state
            far = source.ahead_s is not None and abs(source.ahead_s) > limit_s
            if far and state != "silent" and not (answer is not None and answer.synchronised):
                state = "too_far"
            found.append(
                TimeSource(
                    name=source.name,
                    state=state,
                    stratum=source.stratum,
                    ahead_s=source.ahead_s,
                    heard_s=source.heard_s,
                )
            )
        heard = {source["name"] for source in found}
        found += [
            TimeSource(name=entry["host"], state="unknown", stratum=0, ahead_s=None, heard_s=None)
            for entry in values["servers"]
            if entry["host"] not in heard
        ]
        return found

    def _tell_wrong(self) -> None:
        wrong = {
            source["name"]: source["ahead_s"]
            for source in self._sources()
            if source["state"] in ("wrong", "too_far") and source["ahead_s"] is not None
        }
        for event in list(self._events.open_events):
            if event.kind == WRONG and event.key not in wrong:
                self._events.end_event(WRONG, event.key)
        known = {event.key for event in self._events.open_events if event.kind == WRONG}
        for name, ahead_s in wrong.items():
            if name not in known:
                details = {"server": name, "offset": difference(ahead_s)}
                self._events.raise_event(WRONG, key=name, details=details)

    # -- the bus -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return self._status()

    def _status(self) -> TimeStatus:
        answer, values = self._answer, self._settings.raw("time")
        zone = str(self._settings.raw("general")["zone"])
        now_s = self._now_s()
        changes = next_changes(zone, datetime.fromtimestamp(now_s, UTC))
        ahead_s = self._around.rtc_ahead_s()
        trust: Any = "nobody"
        if answer is not None and answer.synchronised:
            trust = "server"
        elif self._by_hand:
            trust = "person"
        elif ahead_s is not None and abs(ahead_s) <= BATTERY_S:
            trust = "battery"
        return TimeStatus(
            utc=round(now_s * 1000),
            zone=zone,
            changes=[round(change.timestamp() * 1000) for change in changes],
            simulated=self._around.simulated,
            ntp=values["ntp"],
            serving=values["serve"],
            running=answer is not None and answer.running,
            synchronised=answer is not None and answer.synchronised,
            reference="" if answer is None else answer.reference,
            ahead_s=0.0 if answer is None else answer.ahead_s,
            error_s=0.0 if answer is None else answer.error_s,
            sources=self._sources(),
            trust=trust,
            fault=self._fault,
        )

    def _now_s(self) -> float:
        """The computer's clock: ours, but on a simulated one, whose clock is its own."""
        return time.time() + self._ahead_s

    async def _preview(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        wanted_s = _instant(params)
        now_s = self._now_s()
        zone = str(self._settings.raw("general")["zone"])
        recording, _channels = self._around.recording()
        return TimePreview(
            ahead_s=round(wanted_s - now_s, 3),
            meaning=meaning(now_s, wanted_s, zone, recording=recording),
        )

    async def _set(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        wanted_s, by = _instant(params), params.get("by")
        if not isinstance(by, str):
            raise BusError("time.bad_request", _("Who sets the clock has to be said."))
        if self._answer is not None and self._answer.synchronised:
            text = _("The clock follows a time server. Switch the time servers off first.")
            raise BusError("time.followed", text)
        before_s, zone = self._now_s(), str(self._settings.raw("general")["zone"])
        await self._helper.call(SetClock(utc_s=wanted_s))
        self._by_hand = True
        details = {"actor": by, "before": shown(before_s, zone), "after": shown(wanted_s, zone)}
        self._events.raise_event("time_set", details=details)
        self._around.look()
        await self.look()
        return self._status()

    async def _sync(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        if not self._settings.raw("time")["ntp"]:
            raise BusError("time.no_server", _("No time server is in use."))
        await self._helper.call(SyncNow())
        await self.look()
        return {}


def _instant(params: dict[str, Any]) -> float:
    value = params.get("utc")
    good = isinstance(value, int) and not isinstance(value, bool)
    if not good or not EARLIEST_S <= params["utc"] / 1000 <= LATEST_S:
        text = _("The time has to be between 2026 and 2099.")
        field = {"path": "utc", "code": "range", "text": text}
        raise BusError("time.out_of_range", text, fields=[field])
    return float(params["utc"]) / 1000
