"""The battery-backed clock: what it says, whether its battery is good, when to believe it."""

from __future__ import annotations

import array
import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from board.errors import BoardError

RTC_CLASS = Path("/sys/class/rtc")
RTC_VL_READ = 0x80047013
"""linux/rtc.h: read the flags of a voltage that was low."""

_INVALID, _LOW, _EMPTY = 0x1, 0x2, 0x4
EARLIEST_S = 1_767_225_600
"""2026-01-01: this program is younger; a clock that says less has lost its time (D2-FQ-07)."""

LATEST_S = 4_102_444_800
"""2100-01-01."""

LEAST_S = 2.0


@dataclass(frozen=True, slots=True)
class RtcReading:
    """UTC in seconds since 1970, None where there is none to believe; `battery_low`: replace it."""

    utc_s: int | None
    battery_low: bool | None
    fault: BoardError | None


def read(
    device: str, root: Path = RTC_CLASS, flags: Callable[[str], int | None] | None = None
) -> RtcReading:
    """Read the clock of `device` (/dev/rtc0).  Blocks; never raises for what is broken."""
    told = (flags or voltage_flags)(device)
    battery_low = None if told is None else bool(told & (_LOW | _EMPTY | _INVALID))
    try:
        utc_s = int((root / Path(device).name / "since_epoch").read_text().strip())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        fault = BoardError(
            "rtc.missing",
            "The battery-backed clock cannot be read ({reason}). After a power cut the time is "
            "wrong until a time server answers.",
            reason=reason,
        )
        return RtcReading(None, battery_low, fault)
    if (told or 0) & _INVALID or not EARLIEST_S <= utc_s <= LATEST_S:
        fault = BoardError(
            "rtc.lost",
            "The battery-backed clock has lost its time. Replace its battery; the time is set by "
            "a time server or by hand.",
        )
        return RtcReading(None, battery_low, fault)
    if battery_low:
        fault = BoardError(
            "rtc.battery", "The battery of the clock is nearly empty. Replace it soon."
        )
        return RtcReading(utc_s, True, fault)
    return RtcReading(utc_s, battery_low, None)


def voltage_flags(device: str) -> int | None:
    """Return the flags of a low voltage, None where the clock does not tell."""
    flags = array.array("I", [0])
    try:
        fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.ioctl(fd, RTC_VL_READ, flags)
    except OSError:
        return None
    finally:
        os.close(fd)
    return flags[0]


def to_set(system_s: float, rtc_s: int | None, *, synchronised: bool) -> float | None:
    """Return the UTC (s) to set the system's clock to before there is a network, None: leave it.

    A clock that a time server has set is better; so is one that differs by no more than the
    battery-backed clock's own second.
    """
    if rtc_s is None or synchronised or abs(system_s - rtc_s) <= LEAST_S:
        return None
    return float(rtc_s)
