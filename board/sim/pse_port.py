"""One simulated PSE channel: detection, class, inrush, power, faults, cool-down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from board.sim.devices import Device

State = Literal["idle", "detecting", "classifying", "inrush", "on", "cooling"]

DETECT_S = 0.30
CLASSIFY_S = 0.10
T_START_S = 0.060
T_CUT_S = 0.060
T_DISCONNECT_S = 0.360
COOL_DOWN_S = 1.0
DISCONNECT_A = 0.0075
CABLE_OHMS = 0.5
SIGNATURE_OHMS = (19_000.0, 26_500.0)
STEP_S = 0.05

Event = Literal["pgc", "pec", "detc", "clsc", "disf", "icut", "ilim", "strt"]


class PsePort:
    """`tell` is called with each event; limits in amperes; `rail_v` is the supply."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        self._tell = tell
        self.device: Device | None = None
        self.powered_off = True
        self.detect_enabled = False
        self.class_enabled = False
        self.disconnect_enabled = False
        self.auto = False
        self.manual = False
        self.cut_a = 0.374
        self.limit_a = 0.425
        self.rail_v = 54.0
        self.detection = 0
        self.pd_class = 0
        self.enabled = False
        self.good = False
        self._wanted = False
        self._state: State = "idle"
        self._left_s = 0.0
        self._over_s = 0.0
        self._under_s = 0.0
        self.on_s = 0.0
        self.switched_on = 0

    # -- the hand of a person ------------------------------------------------------------------

    def plug(self, device: Device | None) -> None:
        """Put a device on the cable, or take it off."""
        self.device = device
        self.on_s = 0.0

    # -- the chip's logic ----------------------------------------------------------------------

    def press_on(self) -> None:
        """Power button: manual at once, semi-auto after the next good detection and class."""
        if self.powered_off or self._state == "cooling":
            return
        if self.manual:
            self._power()
        elif not self.auto and self.detect_enabled and self.class_enabled and not self.enabled:
            self._wanted = True

    def press_off(self) -> None:
        """Cut the power; detection is disarmed with it."""
        self._cut()
        self.detect_enabled = self.class_enabled = False
        self._rest()

    def turn_off_mode(self) -> None:
        """Mode off: no power, no results."""
        self._cut()
        self.detect_enabled = self.class_enabled = False
        self._rest()
        self.powered_off = True

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        while seconds > 0:
            step = min(seconds, STEP_S)
            seconds -= step
            self._step(step)

    @property
    def volts(self) -> float:
        """At the port, where it delivers."""
        return self.rail_v - CABLE_OHMS * self.amps if self.good else 0.0

    @property
    def amps(self) -> float:
        """Drawn now."""
        if not self.enabled or self.device is None:
            return 0.0
        if self.device.shorted:
            return 5.0
        return self.device.watts(self.on_s) / self.rail_v

    def _step(self, step: float) -> None:
        self._left_s -= step
        if self._state == "on":
            self._powered(step)
        elif self._left_s > 0 or self.powered_off:
            return
        elif self._state == "inrush":
            self._inrush_ends()
        elif self._state == "detecting":
            self._detected()
        elif self._state == "classifying":
            self._classified()
        elif self.detect_enabled:  # idle, or cooled down
            self._enter("detecting", DETECT_S)
        else:
            self._state = "idle"

    def _detected(self) -> None:
        before, self.detection = self.detection, self._signature()
        if before != self.detection:
            self._tell("detc")
        if self.detection == 4 and self.class_enabled:
            self._enter("classifying", CLASSIFY_S)
            return
        self.pd_class = 0
        self._enter("idle", 0.0)

    def _signature(self) -> int:
        """Detection nibble: 1 short, 3 low, 4 valid, 5 high, 6 open, A capacitance."""
        device = self.device
        if device is None:
            return 6
        if device.shorted or device.signature == "short":
            return 1
        if device.signature == "capacitance":
            return 0xA
        if device.ohms < SIGNATURE_OHMS[0]:
            return 3
        return 5 if device.ohms > SIGNATURE_OHMS[1] else 4

    def _classified(self) -> None:
        device = self.device
        if device is None:
            self._enter("idle", 0.0)
            return
        before = self.pd_class
        self.pd_class = {0: 6, 7: 7}.get(device.pd_class, device.pd_class)
        if before != self.pd_class:
            self._tell("clsc")
        if self.pd_class != 7 and (self._wanted or self.auto):
            self._power()
        else:
            self._enter("idle", 0.0)

    def _power(self) -> None:
        self._wanted = False
        self.enabled = True
        self._tell("pec")
        self._enter("inrush", T_START_S)

    def _inrush_ends(self) -> None:
        device = self.device
        if device is None or device.shorted or device.inrush_s > T_START_S:
            if device is None:
                self._fault("disf")
            else:
                self._fault("strt")
            return
        self.good = True
        self.on_s = 0.0
        self._over_s = self._under_s = 0.0
        self.switched_on += 1
        self._tell("pgc")
        self._enter("on", 0.0)

    def _powered(self, step: float) -> None:
        self.on_s += step
        amps = self.amps
        if amps > 2 * self.limit_a:
            self._fault("ilim")
            return
        self._over_s = self._over_s + step if amps > self.cut_a else 0.0
        self._under_s = self._under_s + step if amps < DISCONNECT_A else 0.0
        if self._over_s >= T_CUT_S:
            self._fault("icut")
        elif self.disconnect_enabled and self._under_s >= T_DISCONNECT_S:
            self._fault("disf")

    def _fault(self, event: Event) -> None:
        self._cut()
        self._tell(event)
        self.detection = self.pd_class = 0
        self._enter("cooling", COOL_DOWN_S if event != "disf" else 0.0)

    def _cut(self) -> None:
        if self.enabled:
            self._tell("pec")
        if self.good:
            self._tell("pgc")
        self.enabled = self.good = self._wanted = False

    def _rest(self) -> None:
        self.detection = self.pd_class = 0
        if self._state != "cooling":
            self._enter("idle", 0.0)

    def _enter(self, state: State, seconds: float) -> None:
        self._state = state
        self._left_s = seconds
