"""Whatever comes over the network: no error but our own, no hang, bounded memory.

The sampled tests print the seed they used; `soak` runs the large ones.
"""

from __future__ import annotations

import os
import random
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.codec import h264, h265
from appliance.media.codec.aac import parse_audio_specific_config
from appliance.media.codec.formats import mjpeg_format, mpeg4_format
from appliance.media.codec.limits import MAX_ACCESS_UNIT
from appliance.media.codec.nal import split_annexb, split_length_prefixed
from appliance.media.errors import MediaError
from appliance.media.rtp.depay.factory import depacketiser_for
from appliance.media.rtp.depay.h264 import H264Depacketiser
from appliance.media.rtp.depay.h265 import H265Depacketiser
from appliance.media.rtp.packet import parse
from appliance.media.rtp.reorder import ReorderBuffer
from appliance.media.rtp.rtcp import parse_compound

PARSERS = [
    h264.parse_sps,
    h264.parse_pps,
    h264.parse_slice_header,
    h264.recovery_frame_count,
    h265.parse_vps,
    h265.parse_sps,
    h265.parse_pps,
    h265.slice_pps_id,
    h265.recovery_poc_count,
    parse_audio_specific_config,
    mpeg4_format,
    mjpeg_format,
    lambda data: list(split_length_prefixed(data)),
    split_annexb,
    lambda data: parse(memoryview(data)),
    parse_compound,
]

SOUND = [
    ("MPEG4-GENERIC", {"mode": "AAC-hbr", "config": "1408"}),
    ("MPEG4-GENERIC", {"mode": "x", "sizelength": "0", "indexlength": "3"}),
    ("MPEG4-GENERIC", {"sizelength": "9", "ctsdeltalength": "5", "auxiliarydatasizelength": "8"}),
    ("MPEG4-GENERIC", {"sizelength": "0", "streamstateindication": "1", "constantsize": "7"}),
    ("PCM", {}),
    ("G726-24", {}),
    ("OPUS", {}),
]


def try_all(data):
    for parser in PARSERS:
        try:
            parser(data)
        except MediaError:
            continue


def mutated(chance, data):
    """Return `data` cut, with bits turned, pieces doubled or junk put in."""
    out = bytearray(data)
    for _ in range(chance.choice([0, 1, 1, 2, 5, 20])):
        what = chance.randrange(5)
        at = chance.randrange(len(out) + 1)
        if what == 0 and out:
            out[at % len(out)] ^= 1 << chance.randrange(8)
        elif what == 1:
            del out[at:]
        elif what == 2:
            out[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(8)))
        elif what == 3:
            out[at:at] = chance.choice([b"\0\0\1", b"\0\0\0\1", b"\0\0\3", b"\xff\xff"])
        else:
            out[at:at] = out[at : at + chance.randrange(20)]
    return bytes(out)


@pytest.fixture(scope="module")
def corpus(rtp, h264_bframes, h265_bframes):
    """Packets of real streams, per payload format."""
    out = {}
    for name, clip, payloads in (
        ("h264", h264_bframes, rtp.h264_payloads),
        ("h265", h265_bframes, rtp.h265_payloads),
    ):
        out[name] = [
            packet
            for pts, nals, _ in clip.units[:12]
            for packet in rtp.packets_of(payloads(nals), pts)
        ]
    return out


def storm(depacketiser, packets, chance, count):
    """Push mutated packets; whatever comes out has to be well formed."""
    for _ in range(count):
        packet = chance.choice(packets)
        payload = mutated(chance, packet.payload)
        timestamp = packet.timestamp if chance.random() < 0.8 else chance.randrange(2**32)
        marker = packet.marker != (chance.random() < 0.1)
        view = memoryview(payload)
        for frame in depacketiser.push(view, timestamp, marker, chance.random() < 0.1):
            assert frame.format is not None
            assert frame.data
            assert all(split_length_prefixed(frame.data))
    depacketiser.flush()


def recovers(depacketiser, packets):
    """A whole key frame after all that is undamaged."""
    frames = []
    for packet in packets:
        frames += depacketiser.push(
            memoryview(packet.payload), packet.timestamp + 7, packet.marker, False
        )
    frames += depacketiser.flush()
    return any(frame.key and not frame.damaged for frame in frames)


@pytest.mark.parametrize("which", ["h264", "h265"])
def test_mutated_packets_never_raise_and_the_stream_recovers(corpus, which):
    seed = int(os.environ.get("FUZZ_SEED", "0")) or time.time_ns() & 0xFFFF_FFFF
    print(f"FUZZ_SEED={seed}")
    chance = random.Random(seed)
    for _ in range(100):
        made = H264Depacketiser() if which == "h264" else H265Depacketiser()
        storm(made, corpus[which], chance, 150)
        assert recovers(made, corpus[which])


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("which", ["h264", "h265"])
def test_mutated_packets_never_raise_at_length(corpus, which):
    seed = int(os.environ.get("FUZZ_SEED", "0")) or time.time_ns() & 0xFFFF_FFFF
    print(f"FUZZ_SEED={seed}")
    chance = random.Random(seed)
    for _ in range(1500):
        made = (
            H264Depacketiser()
            if which == "h264"
            else H265Depacketiser(max_don_diff=chance.randrange(2))
        )
        storm(made, corpus[which], chance, 300)
        for nal in split_annexb(b"".join(packet.payload for packet in corpus[which][:3])):
            try_all(mutated(chance, nal))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=60), st.integers(0, 3), st.booleans()), max_size=20))
def test_random_payloads_never_raise(packets):
    video = [H264Depacketiser(), H265Depacketiser(), H265Depacketiser(max_don_diff=2)]
    sound = [depacketiser_for(name, 8_000, 1, fmtp) for name, fmtp in SOUND]
    for depacketiser in [*video, *sound]:
        for payload, timestamp, flag in packets:
            depacketiser.push(memoryview(payload), timestamp, flag, not flag)
        depacketiser.flush()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_media_errors(data):
    try_all(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["h264", "h265"]))
def test_mutated_parameter_sets_raise_nothing_but_media_errors(corpus, seed, which):
    chance = random.Random(seed)
    payload = corpus[which][0].payload
    for nal in payload.split(b"\0\0\0\1"):
        try_all(mutated(chance, nal))
        try_all(mutated(chance, payload[chance.randrange(len(payload)) :]))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["H264", "H265", "MPEG4-GENERIC", "L16", "G726-32", "OPUS", "x"]),
    st.integers(-5, 2**33),
    st.integers(-5, 300),
    st.dictionaries(
        st.sampled_from(
            ["config", "mode", "sizelength", "indexlength", "constantsize", "constantduration",
             "sprop-parameter-sets", "sprop-vps", "sprop-max-don-diff", "randomaccessindication"]
        ),
        st.one_of(st.text(max_size=20), st.integers(-9, 10**10).map(str)),
    ),
)  # fmt: skip
def test_random_descriptions_raise_nothing_but_media_errors(name, rate, channels, fmtp):
    try:
        made = depacketiser_for(name, rate, channels, fmtp)
    except MediaError:
        return
    if made is not None:
        made.push(memoryview(b"\0\x10\0\x10abc"), 0, True, False)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 10**9)), max_size=200),
    st.integers(1, 64),
)
def test_random_sequence_numbers_come_out_once_each_and_none_stays(packets, room):
    buffer = ReorderBuffer(max_packets=room, max_wait_ms=50)
    out = []
    now = 0
    for number, (sequence, step) in enumerate(packets):
        now += step
        out += buffer.push(sequence, number, now)
        assert buffer.deadline_ns is None or buffer.deadline_ns > now
    out += buffer.flush()
    given_out = [entry.packet for entry in out]
    assert len(given_out) == len(set(given_out))
    assert all(entry.missing >= 0 for entry in out)


@pytest.mark.parametrize("make", [H264Depacketiser, H265Depacketiser])
def test_endless_fragments_take_no_more_memory_than_one_frame(make):
    depacketiser = make()
    head = b"\x7c\x81\x88" if make is H264Depacketiser else b"\x62\x01\x81\x88"
    more = b"\x7c\x01" if make is H264Depacketiser else b"\x62\x01\x01"
    piece = more + b"\x55" * 60_000
    tracemalloc.start()
    for timestamp in range(2):
        depacketiser.push(memoryview(head), timestamp, False, False)
        for _ in range(500):
            depacketiser.push(memoryview(piece), timestamp, False, False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * MAX_ACCESS_UNIT


@pytest.mark.parametrize("make", [H264Depacketiser, H265Depacketiser])
def test_floods_of_parameter_sets_and_start_codes_take_no_memory(make, made):
    depacketiser = make()
    kind = b"\x67" if make is H264Depacketiser else b"\x42\x01"
    tracemalloc.start()
    for number in range(300):
        sets = made.h264_pps(number % 256, number % 32, number)
        for payload in (
            sets,
            kind + bytes(3000),
            kind + b"\0\0\1" * 20_000,
            made.h264_sps(sps_id=5),
        ):
            depacketiser.push(memoryview(payload), number, number % 7 == 0, False)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
