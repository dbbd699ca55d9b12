"""Why the computer started: signs of the kernel and the board, and what was ordered before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cause = Literal["ordered", "power", "watchdog", "overheated", "crash"]

WATCHDOG = Path("/sys/class/watchdog/watchdog0/bootstatus")
PSTORE = Path("/sys/fs/pstore")
_OVERHEAT, _POWER_UNDER, _CARD_RESET = 0x0001, 0x0010, 0x0020
"""linux/watchdog.h: WDIOF_OVERHEAT, WDIOF_POWERUNDER, WDIOF_CARDRESET."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found at the start; `watchdog` the flags of its driver, None without one."""

    watchdog: int | None
    kernel_crashed: bool


def read_signs(watchdog: Path = WATCHDOG, pstore: Path = PSTORE) -> Signs:
    """Look.  Blocks; what cannot be read is not there."""
    try:
        flags: int | None = int(watchdog.read_text().strip(), 0)
    except (OSError, ValueError):
        flags = None
    try:
        crashed = any(entry.name.startswith("dmesg-") for entry in pstore.iterdir())
    except OSError:
        crashed = False
    return Signs(flags, crashed)


def cause_of(signs: Signs, *, ended_in_order: bool) -> Cause:
    """Return the cause; the board's own signs count most, as they cannot be forgotten.

    An end in order without a sign was ordered; no end in order and no sign is a power cut: that
    leaves none.
    """
    flags = signs.watchdog or 0
    if flags & _OVERHEAT:
        return "overheated"
    if ended_in_order:
        return "ordered"
    if signs.kernel_crashed:
        return "crash"
    if flags & _CARD_RESET:
        return "watchdog"
    return "power"
