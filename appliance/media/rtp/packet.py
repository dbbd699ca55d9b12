"""RTP packets: the header, without an object per packet (RFC 3550 5.1)."""

from __future__ import annotations

import struct

from appliance.media.errors import MalformedError

HEADER_BYTES = 12
_HEADER = struct.Struct(">BBHII")
_VERSION = 0x80
_PADDING = 0x20
_EXTENSION = 0x10

RtpFields = tuple[int, bool, int, int, int, memoryview]
"""payload type, marker, sequence number, RTP time, SSRC, payload"""


def parse(packet: memoryview) -> RtpFields:
    """Return the fields of one RTP packet; the payload is a view into `packet`.

    Padding, header extension and contributing sources are passed over.  Raises MalformedError for
    another version, and for a packet that ends inside its header or has more padding than bytes.
    """
    size = len(packet)
    if size < HEADER_BYTES:
        raise MalformedError(f"an RTP packet of {size} bytes")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
    if first == _VERSION:  # no padding, no extension, no sources: nearly all packets
        return second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, packet[HEADER_BYTES:]
    if first & 0xC0 != _VERSION:
        raise MalformedError(f"an RTP packet of version {first >> 6}")
    start = HEADER_BYTES + 4 * (first & 15)
    if first & _EXTENSION:
        if start + 4 > size:
            raise MalformedError("an RTP packet that ends inside its header")
        start += 4 + 4 * (packet[start + 2] << 8 | packet[start + 3])
    if first & _PADDING and size:
        padding = packet[size - 1]
        size -= padding or 1
    if start > size:
        raise MalformedError("an RTP packet that ends inside its header")
    return second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, packet[start:size]


def build(
    payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> bytes:
    """Return an RTP packet; sequence number and RTP time are taken modulo their widths."""
    return (
        _HEADER.pack(
            _VERSION,
            payload_type | (0x80 if marker else 0),
            sequence & 0xFFFF,
            timestamp & 0xFFFF_FFFF,
            ssrc & 0xFFFF_FFFF,
        )
        + payload
    )


class SequenceCheck:
    """Finds gaps in the sequence numbers of a transport that keeps order (RTP over TCP).

    `lost` counts missing packets.  A camera that starts its numbers anew is a gap of unknown
    length: it counts as one.
    """

    __slots__ = ("_next", "lost")

    def __init__(self) -> None:
        self._next = -1
        self.lost = 0

    def missing(self, sequence: int) -> int:
        """Return how many packets are missing before this one (0 nearly always)."""
        expected, self._next = self._next, (sequence + 1) & 0xFFFF
        if sequence == expected or expected < 0:
            return 0
        gap = (sequence - expected) & 0xFFFF
        gap = gap if gap < 0x8000 else 1
        self.lost += gap
        return gap
