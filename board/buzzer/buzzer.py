"""The buzzer: patterns by name, the most urgent one sounds, none sounds for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from board.errors import BoardError
from board.lines.contract import LineBank, LineError, LineRef, OutputLine
from board.timing import MS, NS, Call, Timing

_log = logging.getLogger(__name__)

MAX_S = 300.0
"""The longest any pattern sounds; who is still there asks again."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Milliseconds on, off, on, off ...; `repeats`: goes round until it is stopped."""

    steps_ms: tuple[int, ...]
    repeats: bool
    urgency: int


PATTERNS: Mapping[str, Pattern] = {
    "key": Pattern((40,), repeats=False, urgency=10),
    "done": Pattern((80, 80, 80), repeats=False, urgency=20),
    "refused": Pattern((400,), repeats=False, urgency=20),
    "fault": Pattern((200, 1800), repeats=True, urgency=30),
    "countdown": Pattern((60, 940), repeats=True, urgency=50),
    "alarm": Pattern((500, 500), repeats=True, urgency=40),
    "test": Pattern((200, 200, 200, 200, 200), repeats=False, urgency=60),
}


class Buzzer:
    """One buzzer; each `source` has one pattern at a time.

    `changed` hears when what sounds has changed, not of each beep.
    """

    def __init__(
        self,
        ref: LineRef,
        bank: LineBank,
        timing: Timing,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.fault: BoardError | None = None
        self._ref = ref
        self._bank = bank
        self._timing = timing
        self._changed = changed
        self._line: OutputLine | None = None
        self._wanted: dict[str, tuple[str, int]] = {}
        self._playing: tuple[str, str] | None = None
        self._step = 0
        self._next: Call | None = None
        self._ends: dict[str, Call] = {}

    @property
    def playing(self) -> str | None:
        """Name of the pattern that sounds, None while it is silent."""
        return None if self._playing is None else self._playing[1]

    @property
    def sources(self) -> Mapping[str, str]:
        """Who wants which pattern."""
        return {source: name for source, (name, _at) in self._wanted.items()}

    def start(self) -> None:
        """Claim the line, silent."""
        self._write(on=False)

    def stop(self) -> None:
        """Fall silent and give the line back."""
        for call in (*self._ends.values(), self._next):
            if call is not None:
                call.cancel()
        self._ends.clear()
        self._wanted.clear()
        self._next = self._playing = None
        self._write(on=False)
        if self._line is not None:
            self._line.release()
            self._line = None

    def play(self, source: str, pattern: str, seconds: float = MAX_S) -> None:
        """Sound a pattern, for so long at most where it repeats.  Raises BoardError."""
        if pattern not in PATTERNS:
            raise BoardError(
                "buzzer.pattern",
                "There is no buzzer pattern {pattern}; there are {known}.",
                pattern=repr(pattern),
                known=", ".join(PATTERNS),
            )
        if not 0 < seconds <= MAX_S:
            raise BoardError(
                "buzzer.seconds",
                "The buzzer sounds for more than 0 and up to {most:g} s.",
                most=MAX_S,
            )
        self._forget(source)
        now = self._timing.now_ns()
        self._wanted[source] = (pattern, now)
        if PATTERNS[pattern].repeats:
            self._ends[source] = self._timing.call_at(
                now + round(seconds * NS), lambda: self.silence(source)
            )
        if self._playing is not None and self._playing[0] == source:
            self._playing = None
        self._choose()

    def silence(self, source: str) -> None:
        """End what `source` plays."""
        if self._forget(source):
            self._choose()

    def silence_all(self) -> None:
        """End everything."""
        for source in list(self._wanted):
            self._forget(source)
        self._choose()

    def _forget(self, source: str) -> bool:
        end = self._ends.pop(source, None)
        if end is not None:
            end.cancel()
        return self._wanted.pop(source, None) is not None

    def _choose(self) -> None:
        """Let the most urgent sound, of equals the latest."""
        best = max(
            self._wanted.items(),
            key=lambda item: (PATTERNS[item[1][0]].urgency, item[1][1]),
            default=None,
        )
        chosen = None if best is None else (best[0], best[1][0])
        if chosen == self._playing:
            return
        self._playing = chosen
        self._step = 0
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._sound()
        self._changed()

    def _sound(self) -> None:
        self._next = None
        if self._playing is None:
            self._write(on=False)
            return
        source, name = self._playing
        pattern = PATTERNS[name]
        if self._step >= len(pattern.steps_ms):
            if not pattern.repeats:
                self.silence(source)
                return
            self._step = 0
        self._write(on=self._step % 2 == 0)
        at_ns = self._timing.now_ns() + pattern.steps_ms[self._step] * MS
        self._step += 1
        self._next = self._timing.call_at(at_ns, self._sound)

    def _write(self, *, on: bool) -> None:
        try:
            if self._line is None:
                self._line = self._bank.claim_output(self._ref, "the buzzer", active=on)
            else:
                self._line.write(active=on)
        except LineError as error:
            if self.fault is None:
                _log.error("The buzzer: %s", error)
            self.fault = error
            return
        self.fault = None
