"""H.265 parameter sets: those of x265 in many forms, and those of real cameras."""

from __future__ import annotations

import base64
import re
from fractions import Fraction

import av
import numpy as np
import pytest

from appliance.media.codec.bits import BitReader, BitWriter
from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.codec.h265 import parse_sps, parse_vps, recovery_poc_count, slice_pps_id
from appliance.media.codec.h265_lists import skip_scaling_lists, skip_short_term_sets
from appliance.media.codec.nal import split_annexb
from appliance.media.errors import LimitError, MalformedError
from appliance.media.types import Codec


def coded(size, options, pix_fmt="yuv420p", rate=25):
    context = av.CodecContext.create("libx265", "w")
    context.width, context.height = size
    context.pix_fmt = pix_fmt
    context.framerate = rate
    context.time_base = Fraction(1, rate)
    context.options = {
        "preset": "ultrafast",
        "x265-params": f"log-level=none:pools=none:frame-threads=1:{options}",
    }
    frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
    frame.pts = 0
    packets = [*context.encode(frame), *context.encode(None)]
    return split_annexb(b"".join(bytes(packet) for packet in packets))


def kind(nal):
    return nal[0] >> 1 & 63


@pytest.mark.parametrize(
    ("size", "options", "pix_fmt", "depth"),
    [
        ((320, 180), "bframes=0", "yuv420p", 0),
        ((322, 182), "bframes=4:b-pyramid=1", "yuv420p", 2),
        ((320, 180), "bframes=3:scaling-list=default", "yuv444p", 2),
        ((320, 180), "bframes=0:temporal-layers=2", "yuv420p10le", None),  # differs by version
        ((320, 180), "bframes=0:hrd=1:vbv-bufsize=500:vbv-maxrate=500", "yuv422p", 0),
    ],
)
def test_sets_of_x265_are_understood(size, options, pix_fmt, depth):
    colour = "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=full"
    units = coded(size, f"{options}:{colour}", pix_fmt)
    sets = [unit for unit in units if kind(unit) in (32, 33, 34)]
    made = video_format_from_parameter_sets(Codec.H265, sets)
    assert (made.width, made.height) == size
    if depth is not None:
        assert made.reorder_depth >= depth if depth else made.reorder_depth == 0
    assert made.colour == (1, 1, 1, True)
    assert made.frame_rate == 25
    decoder = av.CodecContext.create("hevc", "r")
    decoder.decode(av.Packet(b"".join(b"\0\0\0\1" + unit for unit in units)))
    assert (decoder.width, decoder.height) == size


def test_the_codec_string_is_that_of_the_standard():
    units = coded((320, 180), "bframes=0:level-idc=4:high-tier=0")
    sets = [unit for unit in units if kind(unit) in (32, 33, 34)]
    made = video_format_from_parameter_sets(Codec.H265, sets)
    assert made.codec_string == "hvc1.1.6.L120.90"
    assert made.profile == "Main"


def test_sps_of_real_cameras_are_understood_to_the_vui(real_sdps):
    text = real_sdps["dahua_describe_h265_pcma.txt"]
    sets = [
        base64.b64decode(re.search(rf"sprop-{name}=([^;\s]+)", text)[1])
        for name in ("vps", "sps", "pps")
    ]
    made = video_format_from_parameter_sets(Codec.H265, sets)
    assert (made.width, made.height) == (704, 480)
    assert made.frame_rate == 12  # a=framerate:12.000000
    assert made.codec_string.startswith("hvc1.1.")


def test_predicted_reference_sets_are_followed():
    bits = BitWriter()
    bits.ue(3)
    bits.ue(2)  # set 0: pictures -1 and -3, none after
    bits.ue(0)
    for delta in (0, 1):
        bits.ue(delta)
        bits.u(1, 1)
    bits.u(1, 1)  # set 1 by prediction, one step down: -2, -4 and -1
    bits.u(1, 1)
    bits.ue(0)
    bits.u(0b111, 3)
    bits.u(1, 1)  # set 2 by prediction from three pictures: four flags
    bits.u(0, 1)
    bits.ue(0)
    bits.u(0b1111, 4)
    bits.u(0b1010101, 7)
    reader = BitReader(bits.bytes())
    skip_short_term_sets(reader)
    assert reader.u(7) == 0b1010101


def test_scaling_lists_are_passed_over():
    bits = BitWriter()
    for size_id in range(4):
        for matrix in range(0, 6, 3 if size_id == 3 else 1):
            bits.u(matrix % 2, 1)
            if matrix % 2:
                for _ in range(min(64, 1 << (4 + 2 * size_id)) + (size_id > 1)):
                    bits.se(-1)
            else:
                bits.ue(0)
    bits.u(0b1100101, 7)
    reader = BitReader(bits.bytes())
    skip_scaling_lists(reader)
    assert reader.u(7) == 0b1100101


def test_slices_and_recovery_points_are_read():
    assert slice_pps_id(b"\x02\x01\xa0") == 1
    assert slice_pps_id(b"\x26\x01\xaf") == 0
    assert recovery_poc_count(b"\x4e\x01\x06\x01\xe0\x80") == 0
    assert recovery_poc_count(b"\x4e\x01\x06\x01\x50\x80") == 1
    assert recovery_poc_count(b"\x4e\x01") is None


def test_absurd_and_broken_sets_are_refused():
    units = coded((320, 180), "bframes=0")
    sps = next(unit for unit in units if kind(unit) == 33)
    with pytest.raises(MalformedError):
        parse_sps(sps[:20])
    with pytest.raises(LimitError):
        parse_sps(sps + bytes(5000))
    with pytest.raises(MalformedError):
        parse_vps(b"\x40\x01")
    with pytest.raises(MalformedError):
        video_format_from_parameter_sets(Codec.H265, [sps])
