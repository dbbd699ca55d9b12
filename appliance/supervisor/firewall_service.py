"""The firewall in the supervisor: rules of the settings, on trial until somebody gets through."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.accounts.neighbours import card_of
from appliance.bus.errors import BusError
from appliance.bus.server import BusServer, plain
from appliance.events.book import EventBook
from appliance.firewall.page import FirewallPage
from appliance.firewall.plan import Caller, Plan, admits, plan_to_json
from appliance.firewall.source import read_address
from appliance.helper.contract import HelperError
from appliance.helper.requests.firewall import SetRules
from appliance.services.declare import Read
from appliance.settings.files import make_folder, write_atomically
from appliance.settings.problems import SettingsError
from appliance.supervisor.firewall_plan import may_set_time, plan_of
from appliance.supervisor.helper_service import HelperService
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _

_log = logging.getLogger(__name__)

PAGE = "firewall"
SOURCE = "firewall"
FACES = frozenset({"web", "cli", "gui"})
CONCERNED = frozenset({PAGE, "web", "services", "channels", "log_server", "time"})
TRIAL_S = 60.0
GRACE_S = 15.0
"""So much later the helper takes new rules back by itself, if nobody here did."""
RETRY_S = 30.0
STARTING_S = 30.0
"""So long after our start a helper that is not there yet is waited for without a word."""
MOST_CALLERS = 256


@dataclass(frozen=True, slots=True)
class Trial:
    """New rules that nobody has kept yet; times are CLOCK_MONOTONIC seconds and UTC ms."""

    before: dict[str, Any]
    since_s: float
    until_s: float
    until_utc: int


class FirewallService:
    """What the supervisor answers about the firewall.

    - ``firewall.get`` {} -> {mode, simulated, fault, trial: {until, left_s} or null}
    - ``firewall.preview`` {values, callers: [{name, address}], address} -> {cut_off, you}
    - ``firewall.keep`` {address, connected_s, actor}: the new rules let this caller in
    - ``firewall.take_back`` {actor}: the former ones at once
    - ``firewall.may_set_time`` {address} -> {allowed} (D2-SE-36)

    A change of the page is put in force at once and is on trial for a minute: if nobody keeps it
    by a connection made since, from an address it lets in, the former values come back, in the
    settings too.  Also after a restart: `file` has what was kept last, and what is in the settings
    instead is taken back first of all.
    """

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsService,
        helper: HelperService,
        events: EventBook,
        file: Path,
        read: Read,
        *,
        trial_s: float = TRIAL_S,
        card: Callable[[str], str | None] = card_of,
    ) -> None:
        self._settings = settings
        self._helper = helper
        self._events = events
        self._file = file
        self._read = read
        self._trial_s = trial_s
        self._card = card
        self._kept: dict[str, Any] = {}
        self._tried: dict[str, Any] = {}
        self._trial: Trial | None = None
        self._fault = ""
        self._simulated = False
        self._waiting = False
        self._quiet_until_s = 0.0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._taking_back = asyncio.Lock()
        for name, handler in (
            ("get", self._get),
            ("preview", self._preview),
            ("keep", self._keep),
            ("take_back", self._take_back_now),
            ("may_set_time", self._may_set_time),
        ):
            bus.handle(f"firewall.{name}", plain(handler), roles=FACES)

    async def start(self) -> None:
        """Take back what was on trial when we ended, and put the rest in force."""
        page = dict(self._settings.store.raw(PAGE))
        kept = await asyncio.to_thread(self._load)
        if kept is not None and page["mode"] != "off" and page != kept:
            await self._restore(kept, _("The recorder was started anew before somebody kept them."))
            page = dict(self._settings.store.raw(PAGE))
        await self._remember(page)
        self._changed.set()
        self._quiet_until_s = time.monotonic() + STARTING_S
        self._task = asyncio.create_task(self._run(), name="firewall")

    async def close(self) -> None:
        """Stop; rules in force stay."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def settings_changed(self, page: str) -> None:
        """Take note of a change that concerns who gets in."""
        if page in CONCERNED:
            self.look()

    def look(self) -> None:
        """Put in force what should be now."""
        self._changed.set()

    @property
    def on_trial(self) -> bool:
        """Whether rules wait for somebody to keep them."""
        return self._trial is not None

    # -- in force ------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._wait_s()):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            try:
                await self._step()
            except Exception:  # noqa: BLE001 - the next change has its chance
                _log.exception("The firewall could not be looked after")

    def _wait_s(self) -> float | None:
        if self._trial is not None:
            return max(0.0, self._trial.until_s - time.monotonic())
        if self._waiting:
            return 0.2
        return RETRY_S if self._fault else None

    async def _step(self) -> None:
        if self._trial is not None and time.monotonic() >= self._trial.until_s:
            await self._take_back(_("Nobody kept the new ones within a minute."))
        page = dict(self._settings.store.raw(PAGE))
        if page == self._kept or page["mode"] == "off":
            await self._settle(page)
        elif self._trial is None or page != self._tried:
            await self._begin(page)
        await self._put(plan_of(page, self._read))

    async def _settle(self, page: dict[str, Any]) -> None:
        """Nothing can lock anybody out: no trial is needed, and one that was is over."""
        await self._remember(page)
        self._end_trial()

    async def _begin(self, page: dict[str, Any]) -> None:
        self._tried = page
        before = self._trial.before if self._trial is not None else self._kept
        until_utc = int((time.time() + self._trial_s) * 1000)
        now = time.monotonic()
        self._trial = Trial(before, now, now + self._trial_s, until_utc)
        until = datetime.fromtimestamp(until_utc / 1000, UTC).isoformat(" ", "seconds")
        details = {"until": f"{until[:19]} UTC"}
        self._events.raise_event("firewall_trial", key=PAGE, source=SOURCE, details=details)

    async def _put(self, plan: Plan) -> None:
        trial_s = None
        if self._trial is not None:
            trial_s = max(1.0, self._trial.until_s - time.monotonic()) + GRACE_S
        try:
            done = await self._helper.call(SetRules(plan=plan_to_json(plan), trial_s=trial_s))
        except HelperError as error:
            starting = time.monotonic() < self._quiet_until_s
            self._waiting = error.code == "helper.absent" and starting
            if self._waiting:
                return
            if error.text != self._fault:
                _log.error("The firewall's rules are not in force: %s", error.text)
            self._fault = error.text
            details = {"reason": error.text}
            self._events.raise_event("firewall_fault", key=PAGE, source=SOURCE, details=details)
            return
        self._simulated, self._waiting = done.simulated, False
        if self._fault:
            self._fault = ""
            self._events.end_event("firewall_fault", PAGE)

    # -- trial ---------------------------------------------------------------------------------

    def _end_trial(self) -> None:
        if self._trial is not None:
            self._trial = None
            self._events.end_event("firewall_trial", PAGE)

    async def _take_back(self, why: str) -> None:
        async with self._taking_back:
            trial = self._trial
            if trial is None:
                return
            await self._restore(trial.before, why)
            await self._remember(dict(self._settings.store.raw(PAGE)))
            self._end_trial()

    async def _restore(self, before: Mapping[str, Any], why: str) -> None:
        store = self._settings.store
        try:
            await self._settings.change(
                lambda: store.change(PAGE, None, before), _("the firewall itself")
            )
        except (BusError, SettingsError) as error:
            _log.error("The former rules cannot be had, everybody is let in: %s", error)
            await self._settings.change(
                lambda: store.change(PAGE, None, {"mode": "off"}), _("the firewall itself")
            )
        details = {"reason": why}
        self._events.raise_event("firewall_taken_back", source=SOURCE, details=details)
        self._events.end_event("firewall_trial", PAGE)

    def _load(self) -> dict[str, Any] | None:
        """Return the values kept last, None where there are none that can be read."""
        try:
            raw = json.loads(self._file.read_text(encoding="utf-8"))
            return FirewallPage.model_validate(raw).model_dump()
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _log.error("What the firewall was when it was kept last cannot be read: %s", error)
            return None

    async def _remember(self, page: dict[str, Any]) -> None:
        """Take note, also for the next start, that these values lock nobody out."""
        if page != self._kept:
            self._kept = page
            try:
                await asyncio.to_thread(self._save, page)
            except OSError as error:
                _log.error("The firewall's rules are not noted as kept: %s", error)

    def _save(self, page: dict[str, Any]) -> None:
        make_folder(self._file.parent)
        write_atomically(self._file, json.dumps(page).encode())

    # -- methods -------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any]) -> Any:
        trial = None
        if self._trial is not None:
            left_s = max(0.0, self._trial.until_s - time.monotonic())
            trial = {"until": self._trial.until_utc, "left_s": round(left_s, 1)}
        mode = self._settings.store.raw(PAGE)["mode"]
        return {"mode": mode, "simulated": self._simulated, "fault": self._fault, "trial": trial}

    async def _preview(self, params: dict[str, Any]) -> Any:
        """Say who of those that are here now would not get in; raises for wrong values."""
        values = params.get("values")
        if not isinstance(values, dict):
            raise BusError("firewall.bad_request", _("Say what is to be changed."))
        plan = plan_of(await self._would_be(values), self._read)
        callers = params.get("callers") or []
        cut_off = [
            {"name": str(caller.get("name")), "address": str(caller.get("address"))}
            for caller in callers[:MOST_CALLERS]
            if not await self._gets_in(plan, str(caller.get("address")))
        ]
        you = not await self._gets_in(plan, str(params.get("address")))
        return {"cut_off": cut_off, "you": you}

    async def _would_be(self, values: Mapping[str, Any]) -> dict[str, Any]:
        store = self._settings.store
        page = {**store.raw(PAGE), **values}
        try:
            await self._settings.run(lambda: store.weigh({PAGE: page}))
        except BusError as error:
            fields = [{**f, "path": f["path"].removeprefix(f"{PAGE}.")} for f in error.fields]
            raise BusError(error.code, error.text, fields=fields) from None
        return FirewallPage.model_validate(page).model_dump()

    async def _keep(self, params: dict[str, Any]) -> Any:
        trial = self._trial
        if trial is None:
            raise BusError("firewall.no_trial", _("No rules are on trial: the minute is over."))
        address = str(params.get("address"))
        plan = plan_of(self._settings.store.raw(PAGE), self._read)
        if not await self._gets_in(plan, address):
            text = _(
                "The new rules would not let {address} in again. Keep them from an address they "
                "let in, or wait: the former ones come back by themselves."
            )
            raise BusError("firewall.cut_off", text.format(address=address))
        if float(params.get("connected_s") or 0.0) < trial.since_s:
            text = _("This connection is older than the new rules, so it proves nothing.")
            raise BusError("firewall.old_connection", text)
        await self._remember(dict(self._settings.store.raw(PAGE)))
        self._end_trial()
        details = {"actor": str(params.get("actor") or "-")[:64], "address": address}
        self._events.raise_event("firewall_kept", source=SOURCE, details=details)
        self._changed.set()
        return {}

    async def _take_back_now(self, params: dict[str, Any]) -> Any:
        if self._trial is None:
            raise BusError("firewall.no_trial", _("No rules are on trial: the minute is over."))
        actor = str(params.get("actor") or "-")[:64]
        await self._take_back(_("{actor} took the new ones back.").format(actor=actor))
        self._changed.set()
        return {}

    async def _may_set_time(self, params: dict[str, Any]) -> Any:
        page = self._settings.store.raw(PAGE)
        return {"allowed": may_set_time(page, str(params.get("address")))}

    async def _gets_in(self, plan: Plan, text: str) -> bool:
        """Whether somebody at an address could come to the web page by a new connection."""
        address = read_address(text)
        if address is None or address.is_loopback:
            return True
        mac = await asyncio.to_thread(self._card, text) or ""
        port = int(self._read("web")["https_port"])
        return admits(plan, Caller(address, mac), "tcp", port)
