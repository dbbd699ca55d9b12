"""The PoE controller: polls the chips each second, decides, switches, and tells every change."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from operator import methodcaller

from board.errors import BoardError
from board.poe import budget
from board.poe.history import Span
from board.poe.link import ChipLink
from board.poe.model import (
    CYCLE_OFF_S,
    BudgetChange,
    Change,
    ChipChange,
    ChipSnapshot,
    PoeError,
    PoeSettings,
    PoeSnapshot,
    PortChange,
    PortReason,
)
from board.poe.port import Port
from board.poe.recovery import Verdict
from board.profile.poe import Poe
from board.pse.bus import I2cBus
from board.pse.contract import PseDriver
from board.pse.drivers import driver_for

_log = logging.getLogger(__name__)

POLL_S = 1.0
HOLD_S = 30.0
"""So long a sensor may be silent before its temperature counts as unknown."""
MOST_ALONE_S = 86_400.0
TEMPERATURES_C = (-40.0, 125.0)
"""What a sensor can tell; -127 and the like are failures."""


class PoeController:
    """All PoE ports of a box.  Lives on one event loop; chips are reached on their bus's thread.

    `temperature` returns degrees Celsius or None; `told` is called with every change.
    """

    def __init__(
        self,
        poe: Poe,
        buses: Mapping[int, I2cBus],
        *,
        temperature: Callable[[], float | None],
        told: Callable[[Change], None],
        now: Callable[[], float] = time.monotonic,
        drivers: Mapping[str, PseDriver] | None = None,
    ) -> None:
        self._poe = poe
        self._now = now
        self._temperature = temperature
        self._told = told
        self._settings = PoeSettings()
        self._order = 0
        self._over = 0
        self._budget_w = poe.unknown_w
        self._known_w: float | None = None
        self._told_w: float | None = None
        self._celsius: tuple[float, float] | None = None
        self._began = now()
        self._lock = asyncio.Lock()
        self.ports = {wiring.number: Port(wiring, now()) for wiring in poe.ports}
        self._links = [
            ChipLink(
                chip,
                tuple(port for port in poe.ports if port.pse == chip.name),
                buses[chip.bus],
                (drivers or {}).get(chip.name) or driver_for(chip, buses[chip.bus]),
            )
            for chip in poe.chips
        ]
        self._failures: dict[str, BoardError | None] = dict.fromkeys(
            link.chip.name for link in self._links
        )
        self._link_of = {port.number: link for link in self._links for port in link.ports}

    async def run(self) -> None:
        """Poll for ever."""
        while True:
            began = self._now()
            await self.step()
            await asyncio.sleep(max(0.05, POLL_S - (self._now() - began)))

    async def configure(self, settings: PoeSettings) -> None:
        """Take the operator's wishes; raise PoeError for what is out of range, changing nothing."""
        for number, wish in settings.ports.items():
            if number not in self.ports:
                raise _no_port(number)
            most = self.ports[number].wiring.max_w
            if wish.limit_w is not None and not 4.0 <= wish.limit_w <= most:
                raise PoeError(
                    "poe.limit",
                    "The limit of port {port} has to be 4 to {most:g} W.",
                    port=number,
                    most=most,
                )
        async with self._lock:
            self._settings = settings
            for port in self.ports.values():
                port.settings = settings.port(port.number)
            for link in self._links:
                if link.works:
                    await link.call(partial(self._set_up, link), self._now())

    async def cycle(self, number: int, reason: PortReason = "operator") -> None:
        """Switch a port off for 5 s; raise PoeError where it is not there or gives no power."""
        port = self.ports.get(number)
        if port is None:
            raise _no_port(number)
        if not port.settings.enabled:
            raise PoeError("poe.disabled", "Port {port} is switched off.", port=number)
        async with self._lock:
            link = self._link_of[number]
            if not link.works:
                raise PoeError(
                    "poe.unreachable",
                    "Port {port} cannot be reached: {reason}",
                    port=number,
                    reason=link.failure or "",
                )
            await self._switch_off(port)
            port.begin_cycle(reason, self._now() + CYCLE_OFF_S)
            self._judge(port, {})

    async def camera_dead(self, number: int) -> Verdict:
        """A caller says that the camera on a port is dead; return what was done about it."""
        port = self.ports.get(number)
        if port is None:
            raise _no_port(number)
        if not self._settings.recovery:
            return Verdict("switched_off")
        if not self._link_of[number].works:
            return Verdict("unreachable", POLL_S)
        verdict = port.recovery.ask(self._now(), port.on_since)
        if verdict.answer == "cycled":
            await self.cycle(number, "camera")
        return verdict

    def leave_alone(self, number: int, seconds: float) -> None:
        """Cycle a port for no dead camera for so long (0: no longer); raise PoeError."""
        port = self.ports.get(number)
        if port is None:
            raise _no_port(number)
        if not 0 <= seconds <= MOST_ALONE_S:
            raise PoeError(
                "poe.alone",
                "A port is left alone for 0 to {most:g} hours.",
                most=MOST_ALONE_S / 3600,
            )
        port.recovery.leave_alone(self._now() + seconds)

    def history(self, number: int, span: Span) -> tuple[float, list[float], list[float]]:
        """Return seconds between points, means and peaks of a port in watts; raise PoeError."""
        if number not in self.ports:
            raise _no_port(number)
        return self.ports[number].history.series(span)

    def snapshot(self) -> PoeSnapshot:
        """Return everything."""
        now, learn = self._now(), self._settings.learn
        ports = tuple(port.snapshot(now, learn=learn) for port in self.ports.values())
        return PoeSnapshot(
            budget_w=self._budget_w,
            most_w=self._most_w,
            guard_w=self._poe.guard_w,
            booked_w=round(sum(port.booked_w for port in ports), 2),
            measured_w=round(sum(port.watts for port in ports), 2),
            temperature_c=None if self._celsius is None else self._celsius[0],
            derated=self._budget_w < self._most_w,
            ports=ports,
            chips=tuple(self._chip_snapshot(link) for link in self._links),
        )

    # -- a second ------------------------------------------------------------------------------

    async def step(self) -> None:
        """Poll, decide, switch: one second of the ports' life."""
        async with self._lock:
            await asyncio.gather(*(self._poll(link) for link in self._links))
            self._weigh_budget()
            over_limit = [port for port in self.ports.values() if port.measure()]
            for port in over_limit:
                if port.powered:
                    await self._switch_off(port)
                    port.fail("over_limit", self._now())
            for port in self.ports.values():
                if port.may_have_power and not port.settings.enabled:
                    await self._switch_off(port)
            refused = await self._decide()
            for port in self.ports.values():
                self._judge(port, refused)
            for link in self._links:
                self._tell_chip(link)

    async def _poll(self, link: ChipLink) -> None:
        now = self._now()
        reading = await link.poll(now, partial(self._set_up, link))
        if reading is None:
            return
        for wiring in link.ports:
            port = self.ports[wiring.number]
            was_starting = port.starting
            port.read(reading.channels[wiring.channel - 1], now)
            if was_starting and not port.starting and not port.powered:
                await link.call(methodcaller("off", wiring.channel), now)

    async def _decide(self) -> dict[int, PortReason]:
        """Decide and switch; return who was refused, and why."""
        now, learn = self._now(), self._settings.learn
        demands = []
        for port in self.ports.values():
            demand = port.demand(now, learn=learn)
            if not self._link_of[port.number].works and demand.wants:
                continue
            demands.append(demand)
        budget_mw = round(self._budget_w * 1000)
        guard_mw = round(self._poe.guard_w * 1000)
        measured = budget.measured_mw(demands)
        self._over = self._over + 1 if measured > budget_mw - guard_mw else 0
        decision = budget.decide(
            demands, budget_mw, guard_mw, over=self._over >= budget.SAMPLES_OVER
        )
        refused: dict[int, PortReason] = {}
        cut = True
        for number, reason in decision.off:
            port = self.ports[number]
            cut = await self._switch_off(port) and cut
            if reason == "measured":
                port.backoff.fail(now)
                self._over = 0
            refused[number] = reason
        for number in decision.on:
            # Where a shed port could not be cut, its power is not free: nobody new this second.
            if not cut or not await self._switch_on(self.ports[number]):
                refused.setdefault(number, "retry")
        for number in decision.refused:
            refused.setdefault(number, "budget")
        return refused

    async def _switch_on(self, port: Port) -> bool:
        pd_class = port.reading.pd_class
        if pd_class is None:
            return False
        order = methodcaller("on", port.wiring.channel, pd_class)
        done = await self._link_of[port.number].call(order, self._now())
        # Also where the call failed: the chip may have heard it, so it counts until it is known.
        self._order += 1
        port.ordered_on(self._order, self._now())
        return done

    async def _switch_off(self, port: Port) -> bool:
        order = methodcaller("off", port.wiring.channel)
        done = await self._link_of[port.number].call(order, self._now())
        if done:
            port.ordered_off()
        return done

    def _set_up(self, link: ChipLink, driver: PseDriver) -> None:
        """On the bus's thread: detection and hardware shedding as the operator wants them."""
        low = {p.channel for p in link.ports if self.ports[p.number].settings.priority == "low"}
        driver.shed_first(frozenset(low))
        wired = {port.channel: self.ports[port.number] for port in link.ports}
        for channel in range(1, driver.channels + 1):
            wanted = channel in wired and wired[channel].settings.enabled
            driver.detect(channel, wanted=wanted)

    def _weigh_budget(self) -> None:
        """Set the budget; while nothing was measured yet, what is up already stays up."""
        celsius = self._held_celsius()
        if celsius is None and self._now() - self._began < HOLD_S:
            learn = self._settings.learn
            booked = sum(
                port.booked_mw(learn=learn) for port in self.ports.values() if port.may_have_power
            )
            self._budget_w = min(max(self._poe.unknown_w, booked / 1000), self._most_w)
            return
        self._budget_w = budget.budget_w(self._poe, celsius, self._known_w)
        self._known_w = None if celsius is None else self._budget_w
        before = self._most_w if self._told_w is None else self._told_w
        self._told_w = self._budget_w
        if before != self._budget_w:
            self._told(BudgetChange(before, self._budget_w, self._most_w, celsius))

    def _held_celsius(self) -> float | None:
        celsius, now = self._temperature(), self._now()
        if celsius is not None and TEMPERATURES_C[0] <= celsius <= TEMPERATURES_C[1]:
            self._celsius = (celsius, now)
        elif self._celsius is not None and now - self._celsius[1] >= HOLD_S:
            self._celsius = None
        return None if self._celsius is None else self._celsius[0]

    @property
    def _most_w(self) -> float:
        return self._poe.budget[0].watts

    def _judge(self, port: Port, refused: Mapping[int, PortReason]) -> None:
        works = not self._link_of[port.number].failure
        now = self._now()
        state, reason = port.judge(now, works=works, refused=refused.get(port.number, ""))
        before = (port.state, port.reason)
        if (state, reason) == before:
            return
        port.state, port.reason = state, reason
        if state != before[0]:
            port.changed_at = now
        self._told(PortChange(*before, port.snapshot(now, learn=self._settings.learn)))

    def _chip_snapshot(self, link: ChipLink) -> ChipSnapshot:
        reading = link.reading
        return ChipSnapshot(
            name=link.chip.name,
            chip=link.chip.chip,
            failure=link.failure,
            supply_v=0.0 if reading is None else reading.supply_v,
            temperature_c=None if reading is None else reading.temperature_c,
            ports=tuple(port.number for port in link.ports),
        )

    def _tell_chip(self, link: ChipLink) -> None:
        if link.failure is not self._failures[link.chip.name]:
            self._failures[link.chip.name] = link.failure
            self._told(ChipChange(self._chip_snapshot(link)))


def _no_port(number: int) -> PoeError:
    return PoeError("poe.no_port", "There is no PoE port {port}.", port=number)
