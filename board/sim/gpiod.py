"""The calls of gpiod v2 (bindings 2.0 to 2.5) on simulated chips."""

from __future__ import annotations

import enum
import errno
import os
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from board.sim.wires import Change, Pull, SimChip


class Value(enum.Enum):
    """gpiod.line.Value."""

    INACTIVE = 0
    ACTIVE = 1


class Direction(enum.Enum):
    """gpiod.line.Direction."""

    AS_IS = 1
    INPUT = 2
    OUTPUT = 3


class Bias(enum.Enum):
    """gpiod.line.Bias."""

    AS_IS = 1
    UNKNOWN = 2
    DISABLED = 3
    PULL_UP = 4
    PULL_DOWN = 5


class EdgeDetection(enum.Enum):
    """gpiod.line.Edge."""

    NONE = 1
    RISING = 2
    FALLING = 3
    BOTH = 4


class EventType(enum.Enum):
    """gpiod.EdgeEvent.Type."""

    RISING_EDGE = 1
    FALLING_EDGE = 2


@dataclass(slots=True)
class LineSettings:
    """gpiod.LineSettings, as far as it is used."""

    direction: Direction = Direction.AS_IS
    edge_detection: EdgeDetection = EdgeDetection.NONE
    bias: Bias = Bias.AS_IS
    active_low: bool = False
    debounce_period: timedelta = field(default_factory=timedelta)
    output_value: Value = Value.INACTIVE


@dataclass(frozen=True, slots=True)
class EdgeEvent:
    """gpiod.EdgeEvent; rising means that the line became active, as in the kernel."""

    event_type: EventType
    timestamp_ns: int
    line_offset: int
    global_seqno: int
    line_seqno: int


_PULLS: dict[Bias, Pull] = {Bias.PULL_UP: "up", Bias.PULL_DOWN: "down", Bias.DISABLED: "none"}


class SimRequest:
    """gpiod.LineRequest for one or more lines of one chip."""

    def __init__(self, chip: SimChip, lines: dict[int, LineSettings], buffer: int) -> None:
        self._chip = chip
        self._lines = lines
        self._buffer = buffer
        self._events: deque[EdgeEvent] = deque()
        self._serials = dict.fromkeys(lines, 0)
        self._global = 0
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        for offset, settings in lines.items():
            self._apply(offset, settings)

    @property
    def fd(self) -> int:
        """The descriptor that can be read once there are events."""
        return self._fd

    def get_value(self, line: int) -> Value:
        """Return whether the line is active."""
        return Value(int(self._chip.read(line) != self._lines[line].active_low))

    def set_value(self, line: int, value: Value) -> None:
        """Drive a line."""
        if self._lines[line].direction is not Direction.OUTPUT:
            raise OSError(errno.EPERM, "Operation not permitted")
        self._chip.write(line, high=(value is Value.ACTIVE) != self._lines[line].active_low)

    def reconfigure_lines(self, config: Mapping[int, LineSettings]) -> None:
        """Change settings of lines."""
        for offset, settings in config.items():
            self._chip.check(offset)
            self._lines[offset] = settings
            self._apply(offset, settings)

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        """Return whether there are events; the bench never waits."""
        del timeout
        return bool(self._events)

    def read_edge_events(self, max_events: int | None = None) -> list[EdgeEvent]:
        """Return what happened; the real one blocks where nothing did, this raises instead."""
        for offset in self._lines:
            self._chip.check(offset)
        if not self._events:
            raise BlockingIOError(errno.EAGAIN, "a real request would wait here")
        most = min(max_events or 64, len(self._events))
        taken = [self._events.popleft() for _ in range(most)]
        if not self._events:
            os.eventfd_read(self._fd)
        return taken

    def release(self) -> None:
        """Give the lines back."""
        for offset in self._lines:
            self._chip.disown(offset)
        os.close(self._fd)

    def _apply(self, offset: int, settings: LineSettings) -> None:
        if settings.direction is Direction.OUTPUT:
            active = settings.output_value is Value.ACTIVE
            self._chip.write(offset, high=active != settings.active_low)
            return
        if settings.bias in _PULLS:
            self._chip.pull(offset, _PULLS[settings.bias])
        wanted = settings.edge_detection is not EdgeDetection.NONE
        self._chip.watch(offset, self._heard if wanted else None)

    def _heard(self, change: Change) -> None:
        active = change.high != self._lines[change.offset].active_low
        self._serials[change.offset] += 1
        self._global += 1
        if len(self._events) >= self._buffer:
            self._events.popleft()  # the kernel overwrites the oldest
        kind = EventType.RISING_EDGE if active else EventType.FALLING_EDGE
        serial = self._serials[change.offset]
        if not self._events:
            os.eventfd_write(self._fd, 1)
        self._events.append(EdgeEvent(kind, change.at_ns, change.offset, self._global, serial))


class SimGpiod:
    """Stands in for the module gpiod: hand it to `board.lines.gpiod_lines`."""

    LineSettings: type = LineSettings
    EdgeEvent = EdgeEvent
    line = SimpleNamespace(Value=Value, Direction=Direction, Bias=Bias, Edge=EdgeDetection)

    def __init__(self, chips: Iterable[SimChip]) -> None:
        self._chips = {chip.path: chip for chip in chips}

    def request_lines(
        self,
        path: str,
        config: Mapping[int, Any],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
    ) -> SimRequest:
        """gpiod.request_lines; raises what the kernel answers."""
        chip = self._chips.get(path)
        if chip is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        for offset in config:
            if not 0 <= offset < chip.lines:
                raise OSError(errno.EINVAL, "Invalid argument")
            chip.check(offset)
        taken: list[int] = []
        for offset in config:
            if not chip.own(offset, consumer or "?"):
                for other in taken:
                    chip.disown(other)
                raise OSError(errno.EBUSY, "Device or resource busy")
            taken.append(offset)
        return SimRequest(chip, dict(config), event_buffer_size or 16 * len(config))
