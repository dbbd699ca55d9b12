"""Pelco-D (TF-0002): seven bytes, FF address command1 command2 data1 data2 sum."""

from __future__ import annotations

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
FLIP, ZERO_PAN = 0x21, 0x22
_FIXED: dict[ActionKind, tuple[int, int]] = {
    "flip": (0x07, FLIP),
    "zero_pan": (0x07, ZERO_PAN),
    "reset": (0x0F, 0),
}
RESERVED_PRESETS = frozenset({FLIP, ZERO_PAN, 95})
"""Presets 33, 34 and 95 turn the camera, zero it and open its menu; they keep no position."""


def frame(address: int, command1: int, command2: int, data1: int, data2: int) -> bytes:
    """Return one frame; the sum is of bytes 2 to 6, modulo 256."""
    body = bytes((address, command1, command2, data1, data2))
    return b"\xff" + body + bytes((sum(body) % 256,))


def is_whole(data: bytes) -> bool:
    """Return whether these are the seven bytes of a frame with the right sum."""
    return len(data) == 7 and data[0] == 0xFF and sum(data[1:6]) % 256 == data[6]


class PelcoD:
    """The protocol as an encoder."""

    name = "pelco_d"
    title = "Pelco-D"
    first_address = 1
    last_address = 255
    last_preset = 255
    actions: frozenset[ActionKind] = frozenset({*_EXTENDED, *_FIXED})

    def move(self, address: int, motion: Motion, before: Motion) -> list[bytes]:
        """Return one frame: it says everything that moves."""
        del before
        check_address(self, address)
        command1 = (motion.focus < 0) | (motion.iris > 0) << 1 | (motion.iris < 0) << 2
        command2 = (
            (motion.pan > 0) << 1
            | (motion.pan < 0) << 2
            | (motion.tilt > 0) << 3
            | (motion.tilt < 0) << 4
            | (motion.zoom > 0) << 5
            | (motion.zoom < 0) << 6
            | (motion.focus > 0) << 7
        )
        data = (speed(motion.pan, FULL_SPEED), speed(motion.tilt, FULL_SPEED))
        return [frame(address, command1, command2, *data)]

    def stop(self, address: int) -> list[bytes]:
        """Return the frame of all zeros."""
        return self.move(address, STILL, STILL)

    def action(self, address: int, kind: ActionKind, number: int) -> list[bytes]:
        """Return the frame of an extended command."""
        check_address(self, address)
        if kind in _FIXED:
            command, data = _FIXED[kind]
            return [frame(address, 0, command, 0, data)]
        if kind not in _EXTENDED:
            raise unsupported(self, kind)
        command, most = _EXTENDED[kind]
        return [frame(address, 0, command, 0, check_number(self, kind, number, most))]

    def query(self, address: int) -> bytes:
        """Ask for the pan position (51h)."""
        return frame(check_address(self, address), 0, 0x51, 0, 0)

    def answers(self, address: int, data: bytes) -> bool:
        """Return whether a pan position (59h) of that camera is in `data`."""
        for start in range(len(data) - 6):
            part = data[start : start + 7]
            if is_whole(part) and part[1] == address and part[3] == 0x59:
                return True
        return False
