"""Video usability information: the parts that H.264 and H.265 write alike."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.media.codec.bits import BitReader

_EXTENDED_SAR = 255
# Table E-1 of H.264 and of H.265, indices 1 to 16.
_ASPECT_RATIOS = (
    (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11),
    (80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip


@dataclass(slots=True)
class Vui:
    """What a stream says of how to show it; None where it says nothing.

    `colour` is (primaries, transfer, matrix, full_range) of ISO/IEC 23091-2.
    `tick` is (num_units_in_tick, time_scale): the clock of fields (H.264) or pictures (H.265).
    """

    sample_aspect: tuple[int, int] | None = None
    colour: tuple[int, int, int, bool] | None = None
    tick: tuple[int, int] | None = None
    max_num_reorder_frames: int | None = None
    max_dec_frame_buffering: int | None = None


def read_common(bits: BitReader, vui: Vui) -> None:
    """Read from aspect_ratio_info_present_flag to the chroma locations (H.264 and H.265 E.2.1)."""
    if bits.flag():
        index = bits.u(8)
        if index == _EXTENDED_SAR:
            vui.sample_aspect = (bits.u(16), bits.u(16))
        elif 1 <= index <= len(_ASPECT_RATIOS):
            vui.sample_aspect = _ASPECT_RATIOS[index - 1]
    if bits.flag():
        bits.skip(1)  # overscan_appropriate_flag
    if bits.flag():
        bits.skip(3)  # video_format
        full_range = bits.flag()
        unspecified = 2
        primaries = transfer = matrix = unspecified
        if bits.flag():
            primaries, transfer, matrix = bits.u(8), bits.u(8), bits.u(8)
        vui.colour = (primaries, transfer, matrix, full_range)
    if bits.flag():
        bits.ue()
        bits.ue()


def read_tick(bits: BitReader, vui: Vui) -> None:
    """Read num_units_in_tick and time_scale."""
    units, scale = bits.u(32), bits.u(32)
    if units and scale:
        vui.tick = (units, scale)


def frame_rate(vui: Vui | None, ticks_per_frame: int) -> float | None:
    """Return frames per second, None where unsaid or not between 0.1 and 480."""
    if vui is None or vui.tick is None:
        return None
    units, scale = vui.tick
    rate = scale / (units * ticks_per_frame)
    return rate if 0.1 <= rate <= 480 else None
