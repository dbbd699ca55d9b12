"""The supervisor as a whole: puts its parts together, runs them, takes them down in order."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from appliance.accounts.core import Surroundings
from appliance.accounts.service import AccountService
from appliance.bus.client import CODE_VERSION_VARIABLE
from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.files import make_folder
from appliance.settings.problems import SettingsError
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.firewall_plan import vet_firewall, vet_web
from appliance.supervisor.first_start import seed
from appliance.supervisor.foundation import Foundation
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.in_short import in_short
from appliance.supervisor.leaving import Leaving, in_turn, leave
from appliance.supervisor.lifemark import RENEW_S, LastLife, LifeMark
from appliance.supervisor.notify import Notifier
from appliance.supervisor.parts import Parts
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import SettingsTransfer
from appliance.supervisor.spec import (
    courier_spec,
    helper_spec,
    jobs_spec,
    web_spec,
)
from appliance.supervisor.table import ProcessTable
from appliance.supervisor.vetting import vet_volumes
from appliance.version import VERSION

_log = logging.getLogger(__name__)

STATUS_S = 5.0
DEVICE_KEY = "device.key"
"""Name of the vault's key file; that of the recorder itself is in `parts`."""


@dataclass(frozen=True, slots=True)
class Options:
    """How this supervisor runs.

    `development`: a volume is made at the first start, and an orderly end stops the recorders too.
    `web`: whether the web server is run.  `board`: a board profile; "": the one for this computer.
    """

    development: bool = False
    web: bool = True
    board: str = ""


class Supervisor:
    """One box.  `run` returns when `stop` was called and everything is down."""

    def __init__(self, paths: Paths, options: Options, *, code_version: str) -> None:
        self._paths = paths
        self._options = options
        self._ended = asyncio.Event()
        self.leaving: Leaving = "stay"
        self._notifier = Notifier()
        self._mark = LifeMark(paths.state / "running.json")
        self._tasks: list[asyncio.Task[None]] = []
        make_folder(paths.state)
        paths.run.mkdir(parents=True, exist_ok=True)
        vault = Vault.open(paths.state / "keys" / DEVICE_KEY)
        store = self._make_store(vault)
        self.bus = BusServer(
            paths.bus_socket,
            instance=secrets.token_hex(8),
            code_version=code_version,
            settings_version=lambda: store.version,
        )
        self._accounts = AccountService(
            paths.state,
            Surroundings(
                zone=lambda: str(store.raw("general")["zone"]),
                channels=lambda: [item["id"] for item in store.raw("channels")["items"]],
                told=self._tell,
            ),
        )
        self.events = EventBook(
            paths.state / "events" / "events.db",
            chain_key=vault.derive("log chain"),
            expected=self._accounts.initialised,  # the first set-up is in the log
        )
        self.settings = SettingsService(
            self.bus,
            store,
            changed=lambda page: self.parts.settings_changed(page),
            told=self._tell,
            capabilities=self._capabilities,
        )
        transfer = SettingsTransfer(
            self.bus,
            self.settings,
            seed=partial(self._seed, store),
            told=self._tell,
            # Whoever resets everything cannot confirm new addresses: the accounts are gone as well.
            settled=lambda: self.parts.network.settle(),
        )
        self.table = ProcessTable(
            self.bus,
            {**paths.environment(), CODE_VERSION_VARIABLE: code_version, "PYTHONFAULTHANDLER": "1"},
            paths.run / "processes.json",
            code_version=code_version,
            settings_version=lambda: store.version,
            restarted=self._process_restarted,
        )
        self.helper = HelperService(paths.helper_socket)
        self.parts = Parts(
            Foundation(
                paths=paths,
                vault=vault,
                bus=self.bus,
                events=self.events,
                accounts=self._accounts,
                settings=self.settings,
                transfer=transfer,
                table=self.table,
                helper=self.helper,
            ),
            options.board,
            self._leave,
        )
        self._status = self.parts.health.status
        self.bus.handle("status.get", self._get_status)
        self.bus.handle("setup.code", self._setup_code, roles={"cli"})
        self.bus.handle("process.restart", self._restart, roles={"web", "cli"})

    def _make_store(self, vault: Vault) -> SettingsStore:
        paths = self._paths
        store = SettingsStore(
            DocumentFiles(paths.state / "settings"),
            vault,
            vets={
                "storage": partial(vet_volumes, disks_only=paths.on_box),
                "network": lambda *pages: self.parts.network.vet(*pages),
                "firewall": lambda _before, after: vet_firewall(
                    after, store.raw("web")["https_port"]
                ),
                "web": lambda _before, after: vet_web(after, store.raw("firewall")),
            },
        )
        return store

    def _capabilities(self) -> list[str]:
        """Return what fields may ask for; on the box footage goes to whole disks, not folders."""
        return self.parts.network.capabilities() + ["folders"] * (not self._paths.on_box)

    def stop(self) -> None:
        """End in order."""
        self._ended.set()

    async def run(self) -> None:
        """Start everything, keep it, and take it down when asked to."""
        asyncio.get_running_loop().set_default_executor(
            ThreadPoolExecutor(max_workers=4, thread_name_prefix="work")
        )
        ordered = False
        try:
            await self._start()
            await self._ended.wait()
            ordered = True
        finally:
            await self._take_down(ordered=ordered)

    async def _start(self) -> None:
        last = await asyncio.to_thread(self._begin_mark)
        await self.events.start()
        await self._open_settings()
        self._tell_start(last)
        if self._accounts.restored:
            self._tell("accounts_restored", {})
        await self.parts.security.start()
        await self.bus.start()
        self.table.start()
        if not self._paths.on_box:  # there it is a service of root's own
            self.table.add(helper_spec())
        self.parts.recorders.match()
        self.table.add(jobs_spec())
        self.table.add(courier_spec())
        if self._options.web:
            self.table.add(web_spec())
        lasting = await self.parts.start(last.ending)
        for work in (self._show_status(), self._feed_watchdog(), self._watch_clock(), *lasting):
            self._tasks.append(asyncio.create_task(work))
        self._notifier.ready()
        _log.info("The supervisor runs (version %s)", VERSION)

    async def _take_down(self, *, ordered: bool) -> None:
        """End what is there, each part even if another one fails.

        After a start that failed recorders go on for the supervisor that comes next; of the others
        none is left behind, which could keep a port.
        """
        self._notifier.stopping()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        off = ordered and self.leaving != "stay"
        everything = off or (ordered and self._options.development)
        ends = [name for name in self.table.names if name != "helper"] if off else []
        steps: list[Callable[[], Awaitable[None]]] = [
            lambda: self.table.halt(ends, "the recorder is switched off"),
            *self.parts.ends(),
            partial(asyncio.to_thread, self._mark.end if ordered else self._mark.renew),
            self.parts.security.close,
            lambda: leave(self.helper, self.leaving if ordered else "stay"),
            lambda: self.table.stop(
                "the supervisor ends", keep=lambda spec: spec.outlives and not everything
            ),
            self.helper.close,
            self.bus.close,
            self.events.close,
        ]
        await in_turn(steps)
        self.settings.close()
        _log.info("The supervisor has ended")

    # -- starting ------------------------------------------------------------------------------

    def _begin_mark(self) -> LastLife:
        try:
            return self._mark.begin()
        except OSError as error:
            _log.error("Nothing can be written to %s: %s", self._paths.state, error)
            return LastLife("none", 0)

    async def _open_settings(self) -> None:
        mended = await self.settings.open()
        for note in mended:
            _log.warning("Settings: %s", note.sentence())
        if mended:
            mistakes = in_short([note.sentence() for note in mended])
            self._tell("settings_mended", {"count": len(mended), "mistakes": mistakes})
            self.parts.health.senses.note_mended([note.sentence() for note in mended])
        store = self.settings.store
        if store.fresh:
            await asyncio.to_thread(self._seed, store)
        await self.parts.maintenance.resume()

    def _seed(self, store: SettingsStore) -> None:
        try:
            seed(store, self._paths.volumes, development=self._options.development)
        except (SettingsError, OSError) as error:
            _log.error("The first settings could not be written: %s", error)

    def _tell_start(self, last: LastLife) -> None:
        if last.ending == "power":
            until = datetime.fromtimestamp(last.until_ms / 1000, UTC).isoformat(" ", "seconds")
            self._tell("unclean_shutdown", {"until": until if last.until_ms else "-"})
        if last.ending == "crashed":
            reason = "It had ended without being asked to."
            self._status.own.restarts, self._status.own.reason = last.crashes, reason
            self._tell("process_restarted", {"process": "supervisor", "reason": reason})
        else:
            self._tell("system_started", {"version": VERSION})

    # -- while running -------------------------------------------------------------------------

    def _leave(self, how: Leaving) -> None:
        """End in order, then switch off or start again."""
        self.leaving = how
        self.stop()

    def _process_restarted(self, name: str, reason: str) -> None:
        self._tell("process_restarted", {"process": name, "reason": reason})

    def _tell(self, kind: str, details: dict[str, Any]) -> None:
        self.events.raise_event(kind, details=details)

    async def _show_status(self) -> None:
        while True:
            status = await self._status.get()
            self._notifier.status(status["health"]["sentence"])
            await asyncio.sleep(STATUS_S)

    async def _feed_watchdog(self) -> None:
        interval_s = self._notifier.watchdog_s
        while interval_s is not None:
            if self.table.attended:
                self._notifier.alive()
            await asyncio.sleep(interval_s)

    async def _watch_clock(self) -> None:
        seconds = 0.0
        while True:
            await asyncio.sleep(1.0)
            self.parts.clock.look()
            seconds += 1.0
            if seconds >= RENEW_S:
                seconds = 0.0
                try:
                    await asyncio.to_thread(self._mark.renew)
                except OSError as error:
                    _log.warning("The life mark could not be renewed: %s", error)

    # -- methods -------------------------------------------------------------------------------

    async def _get_status(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return await self._status.get()

    async def _setup_code(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return {"code": await asyncio.to_thread(self._accounts.issue_code)}

    async def _restart(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        name = params.get("name")
        if not isinstance(name, str) or name not in self.table.names:
            raise BusError("process.unknown", "There is no such process.")
        actor = actor_of(params, peer)
        self.table.restart(name, f"{actor} asked for it")
        return {}
