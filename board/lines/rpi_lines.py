"""Lines through the interface of RPi.GPIO, which rpi-lgpio offers on current kernels."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from board.lines.claims import ClaimedLine, Claims
from board.lines.contract import (
    Edge,
    EdgeListener,
    InputLine,
    LineError,
    LineRef,
    OutputLine,
    line_failed,
    line_missing,
    line_taken,
)

if TYPE_CHECKING:
    from board.timing import Call, Readers

_log = logging.getLogger(__name__)

POLL_S = 0.005
"""How often a line is read where its edges cannot be had (RPi.GPIO itself on kernels from 6.6)."""

MAX_PENDING = 256
"""Edges on their way from the library's thread to the loop; of more the last level counts."""


class RpiLines(Claims):
    """`gpio` is the module RPi.GPIO (or what has its calls); `loop` hears of edges.

    The library does not tell when an edge happened: `now_ns` is asked as soon as it calls.
    """

    def __init__(
        self, gpio: Any, loop: Readers, now_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        super().__init__(loop)
        self.now_ns = now_ns
        self._gpio = gpio
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)

    def claim_input(self, ref: LineRef, owner: str) -> InputLine:
        """Take a line as an input.  Raises LineError."""
        gpio = self._gpio
        pulls = {"none": gpio.PUD_OFF, "pull_up": gpio.PUD_UP, "pull_down": gpio.PUD_DOWN}
        self._set_up(ref, owner, gpio.IN, pull_up_down=pulls[ref.bias])
        return _Input(self, gpio, ref, owner)

    def claim_output(self, ref: LineRef, owner: str, *, active: bool = False) -> OutputLine:
        """Take a line as an output.  Raises LineError."""
        self._set_up(ref, owner, self._gpio.OUT, initial=int(active != ref.active_low))
        return _Output(self, self._gpio, ref, owner)

    def _set_up(self, ref: LineRef, owner: str, direction: int, **more: Any) -> None:
        self.owners.take(ref, owner)
        try:
            self._gpio.setup(ref.offset, direction, **more)
        except Exception as error:  # rpi-lgpio raises lgpio's own, which is not to be imported
            self.owners.drop(ref)
            raise _in_words(ref, owner, error) from error


class _Line(ClaimedLine):
    def __init__(self, bank: RpiLines, gpio: Any, ref: LineRef, owner: str) -> None:
        super().__init__(bank, ref, owner)
        self._bank = bank
        self._gpio = gpio

    def _give_back(self) -> None:
        """Have it be an input without a pull."""
        self._gpio.cleanup(self.ref.offset)


class _Input(_Line):
    def __init__(self, bank: RpiLines, gpio: Any, ref: LineRef, owner: str) -> None:
        super().__init__(bank, gpio, ref, owner)
        self._listener: EdgeListener | None = None
        self._polling: Call | None = None
        self._seen = False
        self._pending = 0
        self._dropped = False

    def read(self) -> bool:
        """Return whether it is active."""
        self._check()
        try:
            return bool(self._gpio.input(self.ref.offset)) != self.ref.active_low
        except Exception as error:  # see RpiLines._set_up
            raise self._failed(error) from error

    def watch(self, listener: EdgeListener | None) -> None:
        """Hear of edges, or no longer."""
        self._check()
        before, self._listener = self._listener, listener
        if (listener is None) == (before is None):
            return
        if listener is None:
            self._unwatch()
            return
        self._seen = self.read()
        try:
            self._gpio.add_event_detect(self.ref.offset, self._gpio.BOTH, callback=self._heard)
        except Exception as error:  # noqa: BLE001 - see RpiLines._set_up
            _log.warning("%s: no edges (%s); it is read every %g s", self.ref, error, POLL_S)
            self._poll()

    def _give_back(self) -> None:
        if self._listener is not None:
            self._listener = None
            self._unwatch()
        super()._give_back()

    def _unwatch(self) -> None:
        if self._polling is not None:
            self._polling.cancel()
            self._polling = None
        else:
            self._gpio.remove_event_detect(self.ref.offset)

    def _heard(self, _channel: int) -> None:
        """Run on a thread of the library: take time and level, hand them to the loop."""
        at_ns = self._bank.now_ns()
        if self._pending >= MAX_PENDING:
            self._dropped = True
            return
        try:
            active = bool(self._gpio.input(self.ref.offset)) != self.ref.active_low
            self._bank.loop.call_soon_threadsafe(self._take, active, at_ns)
        except Exception as error:  # noqa: BLE001 - nobody else hears of it on this thread
            _log.warning("An edge of %s was lost: %s", self.ref, error)
            return
        self._pending += 1

    def _take(self, active: bool, at_ns: int) -> None:
        self._pending -= 1
        if self._listener is None:
            return
        lost, self._dropped = self._dropped, False
        if active == self._seen:
            return  # both edges of a short pulse came before either was read
        self._seen = active
        self._listener(Edge(active, at_ns, lost))

    def _poll(self) -> None:
        self._polling = self._bank.loop.call_later(POLL_S, self._poll)
        try:
            active = self.read()
        except LineError as error:
            _log.debug("%s", error)  # whoever reads it regularly tells
            return
        if active != self._seen and self._listener is not None:
            self._seen = active
            self._listener(Edge(active, self._bank.now_ns()))


class _Output(_Line):
    def write(self, *, active: bool) -> None:
        """Drive it."""
        self._check()
        try:
            self._gpio.output(self.ref.offset, int(active != self.ref.active_low))
        except Exception as error:  # see RpiLines._set_up
            raise self._failed(error) from error


def _in_words(ref: LineRef, owner: str, error: Exception) -> LineError:
    text = str(error)
    if "busy" in text.lower():
        return line_taken(ref, owner, "another program")
    if isinstance(error, ValueError) or "bad GPIO number" in text:
        return line_missing(ref, owner, text)
    return line_failed(ref, owner, text)
