"""No bytes make the reader raise anything but media errors, hang or swallow memory."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.errors import LimitError, MalformedError, MediaError
from appliance.media.mp4.boxes import box, full_box, walk
from appliance.media.mp4.reader import parse_fragment, parse_init
from appliance.media.mp4.records import avcc, hvcc, parse_avcc, parse_hvcc


def _try(function, data) -> None:
    with contextlib.suppress(MediaError):
        function(data)


READERS = (parse_init, parse_fragment)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data):
    for reader in READERS:
        _try(reader, data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_parameter_sets(sets):
    for write in (avcc, lambda nals: hvcc(nals, complete=True)):
        _try(write, sets)
    for data in sets:
        _try(parse_avcc, data)
        _try(parse_hvcc, data)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files(seed, h264_clip, aac_clip, make_movie):
    source = random.Random(seed)
    good = make_movie(h264_clip, aac_clip)[:6000]
    moof = good.index(b"moof") - 4
    for _round in range(250):
        data = bytearray(good)
        for _change in range(source.randint(1, 6)):
            at = source.randrange(moof + 900)
            data[at] = source.choice((0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)))
        cut = source.randrange(len(data)) if source.random() < 0.3 else len(data)
        _try(parse_init, bytes(data[:cut]))
        _try(parse_fragment, memoryview(data)[moof:cut])


def test_every_cut_of_a_fragment_is_noticed(h264_clip, aac_clip, make_movie):
    good = make_movie(h264_clip, aac_clip)
    start = good.index(b"moof") - 4
    size = struct.unpack_from(">I", good, start)[0]
    for cut in range(size):
        with pytest.raises(MalformedError):
            parse_fragment(good[start : start + cut])
    assert parse_fragment(good[start : start + size])


def test_a_sample_count_from_nowhere_is_refused():
    tfhd = full_box(b"tfhd", 0, 0x020018, struct.pack(">III", 1, 1, 1))
    trun = full_box(b"trun", 0, 0, struct.pack(">I", 0xFFFF_FFFF))
    with pytest.raises(LimitError):
        parse_fragment(box(b"moof", box(b"traf", tfhd, trun)))


def test_many_small_runs_are_bounded():
    trun = full_box(b"trun", 0, 0, struct.pack(">I", 40_000))
    tfhd = full_box(b"tfhd", 0, 0x020018, struct.pack(">III", 1, 1, 1))
    with pytest.raises(LimitError):
        parse_fragment(box(b"moof", box(b"traf", tfhd, *[trun] * 2)))
    with pytest.raises(LimitError):
        parse_fragment(box(b"moof", *[box(b"traf", tfhd, trun)] * 2))


def test_samples_outside_their_fragment_are_refused():
    tfhd = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", 1))
    for offset, size in ((-8, 4), (0, 4), (10_000, 4), (100, 4000)):
        trun = full_box(b"trun", 1, 0x201, struct.pack(">IiI", 1, offset, size))
        with pytest.raises(MalformedError):
            parse_fragment(box(b"moof", box(b"traf", tfhd, trun)) + box(b"mdat", bytes(200)))


def test_a_box_that_claims_nothing_ends_the_walk():
    with pytest.raises(MalformedError):
        list(walk(b"\0\0\0\x04free"))
    with pytest.raises(MalformedError):
        list(walk(struct.pack(">I4sQ", 1, b"mdat", 1 << 63)))
