"""An alarm input: claims its line, debounces it, bounds storms, and re-reads its level."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from board.errors import BoardError
from board.inputs.debounce import Debouncer, Settled
from board.lines.contract import Edge, InputLine, LineBank, LineError, LineRef
from board.timing import MS, NS, Call, Timing

_log = logging.getLogger(__name__)

ContactType = Literal["no", "nc"]
DEBOUNCE_MS = (20, 50)

REREAD_NS = 10 * NS
"""How often the level is read although no edge came: a lost edge is made good by then."""

RETRY_NS = 5 * NS

STORM_EDGES = 100
"""So many edges within a second are a storm.  A contact that bounces makes up to some twenty a
change, two changes a second; from here on edges only cost time."""

CALM_NS = 1 * NS
SAMPLES_MS = (7, 11, 13, 9, 12)
"""Pauses between readings in a storm; uneven, so that no steady rhythm is read as rest."""


class InputChange(NamedTuple):
    """An input became active or inactive; times are CLOCK_MONOTONIC nanoseconds."""

    number: int
    active: bool
    first_edge_ns: int
    at_ns: int
    chattering: bool


@dataclass(slots=True)
class InputState:
    """What an input tells about itself.

    `active`: alarm, `closed`: the contact; both None while the line cannot be read.  `changes`,
    `lost_edges` and `storms` count since the start.
    """

    number: int
    contact: ContactType
    active: bool | None = None
    closed: bool | None = None
    storm: bool = False
    fault: BoardError | None = None
    changes: int = 0
    edges: int = 0
    lost_edges: int = 0
    storms: int = 0
    since_ns: int = 0


class AlarmInput:
    """One terminal.

    The line's active level is the closed contact.  Normally open: closed is alarm; normally
    closed: open is alarm (D1-AW-02).  `changed` hears of alarms, `noticed` of storms and faults.
    """

    def __init__(
        self,
        number: int,
        ref: LineRef,
        bank: LineBank,
        timing: Timing,
        *,
        contact: ContactType = "no",
        debounce_ms: int = 30,
        changed: Callable[[InputChange], None],
        noticed: Callable[[InputState], None],
    ) -> None:
        self.number = number
        self.state = InputState(number, contact)
        self._ref = ref
        self._bank = bank
        self._timing = timing
        self._debounce_ns = checked_debounce_ms(debounce_ms) * MS
        self._changed = changed
        self._noticed = noticed
        self._line: InputLine | None = None
        self._debouncer: Debouncer | None = None
        self._deciding: Call | None = None
        self._regular: Call | None = None
        self._recent: deque[int] = deque(maxlen=STORM_EDGES)
        self._sample = 0
        self._calm_since_ns = 0

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Claim the line and tell its state; where that fails it is tried again by itself."""
        self._attend()

    def stop(self) -> None:
        """Give the line back."""
        for call in (self._deciding, self._regular):
            if call is not None:
                call.cancel()
        self._deciding = self._regular = None
        if self._line is not None:
            self._line.release()
            self._line = None

    def configure(self, *, contact: ContactType, debounce_ms: int) -> None:
        """Change type and debouncing; a contact that means something else now is told at once."""
        self._debounce_ns = checked_debounce_ms(debounce_ms) * MS
        self.state.contact = contact
        debouncer = self._debouncer
        if debouncer is not None:
            debouncer.debounce_ns = self._debounce_ns
            debouncer.alarm_level = contact == "no"
            now = self._timing.now_ns()
            self._show(Settled(debouncer.level, now, now))

    # -- edges ---------------------------------------------------------------------------------

    def _heard(self, edge: Edge) -> None:
        debouncer = self._debouncer
        if debouncer is None:
            return
        self.state.edges += 1
        if edge.lost:
            self.state.lost_edges += 1
        debouncer.edge(edge.active, edge.at_ns)
        self._recent.append(edge.at_ns)
        if len(self._recent) == STORM_EDGES and edge.at_ns - self._recent[0] < NS:
            self._begin_storm()
            return
        self._decide_later()

    def _decide_later(self) -> None:
        """Have a decision made when it is due.

        A call that is waiting already is left alone: it finds out by itself that more edges came,
        so that a storm makes no calls.
        """
        due = self._debouncer.due_ns() if self._debouncer is not None else None
        if due is not None and self._deciding is None:
            self._deciding = self._timing.call_at(due, self._decide)

    def _decide(self) -> None:
        self._deciding = None
        if self._debouncer is None:
            return
        settled = self._debouncer.decide(self._timing.now_ns())
        if settled is not None:
            self._show(settled)
        self._decide_later()

    def _show(self, settled: Settled) -> None:
        state = self.state
        state.closed = settled.level
        active = settled.level == (state.contact == "no")
        if active == state.active:
            return
        state.active = active
        state.changes += 1
        state.since_ns = settled.first_edge_ns
        self._changed(
            InputChange(
                self.number, active, settled.first_edge_ns, settled.at_ns, settled.chattering
            )
        )

    # -- storms --------------------------------------------------------------------------------

    def _begin_storm(self) -> None:
        """Stop listening to edges; read the level now and then until it has been calm."""
        assert self._line is not None
        assert self._debouncer is not None
        now = self._timing.now_ns()
        self._recent.clear()
        self._calm_since_ns = now
        try:
            self._line.watch(None)
        except LineError as error:
            self._fail(error)
            return
        if not self.state.storm:
            self.state.storm = True
            self.state.storms += 1
            self._noticed(self.state)
        settled = self._debouncer.alarm(now)
        if settled is not None:
            self._show(settled)
        self._cancel_deciding()
        self._regularly(SAMPLES_MS[0] * MS)

    def _sample_storm(self) -> None:
        assert self._line is not None
        assert self._debouncer is not None
        now = self._timing.now_ns()
        if self._line.read() != self._debouncer.raw:
            self._debouncer.edge(not self._debouncer.raw, now)
            self._calm_since_ns = now
        if now - self._calm_since_ns < CALM_NS:
            self._sample = (self._sample + 1) % len(SAMPLES_MS)
            self._regularly(SAMPLES_MS[self._sample] * MS)
            return
        self._line.watch(self._heard)
        self._debouncer.edge(self._line.read(), now)  # it has to rest under watch before it counts
        self._calm_since_ns = 0
        self._decide_later()
        self._regularly(CALM_NS)

    def _end_storm(self) -> None:
        self.state.storm = False
        self._noticed(self.state)

    # -- what is done regularly ------------------------------------------------------------------

    def _regularly(self, in_ns: int) -> None:
        if self._regular is not None:
            self._regular.cancel()
        self._regular = self._timing.call_at(self._timing.now_ns() + in_ns, self._attend)

    def _attend(self) -> None:
        self._regular = None
        try:
            if self._line is None or self._debouncer is None:
                self._claim()
            elif self.state.storm and self._calm_since_ns:
                self._sample_storm()
                return
            elif self.state.storm:
                self._end_storm()
            else:
                self._reread()
        except LineError as error:
            self._fail(error)
            return
        self._regularly(REREAD_NS)

    def _claim(self) -> None:
        line = self._bank.claim_input(self._ref, f"alarm input {self.number}")
        try:
            level = line.read()
            line.watch(self._heard)
            level = line.read()
        except LineError:
            line.release()
            raise
        self._line = line
        self._debouncer = Debouncer(
            level, debounce_ns=self._debounce_ns, alarm_level=self.state.contact == "no"
        )
        if self.state.fault is not None:
            self.state.fault = None
            self._noticed(self.state)
        now = self._timing.now_ns()
        self._show(Settled(level, now, now))

    def _reread(self) -> None:
        assert self._line is not None
        assert self._debouncer is not None
        level = self._line.read()
        if level != self._debouncer.raw:
            self.state.lost_edges += 1
            self._debouncer.edge(level, self._timing.now_ns())
            self._decide_later()

    def _fail(self, error: LineError) -> None:
        """Give up the line for a while; the alarm keeps what it was until the line is back."""
        self._cancel_deciding()
        self._recent.clear()
        self._calm_since_ns = 0
        if self._line is not None:
            self._line.release()
        self._line = self._debouncer = None
        first = self.state.fault is None or self.state.fault.text != error.text
        self.state.fault, self.state.storm = error, False
        if first:
            _log.error("Alarm input %d: %s", self.number, error)
            self._noticed(self.state)
        self._regularly(RETRY_NS)

    def _cancel_deciding(self) -> None:
        if self._deciding is not None:
            self._deciding.cancel()
            self._deciding = None


def checked_debounce_ms(debounce_ms: int) -> int:
    """Return it; raise BoardError where it is not 20 to 50 ms."""
    low, high = DEBOUNCE_MS
    if not low <= debounce_ms <= high:
        raise BoardError(
            "input.debounce",
            "{debounce_ms} ms is no debounce time; it has to be {low} to {high} ms.",
            debounce_ms=debounce_ms,
            low=low,
            high=high,
        )
    return debounce_ms
