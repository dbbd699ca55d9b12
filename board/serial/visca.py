"""VISCA over a serial line: 8x ... FF, at most 16 bytes; cameras acknowledge and complete."""

from __future__ import annotations

from typing import Literal, NamedTuple

from board.serial.motion import (
    STILL,
    ActionKind,
    Motion,
    check_address,
    check_number,
    speed,
    unsupported,
)

ADDRESS_SET = bytes.fromhex("883001ff")
CLEAR_ALL = bytes.fromhex("88010001ff")
PAN_SPEEDS, TILT_SPEEDS, ZOOM_SPEEDS = 0x18, 0x17, 7
LAST_PRESET = 128
_PRESET: dict[ActionKind, int] = {"preset_clear": 0, "preset_set": 1, "preset_go": 2}
_ERRORS = {
    0x01: "the length of the message was wrong",
    0x02: "the camera does not know this command",
    0x03: "the camera has too many commands waiting",
    0x04: "the command was cancelled",
    0x05: "there was nothing to cancel",
    0x41: "the camera cannot do this now",
}


class Reply(NamedTuple):
    """What a camera said; `socket` is the command's number in the camera (1 or 2; 0: none)."""

    address: int
    kind: Literal["acknowledged", "done", "error", "information", "address_set"]
    socket: int
    text: str = ""


def command(address: int, *body: int) -> bytes:
    """Return a message for a camera."""
    return bytes((0x80 | address, *body, 0xFF))


def replies(data: bytes) -> list[Reply]:
    """Return every whole reply in `data`; what makes no sense is left out."""
    found = []
    for part in data.split(b"\xff")[:-1]:
        if len(part) < 2 or len(part) > 15 or not part[0] & 0x80:
            continue
        if part[0] == 0x88 and part[1] == 0x30:
            found.append(Reply(0, "address_set", 0))
            continue
        address, kind, socket = (part[0] >> 4) - 8, part[1] >> 4, part[1] & 0x0F
        if not 1 <= address <= 7:
            continue
        if kind == 4:
            found.append(Reply(address, "acknowledged", socket))
        elif kind == 5:
            found.append(Reply(address, "information" if len(part) > 2 else "done", socket))
        elif kind == 6 and len(part) == 3:
            found.append(Reply(address, "error", socket, _ERRORS.get(part[2], f"{part[2]:02X}h")))
    return found


class Visca:
    """The protocol as an encoder."""

    name = "visca"
    title = "VISCA"
    first_address = 1
    last_address = 7
    last_preset = LAST_PRESET
    actions: frozenset[ActionKind] = frozenset({*_PRESET, "zero_pan"})

    def move(self, address: int, motion: Motion, before: Motion) -> list[bytes]:
        """Return a message for each of pan-tilt, zoom, focus and iris that changes."""
        check_address(self, address)
        frames = []
        if (motion.pan, motion.tilt) != (before.pan, before.tilt):
            frames.append(_pan_tilt(address, motion.pan, motion.tilt))
        if motion.zoom != before.zoom:
            frames.append(_zoom(address, motion.zoom))
        if motion.focus != before.focus:
            way = {0: 0x00, 1: 0x02, -1: 0x03}[motion.focus]
            frames.append(command(address, 0x01, 0x04, 0x08, way))
        if motion.iris != before.iris and motion.iris:
            frames.append(command(address, 0x01, 0x04, 0x0B, 0x02 if motion.iris > 0 else 0x03))
        return frames or [_pan_tilt(address, motion.pan, motion.tilt)]

    def stop(self, address: int) -> list[bytes]:
        """Return messages that stop pan-tilt, zoom and focus; the iris moves in steps."""
        return self.move(address, STILL, Motion(pan=1, zoom=1, focus=1))

    def action(self, address: int, kind: ActionKind, number: int) -> list[bytes]:
        """Return the message of an action; preset 1 is the camera's memory 0."""
        check_address(self, address)
        if kind == "zero_pan":
            return [command(address, 0x01, 0x06, 0x04)]
        if kind not in _PRESET:
            raise unsupported(self, kind)
        number = check_number(self, kind, number, LAST_PRESET)
        return [command(address, 0x01, 0x04, 0x3F, _PRESET[kind], number - 1)]

    def query(self, address: int) -> bytes:
        """Ask for the position of pan and tilt."""
        return command(check_address(self, address), 0x09, 0x06, 0x12)

    def answers(self, address: int, data: bytes) -> bool:
        """Return whether that camera said anything at all, an error included."""
        return any(reply.address == address for reply in replies(data))


def _pan_tilt(address: int, pan: int, tilt: int) -> bytes:
    pan_way = 0x03 if pan == 0 else 0x02 if pan > 0 else 0x01
    tilt_way = 0x03 if tilt == 0 else 0x01 if tilt > 0 else 0x02
    speeds = (max(1, speed(pan, PAN_SPEEDS)), max(1, speed(tilt, TILT_SPEEDS)))
    return command(address, 0x01, 0x06, 0x01, *speeds, pan_way, tilt_way)


def _zoom(address: int, zoom: int) -> bytes:
    if zoom == 0:
        return command(address, 0x01, 0x04, 0x07, 0x00)
    way = 0x20 if zoom > 0 else 0x30
    return command(address, 0x01, 0x04, 0x07, way | speed(zoom, ZOOM_SPEEDS))
