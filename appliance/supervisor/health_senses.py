"""Facts for the health checks that take a while to be had: each gathered at its own pace."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from appliance.accounts.model import ADMIN
from appliance.accounts.rules import broken_rules
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer
from appliance.events.book import EventBook, EventError
from appliance.events.log_book import LogBook
from appliance.events.record import EventRecord
from appliance.health.facts import (
    AccountFacts,
    CertificateFacts,
    Facts,
    FirmwareFacts,
    Listener,
    LogFacts,
    PlaceFacts,
)
from appliance.settings.problems import SettingsError
from appliance.supervisor.listeners import open_sockets
from appliance.supervisor.settings_service import SettingsService
from appliance.version import VERSION

_log = logging.getLogger(__name__)

ACCOUNTS_S = 10.0
LISTENERS_S = 60.0
PLACES_S = 60.0
CERTIFICATES_S = 600.0
CAMERAS_S = 3600.0
LOG_FIRST_S = 300.0
LOG_S = 86_400.0
PLACES_WAIT_S = 3.0
STEP_S = 1.0

AccountMethod = Callable[[dict[str, Any]], Awaitable[Any]]
Work = Callable[[], Awaitable[None]]


class Senses:
    """Gathers beside the loop; `facts` has the last of each.

    `pids`: our own processes; with `whole_computer` every socket of it is looked at, else theirs.
    `declared`: first and last port of each service of ours, by protocol.  `certificates` tells
    those of the box, `ssh` whether the remote shell is on.
    """

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        accounts: Mapping[str, AccountMethod],
        *,
        pids: Callable[[], Collection[int]],
        declared: Callable[[], Collection[tuple[str, int, int]]],
        certificates: Callable[[], Awaitable[Sequence[CertificateFacts]]],
        ssh: Callable[[], bool],
        whole_computer: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._events = events
        self._settings = settings
        self._accounts = accounts
        self._certificates = certificates
        self._ssh = ssh
        self._pids = pids
        self._declared = declared
        self._whole = whole_computer
        self._clock = clock
        self._facts = Facts(firmware=FirmwareFacts(VERSION))
        self._task: asyncio.Task[None] | None = None
        now = clock()
        self._due: dict[str, float] = dict.fromkeys(
            ("accounts", "listeners", "places", "certificates", "cameras"), now
        ) | {"log": now + LOG_FIRST_S}
        self._every: Mapping[str, tuple[Work, float]] = {
            "accounts": (self._look_at_accounts, ACCOUNTS_S),
            "listeners": (self._look_at_listeners, LISTENERS_S),
            "places": (self._look_at_places, PLACES_S),
            "certificates": (self._look_at_certificates, CERTIFICATES_S),
            "cameras": (self._look_at_cameras, CAMERAS_S),
            "log": (self._look_at_log, LOG_S),
        }
        events.listen(self._on_event)

    @property
    def facts(self) -> Facts:
        """What is known now; the rest of the facts is left at its defaults."""
        return replace(self._facts, ssh=self._ssh())

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="senses of the health checks")

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def settings_changed(self, page: str) -> None:
        """Look again at what a change may have touched."""
        if page == "channels":
            self._due["cameras"] = 0.0
        if page in ("web", "services", "log_server"):
            self._due["listeners"] = 0.0
        if page in ("web", "certificates"):
            self._due["certificates"] = 0.0

    def seen(self) -> None:
        """A person has looked at what was mended in the settings."""
        self._facts = replace(self._facts, mended=())

    def note_mended(self, sentences: Collection[str]) -> None:
        """Take note of what was mended when the settings were read."""
        self._facts = replace(self._facts, mended=tuple(sentences))

    async def gather(self) -> None:
        """Do what is due; one source that fails holds up no other."""
        for name, (work, every_s) in self._every.items():
            now = self._clock()
            if now < self._due[name]:
                continue
            self._due[name] = now + every_s
            try:
                await work()
            except (BusError, EventError, OSError, SettingsError, ValueError) as error:
                _log.debug("For the health of the box %s cannot be looked at: %s", name, error)

    async def _run(self) -> None:
        while True:
            await self.gather()
            await asyncio.sleep(STEP_S)

    def _on_event(self, change: str, event: EventRecord) -> None:
        if event.kind == "log_cleared" and change == "raised":
            self._due["log"] = 0.0

    async def _look_at_accounts(self) -> None:
        days = self._settings.store.raw("passwords")["renew_days"]
        try:
            state = await self._accounts["accounts.state"]({})
            if not state["initialised"] or state["damaged"]:
                found = AccountFacts(initialised=state["initialised"], damaged=state["damaged"])
            else:
                ways = await self._accounts["accounts.recovery"]({})
                follow = await self._accounts["accounts.follow"]({})
                admin = await self._accounts["accounts.lookup"]({"user": ADMIN})
                found = AccountFacts(
                    recovery=ways["enabled"],
                    file=ways["file"],
                    questions=len(ways["questions"]),
                    hint=bool(admin and admin["hint"]),
                    passwords={u["name"]: int(u["changed_utc_s"] or 0) for u in follow["users"]},
                    renew_days=days,
                )
        except BusError:
            found = AccountFacts(damaged=True)
        self._facts = replace(self._facts, accounts=found)

    async def _look_at_listeners(self) -> None:
        pids = None if self._whole else frozenset(self._pids())
        sockets = await asyncio.to_thread(open_sockets, pids)
        declared = tuple(self._declared())
        unknown: dict[tuple[str, int], Listener] = {}
        for socket in sorted(sockets):
            if not any(p == socket.proto and a <= socket.port <= b for p, a, b in declared):
                unknown.setdefault((socket.proto, socket.port), socket)
        self._facts = replace(self._facts, listeners=tuple(unknown.values()))

    async def _look_at_places(self) -> None:
        if "jobs" not in self._bus.peers:
            return
        answer = await self._bus.request("jobs", "places.list", {}, timeout_s=PLACES_WAIT_S)
        places = [
            PlaceFacts(p["name"], int(p["total"]), int(p["free"]), bool(p["writable"]))
            for p in answer["places"]
        ]
        self._facts = replace(self._facts, places=places)

    async def _look_at_certificates(self) -> None:
        self._facts = replace(self._facts, certificates=await self._certificates())

    async def _look_at_cameras(self) -> None:
        store = self._settings.store

        def weak() -> tuple[int, ...]:
            found = []
            for item in store.raw("channels")["items"]:
                password = store.reveal("channels", item["id"], "password")
                if password and _is_common(password, item["username"]):
                    found.append(int(item["id"]))
            return tuple(found)

        self._facts = replace(self._facts, weak_cameras=await self._settings.run(weak))

    async def _look_at_log(self) -> None:
        verdict = await LogBook(self._events).check()
        checked = time.time_ns() // 1_000_000
        self._facts = replace(self._facts, log=LogFacts(len(verdict.broken), checked))


def _is_common(password: str, user: str) -> bool:
    return any(rule.code == "password_common" for rule in broken_rules(password, user))
