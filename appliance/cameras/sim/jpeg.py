"""JPEG pictures as RTP payloads (RFC 2435)."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.cameras.sim.templates import Payload

_SOI, _EOI, _DQT, _SOF0, _SOS = 0xD8, 0xD9, 0xDB, 0xC0, 0xDA


def _parse(picture: bytes) -> tuple[int, int, int, bytes, bytes]:
    """Return RFC 2435 type, width, height, quantisation tables and the entropy-coded scan."""
    tables: dict[int, bytes] = {}
    width = height = kind = 0
    position = 2
    while position + 4 <= len(picture):
        marker = picture[position + 1]
        size = int.from_bytes(picture[position + 2 : position + 4], "big")
        body = picture[position + 4 : position + 2 + size]
        if marker == _DQT:
            while body:
                tables[body[0] & 15] = body[1:65]
                body = body[65:]
        elif marker == _SOF0:
            height = int.from_bytes(body[1:3], "big")
            width = int.from_bytes(body[3:5], "big")
            kind = 1 if body[7] == 0x22 else 0
        elif marker == _SOS:
            scan = picture[position + 2 + size :]
            if scan[-2:] == bytes((0xFF, _EOI)):
                scan = scan[:-2]
            luma = tables.get(0, b"")
            return kind, width, height, luma + tables.get(1, luma), scan
        position += 2 + size
    raise ValueError("not a baseline JPEG picture")


def jpeg_payloads(parts: Sequence[bytes], mtu: int) -> list[Payload]:
    """Cut a baseline 4:2:0 or 4:2:2 picture with standard Huffman tables into payloads.

    The quantisation tables travel in the first packet (Q = 255, RFC 2435 section 3.1.8).
    """
    (picture,) = parts
    kind, width, height, tables, scan = _parse(picture)
    out: list[Payload] = []
    position = 0
    while position < len(scan):
        header = b"\0" + position.to_bytes(3, "big")
        header += bytes((kind, 255, (width + 7) // 8, (height + 7) // 8))
        if position == 0:
            header += b"\0\0" + len(tables).to_bytes(2, "big") + tables
        chunk = scan[position : position + mtu - len(header)]
        position += len(chunk)
        out.append(Payload(header + chunk, marker=position >= len(scan)))
    return out
