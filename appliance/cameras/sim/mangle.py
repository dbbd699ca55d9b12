"""Quirks of the RTP layer: payloads that differ from what the RFCs want."""

from __future__ import annotations

from dataclasses import replace

from appliance.cameras.sim.loops import Unit
from appliance.cameras.sim.nal import is_parameter_set, is_vcl, nal_type
from appliance.cameras.sim.packetise import payloads_of
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.templates import Payload, Template

PACKET_QUIRKS = frozenset(
    {
        Quirk.EMPTY_FU, Quirk.FU_TYPE_CHANGE, Quirk.MARK_ON_SEI, Quirk.MARKER_NEVER,
        Quirk.MARKER_ALWAYS, Quirk.ANNEX_B, Quirk.AGGREGATE, Quirk.RTP_PADDING,
        Quirk.RTP_EXTENSION, Quirk.JUNK_PAYLOAD_TYPE, Quirk.AAC_FRAGMENTED,
        Quirk.SPS_EXTRA_BYTES, Quirk.ABSURD_RESOLUTION,
    }
)  # fmt: skip
"""Quirks that change packets, so that ready-made ones cannot be used."""

_SEI = {
    "h264": bytes((6, 5, 17)) + b"simulated camera!" + b"\x80",
    "h265": bytes((39 << 1, 1, 5, 17)) + b"simulated camera!" + b"\x80",
}
_FU = {"h264": 28, "h265": 49}


def _aggregate(codec: str, parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Join the small NAL units ahead of the picture in a STAP-A (RFC 6184 5.7.1) or AP."""
    small = [part for part in parts if not is_vcl(codec, part) and len(part) < 400]
    rest = [part for part in parts if part not in small]
    if len(small) < 2:
        return parts
    head = bytes((24 | max(part[0] & 0x60 for part in small),))
    if codec == "h265":
        head = bytes((48 << 1, 1))
    return (head + b"".join(len(p).to_bytes(2, "big") + p for p in small), *rest)


def _annex_b(codec: str, parts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Put all NAL units of the access unit in one payload, start codes between them."""
    small = [part for part in parts if not is_vcl(codec, part)]
    pictures = [part for part in parts if is_vcl(codec, part)]
    if len(parts) < 2:
        return parts
    return (b"\0\0\0\1".join([*small, *pictures]),)


def _is_fu(codec: str, payload: Payload) -> bool:
    return bool(payload.data) and nal_type(codec, payload.data) == _FU[codec]


def _fu_header_at(codec: str) -> int:
    return 1 if codec == "h264" else 2


def _with_empty_fragments(codec: str, payloads: list[Payload]) -> list[Payload]:
    """After the first fragment of each NAL unit put one that holds nothing."""
    out = []
    at = _fu_header_at(codec)
    for payload in payloads:
        out.append(payload)
        if _is_fu(codec, payload) and payload.data[at] & 0x80:
            header = payload.data[at] & 0x3F
            out.append(Payload(payload.data[:at] + bytes((header,)), marker=False))
    return out


def _with_type_change(codec: str, payloads: list[Payload]) -> list[Payload]:
    """Make the last fragment name another NAL unit type than the first."""
    out = []
    at = _fu_header_at(codec)
    for payload in payloads:
        data = payload.data
        if _is_fu(codec, payload) and data[at] & 0x40:
            data = data[:at] + bytes((data[at] ^ 0x04,)) + data[at + 1 :]
        out.append(replace(payload, data=data))
    return out


def absurd_sps(codec: str, nal: bytes) -> bytes:
    """Return a Baseline SPS of 16 million by 16 million pixels (H.264), else the same unit."""
    if codec != "h264" or nal_type(codec, nal) != 7:
        return nal

    def ue(value: int) -> str:
        bits = f"{value + 1:b}"
        return "0" * (len(bits) - 1) + bits

    # seq id, log2_max_frame_num, poc type 2, ref frames, gaps, width and height in macroblocks,
    # frame_mbs_only, direct_8x8, no crop, no VUI, stop bit (ITU-T H.264 section 7.3.2.1.1)
    bits = ue(0) + ue(0) + ue(2) + ue(1) + "0" + ue(999_999) + ue(999_999) + "1" + "1" + "0" + "0"
    bits += "1"
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    out = bytearray()
    for byte in body:
        if out[-2:] == b"\0\0" and byte <= 3:
            out.append(3)
        out.append(byte)
    return bytes((0x67, 66, 0xC0, 62)) + bytes(out)


def mangled(unit: Unit, payload_type: int, quirks: frozenset[Quirk]) -> Template:
    """Build the packets of a unit with all quirks that concern them."""
    codec, parts = unit.codec, unit.parts
    video = codec in ("h264", "h265")
    if video:
        if Quirk.ABSURD_RESOLUTION in quirks:
            parts = tuple(absurd_sps(codec, part) for part in parts)
        if Quirk.SPS_EXTRA_BYTES in quirks:
            parts = tuple(
                part + b"\0\0\0\1" if is_parameter_set(codec, part) else part for part in parts
            )
        if Quirk.MARK_ON_SEI in quirks:
            first = next(i for i, part in enumerate(parts) if is_vcl(codec, part))
            parts = (*parts[:first], _SEI[codec], *parts[first:])
        if Quirk.AGGREGATE in quirks:
            parts = _aggregate(codec, parts)
        if Quirk.ANNEX_B in quirks:
            parts = _annex_b(codec, parts)
    small = Quirk.AAC_FRAGMENTED in quirks and codec == "aac"
    payloads = payloads_of(codec, parts, unit.size // 3 + 8) if small else payloads_of(codec, parts)
    if video:
        if Quirk.EMPTY_FU in quirks:
            payloads = _with_empty_fragments(codec, payloads)
        if Quirk.FU_TYPE_CHANGE in quirks:
            payloads = _with_type_change(codec, payloads)
        if Quirk.MARK_ON_SEI in quirks:
            payloads = [replace(p, marker=p.marker or p.data == _SEI[codec]) for p in payloads]
        if Quirk.MARKER_NEVER in quirks:
            payloads = [replace(p, marker=False) for p in payloads]
        if Quirk.MARKER_ALWAYS in quirks:
            payloads = [replace(p, marker=True) for p in payloads]
    if Quirk.JUNK_PAYLOAD_TYPE in quirks:
        payloads = [*payloads, Payload(b"junk" * 8, marker=False, payload_type=50)]
    # ONVIF replay extension (ONVIF Streaming section 6.3): NTP time, flags, CSeq; 3 words
    extension = b"\xab\xac\0\3" + bytes(12) if Quirk.RTP_EXTENSION in quirks else b""
    padding = 4 if Quirk.RTP_PADDING in quirks else 0
    return Template(payloads, payload_type, padding=padding, extension=extension)
