"""PTZ domes of the bench: they understand one protocol at one address and speed, and move."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Family = Literal["pelco_d", "pelco_p", "visca"]


@dataclass(slots=True)
class DomeState:
    """Where it looks and how it moves; speeds as on the wire, signed (right, up, tele positive)."""

    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    focus: int = 0
    iris: int = 0
    at_preset: int | None = None
    presets: set[int] = field(default_factory=set)
    aux: set[int] = field(default_factory=set)
    pattern: int | None = None
    recording: int | None = None

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        return not (self.pan or self.tilt or self.zoom or self.focus or self.iris)


class Dome:
    """One dome.  `silent`: it hears and obeys but never answers, as most do.

    `log` holds the time (monotonic, seconds) and state after each message it took; `stops` the
    times at which it was told to stand still.  What has another speed, address or check it ignores.
    """

    def __init__(
        self,
        family: Family,
        address: int,
        baud: int = 9600,
        *,
        silent: bool = False,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.family = family
        self.address = address
        self.baud = baud
        self.silent = silent
        self.state = DomeState()
        self.messages: list[tuple[float, bytes]] = []
        self.stops: list[float] = []
        self._now_s = now_s
        self._buffer = b""

    def hear(self, data: bytes, baud: int) -> bytes:
        """Take bytes; answer where one is due."""
        if baud != self.baud:
            return b""  # noise at the wrong speed
        self._buffer = (self._buffer + data)[-64:]
        answer = b""
        while (message := self._cut()) is not None:
            self.messages.append((self._now_s(), message))
            del self.messages[:-5000]
            answer += self._obey(message)
        return b"" if self.silent else answer

    def _cut(self) -> bytes | None:
        """Take the next message for this dome out of the buffer."""
        if self.family == "visca":
            while b"\xff" in self._buffer:
                message, self._buffer = self._buffer.split(b"\xff", 1)
                if message[:1] in (bytes((0x80 | self.address,)), b"\x88"):
                    return message + b"\xff"
            return None
        first, size = (0xFF, 7) if self.family == "pelco_d" else (0xA0, 8)
        while len(self._buffer) >= size:
            part = self._buffer[:size]
            if part[0] == first and _checked(part):
                self._buffer = self._buffer[size:]
                number = part[1] if self.family == "pelco_d" else part[1] + 1
                if number == self.address:
                    return part
            else:
                self._buffer = self._buffer[1:]
        return None

    def _obey(self, message: bytes) -> bytes:
        if self.family == "visca":
            return self._obey_visca(message)
        return self._obey_pelco(message)

    def _obey_pelco(self, message: bytes) -> bytes:
        state = self.state
        command1, command2, data1, data2 = message[2:6]
        if command2 & 1:
            self._extended(command2, data2)
            if command2 == 0x51 and self.family == "pelco_d":
                body = bytes((self.address, 0, 0x59, 0x12, 0x34))
                return b"\xff" + body + bytes((sum(body) % 256,))
            return b""
        state.pan = data1 * (bool(command2 & 0x02) - bool(command2 & 0x04))
        state.tilt = data2 * (bool(command2 & 0x08) - bool(command2 & 0x10))
        state.zoom = bool(command2 & 0x20) - bool(command2 & 0x40)
        if self.family == "pelco_d":
            state.focus = bool(command2 & 0x80) - bool(command1 & 0x01)
            state.iris = bool(command1 & 0x02) - bool(command1 & 0x04)
        else:
            state.focus = bool(command1 & 0x01) - bool(command1 & 0x02)
            state.iris = bool(command1 & 0x04) - bool(command1 & 0x08)
        self._moved()
        return b""

    def _extended(self, command: int, number: int) -> None:
        state = self.state
        if command == 0x03:
            state.presets.add(number)
        elif command == 0x05:
            state.presets.discard(number)
        elif command == 0x07:
            state.at_preset = number
        elif command == 0x09:
            state.aux.add(number)
        elif command == 0x0B:
            state.aux.discard(number)
        elif command == 0x1F:
            state.recording = number
        elif command == 0x21:
            state.recording = None
        elif command == 0x23:
            state.pattern = number

    def _obey_visca(self, message: bytes) -> bytes:
        body = message[1:-1]
        reply = 0x80 + (self.address << 4)
        if message[0] == 0x88:
            return bytes((0x88, 0x30, self.address + 1, 0xFF)) if body[:1] == b"\x30" else b""
        if body[:3] == b"\x09\x06\x12":
            return bytes((reply, 0x50, 0, 1, 2, 3, 0, 4, 5, 6, 0xFF))
        state = self.state
        if body[:3] == b"\x01\x06\x01" and len(body) == 7:
            state.pan = body[3] * ((body[5] == 2) - (body[5] == 1))
            state.tilt = body[4] * ((body[6] == 1) - (body[6] == 2))
        elif body[:3] == b"\x01\x04\x07":
            way = body[3] & 0xF0
            state.zoom = (way == 0x20) - (way == 0x30)
        elif body[:3] == b"\x01\x04\x08":
            state.focus = (body[3] == 2) - (body[3] == 3)
        elif body[:3] == b"\x01\x04\x3f":
            number = body[4] + 1
            if body[3] == 1:
                state.presets.add(number)
            elif body[3] == 0:
                state.presets.discard(number)
            else:
                state.at_preset = number
        elif body[:3] != b"\x01\x06\x04":
            return bytes((reply, 0x60, 0x02, 0xFF))
        self._moved()
        return bytes((reply, 0x41, 0xFF, reply, 0x51, 0xFF))

    def _moved(self) -> None:
        self.state.at_preset = None if not self.state.still else self.state.at_preset
        if self.state.still:
            self.stops.append(self._now_s())
            self.state.pattern = None


def _checked(message: bytes) -> bool:
    if len(message) == 7:
        return sum(message[1:6]) % 256 == message[6]
    check = 0
    for byte in message:
        check ^= byte
    return check == 0 and message[6] == 0xAF
