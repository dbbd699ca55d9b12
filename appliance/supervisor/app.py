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
from appliance.accounts.service import ROLES as ACCOUNT_ROLES
from appliance.accounts.service import AccountService
from appliance.bus.client import CODE_VERSION_VARIABLE
from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer, plain
from appliance.events.book import EventBook
from appliance.events.log_book import LogBook
from appliance.events.tags_book import TagBook
from appliance.paths import Paths
from appliance.settings.document import DocumentFiles
from appliance.settings.files import make_folder
from appliance.settings.problems import SettingsError
from appliance.settings.store import SettingsStore
from appliance.settings.vault import Vault
from appliance.supervisor.board_devices import BoardDevices
from appliance.supervisor.board_io import Orders
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.clock_service import ClockService
from appliance.supervisor.computer_parts import ComputerParts, Senses
from appliance.supervisor.events_service import EventsService
from appliance.supervisor.firewall_plan import vet_firewall, vet_web
from appliance.supervisor.first_start import seed
from appliance.supervisor.footage_eraser import FootageEraser
from appliance.supervisor.health_parts import HealthParts
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.in_short import in_short
from appliance.supervisor.leaving import Leaving, in_turn, leave
from appliance.supervisor.lifemark import RENEW_S, LastLife, LifeMark
from appliance.supervisor.log_service import LogService
from appliance.supervisor.maintenance import Maintenance
from appliance.supervisor.network_helper import HelperHost
from appliance.supervisor.network_service import NetworkService
from appliance.supervisor.notify import Notifier
from appliance.supervisor.reports import Reports
from appliance.supervisor.security import Security
from appliance.supervisor.settings_service import SettingsService
from appliance.supervisor.settings_transfer import Beyond, SettingsTransfer
from appliance.supervisor.signing_service import SigningService
from appliance.supervisor.spec import (
    courier_spec,
    groups_of,
    helper_spec,
    jobs_spec,
    recorder_spec,
    web_spec,
)
from appliance.supervisor.sticks_service import SticksService
from appliance.supervisor.table import ProcessTable
from appliance.supervisor.tags_service import TagsService
from appliance.supervisor.vetting import vet_volumes
from appliance.text import _
from appliance.version import VERSION

_log = logging.getLogger(__name__)

STATUS_S = 5.0
DEVICE_KEY = "device.key"


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
        store = SettingsStore(
            DocumentFiles(paths.state / "settings"),
            vault,
            vets={
                "storage": partial(vet_volumes, disks_only=paths.on_box),
                "network": lambda *pages: self.network.vet(*pages),
                "firewall": lambda _before, after: vet_firewall(
                    after, store.raw("web")["https_port"]
                ),
                "web": lambda _before, after: vet_web(after, store.raw("firewall")),
            },
        )
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
            changed=self._settings_changed,
            told=self._tell,
            # On the box footage goes to whole disks, elsewhere to folders with a limit.
            capabilities=lambda: self.network.capabilities() + ["folders"] * (not paths.on_box),
        )
        seeded = partial(self._seed, store)
        self.transfer = SettingsTransfer(
            self.bus, self.settings, seed=seeded, told=self._tell, settled=self._settle
        )
        self.transfer.also(Beyond(_("Accounts, groups and API tokens"), self._reset_accounts))
        self.table = ProcessTable(
            self.bus,
            {**paths.environment(), CODE_VERSION_VARIABLE: code_version, "PYTHONFAULTHANDLER": "1"},
            paths.run / "processes.json",
            code_version=code_version,
            settings_version=lambda: store.version,
            restarted=self._process_restarted,
        )
        self.helper = HelperService(paths.helper_socket)
        self.security = Security(
            self.bus, paths, vault, self.settings, self.transfer, self.helper, self.events
        )
        self._reports = Reports(self.bus)
        self._resets: set[asyncio.Task[Any]] = set()
        self._clock = ClockService(self.bus, partial(self._tell, "clock_jump"))
        self.computer = ComputerParts(
            self.bus,
            self.events,
            store,
            paths,
            self.helper,
            Senses(
                recording=lambda: self.status.recording(),
                starts=lambda: self.board.starts,
                rtc_ahead_s=lambda: self.board.clock_ahead_s(),
                look_at_clock=self._clock.look,
                leave=self._leave,
            ),
        )
        orders = Orders(self.computer.power.front_panel, self._reset_all)
        devices = BoardDevices(self.bus, self.events, self.settings, paths, orders)
        self.board = BoardService(
            self.bus, self.events, self.settings, options.board, devices, paths.state / "board"
        )
        self.health = HealthParts(
            self.bus,
            self.events,
            self.settings,
            self.table,
            self.board,
            self._accounts.methods(),
            paths,
            self._reports,
            self.security,
        )
        self.status = self.health.status
        self.transfer.also(Beyond(_("The set-up begins anew"), self.health.wizard.reset))
        self.maintenance = Maintenance(
            self.bus,
            paths,
            self.settings,
            vault,
            self._accounts,
            self.board,
            self.helper,
            self._tell,
        )
        host = HelperHost(self.helper, self.board.own_ports)
        self.network = NetworkService(
            self.bus, self.events, self.settings, host, paths.state / "network"
        )
        self._sticks = SticksService(
            self.bus,
            self.events,
            self.helper,
            paths,
            allowed=lambda: store.raw("services")["usb"] == "on",
        )
        self.status.clock = self.computer.time.facts
        self.transfer.erase_by(
            FootageEraser(
                store, self.table, paths.state / "volumes", self._match_groups, self._tell
            )
        )
        EventsService(self.bus, self.events)
        LogService(self.bus, LogBook(self.events))
        SigningService(self.bus, paths.state / "device.key")
        TagsService(self.bus, TagBook(self.events))
        for name, method in self._accounts.methods().items():
            self.bus.handle(name, plain(method), roles=ACCOUNT_ROLES)
        self.bus.on_leave(lambda _peer: self._end_events_of_removed())
        self.bus.handle("status.get", self._get_status)
        self.bus.handle("setup.code", self._setup_code, roles={"cli"})
        self.bus.handle("process.restart", self._restart, roles={"web", "cli"})

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
        await self.security.start()
        await self.bus.start()
        self.table.start()
        if not self._paths.on_box:  # there it is a service of root's own
            self.table.add(helper_spec())
        self._match_groups()
        self.table.add(jobs_spec())
        self.table.add(courier_spec())
        if self._options.web:
            self.table.add(web_spec())
        await self.board.start(last.ending)
        await self.network.start()
        self.board.start_sticks(self._sticks, self._paths)
        await self.health.start()
        for work in (
            self._show_status(),
            self._feed_watchdog(),
            self._watch_clock(),
            *self.computer.start(),
        ):
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
            self.health.close,
            self.network.close,
            self._sticks.close,
            self.board.close,
            partial(asyncio.to_thread, self._mark.end if ordered else self._mark.renew),
            self.security.close,
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
            self.health.senses.note_mended([note.sentence() for note in mended])
        store = self.settings.store
        if store.fresh:
            await asyncio.to_thread(self._seed, store)
        await self.maintenance.resume()

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
            self.status.own.restarts, self.status.own.reason = last.crashes, reason
            self._tell("process_restarted", {"process": "supervisor", "reason": reason})
        else:
            self._tell("system_started", {"version": VERSION})

    def _match_groups(self) -> None:
        """Run a recorder for each group that has channels, and no other."""
        channels = [item["id"] for item in self.settings.store.raw("channels")["items"]]
        wanted = {f"recorder@{group}": group for group in groups_of(channels)}
        for name, group in wanted.items():
            if name not in self.table.names:
                self.table.add(recorder_spec(self._paths, group))
        for name in list(self.table.names):
            if name.startswith("recorder@") and name not in wanted:
                self.table.remove(name, "its channels were removed")
        self._end_events_of_removed()

    def _end_events_of_removed(self) -> None:
        """End what recorders left open that are gone for good with the last of their channels."""
        sources = {event.source for event in self.events.open_events}
        for source in sources - set(self.table.names):
            if source.startswith("recorder@"):
                self.events.sync(source, [])

    # -- while running -------------------------------------------------------------------------

    def _settings_changed(self, page: str) -> None:
        self.board.settings_changed(page)
        self.computer.time.settings_changed(page)
        self.health.settings_changed(page)
        self.network.settings_changed(page)
        if page == "services":
            self._sticks.look()
        self.security.settings_changed(page)
        if page == "channels":
            self._match_groups()
            task = asyncio.create_task(self._forget_channels())
            self._tasks.append(task)
            task.add_done_callback(self._tasks.remove)

    async def _forget_channels(self) -> None:
        await self._accounts.forget_channels()
        self.bus.publish("accounts.changed", {})

    def _leave(self, how: Leaving) -> None:
        """End in order, then switch off or start again."""
        self.leaving = how
        self.stop()

    def _reset_all(self) -> None:
        """Set the factory state because the reset button was held."""
        task = asyncio.create_task(self.transfer.reset("all", _("the reset button")))
        self._resets.add(task)
        task.add_done_callback(self._reset_done)

    async def _settle(self) -> None:
        """Whoever resets everything cannot confirm new addresses: the accounts are gone as well."""
        await self.network.settle()

    async def _reset_accounts(self) -> None:
        await self._accounts.reset()
        self.bus.publish("accounts.changed", {})

    def _reset_done(self, task: asyncio.Task[Any]) -> None:
        self._resets.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("The factory reset failed: %s", task.exception())

    def _process_restarted(self, name: str, reason: str) -> None:
        self._tell("process_restarted", {"process": name, "reason": reason})

    def _tell(self, kind: str, details: dict[str, Any]) -> None:
        self.events.raise_event(kind, details=details)

    async def _show_status(self) -> None:
        while True:
            status = await self.status.get()
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
            self._clock.look()
            seconds += 1.0
            if seconds >= RENEW_S:
                seconds = 0.0
                try:
                    await asyncio.to_thread(self._mark.renew)
                except OSError as error:
                    _log.warning("The life mark could not be renewed: %s", error)

    # -- methods -------------------------------------------------------------------------------

    async def _get_status(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return await self.status.get()

    async def _setup_code(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return {"code": await asyncio.to_thread(self._accounts.issue_code)}

    async def _restart(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        name = params.get("name")
        if not isinstance(name, str) or name not in self.table.names:
            raise BusError("process.unknown", "There is no such process.")
        actor = actor_of(params, peer)
        self.table.restart(name, f"{actor} asked for it")
        return {}
