"""What Pelco-D and Pelco-P share: commands, bits of directions, how an answer is found."""

from __future__ import annotations

from abc import ABC, abstractmethod

from board.serial.motion import (
    STILL,
    ActionKind,
    Motion,
    check_address,
    check_number,
    speed,
    unsupported,
)

FULL_SPEED = 0x3F
FLIP, ZERO_PAN = 0x21, 0x22
ASK_PAN, PAN = 0x51, 0x59
"""The question for the pan position, and its answer."""

_EXTENDED: dict[ActionKind, tuple[int, int]] = {
    "preset_set": (0x03, 255),
    "preset_clear": (0x05, 255),
    "preset_go": (0x07, 255),
    "aux_on": (0x09, 8),
    "aux_off": (0x0B, 8),
    "pattern_begin": (0x1F, 255),
    "pattern_end": (0x21, 255),
    "pattern_run": (0x23, 255),
}
_FIXED: dict[ActionKind, tuple[int, int]] = {
    "flip": (0x07, FLIP),
    "zero_pan": (0x07, ZERO_PAN),
    "reset": (0x0F, 0),
}


class Pelco(ABC):
    """An encoder but for the frame, and for where focus and iris have their bits."""

    name: str
    title: str
    first_address = 1
    last_address: int
    last_preset = 255
    frame_bytes: int
    actions: frozenset[ActionKind] = frozenset({*_EXTENDED, *_FIXED})

    @abstractmethod
    def frame(self, address: int, data1: int, data2: int, data3: int, data4: int) -> bytes:
        """Return one frame; `address` as people count, from 1."""

    @abstractmethod
    def bits(self, motion: Motion, directions: int) -> tuple[int, int]:
        """Return the two command bytes of a motion; `directions` is the second without focus."""

    @abstractmethod
    def is_from(self, address: int, data: bytes) -> bool:
        """Return whether these bytes are a whole frame with this address."""

    def move(self, address: int, motion: Motion, before: Motion) -> list[bytes]:
        """Return one frame: it says everything that moves."""
        del before
        check_address(self, address)
        directions = (
            (motion.pan > 0) << 1
            | (motion.pan < 0) << 2
            | (motion.tilt > 0) << 3
            | (motion.tilt < 0) << 4
            | (motion.zoom > 0) << 5
            | (motion.zoom < 0) << 6
        )
        speeds = (speed(motion.pan, FULL_SPEED), speed(motion.tilt, FULL_SPEED))
        return [self.frame(address, *self.bits(motion, directions), *speeds)]

    def stop(self, address: int) -> list[bytes]:
        """Return the frame of all zeros."""
        return self.move(address, STILL, STILL)

    def action(self, address: int, kind: ActionKind, number: int) -> list[bytes]:
        """Return the frame of an extended command."""
        check_address(self, address)
        if kind in _FIXED:
            command, data = _FIXED[kind]
            return [self.frame(address, 0, command, 0, data)]
        if kind not in _EXTENDED:
            raise unsupported(self, kind)
        command, most = _EXTENDED[kind]
        return [self.frame(address, 0, command, 0, check_number(self, kind, number, most))]

    def query(self, address: int) -> bytes:
        """Ask for the pan position, which few cameras with Pelco-P answer."""
        return self.frame(check_address(self, address), 0, ASK_PAN, 0, 0)

    def answers(self, address: int, data: bytes) -> bool:
        """Return whether a pan position of that camera is in `data`."""
        size = self.frame_bytes
        parts = (data[start : start + size] for start in range(len(data) - size + 1))
        return any(self.is_from(address, part) and part[3] == PAN for part in parts)
