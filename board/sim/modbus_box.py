"""An alarm box of the bench: a Modbus RTU module with discrete inputs."""

from __future__ import annotations

_TABLE = []
for _byte in range(256):
    _crc = _byte
    for _bit in range(8):
        _crc = _crc >> 1 ^ 0xA001 if _crc & 1 else _crc >> 1
    _TABLE.append(_crc)


def _crc16(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc.to_bytes(2, "little")


class ModbusBox:
    """Answers function 2 at its address and speed; `on` says which inputs (from 1) are closed.

    `silent`: it has lost its power.  `noisy`: a bit of every answer is wrong.
    """

    def __init__(self, address: int, inputs: int = 8, baud: int = 9600) -> None:
        self.address = address
        self.inputs = inputs
        self.baud = baud
        self.on: set[int] = set()
        self.silent = False
        self.noisy = False
        self.asked = 0
        self._buffer = b""

    def hear(self, data: bytes, baud: int) -> bytes:
        """Take bytes; answer a whole question."""
        if baud != self.baud or self.silent:
            self._buffer = b""
            return b""
        self._buffer = (self._buffer + data)[-64:]
        for start in range(len(self._buffer) - 7):
            part = self._buffer[start : start + 8]
            if part[:2] == bytes((self.address, 2)) and _crc16(part[:6]) == part[6:]:
                self._buffer = b""
                return self._answer(int.from_bytes(part[2:4], "big"), part[5])
        return b""

    def _answer(self, first: int, count: int) -> bytes:
        self.asked += 1
        if first + count > self.inputs:
            body = bytes((self.address, 0x82, 2))
            return body + _crc16(body)
        bits = sum(1 << (number - 1 - first) for number in self.on if number > first)
        body = bytes((self.address, 2, (count + 7) // 8)) + bits.to_bytes(
            (count + 7) // 8, "little"
        )
        answer = body + _crc16(body)
        return answer if not self.noisy else bytes((*answer[:3], answer[3] ^ 4, *answer[4:]))
