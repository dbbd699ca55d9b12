"""H.265: parameter sets, slice starts, recovery points (ITU-T H.265)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from appliance.media.codec.bits import BitReader, unescape
from appliance.media.codec.h264 import sei_payload
from appliance.media.codec.h265_lists import skip_scaling_lists, skip_short_term_sets
from appliance.media.codec.limits import MAX_PARAMETER_SET, checked_size
from appliance.media.codec.vui import Vui, frame_rate, read_common, read_tick
from appliance.media.errors import LimitError, MalformedError


class NalType(IntEnum):
    """nal_unit_type (table 7-1), as far as it matters here."""

    IRAP_FIRST = 16
    IRAP_LAST = 21
    VPS = 32
    SPS = 33
    PPS = 34
    AUD = 35
    PREFIX_SEI = 39
    SUFFIX_SEI = 40


_SEI_RECOVERY_POINT = 6
_SEI_LOOKED_AT = 256
_NAMES = {
    1: "Main",
    2: "Main 10",
    3: "Main Still Picture",
    4: "Range Extensions",
    5: "High Throughput",
    9: "Screen Content Coding",
}


@dataclass(frozen=True, slots=True)
class ProfileTierLevel:
    """profile_tier_level (7.3.3): `compatibility` is 32 flags, `constraints` the 6 bytes behind."""

    profile_space: int
    tier: int
    profile_idc: int
    compatibility: int
    constraints: bytes
    level_idc: int

    @property
    def codec_string(self) -> str:
        """ISO/IEC 14496-15 annex E.3: hvc1.A.B.C.D."""
        space = ("", "A", "B", "C")[self.profile_space]
        compatibility = int(f"{self.compatibility:032b}"[::-1], 2)
        parts = [
            f"hvc1.{space}{self.profile_idc}",
            f"{compatibility:X}",
            f"{'LH'[self.tier]}{self.level_idc}",
            *(f"{byte:X}" for byte in self.constraints.rstrip(b"\0")),
        ]
        return ".".join(parts)


@dataclass(frozen=True, slots=True)
class Vps:
    """A video parameter set (7.3.2.1); `tick` is (num_units_in_tick, time_scale) or None."""

    nal: bytes
    id: int
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class Sps:
    """What a sequence parameter set says (7.3.2.2).

    `width` and `height` are those of the conformance window in pixels; `reorder_depth` is
    sps_max_num_reorder_pics of the highest sub-layer.
    """

    nal: bytes
    id: int
    vps_id: int
    max_sub_layers: int
    temporal_id_nesting: bool
    profile_tier_level: ProfileTierLevel
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    reorder_depth: int
    frame_rate: float | None
    vui: Vui | None

    @property
    def codec_string(self) -> str:
        """ISO/IEC 14496-15 annex E.3: hvc1.A.B.C.D."""
        return self.profile_tier_level.codec_string

    @property
    def profile(self) -> str:
        """The profile's name (A.3), its number where it has none here."""
        number = self.profile_tier_level.profile_idc
        return _NAMES.get(number, str(number))


@dataclass(frozen=True, slots=True)
class Pps:
    """What a picture parameter set is called and which SPS it refers to (7.3.2.3)."""

    nal: bytes
    id: int
    sps_id: int


def parse_vps(nal: bytes) -> Vps:
    """Parse a video parameter set NAL unit; raises MalformedError, LimitError."""
    bits = _parameter_bits(nal)
    vps_id = bits.u(4)
    bits.skip(2 + 6)
    sub_layers = bits.u(3)
    bits.skip(1 + 16)
    vui = Vui()
    try:
        _profile_tier_level(bits, sub_layers)
        _sub_layer_ordering(bits, sub_layers)
        max_layer_id = bits.u(6)
        bits.skip(bits.ue(1023) * (max_layer_id + 1))
        if bits.flag():
            read_tick(bits, vui)
    except MalformedError:
        vui = Vui()
    return Vps(nal=nal.rstrip(b"\0"), id=vps_id, frame_rate=frame_rate(vui, 1))


def parse_sps(nal: bytes) -> Sps:
    """Parse a sequence parameter set NAL unit, its 2-byte header included.

    What follows the reference picture sets (VUI) is left out where it makes no sense, since
    cameras get it wrong and nothing in it is needed to decode.  Raises MalformedError, and
    LimitError for absurd sizes.
    """
    bits = _parameter_bits(nal)
    vps_id, sub_layers, nesting = bits.u(4), bits.u(3), bits.flag()
    if sub_layers > 6:
        raise MalformedError("an SPS of 8 sub-layers; H.265 knows at most 7")
    level = _profile_tier_level(bits, sub_layers)
    sps_id = bits.ue(15)
    chroma = bits.ue(3)
    separate_planes = bits.flag() if chroma == 3 else False
    coded_width, coded_height = bits.ue(), bits.ue()
    window = (bits.ue(), bits.ue(), bits.ue(), bits.ue()) if bits.flag() else (0, 0, 0, 0)
    unit_x = 2 if chroma in (1, 2) and not separate_planes else 1
    unit_y = 2 if chroma == 1 and not separate_planes else 1
    width, height = checked_size(
        coded_width - unit_x * (window[0] + window[1]),
        coded_height - unit_y * (window[2] + window[3]),
    )
    depth_luma, depth_chroma = bits.ue(8) + 8, bits.ue(8) + 8
    poc_bits = bits.ue(12) + 4
    reorder_depth = _sub_layer_ordering(bits, sub_layers)
    vui = _find_vui(bits, poc_bits)
    return Sps(
        nal=nal.rstrip(b"\0"),
        id=sps_id,
        vps_id=vps_id,
        max_sub_layers=sub_layers + 1,
        temporal_id_nesting=nesting,
        profile_tier_level=level,
        chroma_format_idc=chroma,
        bit_depth_luma=depth_luma,
        bit_depth_chroma=depth_chroma,
        width=width,
        height=height,
        reorder_depth=reorder_depth,
        frame_rate=frame_rate(vui, 1),
        vui=vui,
    )


def parse_pps(nal: bytes) -> Pps:
    """Parse the start of a picture parameter set NAL unit; raises MalformedError, LimitError."""
    bits = _parameter_bits(nal)
    return Pps(nal=nal.rstrip(b"\0"), id=bits.ue(63), sps_id=bits.ue(15))


def slice_pps_id(nal: bytes) -> int:
    """Return slice_pic_parameter_set_id of a slice segment (7.3.6.1); raises MalformedError."""
    bits = BitReader(unescape(nal[2:16]))
    bits.skip(1)  # first_slice_segment_in_pic_flag
    if 16 <= nal[0] >> 1 & 63 <= 23:
        bits.skip(1)  # no_output_of_prior_pics_flag
    return bits.ue(63)


def recovery_poc_count(sei: bytes) -> int | None:
    """Return recovery_poc_cnt of the recovery point in a prefix SEI (D.2.8), None without.

    Only the first 256 bytes are looked at, and no input raises: SEI is optional.
    """
    payload = sei_payload(unescape(sei[2:_SEI_LOOKED_AT]), _SEI_RECOVERY_POINT)
    if payload is None:
        return None
    try:
        return BitReader(payload).se()
    except MalformedError:
        return None


def _parameter_bits(nal: bytes) -> BitReader:
    if len(nal) > MAX_PARAMETER_SET:
        raise LimitError(f"a parameter set of {len(nal)} bytes; at most {MAX_PARAMETER_SET}")
    return BitReader(unescape(nal[2:]))


def _profile_tier_level(bits: BitReader, sub_layers: int) -> ProfileTierLevel:
    level = ProfileTierLevel(
        profile_space=bits.u(2),
        tier=bits.u(1),
        profile_idc=bits.u(5),
        compatibility=bits.u(32),
        constraints=bits.u(48).to_bytes(6, "big"),
        level_idc=bits.u(8),
    )
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.skip(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)
    return level


def _sub_layer_ordering(bits: BitReader, sub_layers: int) -> int:
    """Pass over the ordering information and return max_num_reorder of the highest sub-layer."""
    all_present = bits.flag()
    reorder = 0
    for _ in range(sub_layers + 1 if all_present else 1):
        bits.ue(15)  # max_dec_pic_buffering_minus1
        reorder = bits.ue(15)
        bits.ue()  # max_latency_increase_plus1
    return reorder


def _find_vui(bits: BitReader, poc_bits: int) -> Vui | None:
    """Read on from the coding block sizes to the VUI (E.2.1) and return what could be read."""
    vui = Vui()
    try:
        for _ in range(6):
            bits.ue()
        if bits.flag() and bits.flag():
            skip_scaling_lists(bits)
        bits.skip(2)  # amp_enabled_flag, sample_adaptive_offset_enabled_flag
        if bits.flag():  # pcm_enabled_flag
            bits.skip(8)
            bits.ue()
            bits.ue()
            bits.skip(1)
        skip_short_term_sets(bits)
        if bits.flag():  # long_term_ref_pics_present_flag
            bits.skip(bits.ue(32) * (poc_bits + 1))
        bits.skip(2)  # sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        if not bits.flag():
            return None
        read_common(bits, vui)
        bits.skip(3)  # neutral_chroma_indication_flag, field_seq_flag, frame_field_info_...
        if bits.flag():  # default_display_window_flag
            for _ in range(4):
                bits.ue()
        if bits.flag():
            read_tick(bits, vui)
    except MalformedError:
        return vui
    return vui
