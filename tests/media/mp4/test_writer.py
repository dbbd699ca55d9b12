"""Init segments and fragments, down to the bytes that matter."""

from __future__ import annotations

import pytest

from appliance.media.errors import LimitError, MalformedError, UnsupportedError
from appliance.media.mp4 import descriptors
from appliance.media.mp4.entries import codec_string, sample_entry
from appliance.media.mp4.g726 import most_significant_first, storable_data, storable_format
from appliance.media.mp4.reader import parse_fragment, parse_init
from appliance.media.mp4.records import parse_avcc, parse_hvcc
from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AudioFormat, Codec, VideoFormat


def _run(**changes) -> TrackRun:
    values = {
        "track_id": 1,
        "base_dts": 0,
        "durations": [3600, 3600],
        "sizes": [3, 2],
        "keys": [True, False],
        "offsets": [0, 0],
        "data": [b"abc", b"de"],
    }
    return TrackRun(**(values | changes))


def _joined(*runs: TrackRun) -> bytes:
    return b"".join(fragment(7, runs))


@pytest.mark.parametrize(
    "keys", [[True, True, True], [True, False, False], [False, True, False], [False] * 3]
)
@pytest.mark.parametrize("durations", [[3600, 3600, 3600], [3600, 3599, 3601]])
@pytest.mark.parametrize("offsets", [[0, 0, 0], [7200, -3600, 0]])
def test_what_is_written_is_read_back(keys, durations, offsets):
    data = [b"abc", b"", b"defg"]
    run = TrackRun(3, 1 << 40, durations, [3, 0, 4], keys, offsets, data)
    sound = TrackRun(4, 5, [1024] * 2, [2, 2], data=[b"ssss"])
    fragment_bytes = _joined(run, sound)
    first, second = parse_fragment(fragment_bytes)
    assert (first.track_id, first.base_dts) == (3, 1 << 40)
    assert [sample.duration for sample in first.samples] == durations
    assert [sample.key for sample in first.samples] == keys
    assert [sample.offset for sample in first.samples] == offsets
    assert [
        fragment_bytes[sample.data_offset : sample.data_offset + sample.size]
        for sample in first.samples
    ] == data
    assert all(sample.key and sample.duration == 1024 for sample in second.samples)
    assert fragment_bytes[second.samples[0].data_offset :] == b"ssss"


def test_boxes_in_front_of_a_fragment_are_stepped_over():
    padded = b"\0\0\0\x20uuid" + bytes(24) + _joined(_run())
    (track,) = parse_fragment(padded)
    assert padded[track.samples[1].data_offset :] == b"de"


def test_a_run_without_samples_leaves_no_trace():
    empty = _run(track_id=2, durations=[], sizes=[], keys=[], offsets=[], data=[])
    assert _joined(_run(), empty) == _joined(_run())


@pytest.mark.parametrize(
    "changes",
    [
        {"durations": [3600]},
        {"keys": [True]},
        {"offsets": [0]},
        {"sizes": [3, 3]},
        {"durations": [-1, 5]},
        {"base_dts": -1},
        {"offsets": [1 << 31, 0]},
        {"sizes": [6, -1]},
    ],
)
def test_a_run_that_contradicts_itself_is_refused(changes):
    with pytest.raises(MalformedError):
        fragment(1, [_run(**changes)])


def test_a_fragment_past_the_reach_of_its_offsets_is_refused():
    page = bytes(1 << 20)
    with pytest.raises(LimitError):
        fragment(1, [_run(sizes=[0, 2048 << 20], data=[page] * 2048)])


def test_equal_tracks_give_equal_heads(h264_clip, aac_clip):
    tracks = [Track(1, h264_clip.format), Track(2, aac_clip.format)]
    assert init_segment(tracks) == init_segment(list(tracks))
    assert init_segment(tracks) != init_segment([Track(1, h264_clip.format, True), tracks[1]])


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
@pytest.mark.parametrize("in_band", [False, True])
def test_a_head_is_read_back_with_its_parameter_sets(codec, in_band, make_video):
    form = make_video(codec, frames=2).format
    form = VideoFormat(
        codec, 320, 180, form.codec_string, form.parameter_sets, colour=(1, 13, 6, True)
    )
    (track,) = parse_init(init_segment([Track(5, form, in_band)]))
    assert (track.track_id, track.timescale, track.in_band) == (5, 90_000, in_band)
    assert isinstance(track.format, VideoFormat)
    assert sorted(track.format.parameter_sets) == sorted(form.parameter_sets)
    assert track.format.colour == (1, 13, 6, True)
    assert (track.format.width, track.format.height) == (320, 180)
    if codec is Codec.H264:
        assert track.format.codec_string == form.codec_string
    record = (parse_avcc if codec is Codec.H264 else parse_hvcc)(track.config)
    assert record.length_size == 4


def test_hvc1_promises_complete_parameter_sets_and_hev1_does_not(make_video):
    form = make_video(Codec.H265, frames=2).format
    for in_band, complete in ((False, 0x80), (True, 0)):
        (track,) = parse_init(init_segment([Track(1, form, in_band)]))
        assert track.config[22] == 3
        assert track.config[23] == complete | 32


def test_hevc_codec_names_follow_the_profile_bytes(make_video):
    (track,) = parse_init(init_segment([Track(1, make_video(Codec.H265, frames=2).format)]))
    assert track.format is not None
    assert track.format.codec_string.startswith("hvc1.1.6.L")


@pytest.mark.parametrize(
    "form",
    [
        AudioFormat(Codec.AAC, 16_000, 1, b"\x14\x08", codec_string="mp4a.40.2"),
        AudioFormat(Codec.AAC, 96_000, 2, b"\x10\x10" + bytes(200), codec_string="mp4a.40.2"),
        AudioFormat(Codec.PCMA, 8000, 1, bits_per_sample=8, codec_string="alaw"),
        AudioFormat(Codec.PCMU, 16_000, 2, bits_per_sample=8, codec_string="ulaw"),
        AudioFormat(Codec.L16, 44_100, 2, bits_per_sample=16, codec_string="twos"),
        AudioFormat(Codec.G726, 8000, 1, bits_per_sample=5, codec_string="aal2-g726-40"),
    ],
)
def test_sound_formats_are_read_back(form):
    (track,) = parse_init(init_segment([Track(2, form)]))
    assert track.format == form
    assert track.timescale == form.sample_rate


def test_a_format_without_an_entry_is_refused():
    with pytest.raises(UnsupportedError):
        sample_entry(VideoFormat(Codec.PCMA, 1, 1, ""))
    with pytest.raises(MalformedError):
        sample_entry(VideoFormat(Codec.H264, 1, 1, "", (b"\x67\x64",)))
    with pytest.raises(MalformedError):
        init_segment([])


def test_in_band_tracks_are_named_so_to_browsers():
    form = VideoFormat(Codec.H264, 1, 1, "avc1.64001f")
    assert codec_string(form) == "avc1.64001f"
    assert codec_string(form, in_band=True) == "avc3.64001f"
    assert codec_string(AudioFormat(Codec.AAC, 8000, 1)) == "mp4a.40.2"
    assert codec_string(AudioFormat(Codec.PCMA, 8000, 1)) == ""


def test_long_descriptors_take_longer_lengths():
    assert descriptors.descriptor(5, bytes(127))[:2] == b"\x05\x7f"
    assert descriptors.descriptor(5, bytes(128))[:3] == b"\x05\x81\x00"
    body = descriptors.esds(descriptors.AUDIO_AAC, b"x" * 20_000)[8:]
    assert descriptors.parse_esds(body) == (descriptors.AUDIO_AAC, b"x" * 20_000)


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_g726_code_words_change_ends_and_keep_their_order(bits):
    words = [number * 7 % (1 << bits) for number in range(40)]
    least = sum(word << bits * at for at, word in enumerate(words))
    most = int("".join(f"{word:0{bits}b}" for word in words), 2)
    size = 40 * bits // 8
    assert most_significant_first(least.to_bytes(size, "little"), bits) == most.to_bytes(
        size, "big"
    )


def test_g726_as_it_comes_by_rtp_is_stored_only_when_packed_anew():
    wire = AudioFormat(Codec.G726, 8000, 1, bits_per_sample=4, codec_string="g726-32")
    with pytest.raises(UnsupportedError):
        sample_entry(wire)
    (track,) = parse_init(init_segment([Track(1, storable_format(wire))]))
    assert track.format == storable_format(wire)
    assert storable_data(wire, b"\x21\x43") == b"\x12\x34"
    assert storable_data(storable_format(wire), b"\x12\x34") == b"\x12\x34"


def test_g726_of_another_width_is_refused():
    with pytest.raises(UnsupportedError):
        most_significant_first(b"", 8)
