"""Power over the bus: what a stop would interrupt, stopping, and restarts by plan (D2-PW-03)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from appliance.bus.errors import BusError
from appliance.bus.io_messages import StartStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.power_messages import How, Interrupted, LastOrder, PowerStatus
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.settings.files import write_atomically
from appliance.settings.store import SettingsStore
from appliance.supervisor.leaving import Leaving
from appliance.supervisor.restart_plan import ANNOUNCED, due_now, next_due
from appliance.text import _

_log = logging.getLogger(__name__)

FACES = frozenset({"web", "cli", "gui"})
CHECK_S = 15.0
ASK_S = 2.0
PAUSE_S = 0.3
"""Between the answer to an order and its execution: the answer arrives."""

MAX_REASON = 200
PLANNED = "restart_planned"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the service needs of the supervisor.

    `recording()` returns how many channels are recorded, of how many; `starts()` why the computer
    started; `order(how)` ends everything.
    """

    recording: Callable[[], tuple[int, int]]
    starts: Callable[[], list[StartStatus]]
    order: Callable[[Leaving], None]


class PowerService:
    """Orders to stop, from people, from the front panel and from the plan."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsStore,
        state: Path,
        surroundings: Surroundings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._bus = bus
        self._events = events
        self._settings = settings
        self._file = state / "power.json"
        self._around = surroundings
        self._clock = clock
        self._leaving: Leaving = "stay"
        self._settled: datetime | None = None
        self._last: LastOrder | None = None
        self._waiting_for: datetime | None = None
        self._load()
        bus.handle("power.get", self._get, roles=FACES)
        bus.handle("power.leave", self._leave, roles=FACES)
        bus.handle("power.postpone", self._postpone, roles=FACES)

    async def run(self) -> None:
        """Keep the plan until cancelled."""
        self._events.end_event(PLANNED, PLANNED)
        while True:
            await self.look()
            await asyncio.sleep(CHECK_S)

    async def look(self) -> None:
        """See whether a planned restart is near, due, or to be left out."""
        if self._leaving != "stay":
            return
        values, zone, now = self._settings.raw("restart"), self._zone(), self._clock()
        due = due_now(values, zone, now, self._settled)
        if due is None and self._waiting_for is not None and self._waiting_for <= now:
            await self._leave_out(_("it was not idle in time"))
            return
        if due is None:
            self._announce(next_due(values, zone, now), now)
            return
        self._announce(due, now)
        found = await self.interrupts()
        if found["jobs"] or found["downloads"] or found["unknown"]:
            return
        self._settled = due
        await self.leave("restart", _("the weekly plan"), "")

    async def leave(self, how: How, by: str, reason: str) -> None:
        """Note who orders it, and end everything; raise BusError if that has begun already."""
        if self._leaving != "stay":
            raise BusError("power.leaving", _("The recorder is being stopped already."))
        self._leaving = how
        self._last = LastOrder(
            how=how, by=by, reason=reason, at=round(self._clock().timestamp() * 1000)
        )
        kind = "shutdown_ordered" if how == "off" else "restart_ordered"
        self._events.raise_event(kind, details={"actor": by, "reason": reason or "-"})
        self._events.end_event(PLANNED, PLANNED)
        await asyncio.to_thread(self._save)
        asyncio.get_running_loop().call_later(PAUSE_S, self._around.order, how)

    async def interrupts(self) -> Interrupted:
        """Return what a stop now would interrupt."""
        recording, channels = self._around.recording()
        unknown, jobs = [], []
        viewers = downloads = 0
        for name, method in (("jobs", "jobs.list"), ("web", "use.get")):
            try:
                told = await self._bus.request(name, method, {}, timeout_s=ASK_S)
            except BusError as error:
                if error.code != "bus.no_peer":  # what does not run is interrupted by nothing
                    unknown.append(name)
                continue
            if name == "jobs":
                live = [j for j in told["jobs"] if j["state"] in ("running", "waiting")]
                jobs = [str(job["title"]) for job in live]
            else:
                viewers, downloads = int(told["viewers"]), int(told["downloads"])
        return Interrupted(
            recording=recording,
            channels=channels,
            jobs=jobs,
            viewers=viewers,
            downloads=downloads,
            unknown=unknown,
        )

    def front_panel(self) -> None:
        """The power button was held for 3 s (D2-PW-04); nobody is asked."""
        task = asyncio.ensure_future(self.leave("off", _("the power button"), ""))
        task.add_done_callback(_swallow)

    # -- the plan ------------------------------------------------------------------------------

    def _announce(self, due: datetime | None, now: datetime) -> None:
        near = due is not None and due - now <= ANNOUNCED and due != self._settled
        if due is None or not near or (self._settled is not None and due <= self._settled):
            if self._waiting_for is not None:
                self._waiting_for = None
                self._events.end_event(PLANNED, PLANNED)
            return
        if self._waiting_for == due:
            return
        self._waiting_for = due
        shown = due.astimezone(ZoneInfo(self._zone())).strftime("%H:%M")
        self._events.raise_event(PLANNED, key=PLANNED, details={"time": shown})

    async def _leave_out(self, reason: str) -> None:
        self._settled, self._waiting_for = self._waiting_for, None
        self._events.end_event(PLANNED, PLANNED)
        self._events.raise_event("restart_left_out", details={"reason": reason})
        await asyncio.to_thread(self._save)

    def _planned(self) -> datetime | None:
        values, zone, now = self._settings.raw("restart"), self._zone(), self._clock()
        due = due_now(values, zone, now, self._settled)
        if due is not None:
            return due
        due = next_due(values, zone, now)
        if due is not None and self._settled is not None and due <= self._settled:
            due = next_due(values, zone, due + timedelta(minutes=1))
        return due

    def _zone(self) -> str:
        return str(self._settings.raw("general")["zone"])

    # -- the bus -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return await self._status()

    async def _status(self) -> PowerStatus:
        planned = self._planned()
        return PowerStatus(
            leaving=self._leaving,
            interrupts=await self.interrupts(),
            planned=None if planned is None else round(planned.timestamp() * 1000),
            last_order=self._last,
            starts=self._around.starts(),
        )

    async def _leave(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        how, by, reason = params.get("how"), params.get("by"), params.get("reason", "")
        if how not in ("off", "restart") or not isinstance(by, str) or not isinstance(reason, str):
            raise BusError("power.bad_request", _("This is no order to stop or to restart."))
        await self.leave(how, by[:MAX_REASON], " ".join(reason.split())[:MAX_REASON])
        return {}

    async def _postpone(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        planned = self._planned()
        if planned is None:
            raise BusError("power.no_plan", _("No restart is planned."))
        self._waiting_for = planned
        by = str(params.get("by"))[:MAX_REASON]
        await self._leave_out(_("{person} put it off").format(person=by))
        return await self._status()

    # -- what is kept --------------------------------------------------------------------------

    def _load(self) -> None:
        try:
            raw = json.loads(self._file.read_bytes())
            settled, last = raw["settled"], raw["last"]
            self._settled = None if settled is None else datetime.fromtimestamp(settled, UTC)
            if last is not None:
                self._last = LastOrder(
                    how="off" if last["how"] == "off" else "restart",
                    by=str(last["by"]),
                    reason=str(last["reason"]),
                    at=int(last["at"]),
                )
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
            _log.warning("Who stopped the recorder last is not known: %s", error)

    def _save(self) -> None:
        raw = {
            "settled": None if self._settled is None else self._settled.timestamp(),
            "last": self._last,
        }
        try:
            write_atomically(self._file, json.dumps(raw).encode())
        except OSError as error:
            _log.warning("Who stopped the recorder could not be stored: %s", error)


def _swallow(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.info("The power button: %s", task.exception())
