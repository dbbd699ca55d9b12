"""The LEDs of the front: whoever knows something asserts a group; nobody touches a LED."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from board.errors import BoardError
from board.leds.patterns import lit, next_ms
from board.lines.contract import LineBank, LineError, LineRef, OutputLine
from board.profile.front import GROUPS, Led, Pattern
from board.timing import MS, NS, Call, Timing

_log = logging.getLogger(__name__)

PRIORITIES: Mapping[str, int] = {
    "disk_activity": 10,
    "network_activity": 10,
    "running": 20,
    "connecting": 30,
    "starting": 40,
    "upgrading": 50,
    "network_fault": 60,
    "disk_fault": 60,
    "alarm": 60,
    "fault": 70,
    "identify": 80,
    "countdown": 90,
    "lamp_test": 100,
}
"""Of the groups that say something of a LED the one of the highest number wins: a fault beats
activity, identify beats a fault, the lamp test beats all."""

_EVERY_LED: Mapping[str, Pattern] = {"identify": "fast", "lamp_test": "on"}
RETRY_NS = 10 * NS


class Panel:
    """All LEDs.  What a group means for a LED comes from the profile (D1-FP-*).

    With `dark` (A5.9) only faults, alarms and what people ask for are shown.  `changed` hears
    when what a LED shows has changed, not of each blink.
    """

    def __init__(
        self,
        leds: Sequence[tuple[Led, LineRef]],
        bank: LineBank,
        timing: Timing,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._leds = [_LedLine(led, ref) for led, ref in leds]
        self._bank = bank
        self._timing = timing
        self._changed = changed
        self._groups: dict[str, int] = {}
        self._ends: dict[str, Call] = {}
        self._countdown: int | None = None
        self._dark = False
        self._next: Call | None = None

    @property
    def leds(self) -> Sequence[Led]:
        """The LEDs, in the order of the profile."""
        return [line.led for line in self._leds]

    @property
    def asserted(self) -> Sequence[str]:
        """Groups that are asserted, the most important first."""
        return sorted(self._groups, key=lambda group: (-PRIORITIES[group], group))

    @property
    def shown(self) -> Mapping[str, Pattern]:
        """Pattern of each LED by name."""
        return {line.led.name: line.pattern for line in self._leds}

    @property
    def faults(self) -> Mapping[str, BoardError]:
        """LEDs that cannot be driven, and why."""
        return {line.led.name: line.fault for line in self._leds if line.fault is not None}

    def start(self) -> None:
        """Claim the lines."""
        self._refresh()

    def stop(self) -> None:
        """Switch every LED off and give the lines back."""
        for call in (*self._ends.values(), self._next):
            if call is not None:
                call.cancel()
        self._ends.clear()
        self._next = None
        for led in self._leds:
            led.stop()

    def assert_group(self, group: str, *, on: bool = True, seconds: float | None = None) -> None:
        """Assert a group, or no longer; with `seconds` it ends by itself.  Raises BoardError."""
        if group not in PRIORITIES or group == "countdown":
            known = ", ".join(sorted({*GROUPS, *_EVERY_LED}))
            raise BoardError(
                "led.group",
                "There is no LED group {group}; there are {known}.",
                group=repr(group),
                known=known,
            )
        end = self._ends.pop(group, None)
        if end is not None:
            end.cancel()
        if on:
            now = self._timing.now_ns()
            self._groups.setdefault(group, now)
            if seconds is not None:
                at_ns = now + round(seconds * NS)
                self._ends[group] = self._timing.call_at(
                    at_ns, lambda: self.assert_group(group, on=False)
                )
        elif self._groups.pop(group, None) is None:
            return
        self._refresh()

    def count_down(self, left: int | None) -> None:
        """Show that `left` seconds are left: so many LEDs are lit; 0: all blink; None: over."""
        if left is None:
            self._groups.pop("countdown", None)
        elif left == 0 or self._countdown is None:
            self._groups["countdown"] = self._timing.now_ns()
        self._countdown = left
        self._refresh()

    def darken(self, *, dark: bool) -> None:
        """Show only what is wrong or asked for."""
        self._dark = dark
        self._refresh()

    def _refresh(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
        changed = False
        now = self._timing.now_ns()
        wait_ms: list[int] = []
        for place, led in enumerate(self._leds):
            group, pattern = self._decide(led.led, place)
            began = self._groups.get(group, now)
            changed |= pattern != led.pattern
            led.pattern = pattern
            since_ms = (now - began) // MS
            led.show(self._bank, on=lit(pattern, since_ms), now_ns=now)
            until = next_ms(pattern, since_ms)
            if until is not None:
                wait_ms.append(until)
            if led.fault is not None:
                wait_ms.append(RETRY_NS // MS)
        if wait_ms:
            self._next = self._timing.call_at(now + min(wait_ms) * MS, self._refresh)
        if changed:
            self._changed()

    def _decide(self, led: Led, place: int) -> tuple[str, Pattern]:
        for group in self.asserted:
            if group in _EVERY_LED:
                return group, _EVERY_LED[group]
            if group == "countdown":
                left = self._countdown or 0
                if left == 0:
                    return group, "fast"
                share = left * len(self._leds) / 5
                return group, "on" if place < round(share) else "off"
            if self._dark and PRIORITIES[group] < PRIORITIES["network_fault"]:
                continue
            if group in led.means:
                return group, led.means[group]
        return "", "off"


class _LedLine:
    """A LED and its line."""

    def __init__(self, led: Led, ref: LineRef) -> None:
        self.led = led
        self.pattern: Pattern = "off"
        self.fault: LineError | None = None
        self._ref = ref
        self._line: OutputLine | None = None
        self._on: bool | None = None
        self._retry_ns = 0

    def show(self, bank: LineBank, *, on: bool, now_ns: int) -> None:
        """Light it or not; a line that fails is tried again later."""
        if self.fault is not None and now_ns < self._retry_ns:
            return
        try:
            if self._line is None:
                self._line = bank.claim_output(self._ref, f"the {self.led.name} LED", active=on)
            elif self._on != on:
                self._line.write(active=on)
        except LineError as error:
            if self.fault is None:
                _log.error("The %s LED: %s", self.led.name, error)
            self.fault, self._on = error, None
            self._retry_ns = now_ns + RETRY_NS
            return
        self.fault, self._on = None, on

    def stop(self) -> None:
        """Switch it off and give the line back."""
        if self._line is None:
            return
        try:
            self._line.write(active=False)
        except LineError as error:
            _log.warning("The %s LED stays as it is: %s", self.led.name, error)
        self._line.release()
        self._line = None
