"""Decoder configuration records of H.264 and H.265: `avcC` and `hvcC` (ISO/IEC 14496-15)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from appliance.media.errors import LimitError, MalformedError
from appliance.media.types import AudioFormat, Codec, TrackFormat

_AVC_SPS, _AVC_PPS = 7, 8
_HEVC_VPS, _HEVC_SPS, _HEVC_PPS = 32, 33, 34
_AVC_CHROMA_PROFILES = frozenset((100, 110, 122, 144, 244, 44, 83, 86, 118, 128, 138, 139, 134))
_AVCC_CHROMA_PROFILES = frozenset((100, 110, 122, 144))
_MAX_SETS = 64


class _Bits:
    """Reads bits of an RBSP; past its end it reads zeros, so the fields must be checked."""

    def __init__(self, nal: bytes, skip: int) -> None:
        rbsp = nal[skip : skip + 256].replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(rbsp, "big")
        self._left = len(rbsp) * 8

    def bits(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise MalformedError("parameter set is cut off")
        return self._value >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        zeros = 0
        while not self.bits(1):
            zeros += 1
            if zeros > 32:
                raise MalformedError("parameter set holds an endless number")
        return (1 << zeros) - 1 + (self.bits(zeros) if zeros else 0)


def decoder_record(form: TrackFormat) -> bytes:
    """Return avcC or hvcC as WebCodecs takes it as `description`; the ASC of AAC; else nothing."""
    if isinstance(form, AudioFormat):
        return form.config
    if form.codec is Codec.H264:
        return avcc(form.parameter_sets)
    if form.codec is Codec.H265:
        return hvcc(form.parameter_sets, complete=True)
    return b"".join(form.parameter_sets)


def avcc(parameter_sets: Sequence[bytes]) -> bytes:
    """Return the AVCDecoderConfigurationRecord of SPS and PPS (section 5.3.3.1), 4-byte lengths."""
    sps = [nal for nal in parameter_sets if nal and nal[0] & 31 == _AVC_SPS]
    pps = [nal for nal in parameter_sets if nal and nal[0] & 31 == _AVC_PPS]
    if not sps or len(sps[0]) < 4 or not pps:
        raise MalformedError("H.264 needs a sequence and a picture parameter set")
    if len(sps) > 31 or len(pps) > 255:
        raise LimitError("too many parameter sets")
    first = sps[0]
    record = [bytes((1, first[1], first[2], first[3], 0xFF, 0xE0 | len(sps))), *map(_sized, sps)]
    record += [bytes((len(pps),)), *map(_sized, pps)]
    if first[1] in _AVCC_CHROMA_PROFILES:
        chroma, luma_depth, chroma_depth = _avc_chroma(first)
        record.append(bytes((0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0)))
    return b"".join(record)


def _avc_chroma(sps: bytes) -> tuple[int, int, int]:
    """Return chroma_format_idc and both bit depths minus 8 (H.264 section 7.3.2.1.1)."""
    if sps[1] not in _AVC_CHROMA_PROFILES:
        return 1, 0, 0
    bits = _Bits(sps, 4)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.bits(1)
    return _depths(chroma, bits.golomb(), bits.golomb())


def _depths(chroma: int, luma_depth: int, chroma_depth: int) -> tuple[int, int, int]:
    if chroma > 3 or luma_depth > 7 or chroma_depth > 7:
        raise MalformedError("sequence parameter set names an impossible sample format")
    return chroma, luma_depth, chroma_depth


def hvcc(parameter_sets: Sequence[bytes], *, complete: bool) -> bytes:
    """Return the HEVCDecoderConfigurationRecord of VPS, SPS and PPS (section 8.3.3.1).

    `complete`: no parameter sets of these kinds will come in the samples (hvc1, not hev1).
    """
    kinds: dict[int, list[bytes]] = {_HEVC_VPS: [], _HEVC_SPS: [], _HEVC_PPS: []}
    for nal in parameter_sets:
        if len(nal) > 2 and nal[0] >> 1 & 63 in kinds:
            kinds[nal[0] >> 1 & 63].append(nal)
    if not kinds[_HEVC_SPS] or not kinds[_HEVC_PPS]:
        raise MalformedError("H.265 needs a sequence and a picture parameter set")
    if sum(map(len, kinds.values())) > _MAX_SETS:
        raise LimitError("too many parameter sets")
    first = kinds[_HEVC_SPS][0]
    sub_layers, nested, profile, (chroma, luma_depth, chroma_depth) = _hevc_sps(first)
    record = [
        b"\x01",
        profile,
        struct.pack(">HBBBBHB", 0xF000, 0xFC, 0xFC | chroma, 0xF8 | luma_depth,
                    0xF8 | chroma_depth, 0, sub_layers << 3 | nested << 2 | 3),
    ]  # fmt: skip
    present = [(kind, nals) for kind, nals in kinds.items() if nals]
    record.append(bytes((len(present),)))
    for kind, nals in present:
        record.append(struct.pack(">BH", complete << 7 | kind, len(nals)))
        record.extend(map(_sized, nals))
    return b"".join(record)


def _hevc_sps(sps: bytes) -> tuple[int, int, bytes, tuple[int, int, int]]:
    """Return sub-layer count, nesting flag, 12 bytes of profile/tier/level, sample format."""
    bits = _Bits(sps, 2)
    bits.bits(4)
    sub_layers, nested = bits.bits(3), bits.bits(1)
    profile = bits.bits(96).to_bytes(12, "big")
    present = [(bits.bits(1), bits.bits(1)) for _layer in range(sub_layers)]
    if sub_layers:
        bits.bits(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.bits(88 * has_profile + 8 * has_level)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.bits(1)
    bits.golomb()
    bits.golomb()
    if bits.bits(1):
        for _edge in range(4):
            bits.golomb()
    return sub_layers + 1, nested, profile, _depths(chroma, bits.golomb(), bits.golomb())


def _sized(nal: bytes) -> bytes:
    if len(nal) > 0xFFFF:
        raise LimitError(f"parameter set of {len(nal)} bytes")
    return struct.pack(">H", len(nal)) + nal


class VideoRecord(NamedTuple):
    """A configuration record read back: parameter sets, RFC 6381 tail, bytes of a NAL length."""

    parameter_sets: tuple[bytes, ...]
    codec_suffix: str
    length_size: int


def parse_avcc(data: bytes) -> VideoRecord:
    """Read an AVCDecoderConfigurationRecord; raises MalformedError."""
    if len(data) < 7 or data[0] != 1:
        raise MalformedError("avcC is cut off or of an unknown version")
    sets: list[bytes] = []
    at = _take_sets(data, 6, data[5] & 31, sets)
    if at >= len(data):
        raise MalformedError("avcC is cut off")
    _take_sets(data, at + 1, data[at], sets)
    return VideoRecord(tuple(sets), data[1:4].hex(), (data[4] & 3) + 1)


def parse_hvcc(data: bytes) -> VideoRecord:
    """Read an HEVCDecoderConfigurationRecord; raises MalformedError."""
    if len(data) < 23 or data[0] != 1:
        raise MalformedError("hvcC is cut off or of an unknown version")
    sets: list[bytes] = []
    at = 23
    for _array in range(data[22]):
        if at + 3 > len(data):
            raise MalformedError("hvcC is cut off")
        count = int.from_bytes(data[at + 1 : at + 3], "big")
        at = _take_sets(data, at + 3, count, sets)
    return VideoRecord(tuple(sets), _hevc_suffix(data[1:13]), (data[21] & 3) + 1)


def _hevc_suffix(profile: bytes) -> str:
    """Return what follows "hvc1." (section E.3)."""
    space = ("", "A", "B", "C")[profile[0] >> 6]
    compatibility = int(f"{int.from_bytes(profile[1:5], 'big'):032b}"[::-1], 2)
    tier = "H" if profile[0] & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in profile[5:11].rstrip(b"\0")]
    head = f"{space}{profile[0] & 31}.{compatibility:X}.{tier}{profile[11]}"
    return ".".join((head, *constraints))


def _take_sets(data: bytes, at: int, count: int, into: list[bytes]) -> int:
    for _number in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            raise MalformedError("a parameter set is cut off")
        into.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return at
