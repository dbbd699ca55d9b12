"""Modbus RTU, as far as an alarm box needs it: reading discrete inputs (function 2)."""

from __future__ import annotations

from board.errors import BoardError

READ_DISCRETE = 0x02
MAX_INPUTS = 64


def crc16(data: bytes) -> int:
    """Return the CRC of Modbus over a serial line (polynomial A001h, start FFFFh)."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def framed(body: bytes) -> bytes:
    """Return `body` with its CRC, low byte first."""
    return body + crc16(body).to_bytes(2, "little")


def read_inputs(address: int, count: int) -> bytes:
    """Return the question for inputs 1 to `count` of a box.  Raises BoardError."""
    if not 1 <= address <= 247:
        raise BoardError(
            "box.address", "{address} is no address of an alarm box; 1 to 247 are.", address=address
        )
    if not 1 <= count <= MAX_INPUTS:
        raise BoardError("box.inputs", "An alarm box has 1 to {most} inputs.", most=MAX_INPUTS)
    return framed(bytes((address, READ_DISCRETE, 0, 0, 0, count)))


def answer_length(count: int) -> int:
    """Return how many bytes answer the question for `count` inputs."""
    return 5 + (count + 7) // 8


def parse_inputs(address: int, count: int, data: bytes) -> list[bool] | None:
    """Return the inputs told by an answer; None where it is none of that box, or damaged."""
    size = answer_length(count)
    for start in range(len(data) - size + 1):
        part = data[start : start + size]
        if part[0] != address or part[1] != READ_DISCRETE or part[2] != size - 5:
            continue
        if crc16(part[:-2]) != int.from_bytes(part[-2:], "little"):
            continue
        bits = int.from_bytes(part[3:-2], "little")
        return [bool(bits >> number & 1) for number in range(count)]
    return None
