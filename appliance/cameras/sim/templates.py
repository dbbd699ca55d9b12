"""Ready-made packets of one access unit, in which only seq, time and SSRC change per sending."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Payload:
    """One RTP payload with its marker bit; `payload_type` None means that of the track."""

    data: bytes
    marker: bool
    payload_type: int | None = None
    offset_ticks: int = 0


class Template:
    """All packets of an access unit as they go over TCP: "$", channel, length, RTP packet.

    `buffer` is one uint8 array; `starts` are the offsets of the "$" of each packet and `sizes`
    the lengths of the RTP packets (header included).  It is patched in place just before it is
    copied to a socket, so one template serves every camera that shows the same loop.
    """

    __slots__ = (
        "_columns",
        "_order",
        "_times",
        "buffer",
        "count",
        "octets",
        "offsets",
        "payload_type",
        "sizes",
        "starts",
    )

    def __init__(
        self,
        payloads: Sequence[Payload],
        payload_type: int,
        *,
        padding: int = 0,
        extension: bytes = b"",
    ) -> None:
        self.payload_type = payload_type
        out = bytearray()
        starts: list[int] = []
        sizes: list[int] = []
        first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0)
        tail = bytes(padding - 1) + bytes([padding]) if padding else b""
        for payload in payloads:
            kind = payload_type if payload.payload_type is None else payload.payload_type
            body = extension + payload.data + tail
            starts.append(len(out))
            sizes.append(len(body) + 12)
            out += struct.pack(">BBHBB", 0x24, 0, len(body) + 12, first, kind | payload.marker << 7)
            out += bytes(10) + body
        self.buffer: npt.NDArray[np.uint8] = np.frombuffer(bytes(out), np.uint8).copy()
        self.starts: npt.NDArray[np.int64] = np.array(starts, np.int64)
        self.offsets = starts
        self.sizes = sizes
        self.count = len(starts)
        self.octets = sum(len(payload.data) for payload in payloads)
        self._columns = self.starts[:, None] + np.arange(6, 16)
        self._order = np.arange(self.count)
        times = [payload.offset_ticks for payload in payloads]
        self._times = np.array(times, np.int64) if any(times) else None

    def patch(self, sequence: int, timestamp: int, ssrc: int) -> None:
        """Set sequence numbers from `sequence` on, the RTP time and the SSRC of all packets."""
        head = np.empty((self.count, 10), np.uint8)
        numbers = self._order + sequence
        head[:, 0] = (numbers >> 8) & 0xFF
        head[:, 1] = numbers & 0xFF
        head[:, 2:] = np.frombuffer(struct.pack(">II", timestamp, ssrc), np.uint8)
        if self._times is not None:
            times = (self._times + timestamp) & 0xFFFFFFFF
            head[:, 2:6] = times.astype(">u4").view(np.uint8).reshape(-1, 4)
        self.buffer[self._columns] = head

    def interleaved(self, channel: int) -> bytes:
        """Return all packets for a TCP connection on this interleaved channel."""
        self.buffer[self.starts + 1] = channel
        return self.buffer.tobytes()

    def datagrams(self) -> list[bytes]:
        """Return the RTP packets one by one, for UDP."""
        data = self.buffer.tobytes()
        return [
            data[start + 4 : start + 4 + size]
            for start, size in zip(self.offsets, self.sizes, strict=True)
        ]
