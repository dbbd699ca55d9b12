"""A push button: how long it is held, told while it is held and when it is let go."""

from __future__ import annotations

import logging
from collections.abc import Callable

from board.inputs.debounce import Debouncer
from board.lines.contract import Edge, InputLine, LineBank, LineError, LineRef
from board.timing import MS, NS, Call, Timing

_log = logging.getLogger(__name__)

DEBOUNCE_NS = 30 * MS
REREAD_NS = 10 * NS
RETRY_NS = 30 * NS
STEP_NS = 1 * NS


class Button:
    """One button.

    `held(seconds)` is called each whole second while it is pressed, from 0 on; `let_go(seconds)`
    once with the whole length.  One that is pressed at the start is taken for stuck (or for a
    thumb that was there at power-on) and counts from its next press on.
    """

    def __init__(
        self,
        name: str,
        ref: LineRef,
        bank: LineBank,
        timing: Timing,
        *,
        held: Callable[[int], None],
        let_go: Callable[[float], None],
    ) -> None:
        self.name = name
        self.stuck = False
        self.fault: LineError | None = None
        self._ref = ref
        self._bank = bank
        self._timing = timing
        self._held = held
        self._let_go = let_go
        self._line: InputLine | None = None
        self._debouncer = Debouncer(False, debounce_ns=DEBOUNCE_NS, alarm_level=False)
        self._pressed_ns: int | None = None
        self._steps = 0
        self._deciding: Call | None = None
        self._stepping: Call | None = None
        self._regular: Call | None = None

    @property
    def pressed(self) -> bool:
        """Whether it is pressed now."""
        return self._debouncer.level

    def start(self) -> None:
        """Claim the line; where that fails it is tried again by itself."""
        self._attend()

    def stop(self) -> None:
        """Give the line back."""
        for call in (self._deciding, self._stepping, self._regular):
            if call is not None:
                call.cancel()
        self._deciding = self._stepping = self._regular = None
        if self._line is not None:
            self._line.release()
            self._line = None

    def _attend(self) -> None:
        try:
            if self._line is None:
                self._claim()
            level = self._line.read() if self._line is not None else False
        except LineError as error:
            if self.fault is None:
                _log.error("The %s button: %s", self.name, error)
            self.fault = error
            if self._line is not None:
                self._line.release()
                self._line = None
            self._regular = self._timing.call_at(self._timing.now_ns() + RETRY_NS, self._attend)
            return
        self.fault = None
        if level != self._debouncer.raw:
            self._heard(Edge(level, self._timing.now_ns()))
        self._regular = self._timing.call_at(self._timing.now_ns() + REREAD_NS, self._attend)

    def _claim(self) -> None:
        line = self._bank.claim_input(self._ref, f"the {self.name} button")
        try:
            line.watch(self._heard)
            level = line.read()
        except LineError:
            line.release()
            raise
        self._line = line
        self._debouncer = Debouncer(level, debounce_ns=DEBOUNCE_NS, alarm_level=level)
        self._debouncer.edge(level, self._timing.now_ns())
        self._debouncer.alarm_level = False
        self.stuck = level

    def _heard(self, edge: Edge) -> None:
        self._debouncer.edge(edge.active, edge.at_ns)
        if self._deciding is None:
            due = self._debouncer.due_ns()
            assert due is not None
            self._deciding = self._timing.call_at(due, self._decide)

    def _decide(self) -> None:
        self._deciding = None
        settled = self._debouncer.decide(self._timing.now_ns())
        due = self._debouncer.due_ns()
        if due is not None:
            self._deciding = self._timing.call_at(due, self._decide)
        if settled is None:
            return
        if settled.level:
            self._pressed_ns = settled.first_edge_ns
            self._steps = 0
            self._step()
            return
        self.stuck = False
        if self._stepping is not None:
            self._stepping.cancel()
            self._stepping = None
        pressed, self._pressed_ns = self._pressed_ns, None
        if pressed is not None:
            self._let_go((settled.first_edge_ns - pressed) / NS)

    def _step(self) -> None:
        assert self._pressed_ns is not None
        step, self._steps = self._steps, self._steps + 1
        self._stepping = self._timing.call_at(self._pressed_ns + self._steps * STEP_NS, self._step)
        self._held(step)
