"""What can be plugged into a PoE port: powered devices with their loads, and what is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

Signature = Literal["valid", "short", "low", "high", "capacitance"]

Load = Callable[[float], float]
"""Watts at so many seconds after the power came."""

NIGHT_EXTRA_W = 5.0


@dataclass(frozen=True, slots=True)
class Device:
    """Something on the end of a cable.

    `signature`: what detection meets; `ohms` its resistance, 25 kOhm is a PD.  `pd_class` 0 to 4;
    7 means more current than any class.  `load` in watts.  `inrush_s`: until its capacitors are
    charged.  `mac`: its Ethernet address; `extra_macs`: those of what hangs behind it.
    `address`: its IPv4 address, where the box has spoken with it.
    """

    name: str
    signature: Signature = "valid"
    ohms: float = 25_000.0
    pd_class: int = 3
    load: Load = field(default=lambda _t: 4.0)
    inrush_s: float = 0.02
    shorted: bool = False
    night: bool = False
    extra_w: float = 0.0
    mac: str = ""
    address: str = ""
    extra_macs: tuple[str, ...] = ()
    speed_mbps: int = 100
    full_duplex: bool = True

    def watts(self, seconds: float) -> float:
        """Return what it draws now."""
        return max(0.0, self.load(seconds) + self.extra_w + NIGHT_EXTRA_W * self.night)

    def with_(self, **changes: object) -> Device:
        """Return it with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


def booting(steady_w: float, boot_w: float, boot_s: float = 25.0) -> Load:
    """A camera: more while it boots, then a little restless around its steady draw."""

    def load(seconds: float) -> float:
        if seconds < boot_s:
            return boot_w
        return steady_w * (1 + 0.04 * math.sin(seconds / 7.0))

    return load


def camera(name: str = "Fixed camera", pd_class: int = 2) -> Device:
    """A fixed camera with IR lamps."""
    return Device(name, pd_class=pd_class, load=booting(3.6, 4.4))


def dome() -> Device:
    """A speed dome with heater: class 4."""
    return Device("Speed dome", pd_class=4, load=booting(14.0, 19.0), inrush_s=0.04)


CATALOGUE: dict[str, Callable[[], Device]] = {
    "camera": camera,
    "camera1": lambda: Device("Small camera", pd_class=1, load=booting(2.2, 2.8)),
    "camera3": lambda: Device("Varifocal camera", pd_class=3, load=booting(7.5, 9.0)),
    "dome": dome,
    "switch": lambda: Device(
        "Another switch",
        pd_class=3,
        load=booting(5.0, 5.5),
        extra_macs=("02:50:f0:00:00:01", "02:50:f0:00:00:02", "02:50:f0:00:00:03"),
    ),
    "resistor": lambda: Device("Resistor, 10 kilohm", signature="low", ohms=10_000.0),
    "legacy": lambda: Device("Old device with a capacitor", signature="capacitance", ohms=1e6),
    "short": lambda: Device("Short circuit", signature="short", ohms=10.0, shorted=True),
    "computer": lambda: Device("Computer (draws no power)", signature="high", ohms=500_000.0),
}
"""What the bench page offers."""
