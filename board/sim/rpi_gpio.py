"""The calls of RPi.GPIO, as rpi-lgpio offers them, on a simulated chip."""

from __future__ import annotations

from collections.abc import Callable

from board.sim.wires import Change, Pull, SimChip


class SimRpiGpio:
    """Stands in for the module RPi.GPIO: hand it to `board.lines.rpi_lines`.

    Without `edges`, adding an edge detection fails as RPi.GPIO 0.7.1 does on kernels from 6.6.
    """

    BCM = 11
    BOARD = 10
    OUT = 0
    IN = 1
    PUD_OFF = 20
    PUD_DOWN = 21
    PUD_UP = 22
    RISING = 31
    FALLING = 32
    BOTH = 33

    def __init__(self, chip: SimChip, *, edges: bool = True) -> None:
        self._chip = chip
        self._edges = edges
        self._mode: int | None = None
        self._set_up: dict[int, int] = {}

    def setmode(self, mode: int) -> None:
        """Choose the numbers of channels."""
        if self._mode not in (None, mode):
            raise ValueError("A different mode has already been set!")
        self._mode = mode

    def setwarnings(self, value: bool) -> None:
        """Do nothing: rpi-lgpio has no warnings of this kind."""

    def setup(
        self, channel: int, direction: int, pull_up_down: int = PUD_OFF, initial: int | None = None
    ) -> None:
        """Claim a line."""
        if self._mode is None:
            raise RuntimeError("Please set pin numbering mode using GPIO.setmode(GPIO.BOARD)")
        if not 0 <= channel < self._chip.lines:
            raise ValueError("The channel sent is invalid on a Raspberry Pi")
        self._chip.check(channel)
        if channel not in self._set_up and not self._chip.own(channel, "RPi.GPIO"):
            raise RuntimeError("GPIO busy")
        self._set_up[channel] = direction
        if direction == self.OUT:
            self._chip.write(channel, high=bool(initial or 0))
            return
        pulls: dict[int, Pull] = {self.PUD_UP: "up", self.PUD_DOWN: "down", self.PUD_OFF: "none"}
        self._chip.pull(channel, pulls[pull_up_down])

    def input(self, channel: int) -> int:
        """Return the level."""
        if channel not in self._set_up:
            raise RuntimeError("You must setup() the GPIO channel first")
        return int(self._chip.read(channel))

    def output(self, channel: int, value: int) -> None:
        """Drive a line."""
        if self._set_up.get(channel) != self.OUT:
            raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
        self._chip.write(channel, high=bool(value))

    def add_event_detect(
        self,
        channel: int,
        edge: int,
        callback: Callable[[int], None] | None = None,
        bouncetime: int | None = None,
    ) -> None:
        """Call back for edges; the real one does so on a thread of its own."""
        if self._set_up.get(channel) != self.IN:
            raise RuntimeError("You must setup() the GPIO channel as an input first")
        if not self._edges:
            raise RuntimeError("Failed to add edge detection")
        if edge != self.BOTH or bouncetime is not None:
            raise ValueError("only both edges without a bounce time are simulated")

        def heard(change: Change) -> None:
            if callback is not None:
                callback(change.offset)

        self._chip.watch(channel, heard)

    def remove_event_detect(self, channel: int) -> None:
        """Do not call back any more."""
        self._chip.watch(channel, None)

    def cleanup(self, channel: int) -> None:
        """Give a line back."""
        if self._set_up.pop(channel, None) is not None:
            self._chip.disown(channel)
