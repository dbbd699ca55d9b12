"""An alarm box on the bus: its inputs are asked for ten times a second (D2-AL-11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from board.errors import BoardError
from board.serial import modbus
from board.serial.arbiter import Poll
from board.serial.bus import SerialBus

INTERVAL_S = 0.1
ANSWER_S = 0.1
MISSES = 5
"""So many questions in a row without an answer, and the box counts as gone."""

ContactType = Literal["no", "nc"]


class AlarmBox:
    """A Modbus RTU module with discrete inputs.

    `changed(input, active)` hears of each input from 1, also of those active at the start;
    `noticed()` when the box stops answering, or does so again.  An input keeps what it was while
    the box does not answer.
    """

    def __init__(
        self,
        bus: SerialBus,
        address: int,
        inputs: int,
        baud: int,
        *,
        changed: Callable[[int, bool], None],
        noticed: Callable[[AlarmBox], None],
    ) -> None:
        self.address = address
        self.fault: BoardError | None = None
        self.answered = False
        self.active: list[bool | None] = [None] * inputs
        self._contacts: list[ContactType] = ["no"] * inputs
        self._closed: list[bool | None] = [None] * inputs
        self._bus = bus
        self._baud = baud
        self._question = modbus.read_inputs(address, inputs)
        self._changed = changed
        self._noticed = noticed
        self._misses = 0

    def start(self) -> None:
        """Ask."""
        size = modbus.answer_length(len(self.active))
        poll = Poll(self._question, self._baud, INTERVAL_S, size, ANSWER_S, self._heard)
        self._bus.wishes.poll(("box", self.address), poll)
        self._bus.wake()

    def stop(self) -> None:
        """Ask no longer."""
        self._bus.wishes.poll(("box", self.address), None)

    def configure(self, number: int, contact: ContactType) -> None:
        """Set the type of input `number`."""
        self._contacts[number - 1] = contact
        closed = self._closed[number - 1]
        if closed is not None:
            self._show(number - 1, closed=closed)

    def _heard(self, data: bytes) -> None:
        told = modbus.parse_inputs(self.address, len(self.active), data)
        if told is None:
            self._misses += 1
            if self._misses == MISSES:
                self.fault = BoardError(
                    "box.silent",
                    "Alarm box {address} does not answer. Check its power, the wires A and "
                    "B, its address and baud rate.",
                    address=self.address,
                )
                self._noticed(self)
            return
        back, self._misses = self.fault is not None or not self.answered, 0
        self.fault, self.answered = None, True
        if back:
            self._noticed(self)
        for index, closed in enumerate(told):
            if closed != self._closed[index]:
                self._closed[index] = closed
                self._show(index, closed=closed)

    def _show(self, index: int, *, closed: bool) -> None:
        active = closed == (self._contacts[index] == "no")
        if active != self.active[index]:
            self.active[index] = active
            self._changed(index + 1, active)
