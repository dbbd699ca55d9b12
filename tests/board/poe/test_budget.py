"""The PoE budget: its properties over random lives, and single decisions."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from board.poe.budget import (
    RANK,
    Decision,
    PortDemand,
    Priority,
    budget_w,
    decide,
    measured_mw,
    request_mw,
)
from board.profile.load import load

PRIORITIES: tuple[Priority, ...] = ("critical", "high", "low")
CLASS_MW = (4_000, 7_000, 15_400, 30_000)


def port(number: int, priority: Priority = "high", mw: int = 15_400, **more: object) -> PortDemand:
    return replace(PortDemand(number, priority, mw), **more)  # type: ignore[arg-type]


class Life:
    """Ports that are plugged, unplugged, loaded, re-prioritised, heated and restarted at random."""

    def __init__(self, seed: int, ports: int = 8) -> None:
        self.random = random.Random(seed)
        self.budget = 130_000
        self.guard = 6_000
        self.over = 0
        self.order = 0
        self.ports = {n: port(n, "high", 15_400) for n in range(1, ports + 1)}
        self.steps = 0
        self.nights = 0

    def night(self) -> None:
        """Lamps and heaters come on everywhere and stay on: measured power exceeds the booked."""
        for _ in range(4):
            for number, entry in self.ports.items():
                if entry.on:
                    self.ports[number] = replace(entry, measured_mw=entry.request_mw * 5 // 4)
            self.step()
        self.nights += self.over >= 3

    def disturb(self) -> None:
        number = self.random.choice(list(self.ports))
        entry = self.ports[number]
        match self.random.randrange(8):
            case 0 | 1:
                if not entry.on:
                    mw = self.random.choice(CLASS_MW)
                    self.ports[number] = replace(entry, wants=True, request_mw=mw)
            case 2:
                self.ports[number] = replace(entry, on=False, wants=False, measured_mw=0)
            case 3:
                self.ports[number] = replace(entry, request_mw=self.random.choice(CLASS_MW))
            case 4:
                self.ports[number] = replace(entry, priority=self.random.choice(PRIORITIES))
            case 5:
                if entry.on:
                    load = self.random.randrange(0, entry.request_mw * 3 // 2)
                    self.ports[number] = replace(entry, measured_mw=load)
            case 6:
                self.budget = self.random.choice((130_000, 100_000, 50_000, 0))
            case 7:  # our process restarts: the order of switching on is forgotten
                self.ports = {n: replace(p, since=0) for n, p in self.ports.items()}
                self.over = 0

    def step(self) -> Decision:
        self.steps += 1
        before = {n for n, p in self.ports.items() if p.on}
        beyond = measured_mw(list(self.ports.values())) > self.budget - self.guard
        self.over = self.over + 1 if beyond else 0
        decision = decide(list(self.ports.values()), self.budget, self.guard, over=self.over >= 3)
        for number, _reason in decision.off:
            assert number in before, "only what is on is switched off"
            assert self.ports[number].on
            self.ports[number] = replace(self.ports[number], on=False, wants=True, measured_mw=0)
        for number in decision.on:
            assert self.ports[number].wants
            self.order += 1
            self.ports[number] = replace(
                self.ports[number], on=True, wants=False, since=self.order, measured_mw=0
            )
        self.check(decision, before)
        return decision

    def check(self, decision: Decision, before: set[int]) -> None:
        powered = [p for p in self.ports.values() if p.on]
        assert sum(p.request_mw for p in powered) <= self.budget
        for number, _reason in decision.off:
            rank = RANK[self.ports[number].priority]
            assert all(RANK[p.priority] <= rank for p in powered), "a less important one stays on"
        if self.over >= 3:
            assert measured_mw(powered) <= max(self.budget - self.guard, 0)
        waiting = {n for n, p in self.ports.items() if p.wants}
        gone = {number for number, _reason in decision.off}
        assert waiting == set(decision.refused) | (gone & waiting)
        if not decision.off:
            kept = before & {p.number for p in powered}
            assert kept == before, "ports that are up stay up"
            room = self.budget - sum(max(p.request_mw, p.measured_mw) for p in powered)
            for number in decision.refused:
                assert self.ports[number].request_mw > room, "power is free, and one waits"


@pytest.mark.parametrize("seed", range(6))
def test_the_budget_holds_over_a_random_life(seed: int) -> None:
    life = Life(seed)
    for _ in range(700):
        life.disturb()
        life.step()
        if life.random.random() < 0.03:
            life.night()
    assert life.nights > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_the_budget_holds_over_very_long_lives(seed: int) -> None:
    life = Life(seed, ports=8 if seed % 2 else 16)
    while life.steps < 10_000:  # 20 lives: 200,000 steps
        life.disturb()
        life.step()
        if life.random.random() < 0.03:
            life.night()
    assert life.nights > 10


def test_a_port_is_refused_when_its_class_does_not_fit() -> None:
    ports = [port(1, mw=30_000, on=True), port(2, mw=30_000, wants=True)]
    assert decide(ports, 50_000, 0) == Decision((), (), (2,))


def test_a_refused_port_is_admitted_when_power_frees_up() -> None:
    ports = [port(1, mw=30_000), port(2, mw=30_000, wants=True)]
    assert decide(ports, 50_000, 0) == Decision((), (2,), ())


def test_a_more_important_port_takes_power_from_the_newest_less_important() -> None:
    ports = [
        port(1, "low", 15_400, on=True, since=1),
        port(2, "low", 15_400, on=True, since=2),
        port(3, "critical", 15_400, wants=True),
    ]
    assert decide(ports, 31_000, 0) == Decision(((2, "priority"),), (3,), ())


def test_nobody_is_shed_for_a_port_that_would_not_fit_anyway() -> None:
    ports = [
        port(1, "low", 7_000, on=True, since=1),
        port(2, "high", 30_000, on=True, since=2),
        port(3, "high", 30_000, wants=True),
    ]
    assert decide(ports, 50_000, 0) == Decision((), (), (3,))


def test_measured_power_sheds_only_when_it_lasted() -> None:
    ports = [port(1, "low", 15_400, on=True, measured_mw=30_000), port(2, on=True)]
    assert decide(ports, 31_000, 6_000) == Decision((), (), ())
    assert decide(ports, 31_000, 6_000, over=True) == Decision(((1, "measured"),), (), ())


def test_a_falling_budget_sheds_low_before_high_before_critical() -> None:
    ports = [
        port(1, "critical", 30_000, on=True, since=9),
        port(2, "high", 30_000, on=True, since=1),
        port(3, "low", 30_000, on=True, since=0),
    ]
    assert [n for n, _ in decide(ports, 90_000, 0).off] == []
    assert [n for n, _ in decide(ports, 60_000, 0).off] == [3]
    assert [n for n, _ in decide(ports, 30_000, 0).off] == [3, 2]
    assert [n for n, _ in decide(ports, 0, 0).off] == [3, 2, 1]


def test_what_is_shed_is_not_replaced_by_something_less_important_in_the_same_step() -> None:
    ports = [port(1, "high", 30_000, on=True), port(2, "low", 4_000, wants=True)]
    assert decide(ports, 20_000, 0) == Decision(((1, "budget"),), (), (2,))


@pytest.mark.parametrize(
    ("temperature", "former", "watts"),
    [
        (25.0, None, 130),
        (45.0, None, 130),
        (45.1, None, 100),
        (55.0, None, 100),
        (60.0, 100, 50),
        (70.0, 50, 0),
        (None, 130, 100),
        (44.0, 100, 100),  # cooler, but not by the hysteresis of 2 degrees
        (43.0, 100, 130),
        (43.0, 0, 130),
        (54.0, 0, 50),
    ],
)
def test_the_budget_follows_the_temperature(
    temperature: float | None, former: float | None, watts: float
) -> None:
    poe = load("reference").poe
    assert poe is not None
    assert budget_w(poe, temperature, former) == watts


def test_what_is_booked_is_class_limit_or_learned_peak() -> None:
    assert request_mw(4, None) == 30_000
    assert request_mw(4, 12_000) == 12_000
    assert request_mw(2, 12_000) == 7_000
    assert request_mw(4, None, learned_mw=10_000) == 12_000
    assert request_mw(4, None, learned_mw=1_000) == 4_000
    assert request_mw(1, None, learned_mw=9_000) == 4_000
