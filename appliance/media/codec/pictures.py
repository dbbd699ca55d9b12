"""Sizes of MPEG-4 part 2 and JPEG pictures, for what comes in through the fallback."""

from __future__ import annotations

from appliance.media.codec.bits import BitReader
from appliance.media.codec.limits import checked_size
from appliance.media.errors import MalformedError, UnsupportedError

_VOL_START = range(0x20, 0x30)
_VISUAL_SEQUENCE_START = 0xB0
_RECTANGULAR = 0
_EXTENDED_PAR = 15
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))


def vol_size(header: bytes) -> tuple[int, int]:
    """Return width and height of the video object layer in `header` (ISO/IEC 14496-2 6.2.3).

    `header` is the `config` of an SDP, or a frame that carries its headers.  Raises
    MalformedError without a VOL, UnsupportedError for shapes other than rectangles, LimitError
    for absurd sizes.
    """
    position = _find_start(header, _VOL_START)
    if position < 0:
        raise MalformedError("no video object layer header")
    bits = BitReader(header[position : position + 64])
    bits.skip(1 + 8)
    version = 1
    if bits.flag():  # is_object_layer_identifier
        version = bits.u(4)
        bits.skip(3)
    if bits.u(4) == _EXTENDED_PAR:
        bits.skip(16)
    if bits.flag():  # vol_control_parameters
        bits.skip(3)
        if bits.flag():  # vbv_parameters
            bits.skip(79)
    shape = bits.u(2)
    if shape != _RECTANGULAR:
        raise UnsupportedError(f"MPEG-4 video of shape {shape} (version {version})")
    bits.skip(1)
    resolution = bits.u(16)
    bits.skip(1)
    if bits.flag():  # fixed_vop_rate
        bits.skip(max(1, (resolution - 1).bit_length() if resolution else 1))
    bits.skip(1)
    width = bits.u(13)
    bits.skip(1)
    return checked_size(width, bits.u(13))


def visual_profile_level(header: bytes) -> int:
    """Return profile_and_level_indication (table G.1); 1 (Simple, level 1) where it is not said."""
    position = _find_start(header, range(_VISUAL_SEQUENCE_START, _VISUAL_SEQUENCE_START + 1))
    return header[position] if 0 <= position < len(header) else 1


def jpeg_size(frame: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG picture (ITU-T T.81 B.2.2).

    Raises MalformedError without a frame header, LimitError for absurd sizes.
    """
    position = 2
    if frame[:2] != b"\xff\xd8":
        raise MalformedError("not a JPEG picture: no start of image")
    while position + 9 <= len(frame):
        if frame[position] != 0xFF:
            break
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _STANDALONE:
            position += 2
        elif marker in _START_OF_FRAME:
            height = int.from_bytes(frame[position + 5 : position + 7], "big")
            width = int.from_bytes(frame[position + 7 : position + 9], "big")
            return checked_size(width, height)
        elif marker == _START_OF_SCAN:
            break
        else:
            position += 2 + max(2, int.from_bytes(frame[position + 2 : position + 4], "big"))
    raise MalformedError("a JPEG picture without a frame header")


def _find_start(data: bytes, codes: range) -> int:
    """Return the position behind the first start code in `codes`, -1 if there is none."""
    position = data.find(b"\0\0\1")
    while position >= 0:
        if position + 3 < len(data) and data[position + 3] in codes:
            return position + 4
        position = data.find(b"\0\0\1", position + 3)
    return -1
