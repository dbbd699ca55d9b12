"""H.264: sequence and picture parameter sets, slice headers, recovery points (ITU-T H.264)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from appliance.media.codec.bits import BitReader, escape, unescape
from appliance.media.codec.limits import MAX_PARAMETER_SET, checked_size
from appliance.media.codec.vui import Vui, frame_rate, read_common, read_tick
from appliance.media.errors import LimitError, MalformedError


class NalType(IntEnum):
    """nal_unit_type (table 7-1), as far as it matters here."""

    SLICE = 1
    PARTITION_A = 2
    PARTITION_B = 3
    PARTITION_C = 4
    IDR = 5
    SEI = 6
    SPS = 7
    PPS = 8
    AUD = 9


_CHROMA_PROFILES = frozenset((44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244))
_INTRA_PROFILES = frozenset((44, 86, 100, 110, 122, 244))
_BASELINE = 66
_SEI_RECOVERY_POINT = 6
_SEI_LOOKED_AT = 256
_NAMES = {
    44: "CAVLC 4:4:4 Intra",
    66: "Baseline",
    77: "Main",
    88: "Extended",
    100: "High",
    110: "High 10",
    122: "High 4:2:2",
    244: "High 4:4:4 Predictive",
}


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says (7.3.2.1.1).

    `width` and `height` are those of the cropped picture in pixels.  `reorder_depth` is the
    number of frames that may precede another in decoding order and follow it on the screen: said
    by bitstream_restriction, or 0 where the profile or the picture order count rule it out, else
    None.  `nal` is the unit without bytes that cameras leave behind its end.
    """

    nal: bytes
    id: int
    profile_idc: int
    constraints: int
    level_idc: int
    chroma_format_idc: int
    width: int
    height: int
    frame_mbs_only: bool
    poc_type: int
    reorder_depth: int | None
    max_dec_frame_buffering: int | None
    frame_rate: float | None
    vui: Vui | None

    @property
    def codec_string(self) -> str:
        """RFC 6381 section 3.3: avc1.PPCCLL."""
        return f"avc1.{self.profile_idc:02x}{self.constraints:02x}{self.level_idc:02x}"

    @property
    def profile(self) -> str:
        """The profile's name (A.2), its number where it has none here."""
        name = _NAMES.get(self.profile_idc, str(self.profile_idc))
        if self.profile_idc == _BASELINE and self.constraints & 0x40:
            return f"Constrained {name}"
        if self.profile_idc in (110, 122, 244) and self.constraints & 0x10:
            return f"{name.removesuffix(' Predictive')} Intra"
        return name


@dataclass(frozen=True, slots=True)
class Pps:
    """What a picture parameter set is called and which SPS it refers to (7.3.2.2)."""

    nal: bytes
    id: int
    sps_id: int


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """The first fields of a slice header (7.3.3)."""

    first_mb: int
    slice_type: int
    pps_id: int

    @property
    def intra(self) -> bool:
        """Whether the slice refers to no other picture (I or SI)."""
        return self.slice_type % 5 in (2, 4)


def parse_sps(nal: bytes) -> Sps:
    """Parse a sequence parameter set NAL unit, header included.

    A VUI that makes no sense is left out rather than refused: cameras get it wrong, and nothing
    in it is needed to decode.  Raises MalformedError, and LimitError for absurd sizes.
    """
    bits = _parameter_bits(nal)
    profile, constraints, level = bits.u(8), bits.u(8), bits.u(8)
    sps_id = bits.ue(31)
    chroma, separate_planes = _chroma(bits) if profile in _CHROMA_PROFILES else (1, False)
    bits.ue(12)  # log2_max_frame_num_minus4
    poc_type = _picture_order(bits)
    bits.ue()  # max_num_ref_frames
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    width_mbs = bits.ue() + 1
    height_map_units = bits.ue() + 1
    frame_mbs_only = bits.flag()
    if not frame_mbs_only:
        bits.skip(1)  # mb_adaptive_frame_field_flag
    bits.skip(1)  # direct_8x8_inference_flag
    crop = (bits.ue(), bits.ue(), bits.ue(), bits.ue()) if bits.flag() else (0, 0, 0, 0)
    fields = 1 if frame_mbs_only else 2
    unit_x = 2 if chroma in (1, 2) and not separate_planes else 1
    unit_y = (2 if chroma == 1 and not separate_planes else 1) * fields
    width, height = checked_size(
        width_mbs * 16 - unit_x * (crop[0] + crop[1]),
        height_map_units * 16 * fields - unit_y * (crop[2] + crop[3]),
    )
    vui, whole = _vui(bits) if bits.flag() else (None, True)
    depth = vui.max_num_reorder_frames if vui else None
    intra_only = profile in _INTRA_PROFILES and bool(constraints & 0x10)
    if depth is None and (profile == _BASELINE or intra_only or poc_type == 2):
        depth = 0
    return Sps(
        nal=_without_tail(nal, bits) if whole else nal.rstrip(b"\0"),
        id=sps_id,
        profile_idc=profile,
        constraints=constraints,
        level_idc=level,
        chroma_format_idc=chroma,
        width=width,
        height=height,
        frame_mbs_only=frame_mbs_only,
        poc_type=poc_type,
        reorder_depth=depth,
        max_dec_frame_buffering=vui.max_dec_frame_buffering if vui else None,
        frame_rate=frame_rate(vui, 2),
        vui=vui,
    )


def parse_pps(nal: bytes) -> Pps:
    """Parse the start of a picture parameter set NAL unit; raises MalformedError, LimitError."""
    bits = _parameter_bits(nal)
    return Pps(nal=nal.rstrip(b"\0"), id=bits.ue(255), sps_id=bits.ue(31))


def parse_slice_header(nal: bytes) -> SliceHeader:
    """Parse the start of a slice's header (types 1, 2 and 5); raises MalformedError."""
    bits = BitReader(unescape(nal[1:24]))
    return SliceHeader(first_mb=bits.ue(), slice_type=bits.ue(9), pps_id=bits.ue(255))


def recovery_frame_count(sei: bytes) -> int | None:
    """Return recovery_frame_cnt of the recovery point in an SEI NAL unit (D.2.8), None without.

    Only the first 256 bytes are looked at, and no input raises: SEI is optional.
    """
    payload = sei_payload(unescape(sei[1:_SEI_LOOKED_AT]), _SEI_RECOVERY_POINT)
    if payload is None:
        return None
    try:
        return BitReader(payload).ue(65_535)
    except MalformedError:
        return None


def sei_payload(rbsp: bytes, wanted: int) -> bytes | None:
    """Return the first SEI message of type `wanted` (7.3.2.3.1; the same in H.265)."""
    position, end = 0, len(rbsp)
    while position < end - 1:
        fields = [0, 0]
        for index in range(2):
            while position < end and rbsp[position] == 0xFF:
                fields[index] += 0xFF
                position += 1
            if position == end:
                return None
            fields[index] += rbsp[position]
            position += 1
        if fields[0] == wanted:
            return rbsp[position : position + fields[1]]
        position += fields[1]
    return None


def _parameter_bits(nal: bytes) -> BitReader:
    if len(nal) > MAX_PARAMETER_SET:
        raise LimitError(f"a parameter set of {len(nal)} bytes; at most {MAX_PARAMETER_SET}")
    return BitReader(unescape(nal[1:]))


def _chroma(bits: BitReader) -> tuple[int, bool]:
    chroma = bits.ue(3)
    separate = bits.flag() if chroma == 3 else False
    bits.ue(6)  # bit_depth_luma_minus8
    bits.ue(6)  # bit_depth_chroma_minus8
    bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():  # seq_scaling_matrix_present_flag
        for index in range(12 if chroma == 3 else 8):
            if bits.flag():
                _scaling_list(bits, 16 if index < 6 else 64)
    return chroma, separate


def _scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.se()) % 256
        last = following or last


def _picture_order(bits: BitReader) -> int:
    poc_type = bits.ue(2)
    if poc_type == 0:
        bits.ue(12)  # log2_max_pic_order_cnt_lsb_minus4
    elif poc_type == 1:
        bits.skip(1)  # delta_pic_order_always_zero_flag
        bits.se()
        bits.se()
        for _ in range(bits.ue(255)):
            bits.se()
    return poc_type


def _vui(bits: BitReader) -> tuple[Vui, bool]:
    """Return the VUI (E.1.1) and whether it could be read to its end."""
    vui = Vui()
    try:
        read_common(bits, vui)
        if bits.flag():
            read_tick(bits, vui)
            bits.skip(1)  # fixed_frame_rate_flag
        nal_hrd = bits.flag()
        if nal_hrd:
            _hrd(bits)
        vcl_hrd = bits.flag()
        if vcl_hrd:
            _hrd(bits)
        if nal_hrd or vcl_hrd:
            bits.skip(1)  # low_delay_hrd_flag
        bits.skip(1)  # pic_struct_present_flag
        if bits.flag():
            bits.skip(1)  # motion_vectors_over_pic_boundaries_flag
            for _ in range(4):
                bits.ue()
            reorder, buffering = bits.ue(16), bits.ue(16)
            vui.max_num_reorder_frames = reorder
            vui.max_dec_frame_buffering = buffering
    except MalformedError:
        return vui, False
    return vui, True


def _hrd(bits: BitReader) -> None:
    count = bits.ue(31) + 1
    bits.skip(8)
    for _ in range(count):
        bits.ue()
        bits.ue()
        bits.skip(1)
    bits.skip(20)


def _without_tail(nal: bytes, bits: BitReader) -> bytes:
    """Cut what follows the stop bit; `bits` stands in front of it."""
    rbsp = unescape(nal[1:])
    stop = bits.position
    whole = (stop >> 3) + 1
    last = rbsp[whole - 1] if whole <= len(rbsp) else 0
    ends_here = last & (0xFF >> (stop & 7)) == 0x80 >> (stop & 7)
    if not ends_here or not rbsp[whole:].strip(b"\0"):
        return nal.rstrip(b"\0")
    return nal[:1] + escape(rbsp[:whole])
