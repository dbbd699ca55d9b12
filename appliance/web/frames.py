"""Binary messages on a WebSocket, each in one write.

aiohttp writes head and body of a message above 16 KiB apart, which over TLS are two records and
two system calls; a frame of a 4 Mbit/s stream is about that long, and goes out 600 times a second
to a wall of 24 viewers.
"""

from __future__ import annotations

import struct
from typing import Final

from aiohttp import web

_FINAL_BINARY: Final = 0x82
_HEAD_16: Final = struct.Struct(">BBH")
_HEAD_64: Final = struct.Struct(">BBQ")
_DRAIN_BYTES: Final = 64 * 1024
_AT_ONCE_BYTES: Final = 32 * 1024


def binary_head(length: int) -> bytes:
    """Return the head of a whole, unmasked binary message of `length` bytes (RFC 6455, 5.2).

    Raises struct.error beyond 2**64 - 1.
    """
    if length < 126:
        return bytes((_FINAL_BINARY, length))
    if length < 1 << 16:
        return _HEAD_16.pack(_FINAL_BINARY, 126, length)
    return _HEAD_64.pack(_FINAL_BINARY, 127, length)


class _Framer:
    """Puts heads in front of messages; the last one is kept for the next viewer of the same."""

    def __init__(self) -> None:
        self._data = b""
        self._framed = binary_head(0)

    def framed(self, data: bytes) -> bytes:
        """Return head and data as one piece."""
        if data is not self._data:
            self._data, self._framed = data, binary_head(len(data)) + data
        return self._framed


_FRAMER: Final = _Framer()


class FrameSocket:
    """The sending side of an open WebSocket that carries media; not compressed.

    Everything else (text, ping, close) goes through aiohttp's socket: each of its messages is
    written whole as well, so the two never mix within a message.
    """

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket
        self._written = 0

    def write(self, data: bytes) -> bool:
        """Write one binary message if the socket is open and little waits to be sent.

        Returns whether it was written; if not, `send_bytes` waits for its turn or tells why.
        """
        transport = self._request.transport
        if (
            transport is None
            or self._socket.closed
            or transport.is_closing()
            or transport.get_write_buffer_size() > _AT_ONCE_BYTES
        ):
            return False
        transport.write(_FRAMER.framed(data))
        return True

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary message; wait while the peer does not read.

        Raises ConnectionResetError when the socket is closed.
        """
        transport = self._request.transport
        if transport is None or transport.is_closing() or self._socket.closed:
            raise ConnectionResetError
        transport.write(binary_head(len(data)) + data)
        self._written += len(data)
        if self._written > _DRAIN_BYTES:
            self._written = 0
            await self._request.writer.drain()

    async def send_str(self, data: str) -> None:
        """Send one text message; wait while the peer does not read.  Raises as `send_bytes`."""
        await self._socket.send_str(data)
