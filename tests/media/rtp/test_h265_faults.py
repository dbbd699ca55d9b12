"""What cameras get wrong in RTP with H.265, each fault by name."""

from __future__ import annotations

import pytest

from appliance.media.codec.nal import split_length_prefixed
from appliance.media.rtp.depay.h265 import H265Depacketiser

TRAIL = b"\x02\x01\xd0picture"
TRAIL_2 = b"\x02\x01\x50rest"
IDR = b"\x26\x01\xafpicture"
SEI = b"\x4e\x01\xe5\x01\x00\x80"
AUD = b"\x46\x01\x50"


@pytest.fixture(scope="module")
def sets(h265_bframes):
    return [nal for nal in h265_bframes.units[0][1] if nal[0] >> 1 & 63 in (32, 33, 34)]


@pytest.fixture
def ready(sets):
    depacketiser = H265Depacketiser()
    for nal in sets:
        push(depacketiser, nal, 0)
    assert push(depacketiser, IDR, 0, marker=True)[0].key
    return depacketiser


def fragments(nal, size):
    body = nal[2:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    for number, piece in enumerate(pieces):
        bits = 0x80 * (number == 0) | 0x40 * (number == len(pieces) - 1)
        yield bytes([nal[0] & 0x81 | 49 << 1, nal[1], bits | nal[0] >> 1 & 63]) + piece


def push(depacketiser, payload, timestamp, marker=False, lost=False):
    return list(depacketiser.push(memoryview(payload), timestamp, marker, lost))


def nals(frame):
    return list(split_length_prefixed(frame.data))


def test_annex_b_in_rtp_is_taken_apart(sets):
    depacketiser = H265Depacketiser()
    frame = push(depacketiser, b"\0\0\0\1" + b"\0\0\1".join([*sets, IDR]), 0, marker=True)[0]
    assert nals(frame) == [IDR]
    assert frame.format.parameter_sets == tuple(sets)
    for number in range(1, 200):
        payload = b"\0\0\0\1" + TRAIL + b"\0\0\1" + TRAIL_2
        frame = push(depacketiser, payload, number * 3600, marker=True)[0]
        assert nals(frame) == [TRAIL, TRAIL_2]


def test_empty_fragments_and_changing_types_are_passed_over(ready):
    first, *rest = fragments(TRAIL, 3)
    push(ready, first[:3], 3600)
    push(ready, bytes([first[0], first[1], 1]) + first[3:], 3600)
    for payload in rest:
        payload = bytes([payload[0], payload[1], payload[2] & 0xC0 | 9]) + payload[3:]
        frames = push(ready, payload, 3600, marker=payload[2] & 0x40 != 0)
    assert nals(frames[0]) == [TRAIL]


def test_a_fragment_with_start_and_end_is_a_whole_unit(ready):
    assert nals(push(ready, next(fragments(TRAIL, 99)), 3600, marker=True)[0]) == [TRAIL]


def test_parameter_sets_and_sei_with_a_marker_do_not_end_the_frame(sets):
    depacketiser = H265Depacketiser()
    for nal in [*sets, SEI]:
        assert push(depacketiser, nal, 0, marker=True) == []
    assert nals(push(depacketiser, IDR, 0, marker=True)[0]) == [SEI, IDR]


def test_delimiters_filler_higher_layers_and_reserved_types_are_left_out(ready):
    junk = (AUD, b"\x4c\x01\xff\x80", b"\x02\x09\xd0x", b"\x1c\x01\xd0", b"\x60\x01", b"\x64\x01x")
    for payload in junk:
        push(ready, payload, 3600)
    frame = push(ready, TRAIL, 3600, marker=True)[0]
    assert nals(frame) == [TRAIL]


def test_loss_damages_frames_up_to_the_next_whole_key_frame(ready):
    pieces = list(fragments(TRAIL, 3))
    push(ready, pieces[0], 3600)
    assert push(ready, pieces[-1], 3600, marker=True, lost=True) == []
    assert push(ready, TRAIL, 7200, marker=True)[0].damaged
    assert not push(ready, IDR, 10_800, marker=True)[0].damaged


@pytest.mark.parametrize("kind", [16, 18, 19, 20, 21])
def test_every_random_access_picture_is_a_key_frame(ready, kind):
    assert push(ready, bytes([kind << 1, 1]) + b"\xafx", 3600, marker=True)[0].key


@pytest.mark.parametrize("kind", [22, 23, 10, 41, 55])
def test_reserved_pictures_are_no_key_frames(ready, kind):
    assert push(ready, bytes([kind << 1, 1]) + b"\xafx", 3600, marker=True) == []


def test_without_a_vps_there_is_no_format(sets):
    depacketiser = H265Depacketiser()
    for nal in sets[1:]:
        push(depacketiser, nal, 0)
    assert push(depacketiser, IDR, 0, marker=True) == []
    assert depacketiser.format is None


def test_a_recovery_point_makes_a_key_frame(ready):
    push(ready, b"\x4e\x01\x06\x01\xe0\x80", 3600)
    assert push(ready, TRAIL, 3600, marker=True)[0].key
