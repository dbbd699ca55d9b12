"""Gathering access units into fragments."""

import dataclasses

from made_units import AUDIO, VIDEO, audio, video

from appliance.media.mp4.reader import parse_fragment
from appliance.media.types import AudioFormat, Codec
from appliance.recording.fragmenter import Fragmenter
from appliance.storage.model import RecordKind, StreamId, StreamName

K = RecordKind
STREAM = StreamId(1, StreamName.MAIN)
OTHER = dataclasses.replace(VIDEO, parameter_sets=(VIDEO.parameter_sets[0] + b"\0", b"\x68\xce"))


def samples(fragment):
    return {t.track_id: t for t in parse_fragment(b"".join(bytes(p) for p in fragment.body))}


def test_recording_starts_at_a_key_frame():
    it = Fragmenter(STREAM)
    assert not it.add(video(3), K.GENERAL)
    assert it.add(video(10), K.GENERAL)
    (cut,) = it.take()
    assert cut.starts_with_key
    assert cut.utc_ns == video(10).utc_ns


def test_a_fragment_tells_whether_a_key_frame_is_anywhere_in_it():
    it = Fragmenter(STREAM)
    found = []
    for units in ((10, 11), (12, 13), (18, 19, 20, 21)):
        for n in units:
            it.add(video(n), K.GENERAL)
        found += [(cut.starts_with_key, cut.has_key) for cut in it.take()]
    assert found == [(True, True), (False, False), (False, True)]


def test_a_cut_holds_the_units_since_the_last_one_and_nothing_is_lost_or_repeated():
    it = Fragmenter(STREAM)
    for n in range(10):
        it.add(video(n), K.GENERAL)
    (first,) = it.take()
    for n in range(10, 15):
        it.add(video(n), K.GENERAL)
    (second,) = it.take()
    a, b = samples(first)[1], samples(second)[1]
    assert (len(a.samples), len(b.samples)) == (10, 5)
    assert b.base_dts == a.base_dts + sum(s.duration for s in a.samples) == 10 * 9000
    assert first.duration_ns == 1_000_000_000
    assert it.take() == []


def test_sound_travels_with_the_video_of_its_run():
    it = Fragmenter(STREAM)
    assert not it.add(audio(0), K.GENERAL)
    it.add(video(0), K.GENERAL)
    assert it.add(audio(1), K.GENERAL)
    assert not it.add(audio(1, run=9), K.GENERAL)
    it.add(video(1), K.GENERAL)
    cuts = it.take()
    assert samples(cuts[-1])[2].base_dts == 1024


def test_an_announced_sound_track_is_in_the_head_from_the_first_fragment():
    it = Fragmenter(STREAM)
    it.expect_audio = AUDIO
    it.add(video(0), K.GENERAL)
    it.add(audio(0), K.GENERAL)
    assert len(it.take()) == 1


def test_sound_that_fits_no_mp4_does_not_stop_the_video():
    """Pain 12: unknown audio must never stop video."""
    it = Fragmenter(STREAM)
    it.expect_audio = AudioFormat(Codec.H264, 8000, 1)
    assert it.add(video(0), K.GENERAL)
    assert not it.add(dataclasses.replace(audio(0), format=it.expect_audio), K.GENERAL)
    assert it.audio_not_stored
    assert len(it.take()) == 1


def test_new_parameter_sets_start_a_fragment_with_another_head():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.add(video(1), K.GENERAL)
    it.add(video(2, key=True, track=OTHER), K.GENERAL)
    a, b = it.take()
    assert a.head != b.head
    assert b.starts_with_key


def test_an_equal_format_object_does_not_cut():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.add(video(1, track=dataclasses.replace(VIDEO)), K.GENERAL)
    assert len(it.take()) == 1


def test_a_new_run_waits_for_its_key_frame():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    assert not it.add(video(5, run=2), K.GENERAL)
    assert it.add(video(10, run=2), K.GENERAL)
    assert [c.run for c in it.take()] == [1, 2]


def test_sound_left_over_from_a_run_does_not_get_into_the_next():
    """A camera reboots behind a tick: some sound, no picture any more; then a new run."""
    it = Fragmenter(STREAM)
    it.expect_audio = AUDIO
    it.add(video(0), K.GENERAL)
    it.add(audio(500), K.GENERAL)
    it.take()
    it.add(audio(501), K.GENERAL)
    assert it.take() == []
    it.add(video(0, run=2), K.GENERAL)
    it.add(audio(0, run=2), K.GENERAL)
    (second,) = it.take()
    assert (second.run, it.units_given_up) == (2, 1)
    assert audio(0).data in second.body
    assert audio(501).data not in second.body


def test_sound_of_a_pause_does_not_get_into_what_is_recorded_behind_it():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.take()
    it.add(audio(1), K.GENERAL)
    it.stop()
    it.add(video(3600), K.GENERAL)
    (fragment,) = it.take()
    assert audio(1).data not in fragment.body


def test_what_no_fragment_can_hold_is_given_up_and_recording_goes_on():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.add(dataclasses.replace(video(1), dts=-90_000), K.GENERAL)
    assert it.take() == []
    assert it.units_given_up == 2
    it.add(video(10), K.GENERAL)
    assert len(it.take()) == 1


def test_a_change_of_kind_starts_a_fragment_in_the_same_run():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.add(video(1), K.GENERAL | K.MOTION)
    a, b = it.take()
    assert (a.kinds, b.kinds) == (K.GENERAL, K.GENERAL | K.MOTION)
    assert a.head == b.head
    assert not b.starts_with_key


def test_a_burst_is_cut_into_fragments_of_about_a_second():
    it = Fragmenter(STREAM)
    for n in range(100):
        it.add(video(n), K.GENERAL)
    cuts = it.take()
    assert len(cuts) >= 7
    assert all(c.duration_ns <= 1_300_000_000 for c in cuts)
    assert sum(len(samples(c)[1].samples) for c in cuts) == 100


def test_after_a_pause_recording_goes_on_at_a_key_frame():
    it = Fragmenter(STREAM)
    it.add(video(0), K.GENERAL)
    it.stop()
    assert not it.add(video(1), K.GENERAL)
    assert it.add(video(10), K.GENERAL)
    assert len(it.take()) == 2


def test_refused_fragments_come_again_with_one_head_and_their_parameter_sets_in_band():
    it = Fragmenter(STREAM)
    it.expect_audio = AUDIO
    it.add(video(0), K.GENERAL)
    it.add(audio(1), K.GENERAL)
    it.add(video(1), K.GENERAL)
    it.add(video(10, track=OTHER), K.GENERAL)
    first = it.take()
    it.add(video(20), K.MOTION)
    again = it.again_in_band(first)
    (later,) = it.take()
    assert {f.head for f in [*again, later]} == {again[0].head}
    assert b"avc3" in later.head
    assert [f.utc_ns for f in again] == [f.utc_ns for f in first]
    assert [len(samples(f)[1].samples) for f in again] == [2, 1]
    for cut, track in ((again[0], VIDEO), (again[1], OTHER), (later, VIDEO)):
        data = b"".join(bytes(p) for p in cut.body)
        assert all(len(p).to_bytes(4, "big") + p in data for p in track.parameter_sets)


def test_the_units_of_settled_fragments_are_let_go():
    it = Fragmenter(STREAM)
    for n in range(30):
        it.add(video(n), K.GENERAL)
        for cut in it.take():
            it.settled(cut)
    assert not it._in_flight


def test_g726_is_stored_in_the_packing_that_files_have():
    """N4.7: RFC 3551 packs the first code word into the low bits, files into the high ones."""
    heard = AudioFormat(Codec.G726, 8000, 1, bits_per_sample=4, codec_string="g726-32")
    it = Fragmenter(STREAM)
    it.expect_audio = heard
    it.add(video(0), K.GENERAL)
    assert it.add(dataclasses.replace(audio(0), format=heard, data=b"\x12\x34"), K.GENERAL)
    assert it.add(dataclasses.replace(audio(1), format=heard, data=b"\x56\x78"), K.GENERAL)
    (cut,) = it.take()
    assert b"\x21\x43\x65\x87" in b"".join(bytes(p) for p in cut.body)
    assert len(samples(cut)[2].samples) == 2


def test_a_fragment_is_cut_before_it_holds_too_many_bytes():
    it = Fragmenter(STREAM)
    it.most_bytes = 10_000
    for n in range(10):
        it.add(video(n, size=3_000), K.GENERAL)
    cuts = it.take()
    assert [len(samples(cut)[1].samples) for cut in cuts] == [3, 3, 3, 1]
    assert [cut.starts_with_key for cut in cuts] == [True, False, False, False]
    dts = [samples(cut)[1].base_dts for cut in cuts]
    assert dts == [video(n).dts for n in (0, 3, 6, 9)]


def test_a_unit_larger_than_a_fragment_should_be_is_one_of_its_own():
    it = Fragmenter(STREAM)
    it.most_bytes = 10_000
    for n, size in enumerate((3_000, 50_000, 3_000)):
        it.add(video(n, size=size), K.GENERAL)
    assert [len(samples(cut)[1].samples) for cut in it.take()] == [1, 1, 1]


def test_sound_counts_towards_the_bytes_of_a_fragment():
    it = Fragmenter(STREAM)
    it.most_bytes = 10_000
    it.expect_audio = AUDIO
    for n in range(4):
        assert it.add(video(n, size=3_000), K.GENERAL)
        loud = dataclasses.replace(audio(n), data=bytes(4_000))
        assert it.add(loud, K.GENERAL)
    cuts = it.take()
    assert len(cuts) == 4
    assert all(sum(map(len, cut.body)) < 11_000 for cut in cuts)


def test_sound_without_a_picture_does_not_grow_without_bound():
    it = Fragmenter(STREAM)
    it.most_bytes = 10_000
    it.expect_audio = AUDIO
    it.add(video(0), K.GENERAL)
    taken = [it.add(dataclasses.replace(audio(n), data=bytes(4_000)), K.GENERAL) for n in range(9)]
    assert taken == [True, True, True, True] + [False] * 5
    assert it.pending_bytes <= 10_000
