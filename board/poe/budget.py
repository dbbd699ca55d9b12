"""The PoE budget as pure functions: what is known of the ports goes in, what to switch comes out.

Admission is by booked power (class, operator's limit or learned peak), shedding by booked power
when the budget falls and by measured power when loads rise.  After every decision:
- the booked power of what is on never exceeds the budget;
- nothing was shed while something less important stays on;
- what was refused is asked about again in the next step, so freed power is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from board.profile.poe import Poe
from board.pse.contract import CLASS_W

Priority = Literal["critical", "high", "low"]
ShedReason = Literal["budget", "measured", "priority"]

RANK: dict[Priority, int] = {"critical": 0, "high": 1, "low": 2}
SAMPLES_OVER = 3
"""Seconds that measured power may exceed budget minus guard before something gives way."""
LEARNED_MARGIN = 1.2
LEARNED_LEAST_MW = 4_000


@dataclass(frozen=True, slots=True)
class PortDemand:
    """A port as the budget sees it; milliwatts.

    `request_mw`: what is booked for it.  `on`: powered or being switched on.  `wants`: not on,
    and a PD waits.  `since`: rises with each switching on, so that the newest gives way first.
    """

    number: int
    priority: Priority
    request_mw: int
    on: bool = False
    wants: bool = False
    measured_mw: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, in this order: `off` with reasons, then `on`; `refused` ports go on waiting."""

    off: tuple[tuple[int, ShedReason], ...]
    on: tuple[int, ...]
    refused: tuple[int, ...]


def decide(
    ports: Sequence[PortDemand], budget_mw: int, guard_mw: int, *, over: bool = False
) -> Decision:
    """Return what to switch.  `over`: measured power was too high for SAMPLES_OVER samples."""
    powered = [port for port in ports if port.on]
    off: list[tuple[int, ShedReason]] = []

    def shed(port: PortDemand, reason: ShedReason) -> None:
        powered.remove(port)
        off.append((port.number, reason))

    while sum(port.request_mw for port in powered) > budget_mw:
        shed(_least_important(powered), "budget")
    while over and powered and measured_mw(powered) > budget_mw - guard_mw:
        shed(_least_important(powered), "measured")

    spared = min((RANK[port.priority] for port in ports if _is_in(port, off)), default=None)
    admitted: list[int] = []
    refused: list[int] = []
    waiting = sorted(
        (port for port in ports if port.wants and not port.on),
        key=lambda port: (RANK[port.priority], port.number),
    )
    for port in waiting:
        rank = RANK[port.priority]
        if spared is not None and rank >= spared:
            refused.append(port.number)  # not in the step in which its like was shed
            continue
        victims = _make_room(powered, port, budget_mw)
        if victims is None:
            refused.append(port.number)
            continue
        for victim in victims:
            shed(victim, "priority")
        if victims:
            least = min(RANK[victim.priority] for victim in victims)
            spared = least if spared is None else min(spared, least)
        powered.append(replace(port, on=True, since=1 << 62))
        admitted.append(port.number)
    return Decision(tuple(off), tuple(admitted), tuple(refused))


def measured_mw(ports: Sequence[PortDemand]) -> int:
    """Return the measured power of what is on."""
    return sum(port.measured_mw for port in ports if port.on)


def request_mw(pd_class: int, limit_mw: int | None, learned_mw: int | None = None) -> int:
    """Return what is booked for a PD: its class, not above the operator's limit.

    `learned_mw`: its peak, booked with a margin where that is less (the operator chose so).
    """
    by_class = round(CLASS_W[pd_class] * 1000)
    booked = by_class if limit_mw is None else min(by_class, limit_mw)
    if learned_mw is None:
        return booked
    return min(booked, max(LEARNED_LEAST_MW, round(learned_mw * LEARNED_MARGIN)))


def budget_w(poe: Poe, temperature_c: float | None, former_w: float | None) -> float:
    """Return the watts that the supply gives at a temperature.

    A higher budget than `former_w` counts only when the board is `hysteresis_c` below its step.
    An unknown temperature means `unknown_w`; one above all steps means none.
    """
    if temperature_c is None:
        return poe.unknown_w
    fits = _step_w(poe, temperature_c)
    if former_w is None or fits <= former_w:
        return fits
    return max(former_w, _step_w(poe, temperature_c + poe.hysteresis_c))


def _step_w(poe: Poe, temperature_c: float) -> float:
    return next((step.watts for step in poe.budget if temperature_c <= step.up_to_c), 0.0)


def _least_important(powered: Sequence[PortDemand]) -> PortDemand:
    return max(powered, key=lambda port: (RANK[port.priority], port.since, port.number))


def _make_room(
    powered: Sequence[PortDemand], port: PortDemand, budget_mw: int
) -> list[PortDemand] | None:
    """Return what has to give way for a port, None where that would not be enough."""
    room = budget_mw - sum(max(other.request_mw, other.measured_mw) for other in powered)
    left = [other for other in powered if RANK[other.priority] > RANK[port.priority]]
    victims: list[PortDemand] = []
    while room < port.request_mw:
        if not left:
            return None
        victim = _least_important(left)
        left.remove(victim)
        victims.append(victim)
        room += max(victim.request_mw, victim.measured_mw)
    return victims


def _is_in(port: PortDemand, off: Sequence[tuple[int, ShedReason]]) -> bool:
    return any(number == port.number for number, _reason in off)
