"""RTP payloads of each coding: H.264, H.265, AAC, plain PCM, G.726, Opus, MPEG-4 part 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.cameras.sim.jpeg import jpeg_payloads
from appliance.cameras.sim.templates import Payload

MTU = 1400
"""Largest RTP payload in bytes."""


def _fragments(body: bytes, room: int) -> list[tuple[bytes, bool, bool]]:
    last = max(0, len(body) - 1) // room
    return [(body[i * room : (i + 1) * room], i == 0, i == last) for i in range(last + 1)]


def h264_payloads(parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """Single NAL unit packets and FU-A (RFC 6184 sections 5.6 and 5.8), packetization-mode 1."""
    out: list[Payload] = []
    for nal in parts:
        if len(nal) <= mtu:
            out.append(Payload(nal, marker=False))
            continue
        indicator = (nal[0] & 0xE0) | 28
        for chunk, first, last in _fragments(nal[1:], mtu - 2):
            header = (nal[0] & 31) | first << 7 | last << 6
            out.append(Payload(bytes((indicator, header)) + chunk, marker=False))
    return mark_last(out)


def h265_payloads(parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """Single NAL unit packets and FUs (RFC 7798 sections 4.4.1 and 4.4.3)."""
    out: list[Payload] = []
    for nal in parts:
        if len(nal) <= mtu:
            out.append(Payload(nal, marker=False))
            continue
        header = bytes(((nal[0] & 0x81) | 49 << 1, nal[1]))
        kind = (nal[0] >> 1) & 63
        for chunk, first, last in _fragments(nal[2:], mtu - 3):
            fu = bytes((kind | first << 7 | last << 6,))
            out.append(Payload(header + fu + chunk, marker=False))
    return mark_last(out)


def aac_payloads(parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """AAC-hbr (RFC 3640 section 3.3.6): a 16-bit AU header; a frame above `mtu` is fragmented.

    Every fragment carries the size of the whole frame; only the last has the marker bit.
    """
    (frame,) = parts
    header = b"\0\x10" + (len(frame) << 3).to_bytes(2, "big")
    return mark_last(
        [Payload(header + chunk, marker=False) for chunk, _, _ in _fragments(frame, mtu - 4)]
    )


def plain_payloads(parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """One frame one packet, as G.711, L16, G.726 (RFC 3551) and Opus (RFC 7587) have it."""
    del mtu
    return [Payload(part, marker=False) for part in parts]


def mpeg4_payloads(parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """A frame cut into pieces, the marker on the last (RFC 6416 section 5.1)."""
    (frame,) = parts
    return mark_last([Payload(chunk, marker=False) for chunk, _, _ in _fragments(frame, mtu)])


def mark_last(payloads: list[Payload]) -> list[Payload]:
    """Give the last payload the marker bit."""
    if payloads:
        payloads[-1] = Payload(payloads[-1].data, marker=True)
    return payloads


PACKETISERS: dict[str, Callable[[Sequence[bytes], int], list[Payload]]] = {
    "h264": h264_payloads,
    "h265": h265_payloads,
    "aac": aac_payloads,
    "pcmu": plain_payloads,
    "pcma": plain_payloads,
    "l16": plain_payloads,
    "g726": plain_payloads,
    "opus": plain_payloads,
    "mpeg4": mpeg4_payloads,
    "mjpeg": jpeg_payloads,
}


def payloads_of(codec: str, parts: Sequence[bytes], mtu: int = MTU) -> list[Payload]:
    """Return the payloads of one access unit as a camera without faults sends them."""
    return PACKETISERS.get(codec, plain_payloads)(parts, mtu)
