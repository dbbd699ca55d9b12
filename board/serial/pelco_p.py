"""Pelco-P: eight bytes, A0 address data1..4 AF xor; the address on the wire counts from 0."""

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
_FIXED: dict[ActionKind, tuple[int, int]] = {
    "flip": (0x07, 0x21),
    "zero_pan": (0x07, 0x22),
    "reset": (0x0F, 0),
}


def frame(address: int, data1: int, data2: int, data3: int, data4: int) -> bytes:
    """Return one frame; `address` as people count, from 1.  The last byte is the xor of all."""
    body = bytes((0xA0, address - 1, data1, data2, data3, data4, 0xAF))
    check = 0
    for byte in body:
        check ^= byte
    return body + bytes((check,))


def is_whole(data: bytes) -> bool:
    """Return whether these are the eight bytes of a frame with the right xor."""
    check = 0
    for byte in data:
        check ^= byte
    return len(data) == 8 and data[0] == 0xA0 and data[6] == 0xAF and check == 0


class PelcoP:
    """The protocol as an encoder.  Its focus and iris bits are not those of Pelco-D."""

    name = "pelco_p"
    title = "Pelco-P"
    first_address = 1
    last_address = 32
    last_preset = 255
    actions: frozenset[ActionKind] = frozenset({*_EXTENDED, *_FIXED})

    def move(self, address: int, motion: Motion, before: Motion) -> list[bytes]:
        """Return one frame: it says everything that moves."""
        del before
        check_address(self, address)
        data1 = (
            (motion.focus > 0)
            | (motion.focus < 0) << 1
            | (motion.iris > 0) << 2
            | (motion.iris < 0) << 3
        )
        data2 = (
            (motion.pan > 0) << 1
            | (motion.pan < 0) << 2
            | (motion.tilt > 0) << 3
            | (motion.tilt < 0) << 4
            | (motion.zoom > 0) << 5
            | (motion.zoom < 0) << 6
        )
        speeds = (speed(motion.pan, FULL_SPEED), speed(motion.tilt, FULL_SPEED))
        return [frame(address, data1, data2, *speeds)]

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
        """Ask for the pan position, which cameras of this protocol rarely answer."""
        return frame(check_address(self, address), 0, 0x51, 0, 0)

    def answers(self, address: int, data: bytes) -> bool:
        """Return whether a pan position (59h) of that camera is in `data`."""
        for start in range(len(data) - 7):
            part = data[start : start + 8]
            if is_whole(part) and part[1] == address - 1 and part[3] == 0x59:
                return True
        return False
