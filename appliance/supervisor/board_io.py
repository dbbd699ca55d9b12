"""Contacts, outputs, buttons, lights and buzzer in the supervisor: settings in, events out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from appliance.bus.errors import BusError
from appliance.bus.io_messages import IoStatus
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.events.book import EventBook
from appliance.settings.pages.alarm_inputs import OUTPUT_TITLES
from appliance.supervisor.board_io_events import IoEvents
from appliance.supervisor.board_io_lights import FROM_EVENTS, groups_of
from appliance.supervisor.board_io_parts import Parts, build
from appliance.supervisor.board_io_status import HAND, status_of
from appliance.supervisor.board_words import error_text
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _
from board.errors import BoardError
from board.inputs.alarm_input import InputChange, InputState
from board.inputs.link import Link, source_of
from board.lines.contract import LineBank
from board.profile.model import BoardProfile
from board.relays import counter
from board.relays.relay import Relay
from board.timing import Timing

_log = logging.getLogger(__name__)

INPUTS, OUTPUTS, PANEL = "alarm_inputs", "alarm_outputs", "panel"
PAGES = frozenset({INPUTS, OUTPUTS, PANEL})
FACES = frozenset({"web", "cli", "gui"})
TICK_S = 1.0
SAVE_TICKS = 60
PERSON_S = 60.0
ASSERTED = frozenset({"identify", "lamp_test"})


@dataclass(frozen=True, slots=True)
class Orders:
    """What the buttons of the box order of the supervisor."""

    shut_down: Callable[[], None]
    factory_reset: Callable[[], None]


class IoService:
    """Everything on single lines of a board that has some."""

    def __init__(
        self,
        bus: BusServer,
        events: EventBook,
        settings: SettingsService,
        profile: BoardProfile,
        bank: LineBank,
        timing: Timing,
        counters: Path,
        orders: Orders,
    ) -> None:
        self._settings = settings
        self.events = IoEvents(events)
        self._counters = counters
        self._orders = orders
        self._saved: dict[str, int] = {}
        self._profile = profile
        self._timing = timing
        self._bank = bank
        self.parts = Parts()
        self._names: dict[str, str] = {}
        self._buzzers: set[int] = set()
        self._switches: dict[int, bool] = {}
        self._contacts: dict[int, str] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._written = -1
        self._lights: frozenset[str] = frozenset()
        self._buzz_faults = False
        for name, handler in (
            ("io.get", self._get),
            ("io.output", self._output),
            ("io.reset", self._reset),
            ("io.buzzer", self._buzzer),
            ("io.leds", self._leds),
        ):
            bus.handle(name, handler, roles=FACES)

    async def start(self) -> None:
        """Claim the lines, outputs first and open, then apply the settings."""
        self.events.begin()
        self._saved = await asyncio.to_thread(counter.load, self._counters)
        self.parts = build(
            self._profile, self._bank, self._timing, self, lambda key: self._saved.get(key, 0)
        )
        await self._add_entries()
        self._apply()
        self.parts.start()
        self._assert("running")
        for work in (self._follow_settings(), self._tick()):
            self._tasks.append(asyncio.create_task(work))

    async def close(self) -> None:
        """Open every output and give the lines back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.parts.stop()
        await self._save()

    def settings_changed(self, page: str) -> None:
        """Take note of a change of the settings."""
        if page in PAGES:
            self._changed.set()

    # -- settings ------------------------------------------------------------------------------

    async def _follow_settings(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._add_entries()
            self._apply()

    async def _add_entries(self) -> None:
        """Give each input and output an entry of its own, where a reset took it."""
        store = self._settings.store
        wanted: list[tuple[str, Mapping[str, Any]]] = [
            (INPUTS, {"id": alarm.number, "debounce_ms": alarm.debounce_ms})
            for alarm in self._profile.lines.alarm_inputs
        ]
        wanted += [(OUTPUTS, {"id": key}) for key in self.parts.outputs if key in OUTPUT_TITLES]
        for page, entry in wanted:
            if entry["id"] in {item["id"] for item in store.raw(page)["items"]}:
                continue
            try:
                await self._settings.change(
                    lambda page=page, entry=entry: store.add(page, entry)[1],  # type: ignore[misc]
                    "supervisor",
                )
            except BusError as error:
                _log.warning("%s of page %s has no entry: %s", entry["id"], page, error.text)

    def _apply(self) -> None:
        store = self._settings.store
        for item in store.raw(OUTPUTS)["items"]:
            self._names[item["id"]] = item["name"] or OUTPUT_TITLES[item["id"]]
            relay = self.parts.outputs.get(item["id"])
            if relay is not None:
                relay.set_mode(item["mode"])
        for item in store.raw(INPUTS)["items"]:
            self._apply_input(item)
        panel = store.raw(PANEL)
        self._buzz_faults = bool(panel["buzz_faults"])
        if self.parts.panel is not None:
            self.parts.panel.darken(dark=not panel["lights"])
        for key in self.parts.outputs:
            if self.parts.links is not None:
                self.parts.links.renew(key)

    def _apply_input(self, item: Mapping[str, Any]) -> None:
        number: int = item["id"]
        self._names[source_of(number)] = item["name"] or _("Alarm input {number}").format(
            number=number
        )
        self._use_as_switch(number, disarms=bool(item["disarms"]))
        output = None if item["disarms"] else item["output"]
        self._contacts[number] = output or ""
        if item["buzzer"] and not item["disarms"]:
            self._buzzers.add(number)
        else:
            self._buzzers.discard(number)
            if self.parts.buzzer is not None:
                self.parts.buzzer.silence(source_of(number))
        if self.parts.links is not None:
            link = Link(output, item["seconds"]) if output else None
            self.parts.links.set(number, link)
        alarm = self.parts.inputs.get(number)
        if alarm is not None:
            alarm.configure(contact=item["contact"], debounce_ms=item["debounce_ms"])

    # -- the disarm switch (D2-AL-15) ------------------------------------------------------------

    @property
    def _disarmed(self) -> bool:
        return any(self._switches.values())

    def _use_as_switch(self, number: int, *, disarms: bool) -> None:
        """Let an input be a disarm switch, or an alarm input again; it goes on from its level."""
        if disarms == (number in self._switches):
            return
        alarm = self.parts.inputs.get(number)
        active = alarm is not None and alarm.state.active is True
        key, name = f"input-{number}", self._name(source_of(number))
        if disarms:
            self.events.alarm(key, name, active=False)
            self._switch(number, active=active)
        else:
            self._switch(number, active=False)
            del self._switches[number]
            self.events.alarm(key, name, active=active)

    def _switch(self, number: int, *, active: bool) -> None:
        self._switches[number] = active
        if self.parts.links is not None:
            self.parts.links.suspend(on=self._disarmed)
        if self._disarmed and self.parts.buzzer is not None:
            for other in self._buzzers:
                self.parts.buzzer.silence(source_of(other))
        self.events.disarmed(f"input-{number}", self._name(source_of(number)), on=active)

    # -- what happens on the lines ---------------------------------------------------------------

    def input_changed(self, change: InputChange) -> None:
        """Close the output first, then sound, tell and light."""
        if change.number in self._switches:
            self._switch(change.number, active=change.active)
            return
        if self.parts.links is not None:
            self.parts.links.take(change)
        source = source_of(change.number)
        buzzer = self.parts.buzzer
        if buzzer is not None and change.number in self._buzzers:
            if change.active and not self._disarmed:
                buzzer.play(source, "alarm")
            else:
                buzzer.silence(source)
        self.events.alarm(
            f"input-{change.number}",
            self._name(source),
            active=change.active,
            chattering=change.chattering,
        )
        self._show_groups()

    def input_noticed(self, state: InputState) -> None:
        """Tell of storms and faults of an input."""
        key, name = f"input-{state.number}", self._name(source_of(state.number))
        self.events.storm(key, name, on=state.storm)
        self.events.fault(key, name, state.fault)

    def output_changed(self, relay: Relay) -> None:
        """Tell of an output."""
        state, name = relay.state, self._name(relay.key)
        reason = ", ".join(self._name(source) for source in state.sources)
        if state.mode == "manual":
            reason = _("Its mode is Manual.")
        self.events.output(relay.key, name, on=bool(state.closed), reason=reason)
        self.events.fault(relay.key, name, state.fault)
        self.events.worn(
            relay.key, name, on=state.worn, operations=state.operations, rated=state.rated
        )

    def link_refused(self, number: int, error: BoardError | None) -> None:
        """Tell that an output does not follow, or does again."""
        output = self._name(self._contacts.get(number, ""))
        self.events.refused(f"input-{number}", self._name(source_of(number)), output, error)

    def shut_down(self) -> None:
        """Switch the box off in order (D2-PW-04)."""
        self.events.button(_("power"), _("the recorder switches off."))
        self._play("countdown")
        self._orders.shut_down()

    def factory_reset(self) -> None:
        """Set the factory state (D2-MT-36)."""
        self.events.button(_("reset"), _("everything is set to the factory state."))
        self._play("done")
        self._orders.factory_reset()

    def _name(self, key: str) -> str:
        return _("a person") if key == HAND else self._names.get(key, OUTPUT_TITLES.get(key, key))

    def _play(self, pattern: str) -> None:
        if self.parts.buzzer is not None:
            self.parts.buzzer.play("buttons", pattern, 10)

    # -- regularly -------------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            ticks += 1
            self._show_groups()
            await self._show_disk()
            if ticks % SAVE_TICKS == 0:
                await self._save()

    def _show_groups(self) -> None:
        before, self._lights = self._lights, groups_of(self.events.open_kinds())
        for group in FROM_EVENTS:
            if (group in self._lights) != (group in before):
                self._assert(group, on=group in self._lights)
        faults, had = self._lights - {"alarm"}, before - {"alarm"}
        if self.parts.buzzer is None:
            return
        if self._buzz_faults and faults - had:
            self.parts.buzzer.play("faults", "fault")
        elif not faults or not self._buzz_faults:
            self.parts.buzzer.silence("faults")

    async def _show_disk(self) -> None:
        counters = await asyncio.to_thread(psutil.disk_io_counters)
        written = 0 if counters is None else int(counters.write_bytes)
        self._assert("disk_activity", on=self._written not in (-1, written))
        self._written = written

    def _assert(self, group: str, *, on: bool = True) -> None:
        if self.parts.panel is not None:
            self.parts.panel.assert_group(group, on=on)

    async def _save(self) -> None:
        counts = {key: relay.operations for key, relay in self.parts.outputs.items()}
        if counts == self._saved or not counts:
            return
        try:
            await asyncio.to_thread(counter.save, self._counters, counts)
        except OSError as error:
            _log.warning("The counters of the relays could not be written: %s", error)
            return
        self._saved = counts

    # -- methods ---------------------------------------------------------------------------------

    async def _get(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        status: IoStatus = status_of(self.parts, self._name, self._contacts, self._switches)
        return status

    async def _output(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        relay = self.parts.outputs.get(str(params.get("id")))
        if relay is None:
            raise BusError("io.no_output", _("This box has no such output."))
        seconds = params.get("seconds")
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, int | float)
        ):
            raise BusError("io.bad_request", _("How long is told in seconds."))
        try:
            if params.get("on"):
                relay.hold(HAND, seconds)
            else:
                relay.withdraw(HAND)
        except BoardError as error:
            raise BusError(error.code, error_text(error, self._name)) from None
        return {}

    async def _reset(self, _params: dict[str, Any], _peer: PeerInfo) -> Any:
        for relay in self.parts.outputs.values():
            relay.reset()
        if self.parts.buzzer is not None:
            self.parts.buzzer.silence_all()
        return {}

    async def _buzzer(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        if self.parts.buzzer is None:
            raise BusError("io.no_buzzer", _("This box has no buzzer."))
        pattern = params.get("pattern")
        try:
            if pattern is None:
                self.parts.buzzer.silence_all()
            else:
                self.parts.buzzer.play(HAND, str(pattern), 10)
        except BoardError as error:
            raise BusError(error.code, error_text(error, self._name)) from None
        return {}

    async def _leds(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        group = str(params.get("group"))
        if group not in ASSERTED or self.parts.panel is None:
            raise BusError("io.no_group", _("Only identify and the lamp test can be asked for."))
        on = bool(params.get("on"))
        self.parts.panel.assert_group(group, on=on, seconds=PERSON_S if on else None)
        return {}
