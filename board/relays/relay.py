"""An alarm output: Auto, Manual or Off; closes at once, opens not too soon, counts its life."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from board.errors import BoardError
from board.lines.contract import LineBank, LineError, LineRef, OutputLine
from board.timing import NS, Call, Timing

_log = logging.getLogger(__name__)

Mode = Literal["auto", "manual", "off"]
MODES: tuple[Mode, ...] = ("auto", "manual", "off")

MAX_PULSE_S = 300.0
"""The longest pulse that can be asked for: a siren that nobody ends is ended."""

MIN_PULSE_S = 0.1

LEAST_CLOSED_NS = 1 * NS
"""The contacts are rated for 0.5 Hz under load (D1-AW-29): closed for a second at least, and since
it takes an opening to close again, never faster than once a second.  Closing is never put off."""

MAX_SOURCES = 32
RETRY_NS = 1 * NS
WORN = 0.9
"""From this part of the rated operations on the relay is told to be worn."""


@dataclass(slots=True)
class RelayState:
    """What an output tells about itself.

    `closed`: the contact as driven; None while the line does not work.  `sources`: who holds it,
    with the seconds left (None: until withdrawn).  `operations`: closings in its life.
    """

    key: str
    mode: Mode
    closed: bool | None = None
    wanted: bool = False
    sources: dict[str, float | None] = field(default_factory=dict)
    operations: int = 0
    rated: int = 0
    fault: BoardError | None = None

    @property
    def worn(self) -> bool:
        """Whether the contacts near the end of their electrical life; never for a supply."""
        return bool(self.rated) and self.operations >= WORN * self.rated


class Relay:
    """One output; `key` is its name in messages ("relay 1").

    Auto follows its sources (alarms, tests, people), Manual is always on, Off always off
    (D2-AL-20).  `changed` hears of every change of contact, mode, sources or fault, on the loop.
    `rated` of 0: nothing wears out.
    """

    def __init__(
        self,
        key: str,
        ref: LineRef,
        bank: LineBank,
        timing: Timing,
        *,
        mode: Mode = "auto",
        rated: int = 0,
        operations: int = 0,
        changed: Callable[[Relay], None],
    ) -> None:
        self.key = key
        self._ref = ref
        self._bank = bank
        self._timing = timing
        self._changed = changed
        self._mode: Mode = mode
        self._rated = rated
        self._operations = operations
        self._line: OutputLine | None = None
        self._closed: bool | None = None
        self._closed_at_ns = 0
        self._fault: BoardError | None = None
        self._until: dict[str, int | None] = {}
        self._calls: dict[str, Call] = {}
        self._again: Call | None = None

    @property
    def state(self) -> RelayState:
        """How it is now."""
        now = self._timing.now_ns()
        return RelayState(
            self.key,
            self._mode,
            self._closed,
            self.wanted,
            {
                source: None if until is None else max(0.0, (until - now) / NS)
                for source, until in self._until.items()
            },
            self._operations,
            self._rated,
            self._fault,
        )

    @property
    def wanted(self) -> bool:
        """Whether it should be closed."""
        return self._mode == "manual" or (self._mode == "auto" and bool(self._until))

    @property
    def operations(self) -> int:
        """Closings in its life."""
        return self._operations

    @operations.setter
    def operations(self, count: int) -> None:
        self._operations = max(0, count)

    # -- life ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Claim the line, open from the first instant, then as the mode says."""
        self._apply()

    def stop(self) -> None:
        """Open at once, whatever the mode, and give the line back: the safe state."""
        for call in (*self._calls.values(), self._again):
            if call is not None:
                call.cancel()
        self._calls.clear()
        self._until.clear()
        self._again = None
        if self._line is not None:
            try:
                self._line.write(active=False)
            except LineError as error:
                _log.error("The %s could not be opened: %s", self.key, error)
            self._line.release()
        self._line, self._closed = None, None

    # -- what is asked of it -------------------------------------------------------------------

    def set_mode(self, mode: Mode) -> None:
        """Change the mode; sources stay and count again once it is on Auto."""
        if mode not in MODES:
            raise BoardError(
                "relay.mode", "{mode} is none of {known}.", mode=repr(mode), known=", ".join(MODES)
            )
        if mode != self._mode:
            self._mode = mode
            self._apply(told=True)

    def hold(self, source: str, seconds: float | None = None) -> None:
        """Close for `source`: so many seconds, or until it withdraws (None).

        The same source again renews it.  Raises BoardError (relay.pulse, relay.off,
        relay.sources): the contact is left as it was.
        """
        if seconds is not None and not MIN_PULSE_S <= seconds <= MAX_PULSE_S:
            raise BoardError(
                "relay.pulse",
                "A pulse of {seconds:g} s is not possible: it has to be {least:g} to {most:g} s.",
                seconds=seconds,
                least=MIN_PULSE_S,
                most=MAX_PULSE_S,
            )
        if self._mode != "auto":
            raise BoardError(
                "relay.not_auto",
                "{output} is set to {mode} and follows nobody. Set its mode to Auto.",
                output=self.key,
                mode=self._mode.capitalize(),
            )
        if source not in self._until and len(self._until) >= MAX_SOURCES:
            raise BoardError("relay.sources", "Too many hold {output} already.", output=self.key)
        self._cancel(source)
        if seconds is None:
            self._until[source] = None
        else:
            until = self._timing.now_ns() + round(seconds * NS)
            self._until[source] = until
            self._calls[source] = self._timing.call_at(until, lambda: self.withdraw(source))
        self._apply(told=True)

    def withdraw(self, source: str) -> None:
        """Let `source` hold it no longer; whoever does not hold it changes nothing."""
        if source in self._until:
            self._cancel(source)
            del self._until[source]
            self._apply(told=True)

    def reset(self) -> None:
        """Let nobody hold it any longer (D2-AL-23); the mode stays."""
        for source in list(self._until):
            self._cancel(source)
        if self._until:
            self._until.clear()
            self._apply(told=True)

    # -- the contact ---------------------------------------------------------------------------

    def _cancel(self, source: str) -> None:
        call = self._calls.pop(source, None)
        if call is not None:
            call.cancel()

    def _apply(self, *, told: bool = False) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None
        before = (self._closed, self._fault)
        try:
            self._drive()
        except LineError as error:
            self._fail(error)
        if told or before != (self._closed, self._fault):
            self._changed(self)

    def _drive(self) -> None:
        if self._line is None:
            self._line = self._bank.claim_output(self._ref, self.key, active=False)
            self._closed = False
        self._fault = None
        if self.wanted == self._closed:
            return
        now = self._timing.now_ns()
        if not self.wanted and now < self._closed_at_ns + LEAST_CLOSED_NS:
            self._again = self._timing.call_at(self._closed_at_ns + LEAST_CLOSED_NS, self._apply)
            return
        self._line.write(active=self.wanted)
        self._closed = self.wanted
        if self._closed:
            self._closed_at_ns = now
            self._operations += 1

    def _fail(self, error: LineError) -> None:
        if self._fault is None or self._fault.text != error.text:
            _log.error("%s: %s", self.key, error)
            self._fault = error
        if self._line is not None:
            self._line.release()
        self._line, self._closed = None, None
        self._again = self._timing.call_at(self._timing.now_ns() + RETRY_NS, self._apply)
