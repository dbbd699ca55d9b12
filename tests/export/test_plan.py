"""A plan knows files, sizes and bytes ahead; what comes out is what was recorded, on one clock."""

import random
from datetime import UTC, datetime

import av
import pytest
from made_footage import FPS, MAIN, NS, SUB, T0, Camera, video

from appliance.export.errors import ExportError
from appliance.export.movie import MovieReader
from appliance.media.mp4.reader import parse_fragment
from appliance.storage.errors import FootageGoneError


def source(reader, start, end, *, stream=MAIN):
    """Coded pictures, from the first key frame on, and sounds of the fragments that touch a range.

    {track: [bytes]}
    """
    found = {}
    cursor = reader.seek(stream, T0 + round(start * NS))
    while (stored := cursor.next()) and stored.utc_ns < T0 + round(end * NS):
        body = stored.read()
        for track in parse_fragment(body):
            for s in track.samples:
                if s.key or track.track_id in found:
                    data = body[s.data_offset : s.data_offset + s.size]
                    found.setdefault(track.track_id, []).append(data)
    return found


def packets(path):
    """Coded pictures and sounds that a player finds: {track: [(pts, dts, bytes)]}."""
    found = {}
    with av.open(str(path)) as movie:
        for packet in movie.demux():
            if packet.size:
                seconds = [float(t * packet.time_base) for t in (packet.pts, packet.dts)]
                found.setdefault(packet.stream_index + 1, []).append((*seconds, bytes(packet)))
    return found


def pictures(path):
    """(seconds in the file, brightness) of what is shown from the cut on."""
    with av.open(str(path)) as movie:
        return [
            (round(float(f.pts * f.time_base), 3), int(f.to_ndarray()[40, 40]))
            for f in movie.decode(video=0)
            if f.pts >= 0
        ]


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize(("b_frames", "audio"), [(0, ""), (2, "aac"), (0, "mulaw")])
def test_an_export_holds_what_was_recorded_byte_for_byte(
    box, writer, plan, save, codec, b_frames, audio
):
    Camera(writer, coded=video(codec, b_frames=b_frames), audio=audio).record(T0, 30, phase=3)
    made = plan(10, 20)
    [movie] = made.movies
    got = packets(save(movie))
    begin = (movie.pieces[1].fragments[0].utc_ns - T0) / NS
    assert 6 < begin <= 10
    wanted = source(box.reader(writers=[writer]), begin, 20)
    assert {track: [data for *_t, data in rows] for track, rows in got.items()} == wanted
    for rows in got.values():
        times = [dts for _pts, dts, _data in rows]
        assert times == sorted(times)


def test_sizes_and_any_range_of_bytes_are_known_ahead(writer, plan, save):
    camera = Camera(writer, audio="aac", coded=video(noise=True))
    camera.record(T0, 40, phase=4)
    camera.again(run=2)
    camera.record(T0 + 45 * NS, 30)
    [movie] = plan(3.5, 70).movies
    whole = save(movie).read_bytes()
    rng = random.Random(5)
    with MovieReader() as reader:
        for _n in range(300):
            at = rng.randrange(movie.size)
            end = min(movie.size, at + rng.choice([1, 9, 700, 9000, 200_000]))
            assert reader.read(movie, at, end) == whole[at:end]


def test_the_cut_hides_what_is_before_it(writer, plan, save):
    Camera(writer).record(T0, 10, phase=4)
    made = plan(3.5, 7.05)
    [movie] = made.movies
    assert (movie.start_ns - T0, movie.end_ns - T0) == (3.5 * NS, 7.05 * NS)
    shown = pictures(save(movie))
    assert shown[0] == (0.0, 16 + 8 * 15)
    assert shown[1] == (0.1, 16 + 8 * 16)
    assert shown[5] == (0.5, 16)


def test_a_key_frame_long_ago_is_found(writer, plan, save):
    Camera(writer, coded=video(frames=600)).record(T0, 60, phase=4)
    [movie] = plan(50.5, 55).movies
    assert movie.start_ns - T0 == 50.5 * NS
    shown = pictures(save(movie))
    assert (len(shown), shown[0]) == (45 + 4, (0.0, 16 + 8 * (505 % 25)))


def test_a_gap_lasts_as_long_in_the_file_and_combined_it_is_left_out(writer, plan, save):
    camera = Camera(writer)
    camera.record(T0, 4)
    camera.again(run=2)
    camera.record(T0 + 10 * NS, 4)
    made = plan(0, 60)
    assert [(g.start_ns - T0, g.end_ns - T0) for g in made.gaps] == [
        (4 * NS, 10 * NS), (14 * NS, 60 * NS),
    ]  # fmt: skip
    [movie] = made.movies
    assert [time for time, _grey in pictures(save(movie))][39:42] == [3.9, 10.0, 10.1]
    assert [(s.start_ns - T0, s.at_ns) for s in movie.stretches] == [(0, 0), (10 * NS, 10 * NS)]
    [movie] = plan(0, 60, combine=True).movies
    assert [time for time, _grey in pictures(save(movie))][39:42] == [3.9, 4.0, 4.1]
    assert [(s.start_ns - T0, s.at_ns) for s in movie.stretches] == [(0, 0), (10 * NS, 4 * NS)]


def test_many_runs_over_many_blocks_stay_on_one_rising_clock(writer, plan, save):
    camera = Camera(writer, coded=video(noise=True), audio="mulaw")
    for run in range(1, 9):
        camera.again(run=run)
        camera.record(T0 + run * 20 * NS, 17.3)
    made = plan(50, 165)
    assert len(made.movies[0].blocks) > 3
    times = [dts for _pts, dts, _data in packets(save(made.movies[0]))[1]]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(165 - 50 - 1 / FPS, abs=0.11)


def test_a_wall_clock_put_back_does_not_turn_the_file_back(writer, plan, save):
    camera = Camera(writer)
    camera.record(T0, 20)
    camera.again(run=2)
    camera.record(T0 + 5 * NS, 10)
    [movie] = plan(0, 60).movies
    times = [dts for _pts, dts, _data in packets(save(movie))[1]]
    assert len(times) == 300
    assert times == sorted(times)


def test_each_set_of_parameters_gets_a_file(writer, plan, save):
    camera = Camera(writer)
    camera.record(T0, 4)
    camera.again(run=2, coded=video(width=192, height=112))
    camera.record(T0 + 4 * NS, 4)
    camera.again(run=3, coded=video())
    camera.record(T0 + 8 * NS, 4)
    made = plan(0, 60)
    assert [movie.coding for movie in made.movies] == ["H.264 160x96", "H.264 192x112"]
    assert [len(pictures(save(movie))) for movie in made.movies] == [80, 40]
    assert [w.code for w in made.warnings] == ["several"]
    assert len({movie.name for movie in made.movies}) == 2


def test_streams_of_several_channels_and_volumes(box, plan, save):
    writers = {}
    for name in ("one", "two"):
        box.create(name)
        writers[name] = box.writer(name, owner=name)
    camera = Camera(writers["one"])
    camera.record(T0, 10)
    camera.writer = writers["two"]
    camera.record(T0 + 10 * NS, 10)
    yard = Camera(writers["two"], stream=SUB._replace(channel=2))
    yard.record(T0, 20)
    made = plan(5, 15, streams=(MAIN, yard.stream), volumes=("one", "two"))
    assert made.channels == [1, 2]
    front, yard = made.movies
    assert front.name.startswith("D1 Front _ door 2026-09-21 16.13.25 +0200")
    assert yard.name.startswith("D2 Yard sub 2026")
    for movie in made.movies:
        assert len(pictures(save(movie))) == 100


def test_the_head_tells_when_and_what(writer, plan, save):
    Camera(writer).record(T0, 10)
    [movie] = plan(2, 8).movies
    with av.open(str(save(movie))) as opened:
        tags = opened.metadata
        assert opened.duration == pytest.approx(6_000_000, abs=200_000)
    assert tags["title"] == "D1 Front / door"
    assert tags["date"] == "2026-09-21T16:13:22.000+02:00"
    created = datetime.fromisoformat(tags["creation_time"].replace("Z", "+00:00"))
    assert created == datetime.fromtimestamp(T0 // NS + 2, UTC)


@pytest.mark.parametrize(
    ("codec", "audio", "codes"),
    [("h264", "aac", []), ("h265", "", ["h265"]), ("h264", "mulaw", ["sound"])],
)
def test_what_browsers_do_not_play_is_told(writer, plan, codec, audio, codes):
    Camera(writer, coded=video(codec), audio=audio).record(T0, 5)
    assert [w.code for w in plan(0, 5).warnings] == codes


def test_a_block_that_is_being_written_is_exported_as_it_will_read_later(writer, plan, save):
    camera = Camera(writer)
    camera.record(T0, 5)
    made = plan(0, 60)
    [movie] = made.movies
    assert movie.pieces[1].unflipped > 0
    early = save(movie).read_bytes()
    camera.record(T0 + 5 * NS, 20)
    assert save(movie).read_bytes() == early
    assert movie.end_ns == T0 + 5 * NS
    [again] = plan(0, 5).movies
    assert (again.etag, again.size) == (movie.etag, movie.size)


def test_a_range_that_reaches_to_now_ends_with_what_is_stored(writer, plan):
    Camera(writer).record(T0, 5)
    made = plan(0, 3600, now_ns=T0 + 5 * NS)
    assert [w.code for w in made.warnings] == ["future"]
    assert made.gaps == ()


def test_a_block_that_is_overwritten_gives_no_bytes(box, plan):
    box.create(blocks=10)
    writer = box.writer()
    camera = Camera(writer, coded=video(noise=True))
    camera.record(T0, 20)
    made = plan(0, 10)
    camera.record(T0 + 20 * NS, 400)
    with MovieReader() as reader, pytest.raises(FootageGoneError):
        reader.read(made.movies[0], 0, made.movies[0].size)


@pytest.mark.parametrize(
    ("start", "end", "code"), [(100, 200, "no_footage"), (5, 5, "order"), (9, 3, "order"),
                               (0, 40 * 86_400, "too_long")],
)  # fmt: skip
def test_what_cannot_be_exported_is_told(writer, plan, start, end, code):
    Camera(writer).record(T0, 5)
    with pytest.raises(ExportError) as caught:
        plan(start, end)
    assert caught.value.code == code


def test_channels_have_to_be_chosen_once(writer, plan):
    for streams in ((), (MAIN, MAIN)):
        with pytest.raises(ExportError) as caught:
            plan(0, 1, streams=streams)
        assert caught.value.code == "no_channels"


def test_a_channel_without_footage_is_told_beside_one_with_it(writer, plan):
    Camera(writer).record(T0, 5)
    made = plan(0, 5, streams=(MAIN, MAIN._replace(channel=9)))
    assert [movie.stream.channel for movie in made.movies] == [1]
    assert [(w.code, w.channel) for w in made.warnings] == [("no_footage", 9)]


def test_both_hours_of_a_dst_day_have_names_of_their_own(writer, plan):
    begin = int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()) - T0 // NS
    camera = Camera(writer)
    camera.record(T0 + begin * NS, 3)
    camera.again(run=2)
    camera.record(T0 + (begin + 3600) * NS, 3)
    names = [plan(begin + h, begin + h + 3).movies[0].name for h in (0, 3600)]
    assert names == [
        "D1 Front _ door 2026-10-25 02.30.00 +0200.mp4",
        "D1 Front _ door 2026-10-25 02.30.00 +0100.mp4",
    ]
    [movie] = plan(begin, begin + 3603).movies
    assert movie.stretches[1].at_ns == 3600 * NS
