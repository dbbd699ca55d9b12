"""Lines through the kernel's character device with gpiod v2: edges carry the kernel's time."""

from __future__ import annotations

import errno
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
    from board.timing import Readers

EVENT_BUFFER = 256
"""Edges the kernel keeps for us per line; of a storm it drops more, which its numbers show."""

MAX_BATCH = 64
"""Edges taken at a time, so that a storm on one line leaves the loop to the others."""


class GpiodLines(Claims):
    """`gpiod` is the module (or what has its calls); `loop` hears of edges."""

    def __init__(self, gpiod: Any, loop: Readers, consumer: str = "nvr") -> None:
        super().__init__(loop)
        self._gpiod = gpiod
        self._consumer = consumer

    def claim_input(self, ref: LineRef, owner: str) -> InputLine:
        """Take a line as an input.  Raises LineError."""
        return _Input(self, ref, owner)

    def claim_output(self, ref: LineRef, owner: str, *, active: bool = False) -> OutputLine:
        """Take a line as an output.  Raises LineError."""
        return _Output(self, ref, owner, active=active)

    # -- for the lines -------------------------------------------------------------------------

    def request(self, ref: LineRef, owner: str, settings: Any) -> Any:
        """Have the kernel give us the line; raise LineError in words."""
        self.owners.take(ref, owner)
        try:
            return self._gpiod.request_lines(
                ref.chip,
                config={ref.offset: settings},
                consumer=f"{self._consumer}:{owner}"[:31],
                event_buffer_size=EVENT_BUFFER,
            )
        except (OSError, ValueError) as error:
            self.owners.drop(ref)
            raise _in_words(ref, owner, error) from error

    def settings(self, ref: LineRef, **more: Any) -> Any:
        """Return gpiod's settings for a line."""
        return self._gpiod.LineSettings(active_low=ref.active_low, **more)

    @property
    def words(self) -> Any:
        """gpiod.line: directions, edges, bias, values."""
        return self._gpiod.line


class _Line(ClaimedLine):
    """What inputs and outputs have in common: a request that is there until it is released."""

    def __init__(self, bank: GpiodLines, ref: LineRef, owner: str, settings: Any) -> None:
        self._bank = bank
        self._request: Any = bank.request(ref, owner, settings)
        super().__init__(bank, ref, owner)

    def _give_back(self) -> None:
        self._request.release()

    def _asked(self) -> Any:
        self._check()
        return self._request


class _Input(_Line):
    def __init__(self, bank: GpiodLines, ref: LineRef, owner: str) -> None:
        super().__init__(bank, ref, owner, _input_settings(bank, ref, edges=False))
        self._listener: EdgeListener | None = None
        self._serial = 0
        self._broken: OSError | None = None

    def read(self) -> bool:
        """Return whether it is active; raise LineError, also where its edges cannot be had."""
        request = self._asked()
        if self._broken is not None:
            raise self._failed(self._broken)
        try:
            return bool(request.get_value(self.ref.offset) == self._bank.words.Value.ACTIVE)
        except OSError as error:
            raise self._failed(error) from error

    def watch(self, listener: EdgeListener | None) -> None:
        """Hear of edges, or no longer."""
        request = self._asked()
        before, self._listener = self._listener, listener
        if (listener is None) == (before is None):
            return
        fd = request.fd
        if listener is None:
            self._bank.loop.remove_reader(fd)
        try:
            while listener is not None and request.wait_edge_events(0):
                request.read_edge_events()  # left over from when it was watched last
            settings = _input_settings(self._bank, self.ref, edges=listener is not None)
            request.reconfigure_lines({self.ref.offset: settings})
        except OSError as error:
            self._listener = before
            raise self._failed(error) from error
        if listener is not None:
            self._serial = 0
            self._bank.loop.add_reader(fd, self._take)

    def _give_back(self) -> None:
        if self._listener is not None:
            self._bank.loop.remove_reader(self._request.fd)
            self._listener = None
        super()._give_back()

    def _take(self) -> None:
        try:
            events = self._asked().read_edge_events(MAX_BATCH)
        except OSError as error:
            self._broken = error  # whoever reads the line next hears of it
            self._bank.loop.remove_reader(self._request.fd)
            return
        for event in events:
            listener = self._listener
            if listener is None:
                return  # it was enough for whoever listens: the rest is a storm
            lost = self._serial not in (0, event.line_seqno - 1)
            self._serial = event.line_seqno
            active = event.event_type.name == "RISING_EDGE"
            listener(Edge(active, event.timestamp_ns, lost))


class _Output(_Line):
    def __init__(self, bank: GpiodLines, ref: LineRef, owner: str, *, active: bool) -> None:
        words = bank.words
        value = words.Value.ACTIVE if active else words.Value.INACTIVE
        settings = bank.settings(ref, direction=words.Direction.OUTPUT, output_value=value)
        super().__init__(bank, ref, owner, settings)

    def write(self, *, active: bool) -> None:
        """Drive it."""
        request = self._asked()
        value = self._bank.words.Value
        try:
            request.set_value(self.ref.offset, value.ACTIVE if active else value.INACTIVE)
        except OSError as error:
            raise self._failed(error) from error


def _input_settings(bank: GpiodLines, ref: LineRef, *, edges: bool) -> Any:
    words = bank.words
    bias = {
        "none": words.Bias.AS_IS,
        "pull_up": words.Bias.PULL_UP,
        "pull_down": words.Bias.PULL_DOWN,
    }
    return bank.settings(
        ref,
        direction=words.Direction.INPUT,
        edge_detection=words.Edge.BOTH if edges else words.Edge.NONE,
        bias=bias[ref.bias],
    )


def _in_words(ref: LineRef, owner: str, error: Exception) -> LineError:
    number = getattr(error, "errno", None)
    if number == errno.EBUSY:
        return line_taken(ref, owner, "another program")
    if number in (errno.ENOENT, errno.ENODEV, errno.EINVAL, errno.ENOTTY) or number is None:
        return line_missing(ref, owner, str(error))
    if number in (errno.EACCES, errno.EPERM):
        return line_failed(ref, owner, "this program has no right to use it (group gpio)")
    return line_failed(ref, owner, error)
