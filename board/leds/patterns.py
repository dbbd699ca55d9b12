"""How a LED blinks: patterns as steps of on and off."""

from __future__ import annotations

from collections.abc import Mapping

from board.profile.front import Pattern

STEPS_MS: Mapping[Pattern, tuple[int, ...]] = {
    "off": (),
    "on": (),
    "slow": (1000, 1000),
    "fast": (125, 125),
    "flash": (60, 140),
}
"""Milliseconds on, off, on, off ...; nothing: it is steady."""


def lit(pattern: Pattern, since_ms: int) -> bool:
    """Return whether a LED is lit so many milliseconds after its pattern began."""
    steps = STEPS_MS[pattern]
    if not steps:
        return pattern == "on"
    rest = since_ms % sum(steps)
    for number, step in enumerate(steps):
        if rest < step:
            return number % 2 == 0
        rest -= step
    raise AssertionError("the steps add up to their sum")


def next_ms(pattern: Pattern, since_ms: int) -> int | None:
    """Return the milliseconds until it changes; None where it never does."""
    steps = STEPS_MS[pattern]
    if not steps:
        return None
    rest = since_ms % sum(steps)
    for step in steps:
        if rest < step:
            return step - rest
        rest -= step
    raise AssertionError("the steps add up to their sum")
