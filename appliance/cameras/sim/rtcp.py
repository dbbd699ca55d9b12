"""Sender reports (RFC 3550 section 6.4.1) that carry the camera's clock."""

from __future__ import annotations

import struct

NTP_EPOCH_S = 2_208_988_800
"""Seconds from 1900 to 1970."""


def sender_report(ssrc: int, utc_ns: int, rtp_time: int, packets: int, octets: int) -> bytes:
    """Return an SR with an SDES (CNAME): the RTP time of a frame beside its UTC."""
    seconds, rest = divmod(utc_ns, 1_000_000_000)
    report = struct.pack(
        ">BBHIIIIII",
        0x80,
        200,
        6,
        ssrc,
        (seconds + NTP_EPOCH_S) & 0xFFFFFFFF,
        (rest << 32) // 1_000_000_000,
        rtp_time & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    name = b"camera"
    item = bytes((1, len(name))) + name
    item += bytes(4 - len(item) % 4)
    return report + struct.pack(">BBHI", 0x81, 202, 1 + len(item) // 4, ssrc) + item


def goodbye(ssrc: int) -> bytes:
    """Return a BYE (RFC 3550 section 6.6)."""
    return struct.pack(">BBHI", 0x81, 203, 1, ssrc)
