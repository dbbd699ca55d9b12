"""The network in the supervisor: settings become a plan, the plan is tried, kept or taken back."""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.network_messages import (
    NetworkChanged,
    NetworkOutcome,
    NetworkTrial,
    OutcomeCode,
)
from appliance.bus.peers import PeerInfo, actor_of
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.network.host import NetworkError, NetworkHost
from appliance.network.page_checks import BOND
from appliance.network.plan import Kind, Plan, plan_of
from appliance.network.trial import CONFIRM_S, Trial, TrialDesk
from appliance.settings.change import Change
from appliance.settings.problems import FieldProblem
from appliance.supervisor.network_free import FreeAddresses
from appliance.supervisor.network_status import history_of, linked, status_of, trial_of
from appliance.supervisor.network_watch import NetworkWatch
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _

_log = logging.getLogger(__name__)

PAGE = "network"
ACTOR = "supervisor"
FACES = frozenset({"web", "cli", "gui"})
RESPOND_S = 0.5
"""So long the answer to whoever made the change has to get out before the address changes."""
LOOK_S = 0.5
AGAIN_S, LATER_S = 5.0, 60.0


class NetworkService:
    """Owns the recorder's addresses; `host` is the computer's network or a simulated one.

    `clock` is monotonic, in seconds: by it a trial ends.
    """

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        host: NetworkHost,
        state: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._settings = settings
        self._host = host
        self.desk = TrialDesk(host, state / "network-trial.json", clock)
        self.watch = NetworkWatch(
            host,
            events,
            self._page,
            found=self._add_entries,
            learned=self._learn_gateway,
            back=self._apply_anew,
        )
        self._free = FreeAddresses(host, self.watch, self._page)
        self._applied: Plan | None = None
        self._last_page: dict[str, Any] = {}
        self._quiet = False
        self._outcome: NetworkOutcome | None = None
        self._actor = ""
        self._told = ""
        self._changed = asyncio.Event()
        self._adding = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        for name, handler in (
            ("network.get", self._get),
            ("network.history", self._history),
            ("network.test", self._test),
            ("network.scan", self._scan),
            ("network.change", self._change),
            ("network.keep", self._keep),
            ("network.revert", self._revert),
        ):
            bus.handle(name, handler, roles=FACES)

    async def start(self) -> None:
        """Put the settings in force; a trial that a former process left open is taken back."""
        before = await asyncio.to_thread(self.desk.left_over)
        if before is not None:
            await self._put_back(before)
            self._end("taken_back", _("The recorder was started again."))
        await asyncio.to_thread(self.desk.forget_note)
        self._last_page = copy.deepcopy(self._page())
        self._changed.set()
        self.watch.start()
        for work in (self._follow(), self._expire()):
            self._tasks.append(asyncio.create_task(work))

    async def close(self) -> None:
        """Let go; the network stays as it is, an open trial is taken back by the host."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.watch.close()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings: what may cut somebody off becomes a trial."""
        if page != PAGE:
            return
        now = copy.deepcopy(self._page())
        if not self._quiet and linked(now) != linked(self._last_page):
            self.desk.open(self._last_page, self._actor or _("A person"))
        elif self.desk.trial is None:
            self._last_page = now
        self._changed.set()

    def vet(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldProblem]:
        """Refuse what this box cannot do, and any change while another is on trial."""
        if self._quiet:
            return []
        if self.desk.trial is not None and linked(before) != linked(after):
            text = _("A change of the network waits to be confirmed; keep it or take it back first")
            return [FieldProblem((), "trial", text)]
        members = [entry["id"] for entry in after["items"] if entry["member"]]
        if after["mode"] != "single" and self.watch.state.mixes_media(members):
            text = _("cannot bind optical and copper interfaces together")
            return [FieldProblem(("mode",), "medium", text)]
        return []

    def capabilities(self) -> list[str]:
        """Return what this box has, for fields that are only shown with it."""
        state = self.watch.state
        wired = [one for one in state.interfaces if one.kind == "ethernet"]
        found = ["multi_nic"] if len(wired) > 1 else []
        return [*found, *(["wifi"] if state.wifi else []), *(["dot1x"] if state.dot1x else [])]

    async def settle(self) -> None:
        """Let an open trial hold without anybody's word: everything was reset on purpose."""
        trial = self.desk.trial
        if trial is not None and trial.phase == "open":
            self.desk.trial = None
            self._changed.set()
        elif trial is not None:
            await self._confirm(_("the reset"))

    # -- settings become the network -----------------------------------------------------------

    def _page(self) -> dict[str, Any]:
        return self._settings.store.raw(PAGE)

    async def _follow(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._bring_about()
            except NetworkError as error:
                await self._failed(error.text)
                self._again(AGAIN_S if error.code == "network.away" else LATER_S)
            except BusError as error:
                await self._failed(error.text)
            else:
                await self.watch.after_change()

    def _apply_anew(self) -> None:
        """Put the settings in force again; it changes nothing where they are."""
        if self.desk.trial is None:
            self._applied = None
        self._changed.set()

    def _again(self, after_s: float) -> None:
        asyncio.get_running_loop().call_later(after_s, self._changed.set)

    async def _bring_about(self) -> None:
        if not self.watch.state.interfaces:
            await self.watch.look()
        await self._add_entries()
        plan = await self._plan()
        if self.desk.trial is not None and self.desk.trial.phase == "open":
            await self._try(plan)
        elif self.desk.trial is None and plan != self._applied:
            await self._host.apply(plan, 0)
            self._applied = plan
            self._last_page = copy.deepcopy(self._page())

    async def _try(self, plan: Plan) -> None:
        trial = self.desk.trial
        assert trial is not None
        if plan == self._applied:
            self.desk.trial = None
            self._last_page = copy.deepcopy(self._page())
            return
        await asyncio.sleep(RESPOND_S)
        if (taken := await self._free.first_taken(plan)) is not None:
            raise NetworkError("network.address_in_use", taken)
        await asyncio.to_thread(self.desk.write_note)
        await self.desk.apply(plan)
        self._applied = plan
        details = {"actor": trial.actor, "seconds": round(CONFIRM_S)}
        self._tell("network_tried", details)

    async def _plan(self) -> Plan:
        kinds: dict[str, Kind] = {
            one.name: one.kind for one in self.watch.state.interfaces if one.name != BOND
        }
        store = self._settings.store
        return await self._settings.run(
            lambda: plan_of(
                store.raw(PAGE), kinds, lambda item, field: store.reveal(PAGE, item, field)
            )
        )

    async def _add_entries(self) -> None:
        """Give each interface an entry of its own on the page, where a reset took it."""
        store = self._settings.store
        state = self.watch.state
        names = [one.name for one in state.interfaces if one.name != BOND]
        if sum(one.kind == "ethernet" for one in state.interfaces) > 1:
            names.append(BOND)

        def added(name: str) -> Callable[[], Change]:
            return lambda: store.add(PAGE, {"id": name})[1]

        async with self._adding:
            for name in names:
                if name in {item["id"] for item in self._page()["items"]}:
                    continue
                try:
                    await self._quietly(added(name))
                except BusError as error:
                    text = "Interface %s has no entry on the page TCP/IP: %s"
                    _log.warning(text, name, error.text)

    async def _learn_gateway(self, mac: str) -> None:
        store = self._settings.store
        await self._quietly(lambda: store.change(PAGE, None, {"gateway_mac": mac}))

    async def _quietly(self, work: Callable[[], Change]) -> Change:
        """Change the page without a trial: nobody is cut off by it.

        The mark is set where changes are made one at a time, so that it is never on another's.
        """

        def marked() -> Change:
            self._quiet = True
            return work()

        try:
            return await self._settings.change(marked, ACTOR)
        finally:
            self._quiet = False

    # -- trials --------------------------------------------------------------------------------

    async def _expire(self) -> None:
        """Take a trial back that nobody confirmed."""
        while True:
            await asyncio.sleep(LOOK_S)
            trial = self.desk.trial
            if trial is not None and trial.phase == "applied" and self.desk.left_s <= 0:
                await self._take_back(
                    _("Nobody reached the recorder at its new address within {seconds} s.").format(
                        seconds=round(CONFIRM_S)
                    )
                )

    async def _take_back(self, reason: str) -> None:
        try:
            trial = await self.desk.take_back()
        except NetworkError as error:
            _log.error("The network could not be taken back at once: %s", error.text)
            trial = None
        await self._returned(trial.before if trial is not None else self._last_page, reason)

    async def _returned(self, before: Mapping[str, Any], reason: str) -> None:
        await self._put_back(before)
        await asyncio.to_thread(self.desk.forget_note)
        self._apply_anew()
        self._end("taken_back", reason)

    async def _put_back(self, before: Mapping[str, Any]) -> None:
        """Put the settings back to those before a trial."""
        store = self._settings.store
        try:
            await self._quietly(lambda: store.replace_pages({PAGE: before}))
            self._last_page = copy.deepcopy(self._page())
        except BusError as error:
            _log.error("The network settings could not be put back: %s", error.text)

    async def _failed(self, reason: str) -> None:
        """Nothing was applied: what was to be tried is off, the settings go back."""
        trial = self.desk.trial
        if trial is None or trial.phase == "applied":
            if reason not in (self.watch.fault, self._told):
                _log.error("The network settings could not be applied: %s", reason)
            self._told = reason
            return
        self.desk.trial = None
        await self._put_back(trial.before)
        await asyncio.to_thread(self.desk.forget_note)
        self._end("failed", reason)

    async def _confirm(self, actor: str) -> Trial | None:
        try:
            trial = await self.desk.keep()
        except NetworkError as error:
            raise BusError(error.code, error.text) from None
        if trial is not None and trial.phase == "applied":
            self._last_page = copy.deepcopy(self._page())
            await asyncio.to_thread(self.desk.forget_note)
            self._end("kept", "", actor=actor)
        return trial

    def _end(self, code: OutcomeCode, reason: str, **more: str) -> None:
        """Tell how a trial ended, in the log and to the page that began it."""
        self._outcome = {"code": code, "text": reason}
        self._tell(f"network_{code}", more or {"reason": reason})

    def _tell(self, kind: str, details: Mapping[str, Any]) -> None:
        self._events.raise_event(kind, details=details)

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        return status_of(
            self.watch,
            self._page(),
            self._trial(),
            self._outcome,
            simulated=self._host.simulated,
        )

    async def _history(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        return history_of(self.watch, str(params.get("interface")), params.get("span"))

    async def _test(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        interface, address = str(params.get("interface")), str(params.get("address", ""))
        return {"used_by": await self._free.test(interface, address)}

    async def _scan(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        try:
            sites = await self._host.scan(str(params.get("interface")))
        except NetworkError as error:
            raise BusError(error.code, error.text) from None
        return {"sites": [site.model_dump() for site in sites]}

    async def _change(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        item, changes, etag = params.get("item"), params.get("changes"), params.get("etag")
        if not isinstance(changes, dict) or not isinstance(item, str | None):
            raise BusError("network.bad_request", _("Say what to change."))
        actor, store = actor_of(params, peer), self._settings.store
        tag = str(etag) if etag is not None else None
        if item is not None and self.desk.trial is None:
            await self._free.check(item, changes)
        self._actor = actor
        try:
            change = await self._settings.change(
                lambda: store.change(PAGE, item, changes, tag), actor
            )
        finally:
            self._actor = ""
        trial = self.desk.trial if change.pages else None
        token = None if trial is None else trial.token
        return NetworkChanged(
            version=change.version, token=token, trial=self._trial() if trial else None
        )

    def _trial(self) -> NetworkTrial | None:
        return trial_of(self.desk, self._page())

    async def _keep(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        token = params.get("token")
        if self.desk.trial is None or (token is not None and not self.desk.fits(str(token))):
            text = _("There is nothing to confirm: it was confirmed or taken back already.")
            raise BusError("network.no_trial", text)
        if self.desk.trial.phase == "open":
            raise BusError("network.not_yet", _("The change is not in force yet; try again."))
        await self._confirm(actor_of(params, peer))
        return {}

    async def _revert(self, params: dict[str, Any], peer: PeerInfo) -> Any:
        if self.desk.trial is None:
            text = _("There is nothing to take back: it was confirmed or taken back already.")
            raise BusError("network.no_trial", text)
        await self._take_back(_("{actor} took it back.").format(actor=actor_of(params, peer)))
        return {}
