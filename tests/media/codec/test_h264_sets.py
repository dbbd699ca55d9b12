"""H.264 parameter sets: sizes, reordering, colour, names, and what must be refused."""

from __future__ import annotations

import base64
import re

import pytest

from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.codec.h264 import (
    parse_pps,
    parse_slice_header,
    parse_sps,
    recovery_frame_count,
)
from appliance.media.errors import LimitError, MalformedError
from appliance.media.types import Codec


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (352, 288), (2688, 1520), (704, 576), (7680, 4320), (2, 2)]
)
@pytest.mark.parametrize("interlaced", [False, True])
def test_the_size_is_that_of_the_cropped_picture(made, width, height, interlaced):
    if interlaced and height % 4:
        height += 2
    sps = parse_sps(made.h264_sps(width, height, interlaced=interlaced))
    assert (sps.width, sps.height, sps.frame_mbs_only) == (width, height, not interlaced)


@pytest.mark.parametrize("poc_type", [0, 1, 2])
@pytest.mark.parametrize("scaling", [False, True])
def test_lists_in_the_middle_are_passed_over(made, poc_type, scaling):
    sps = parse_sps(made.h264_sps(1280, 720, poc_type=poc_type, scaling=scaling, reorder=1))
    assert (sps.width, sps.height, sps.reorder_depth) == (1280, 720, 1)


def test_the_vui_is_read_to_its_end(made):
    sps = parse_sps(made.h264_sps(tick=(1, 50), colour=(1, 13, 6, True), hrd=True, reorder=2))
    assert sps.frame_rate == 25
    assert (sps.reorder_depth, sps.max_dec_frame_buffering) == (2, 2)
    assert sps.vui.colour == (1, 13, 6, True)
    assert sps.vui.sample_aspect == (4, 3)


@pytest.mark.parametrize(
    ("fields", "depth"),
    [
        ({"profile": 66}, 0),
        ({"profile": 77}, None),
        ({"profile": 100}, None),
        ({"profile": 100, "poc_type": 2}, 0),
        ({"profile": 110, "constraints": 0x10}, 0),
        ({"profile": 77, "reorder": 0}, 0),
        ({"profile": 66, "reorder": 3}, 3),
    ],
)
def test_the_reorder_depth_is_said_inferred_or_unknown(made, fields, depth):
    assert parse_sps(made.h264_sps(**fields)).reorder_depth == depth


@pytest.mark.parametrize(
    ("profile", "constraints", "text", "name"),
    [
        (66, 0x40, "avc1.424028", "Constrained Baseline"),
        (66, 0, "avc1.420028", "Baseline"),
        (77, 0, "avc1.4d0028", "Main"),
        (100, 0, "avc1.640028", "High"),
        (110, 0x10, "avc1.6e1028", "High 10 Intra"),
    ],
)
def test_profiles_have_their_names(made, profile, constraints, text, name):
    sps = parse_sps(made.h264_sps(profile=profile, constraints=constraints))
    assert (sps.codec_string, sps.profile) == (text, name)


@pytest.mark.parametrize("size", [(16_400, 1080), (1920, 17_000), (1_000_000, 1_000_000)])
def test_absurd_sizes_are_refused(made, size):
    with pytest.raises(LimitError):
        parse_sps(made.h264_sps(*size))


def test_an_overlong_parameter_set_is_refused(made):
    with pytest.raises(LimitError):
        parse_sps(made.h264_sps() + bytes(5000))


def test_a_sps_cut_off_in_its_vui_is_still_good_for_the_picture(made):
    whole = made.h264_sps(1280, 720, tick=(1, 50), reorder=2)
    sps = parse_sps(whole[:-6])
    assert (sps.width, sps.height, sps.reorder_depth) == (1280, 720, None)
    with pytest.raises(MalformedError):
        parse_sps(whole[:6])


@pytest.mark.parametrize("tail", [b"", b"\0\0", b"\x10\x20", b"\xff" * 9, b"\0\1\2"])
def test_bytes_behind_the_end_are_cut_off(made, tail):
    whole = made.h264_sps(reorder=1, tick=(1, 50))
    assert parse_sps(whole + tail).nal == whole


def test_pictures_and_slices_tell_which_sets_they_use(made):
    pps = parse_pps(made.h264_pps(7, 3))
    assert (pps.id, pps.sps_id) == (7, 3)
    header = parse_slice_header(made.h264_slice(first_mb=99, slice_type=2, pps_id=7))
    assert (header.first_mb, header.slice_type, header.pps_id, header.intra) == (99, 2, 7, True)


@pytest.mark.parametrize("count", [0, 7, 300])
def test_a_recovery_point_tells_how_many_frames_it_takes(made, count):
    assert recovery_frame_count(made.h264_recovery_point(count)) == count
    behind = b"\x06\x05\x02ab" + made.h264_recovery_point(count)[1:]
    assert recovery_frame_count(behind) == count
    assert recovery_frame_count(b"\x06\x05\xff") is None
    assert recovery_frame_count(b"\x06") is None


def test_a_format_needs_both_sets_and_carries_them(made):
    sets = [made.h264_sps(2560, 1440, tick=(1, 30)), made.h264_pps()]
    made_format = video_format_from_parameter_sets(Codec.H264, sets)
    assert (made_format.width, made_format.height, made_format.frame_rate) == (2560, 1440, 15)
    assert made_format.parameter_sets == tuple(sets)
    for part in ([], sets[:1], sets[1:], [b""]):
        with pytest.raises(MalformedError):
            video_format_from_parameter_sets(Codec.H264, part)


def test_sps_of_real_cameras_agree_with_what_else_their_sdp_says(real_sdps):
    found = {}
    for name, text in real_sdps.items():
        for packed in re.findall(r"sprop-parameter-sets=([^;\s]+)", text):
            found[name] = parse_sps(base64.b64decode(packed.split(",")[0]))
    hikvision = found["hikvision_describe.txt"]  # a=x-dimensions:1920,1080
    assert (hikvision.width, hikvision.height) == (1920, 1080)
    bunny = found["bunny_describe.txt"]  # a=framesize:97 240-160, a=framerate:24.0
    assert (bunny.width, bunny.height, bunny.frame_rate) == (240, 160, 24)
    assert found["dahua_describe_h264_aac_onvif.txt"].frame_rate == 15  # a=framerate:15.000000
    assert found["reolink_describe.txt"].profile == "High"
    assert len(found) >= 5
