"""Streams of x264 and x265 come out of RTP as they went in, and decode."""

from __future__ import annotations

import hashlib
import itertools

import av
import pytest

from appliance.media.codec.nal import split_length_prefixed
from appliance.media.rtp.depay.h264 import H264Depacketiser
from appliance.media.rtp.depay.h265 import H265Depacketiser
from appliance.media.timing.dts import DtsGenerator

H264_KEPT = {1, 2, 3, 4, 5, 6, 14, 19, 20, 21}


def digest(nals):
    return hashlib.sha256(b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals)).hexdigest()


def h264_kept(nals):
    return [nal for nal in nals if nal[0] & 31 in H264_KEPT]


def h265_kept(nals):
    return [nal for nal in nals if (nal[0] >> 1 & 63) < 32 or (nal[0] >> 1 & 63) in (39, 40)]


def decoded(codec, frames):
    context = av.CodecContext.create(codec, "r")
    start = b"\0\0\0\1"
    context.extradata = b"".join(start + nal for nal in frames[0].format.parameter_sets)
    count = 0
    for frame in frames:
        data = b"".join(start + nal for nal in split_length_prefixed(frame.data))
        count += len(context.decode(av.Packet(data)))
    return count + len(context.decode(None))


def packets(rtp, clip, payloads, **how):
    return [
        packet
        for pts, nals, _ in clip.units
        for packet in rtp.packets_of(payloads(nals, **how), pts + 0xFFFF_0000)
    ]


@pytest.mark.parametrize("aggregate", [True, False])
def test_h264_with_b_frames_and_slices_comes_out_bit_for_bit(rtp, h264_bframes, aggregate):
    depacketiser = H264Depacketiser()
    sent = packets(rtp, h264_bframes, rtp.h264_payloads, aggregate=aggregate)
    frames = rtp.feed(depacketiser, sent)
    assert len(frames) == len(h264_bframes.units)
    for frame, (pts, nals, key) in zip(frames, h264_bframes.units, strict=True):
        assert frame.timestamp == (pts + 0xFFFF_0000) & 0xFFFF_FFFF
        assert digest(split_length_prefixed(frame.data)) == digest(h264_kept(nals))
        assert (frame.key, frame.damaged) == (key, False)
        assert frame.format is frames[0].format
    assert (frames[0].format.width, frames[0].format.height) == (320, 180)
    assert decoded("h264", frames) == h264_bframes.frames


@pytest.mark.parametrize("donl", [False, True])
def test_h265_with_b_frames_comes_out_bit_for_bit(rtp, h265_bframes, donl):
    depacketiser = H265Depacketiser(max_don_diff=1 if donl else 0)
    sent = packets(rtp, h265_bframes, rtp.h265_payloads, donl=donl)
    frames = rtp.feed(depacketiser, sent)
    assert len(frames) == len(h265_bframes.units)
    for frame, (_, nals, key) in zip(frames, h265_bframes.units, strict=True):
        assert digest(split_length_prefixed(frame.data)) == digest(h265_kept(nals))
        assert (frame.key, frame.damaged) == (key, False)
        assert frame.format is frames[0].format
    assert (frames[0].format.width, frames[0].format.height) == (320, 180)
    assert frames[0].format.codec_string.startswith("hvc1.1.6.L")
    assert decoded("hevc", frames) == h265_bframes.frames


@pytest.mark.parametrize("which", ["h264", "h265"])
def test_frames_that_end_without_a_marker_end_at_the_next_time(rtp, which, request):
    clip = request.getfixturevalue(f"{which}_bframes")
    payloads = rtp.h264_payloads if which == "h264" else rtp.h265_payloads
    sent = packets(rtp, clip, payloads)
    for packet in sent:
        packet.marker = False
    depacketiser = H264Depacketiser() if which == "h264" else H265Depacketiser()
    frames = rtp.feed(depacketiser, sent) + list(depacketiser.flush())
    assert len(frames) == len(clip.units)
    assert not any(frame.damaged for frame in frames)


@pytest.mark.parametrize("which", ["h264", "h265"])
def test_decoding_times_of_a_real_stream_need_no_moving(rtp, which, request):
    clip = request.getfixturevalue(f"{which}_bframes")
    payloads = rtp.h264_payloads if which == "h264" else rtp.h265_payloads
    depacketiser = H264Depacketiser() if which == "h264" else H265Depacketiser()
    frames = rtp.feed(depacketiser, packets(rtp, clip, payloads))
    depth = frames[0].format.reorder_depth
    assert depth is not None
    assert depth > 0
    for known in (depth, None):
        generator = DtsGenerator(known)
        stamps = [generator.push(pts + 90_000) for pts, _, _ in clip.units]
        assert [pts for pts, _ in stamps] == [pts + 90_000 for pts, _, _ in clip.units]
        assert generator.moved == 0
        assert all(a[1] < b[1] for a, b in itertools.pairwise(stamps))
        assert all(0 <= dts <= pts for pts, dts in stamps)
