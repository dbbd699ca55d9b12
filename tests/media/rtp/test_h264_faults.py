"""What cameras get wrong in RTP with H.264, each fault by name."""

from __future__ import annotations

import base64

import pytest

from appliance.media.codec.limits import MAX_ACCESS_UNIT
from appliance.media.codec.nal import split_length_prefixed, to_length_prefixed
from appliance.media.errors import LimitError
from appliance.media.rtp.depay.h264 import H264Depacketiser

SEI = b"\x06\xe5\x01\x00\x80"


@pytest.fixture
def sets(made):
    return [made.h264_sps(), made.h264_pps()]


@pytest.fixture
def ready(made, sets):
    """A depacketiser that knows its parameter sets and has seen a key frame at time 0."""
    depacketiser = H264Depacketiser(",".join(base64.b64encode(nal).decode() for nal in sets))
    frames = depacketiser.push(memoryview(made.h264_slice(key=True)), 0, True, False)
    assert [frame.key for frame in frames] == [True]
    return depacketiser


def fragments(nal, size, *, start=True, end=True):
    body = nal[1:]
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    for number, piece in enumerate(pieces):
        bits = 0x80 * (start and number == 0) | 0x40 * (end and number == len(pieces) - 1)
        yield bytes([nal[0] & 0xE0 | 28, bits | nal[0] & 31]) + piece


def push(depacketiser, payload, timestamp, marker=False, lost=False):
    return list(depacketiser.push(memoryview(payload), timestamp, marker, lost))


def nals(frame):
    return list(split_length_prefixed(frame.data))


def test_annex_b_in_a_single_nal_payload_is_taken_apart(made, sets):
    depacketiser = H264Depacketiser()
    slices = [made.h264_slice(key=True), made.h264_slice(key=True, first_mb=40)]
    payload = b"\0\0\0\1".join([*sets, SEI, *slices])
    frame = push(depacketiser, payload, 0, marker=True)[0]
    assert nals(frame) == [SEI, *slices]
    assert frame.format.parameter_sets == tuple(sets)


def test_annex_b_with_a_leading_start_code_is_taken_apart(made, sets):
    depacketiser = H264Depacketiser()
    unit = made.h264_slice(key=True)
    frame = push(depacketiser, b"\0\0\0\1" + b"\0\0\1".join([*sets, unit]), 0, marker=True)[0]
    assert nals(frame) == [unit]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_annex_b_cut_into_fragments_is_taken_apart(made, sets, size):
    depacketiser = H264Depacketiser()
    slices = [made.h264_slice(key=True), made.h264_slice(key=True, first_mb=40)]
    for payload in fragments(b"\0\0\0\1".join([*sets, *slices]), size):
        assert push(depacketiser, payload, 0) == []
    frame = push(depacketiser, SEI, 3600, marker=False)[0]
    assert nals(frame) == slices
    assert not frame.damaged


def test_annex_b_slices_are_still_found_after_a_thousand_frames(made, sets):
    depacketiser = H264Depacketiser()
    push(depacketiser, b"\0\0\1".join([*sets, made.h264_slice(key=True)]), 0, marker=True)
    two = [made.h264_slice(b"a" * 9), made.h264_slice(b"b" * 9, first_mb=50)]
    for number in range(1, 1000):
        frames = push(depacketiser, b"\0\0\1".join(two), number * 3600, marker=True)
        assert nals(frames[0]) == two


def test_empty_fragments_are_passed_over(ready, made):
    unit = made.h264_slice(b"x" * 30)
    first, *rest = fragments(unit, 8)
    push(ready, bytes(first[:2]), 3600)  # the start bit without a byte of the unit
    push(ready, bytes([first[0], first[1] & 0x1F]) + first[2:], 3600)
    push(ready, bytes([first[0], first[1] & 0x1F]), 3600)
    for payload in rest[:-1]:
        push(ready, payload, 3600)
        push(ready, bytes([first[0], first[1] & 0x1F]), 3600)
    push(ready, rest[-1], 3600)
    frame = push(ready, bytes([first[0], 0x40 | first[1] & 0x1F]), 3600, marker=True)
    frame = frame or push(ready, SEI, 7200)
    assert nals(frame[0]) == [unit]


def test_fragments_may_change_their_nal_type_and_the_first_one_holds(ready, made):
    unit = made.h264_slice(b"x" * 30)
    for number, payload in enumerate(fragments(unit, 8)):
        if number:
            payload = bytes([payload[0] ^ 0x20, payload[1] & 0xC0 | 7]) + payload[2:]
        frames = push(ready, payload, 3600, marker=payload[1] & 0x40 != 0)
    assert nals(frames[0]) == [unit]


def test_the_reserved_bit_of_fragments_is_ignored(ready, made):
    unit = made.h264_slice(b"x" * 30)
    for payload in fragments(unit, 8):
        payload = bytes([payload[0], payload[1] | 0x20]) + payload[2:]
        frames = push(ready, payload, 3600, marker=payload[1] & 0x40 != 0)
    assert nals(frames[0]) == [unit]


def test_a_fragment_with_start_and_end_is_a_whole_unit(ready, made):
    unit = made.h264_slice()
    frames = push(ready, next(fragments(unit, 1000)), 3600, marker=True)
    assert nals(frames[0]) == [unit]


@pytest.mark.parametrize("cut", ["marker", "next unit"])
def test_a_missing_end_bit_is_made_up_for(ready, made, cut):
    unit = made.h264_slice(b"x" * 30)
    second = made.h264_slice(b"y" * 30, first_mb=50)
    for payload in fragments(unit, 8, end=False):
        push(ready, payload, 3600)
    if cut == "next unit":
        frames = push(ready, second, 3600, marker=True)
        assert nals(frames[0]) == [unit, second]
    else:
        for payload in fragments(second, 8, end=False):
            last = payload.endswith(b"y\x00") or len(payload) < 10
            frames = push(ready, payload, 3600, marker=last)
        assert nals(frames[0]) == [unit, second]
    assert not frames[0].damaged


def test_a_marker_on_parameter_sets_and_sei_does_not_end_the_frame(made, sets):
    depacketiser = H264Depacketiser()
    for nal in [*sets, SEI]:
        assert push(depacketiser, nal, 9000, marker=True) == []
    unit = made.h264_slice(key=True)
    frame = push(depacketiser, unit, 9000, marker=True)[0]
    assert nals(frame) == [SEI, unit]
    assert frame.key


def test_parameter_sets_under_the_time_of_the_frame_before_go_with_the_next(ready, made):
    push(ready, made.h264_slice(b"p"), 3600)
    other = [made.h264_sps(1280, 720), made.h264_pps()]
    for nal in other:
        assert push(ready, nal, 3600, marker=False) == []
    before = push(ready, made.h264_slice(key=True), 7200, marker=True)
    assert [frame.format.width for frame in before] == [1920, 1280]


def test_parameter_sets_under_a_time_of_their_own_go_with_the_next_frame(made, sets):
    depacketiser = H264Depacketiser()
    for nal in [*sets, SEI]:
        assert push(depacketiser, nal, 100) == []
    frame = push(depacketiser, made.h264_slice(key=True), 3600, marker=True)[0]
    assert (frame.timestamp, frame.format.width, frame.damaged) == (3600, 1920, False)


def test_a_missing_marker_ends_the_frame_when_the_time_changes(ready, made):
    first, second = made.h264_slice(b"a"), made.h264_slice(b"b", first_mb=9)
    assert push(ready, first, 3600) == []
    assert push(ready, second, 3600) == []
    frame = push(ready, made.h264_slice(b"c"), 7200)[0]
    assert (frame.timestamp, nals(frame)) == (3600, [first, second])
    assert [f.timestamp for f in ready.flush()] == [7200]


def test_two_frames_of_one_time_without_marker_are_told_apart(ready, made):
    push(ready, made.h264_slice(b"a"), 3600)
    frame = push(ready, made.h264_slice(b"b"), 3600)[0]
    assert nals(frame) == [made.h264_slice(b"a")]
    assert [nals(f) for f in ready.flush()] == [[made.h264_slice(b"b")]]


def test_an_access_unit_delimiter_ends_a_frame_and_is_left_out(ready, made):
    push(ready, b"\x09\xf0", 3600)
    push(ready, made.h264_slice(b"a"), 3600)
    frame = push(ready, b"\x09\xf0", 3600)[0]
    assert nals(frame) == [made.h264_slice(b"a")]


def test_a_marker_on_every_slice_is_found_out(ready, made):
    def slices(number):
        return [made.h264_slice(bytes([number]) * 9, first_mb=mb) for mb in (0, 40, 80)]

    frames = []
    for number in range(1, 6):
        for unit in slices(number):
            frames += push(ready, unit, number * 3600, marker=True)
    frames += ready.flush()
    assert [nals(frame) for frame in frames[1:]] == [slices(number) for number in range(2, 6)]
    assert all(frame.damaged for frame in frames[1:])  # until the next key frame
    key = made.h264_slice(key=True)
    push(ready, key, 90_000, marker=True)
    assert not ready.flush()[0].damaged


def test_without_parameter_sets_in_the_sdp_frames_wait_for_those_in_the_stream(made, sets):
    depacketiser = H264Depacketiser()
    assert depacketiser.format is None
    assert push(depacketiser, made.h264_slice(key=True), 0, marker=True) == []
    assert push(depacketiser, made.h264_slice(), 3600, marker=True) == []
    assert depacketiser.statistics.dropped == 2
    for nal in sets:
        push(depacketiser, nal, 7200)
    frame = push(depacketiser, made.h264_slice(key=True), 7200, marker=True)[0]
    assert not frame.damaged
    assert depacketiser.format is frame.format


@pytest.mark.parametrize(
    "text", ["!!!,???", "Z0IAHpWoKA9k", "Z2QAM6wVFA,", "AAAAAQ==,AA==", "Zw==,aA=="]
)
def test_invalid_parameter_sets_in_the_sdp_are_waited_for_in_the_stream(made, sets, text):
    depacketiser = H264Depacketiser(text)
    for nal in sets:
        push(depacketiser, nal, 0)
    frame = push(depacketiser, made.h264_slice(key=True), 0, marker=True)[0]
    assert (frame.format.width, frame.format.height) == (1920, 1080)


def test_parameter_sets_in_the_sdp_may_have_start_codes_and_odd_padding(made, sets):
    texts = [base64.b64encode(b"\0\0\0\1" + nal + b"\0\0\0\1").decode().rstrip("=") for nal in sets]
    depacketiser = H264Depacketiser(f" {texts[0]} ,{texts[1]},")
    assert depacketiser.format is not None
    assert depacketiser.format.parameter_sets == tuple(sets)


def test_extra_bytes_behind_the_sps_are_cut_off(made, sets):
    depacketiser = H264Depacketiser()
    for nal in (sets[0] + b"\x10\x01\x02", sets[1]):
        push(depacketiser, nal, 0)
    frame = push(depacketiser, made.h264_slice(key=True), 0, marker=True)[0]
    assert frame.format.parameter_sets == tuple(sets)


def test_parameters_that_change_give_a_new_format_and_back_the_old_one(ready, made, sets):
    other = [made.h264_sps(1280, 720), made.h264_pps(), made.h264_pps(1)]
    formats = [ready.format]
    for number, group in enumerate([sets, other, other, sets, other], 1):
        for nal in group:
            push(ready, nal, number * 3600)
        key = made.h264_slice(key=True)
        formats.append(push(ready, key, number * 3600, marker=True)[0].format)
        frame = push(ready, made.h264_slice(), number * 3600 + 1800, marker=True)[0]
        assert frame.format is formats[-1]
    assert formats[0] is formats[1] is formats[4]
    assert formats[2] is formats[3] is formats[5]
    assert formats[0].parameter_sets == tuple(sets)
    assert formats[2].parameter_sets == tuple(other)


def test_of_two_sps_the_one_the_slice_uses_describes_the_format(made):
    depacketiser = H264Depacketiser()
    sets = [
        made.h264_sps(1920, 1080, sps_id=0),
        made.h264_sps(640, 360, sps_id=3),
        made.h264_pps(0, 0),
        made.h264_pps(5, 3),
    ]
    for nal in sets:
        push(depacketiser, nal, 0)
    frame = push(depacketiser, made.h264_slice(key=True, pps_id=5), 0, marker=True)[0]
    assert frame.format.width == 640
    frame = push(depacketiser, made.h264_slice(key=True, pps_id=0), 3600, marker=True)[0]
    assert frame.format.width == 1920


def test_an_absurd_resolution_is_refused_and_named(made):
    depacketiser = H264Depacketiser()
    push(depacketiser, made.h264_sps(32_000, 1080), 0)
    push(depacketiser, made.h264_pps(), 0)
    assert push(depacketiser, made.h264_slice(key=True), 0, marker=True) == []
    assert depacketiser.format is None
    assert isinstance(depacketiser.statistics.last_error, LimitError)


def test_a_broken_sps_leaves_the_one_in_force(ready, made):
    known = ready.format
    push(ready, b"\x67\x64\x00", 3600)
    frame = push(ready, made.h264_slice(key=True), 3600, marker=True)[0]
    assert frame.format is known
    assert ready.statistics.malformed == 1


def test_junk_nal_types_and_filler_are_left_out(ready, made):
    unit = made.h264_slice()
    for junk in (b"\x00rest", b"\x0cfill", b"\x17reserved", b"\x0a", b"\x1ejunk", b"\x1fjunk"):
        push(ready, junk, 3600)
    frame = push(ready, unit, 3600, marker=True)[0]
    assert nals(frame) == [unit]
    assert not frame.damaged
    assert ready.statistics.ignored >= 5


def test_several_slices_make_one_frame(ready, made):
    slices = [made.h264_slice(bytes([mb]), first_mb=mb) for mb in (0, 30, 60, 90)]
    assert [push(ready, unit, 3600) for unit in slices[:-1]] == [[], [], []]
    assert push(ready, slices[-1], 3600, marker=True)[0].data == to_length_prefixed(slices)


def test_loss_inside_a_frame_damages_all_frames_up_to_the_next_whole_key_frame(ready, made):
    pieces = list(fragments(made.h264_slice(b"x" * 40), 8))
    push(ready, pieces[0], 3600)
    frames = push(ready, pieces[2], 3600, lost=True)
    for payload in pieces[3:]:
        frames += push(ready, payload, 3600, marker=payload[1] & 0x40 != 0)
    assert frames == []  # nothing of it is left
    damaged = [push(ready, made.h264_slice(), n * 3600, marker=True)[0] for n in range(2, 5)]
    assert all(frame.damaged for frame in damaged)
    key = list(fragments(made.h264_slice(b"k" * 40, key=True), 8))
    assert push(ready, key[0], 18_000) == []
    for payload in key[2:]:
        frames = push(ready, payload, 18_000, marker=payload[1] & 0x40 != 0, lost=payload is key[2])
    assert frames == []  # the key frame is hit as well
    assert push(ready, made.h264_slice(), 21_600, marker=True)[0].damaged
    assert not push(ready, made.h264_slice(key=True), 25_200, marker=True)[0].damaged
    assert not push(ready, made.h264_slice(), 28_800, marker=True)[0].damaged


def test_loss_of_one_slice_keeps_the_others_of_the_frame(ready, made):
    push(ready, made.h264_slice(b"a"), 3600)
    frame = push(ready, made.h264_slice(b"c", first_mb=60), 3600, marker=True, lost=True)[0]
    assert frame.damaged
    assert len(nals(frame)) == 2


def test_loss_of_the_first_slice_of_a_key_frame_is_noticed(ready, made):
    frame = push(ready, made.h264_slice(key=True, first_mb=60), 3600, marker=True, lost=True)[0]
    assert frame.key
    assert frame.damaged
    assert push(ready, made.h264_slice(), 7200, marker=True)[0].damaged


def test_loss_between_frames_does_not_hurt_a_key_frame_that_is_whole(ready, made):
    frame = push(ready, made.h264_slice(key=True), 36_000, marker=True, lost=True)[0]
    assert not frame.damaged


def test_the_rest_of_a_lost_frame_does_not_damage_the_key_frame_after_it(ready, made):
    pieces = list(fragments(made.h264_slice(b"x" * 40), 8))
    assert push(ready, pieces[-2], 3600, lost=True) == []
    assert push(ready, pieces[-1], 3600, marker=True) == []
    assert not push(ready, made.h264_slice(key=True), 7200, marker=True)[0].damaged


def test_before_the_first_key_frame_all_frames_are_damaged(made, sets):
    depacketiser = H264Depacketiser(",".join(base64.b64encode(nal).decode() for nal in sets))
    assert push(depacketiser, made.h264_slice(), 0, marker=True)[0].damaged


def test_an_open_gop_recovers_at_an_intra_picture_with_a_recovery_point(ready, made):
    push(ready, made.h264_recovery_point(0), 3600)
    frame = push(ready, made.h264_slice(slice_type=7), 3600, marker=True)[0]
    assert frame.key
    push(ready, made.h264_recovery_point(0), 7200)
    assert not push(ready, made.h264_slice(slice_type=5), 7200, marker=True)[0].key


def test_gradual_recovery_is_a_key_frame_only_where_no_better_one_comes(ready, made):
    keys = []
    for number in range(1, 700):
        if number % 50 == 0:
            push(ready, made.h264_recovery_point(10), number * 3600)
        keys.append(push(ready, made.h264_slice(), number * 3600, marker=True)[0].key)
    assert [number for number, key in enumerate(keys, 1) if key] == [350]


def test_stap_b_and_fu_b_are_taken_in_the_order_sent(ready, made):
    unit = made.h264_slice(b"x" * 30)
    frames = push(ready, b"\x59\0\0" + len(unit).to_bytes(2, "big") + unit, 3600, marker=True)
    assert nals(frames[0]) == [unit]
    first, *rest = fragments(unit, 8)
    push(ready, bytes([first[0] | 1, first[1]]) + b"\0\7" + first[2:], 7200)
    for payload in rest:
        frames = push(ready, payload, 7200, marker=payload[1] & 0x40 != 0)
    assert nals(frames[0]) == [unit]


def test_mtap_and_broken_aggregates_are_counted_and_passed_over(ready, made):
    push(ready, b"\x1a\0\0\0\5\0\0\0abcde", 3600)
    push(ready, b"\x18\x00\xff\x41", 3600)
    assert ready.statistics.malformed == 2
    assert push(ready, made.h264_slice(), 3600, marker=True)[0].damaged


def test_empty_payloads_are_counted_and_passed_over(ready, made):
    for payload in (b"", b"\x7c", b"\x18"):
        push(ready, payload, 3600)
    assert ready.statistics.malformed == 2
    assert push(ready, made.h264_slice(), 3600, marker=True)


def test_a_frame_beyond_the_limit_is_dropped_and_its_memory_given_back(ready, made):
    piece = bytes(65_000)
    unit = made.h264_slice()
    push(ready, bytes([0x7C, 0x81]) + unit[1:], 3600)
    for _ in range(MAX_ACCESS_UNIT // len(piece) + 10):
        push(ready, b"\x7c\x01" + piece.replace(b"\0", b"\7"), 3600)
    assert push(ready, b"\x7c\x41end", 3600, marker=True) == []
    assert isinstance(ready.statistics.last_error, LimitError)
    assert ready.statistics.dropped == 1
    assert push(ready, unit, 7200, marker=True)[0].damaged
    assert not push(ready, made.h264_slice(key=True), 10_800, marker=True)[0].damaged
