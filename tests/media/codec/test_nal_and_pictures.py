"""NAL unit wrappings, and sizes of MPEG-4 part 2 and JPEG pictures."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.media.codec.bits import BitReader, BitWriter, escape, unescape
from appliance.media.codec.formats import mjpeg_format, mpeg4_format
from appliance.media.codec.nal import split_annexb, split_length_prefixed, to_length_prefixed
from appliance.media.codec.pictures import jpeg_size, vol_size
from appliance.media.errors import LimitError, MalformedError


def coded(codec, size, pix_fmt):
    out = io.BytesIO()
    container = av.open(out, "w", format="mp4")
    stream = container.add_stream(codec, rate=25)
    stream.width, stream.height = size
    stream.pix_fmt = pix_fmt
    frame = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
    packets = [*stream.encode(frame), *stream.encode(None)]
    return stream.codec_context.extradata or b"", b"".join(bytes(packet) for packet in packets)


@pytest.mark.parametrize("size", [(704, 576), (1280, 720), (322, 242)])
def test_the_size_of_mpeg_4_video_is_read_from_its_headers(size):
    extradata, _ = coded("mpeg4", size, "yuv420p")
    assert vol_size(extradata) == size
    made = mpeg4_format(extradata)
    assert (made.width, made.height, made.codec_string) == (*size, "mp4v.20.1")


@pytest.mark.parametrize("size", [(704, 576), (1920, 1080), (322, 242)])
def test_the_size_of_a_jpeg_is_read_from_its_frame_header(size):
    _, picture = coded("mjpeg", size, "yuvj420p")
    assert jpeg_size(picture) == size
    assert mjpeg_format(picture).width == size[0]


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xda" + bytes(20), b"\0" * 40])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(MalformedError):
        jpeg_size(data)
    with pytest.raises(MalformedError):
        vol_size(data)


def test_an_absurd_jpeg_is_refused():
    with pytest.raises(LimitError):
        jpeg_size(b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\3")


def test_start_codes_of_both_lengths_separate_units():
    assert split_annexb(b"\0\0\0\1ab\0\0\1c\0\0\0\0\1\0\0\1d\0") == [b"ab", b"c", b"d"]
    assert split_annexb(b"bare") == [b"bare"]
    assert split_annexb(b"") == []


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=8))
def test_units_survive_their_lengths(units):
    data = to_length_prefixed(units)
    assert list(split_length_prefixed(data)) == units
    for cut in range(1, len(data)):
        try:
            list(split_length_prefixed(data[:cut]))
        except MalformedError:
            continue


@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 255]), max_size=40).map(bytes))
def test_emulation_prevention_goes_in_and_out(rbsp):
    escaped = escape(rbsp)
    assert unescape(escaped) == rbsp
    assert b"\0\0\0" not in escaped[:-2]
    assert b"\0\0\1" not in escaped
    assert b"\0\0\2" not in escaped


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=20))
def test_exp_golomb_codes_survive(values):
    bits = BitWriter()
    for value in values:
        bits.se(value)
        bits.ue(abs(value))
    reader = BitReader(bits.bytes())
    for value in values:
        if abs(value) < 2**15:
            assert (reader.se(), reader.ue()) == (value, abs(value))
        else:
            break
