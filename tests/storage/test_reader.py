"""Finding footage: seek, gaps, timeline, days; open, closed, reused and unreadable blocks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from made_fragments import MAIN, SUB, T0, S, body_of, made_fragment, stored

from appliance.storage import cursor
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import RecordKind
from appliance.storage.recordings import FileFilter, recordings
from appliance.storage.volume import CATALOGUE_FILE, block_name

HOUR = 3600 * S


@pytest.fixture
def writer(box):
    box.create()
    return box.writer()


def record(writer, seconds, **more):
    for second in seconds:
        assert writer.commit([made_fragment(second, **more)]).stored == 1


def second_of(fragment):
    return (fragment.utc_ns - T0) / S


def test_seek_stands_before_the_fragment_that_holds_the_instant(box, writer):
    record(writer, range(200))
    reader = box.reader(writers=[writer])
    for at in (0, 0.5, 57.9, 120, 199.5):
        assert second_of(reader.seek(MAIN, T0 + int(at * S)).next()) == int(at)


def test_seek_into_a_gap_goes_to_the_next_footage_and_says_so(box, writer):
    record(writer, [*range(10), *range(100, 110)])
    reader = box.reader(writers=[writer])
    cursor = reader.seek(MAIN, T0 + 50 * S)
    first, second = cursor.next(), cursor.next()
    assert (second_of(first), first.gap_before) == (100, True)
    assert not second.gap_before
    assert second_of(reader.seek(MAIN, T0 + 50 * S, forward=False).next()) == 9


def test_a_gap_within_the_footage_is_shown(box, writer):
    record(writer, [0, 1, 5, 6])
    gaps = [f.gap_before for f, _body in stored(box.reader(writers=[writer]))]
    assert gaps == [True, False, True, False]  # the first: nothing lies before what was sought


def test_seek_beyond_the_footage_finds_nothing_on_that_side(box, writer):
    record(writer, range(5))
    reader = box.reader(writers=[writer])
    assert reader.seek(MAIN, T0 + 100 * S) is None
    assert reader.seek(MAIN, T0 - 100 * S, forward=False) is None
    assert reader.seek(SUB, T0) is None


def test_a_cursor_at_the_end_goes_on_when_more_is_recorded(box, writer):
    reader = box.reader(writers=[writer])
    record(writer, range(3))
    cursor = reader.seek(MAIN, T0 + 2 * S)
    assert second_of(cursor.next()) == 2
    assert cursor.next() is None
    record(writer, range(3, 200))  # over several blocks
    assert [second_of(f) for f in iter(cursor.next, None)] == list(range(3, 200))


def from_key(reader, at):
    """The second at which to begin so that `at` can be decoded; None if there is no key frame."""
    cursor = reader.seek(MAIN, T0 + at * S)
    return second_of(cursor.next()) if cursor.back_to_key() else None


def long_gop(writer, seconds, gop_s, size=30_000, **changes):
    """A key frame in the middle of every so many fragments."""
    for second in seconds:
        has_key = second % gop_s == 0
        record(writer, [second], starts_with_key=False, has_key=has_key, size=size, **changes)


@pytest.mark.parametrize("closed", [False, True])
def test_the_last_key_frame_is_found_however_far_back_without_reading_footage(
    box, writer, closed, monkeypatch
):
    long_gop(writer, range(700), 250)
    reader = box.reader(writers=[writer])
    if closed:
        writer.close()
        reader = box.reader()
    monkeypatch.setattr(cursor, "read_body", lambda *args: pytest.fail("footage was read"))
    for at, expected in ((1, 0), (249, 0), (250, 0), (251, 250), (499, 250), (699, 500)):
        assert from_key(reader, at) == expected
    assert from_key(reader, 0) is None


def test_a_key_frame_is_not_looked_for_in_another_run_or_beyond_a_gap(box, writer):
    long_gop(writer, range(20), 10)
    long_gop(writer, range(21, 30), 100, run=8)
    long_gop(writer, range(35, 40), 100, run=8)
    reader = box.reader(writers=[writer])
    assert from_key(reader, 19) == 10
    for at in (21, 25, 35, 38):
        place = reader.seek(MAIN, T0 + at * S)
        assert not place.back_to_key()
        assert second_of(place.next()) == at


def test_fragments_stored_before_their_index_told_of_key_frames_are_all_looked_at(box, writer):
    for second in range(20):
        record(writer, [second], starts_with_key=second == 0, has_key=None)
    reader = box.reader(writers=[writer])
    place = reader.seek(MAIN, T0 + 12 * S)
    tried = []
    while place.back_to_key():
        tried.append(second_of(place.next()))
        place.previous()
    assert tried == list(range(11, -1, -1))


def test_fragments_without_a_key_frame_are_passed_over(box, writer):
    long_gop(writer, range(1, 400), 300)
    place = box.reader(writers=[writer]).seek(MAIN, T0)
    place.on_to_key()
    assert second_of(place.next()) == 300
    place.on_to_key()
    assert place.next() is None


def test_a_cursor_goes_backwards_over_blocks_and_gaps(box, writer):
    record(writer, [*range(60), *range(100, 160)], size=30_000)
    cursor = box.reader(writers=[writer]).seek(MAIN, T0 + 105 * S)
    assert [second_of(cursor.previous()) for _n in range(7)] == [104, 103, 102, 101, 100, 59, 58]


def test_footage_of_one_stream_is_found_over_two_volumes_in_order_of_time(box):
    writers = []
    for name, seconds in (("one", range(10)), ("two", range(10, 20)), ("one", range(20, 30))):
        if not (box.root / name).exists():
            box.create(name)
        writer = box.writer(name, owner=f"r{len(writers)}")
        record(writer, seconds)
        writers.append(writer)
    reader = box.reader("one", "two", writers=writers)
    assert [second_of(f) for f, _b in stored(reader)] == list(range(30))
    assert len(reader.timeline([MAIN], 0, T0 * 2)) == 1


def test_the_timeline_shows_kinds_gaps_and_streams(box, writer):
    record(writer, range(5))
    record(writer, range(5, 8), kinds=RecordKind.MOTION)
    record(writer, range(20, 22))
    record(writer, range(3), stream=SUB)
    reader = box.reader(writers=[writer])
    spans = [
        (s.stream, (s.start_ns - T0) // S, (s.end_ns - T0) // S, s.kinds)
        for s in reader.timeline([MAIN, SUB], T0, T0 + HOUR)
    ]
    assert spans == [
        (MAIN, 0, 5, RecordKind.GENERAL),
        (MAIN, 5, 8, RecordKind.MOTION),
        (MAIN, 20, 22, RecordKind.GENERAL),
        (SUB, 0, 3, RecordKind.GENERAL),
    ]
    (clipped,) = reader.timeline([SUB], T0 + S, T0 + 2 * S)
    assert (clipped.start_ns, clipped.end_ns) == (T0 + S, T0 + 2 * S)
    assert len(reader.timeline([MAIN], T0, T0 + HOUR, gap_ns=60 * S)) == 2


def test_the_timeline_is_whole_across_blocks_and_after_they_are_closed(box, writer):
    record(writer, range(400))
    (span,) = box.reader(writers=[writer]).timeline([MAIN], 0, T0 * 2)
    assert ((span.start_ns - T0) // S, (span.end_ns - T0) // S) == (0, 400)
    writer.close()
    assert box.reader().timeline([MAIN], 0, T0 * 2) == [span]


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Berlin", date(2027, 3, 28), 23), ("Europe/Berlin", date(2027, 10, 31), 25)],
)
def test_days_follow_the_zone_also_on_the_days_of_23_and_25_hours(box, writer, zone, day, hours):
    """Footage in the last second of the day before, and the first of the day after."""
    midnight = 1_000_000_000 * int(
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()
    )
    for utc_ns in (midnight - S, midnight + hours * HOUR):
        record(writer, [0], utc_ns=utc_ns)
    reader = box.reader(writers=[writer])
    days = reader.days_with_footage([1], midnight - 48 * HOUR, midnight + 72 * HOUR, ZoneInfo(zone))
    assert [d.toordinal() - day.toordinal() for d in days] == [-1, 1]
    record(writer, [0], utc_ns=midnight + (hours * 3600 - 1) * S)
    assert day in reader.days_with_footage([1], midnight, midnight + hours * HOUR, ZoneInfo(zone))


def test_a_block_reused_while_it_is_read_ends_its_stretch_cleanly(box):
    box.create(blocks=6)
    writer = box.writer()
    record(writer, range(100))
    reader = box.reader(writers=[writer])
    cursor = reader.seek(MAIN, T0)
    held = cursor.next()
    assert held.read() == body_of(made_fragment(0))
    record(writer, range(100, 400))
    with pytest.raises(FootageGoneError):
        held.read()
    onward = cursor.next()
    assert onward.gap_before
    assert onward.read() == body_of(made_fragment(int(second_of(onward))))


def test_footage_is_found_without_a_running_recorder_also_in_open_blocks(box, writer):
    record(writer, range(100))
    writer.close()
    assert [second_of(f) for f, _b in stored(box.reader())] == list(range(100))


QUESTIONS = {
    "seek": lambda reader: [(f.utc_ns - T0) // S for f, _ in stored(reader, SUB)],
    "streams": lambda reader: reader.streams(),
    "timeline": lambda reader: reader.timeline([SUB], T0, T0 + 10 * S),
    "overview": lambda reader: reader.overview(SUB, T0, T0 + 3600 * S, 60 * S),
    "recordings": lambda reader: [
        file.place.number
        for file in recordings(reader, FileFilter((SUB.channel,), (SUB.stream,), T0, T0 + 10 * S))[
            0
        ]
    ],
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_block_that_goes_from_hand_to_catalogue_meanwhile_is_found(box, question):
    box.create()
    writer = box.writer(background=False)
    writer.commit([made_fragment(0, MAIN)])
    writer.housekeeping.poke = lambda wanted: None  # what is closed waits for the catalogue
    for second in range(5):
        writer.commit([made_fragment(second, SUB)])
    writer.keep_only({MAIN})
    ask = QUESTIONS[question]
    expected = ask(box.reader(writers=[writer]))
    asked = 0

    def settle_when_asked():
        nonlocal asked
        asked += 1
        writer.housekeeping.work()
        return writer.open_blocks()

    reader = box.reader()
    reader._open_blocks = settle_when_asked
    assert any(block.stream == SUB for block in writer.open_blocks())
    assert ask(reader) == expected
    assert asked
    assert not any(block.stream == SUB for block in writer.open_blocks())


def test_a_missing_catalogue_hides_closed_blocks_until_it_is_made_anew(box, writer):
    record(writer, range(100))
    writer.close()
    (box.root / "one" / CATALOGUE_FILE).unlink()
    assert stored(box.reader()) == []
    again = box.writer()
    assert [second_of(f) for f, _b in stored(box.reader(writers=[again]))] == list(range(100))


def test_a_closed_block_that_was_deleted_is_passed_over_as_a_gap(box, writer):
    record(writer, range(200))
    row = writer.keeper.rows("state = 'closed'")[1]
    (box.root / "one" / block_name(row.number)).unlink()
    found = stored(box.reader(writers=[writer]))
    assert 0 < len(found) < 200
    assert sum(f.gap_before for f, _b in found) == 2


def test_overlapping_footage_after_the_clock_was_set_back_is_all_played(box, writer):
    record(writer, range(60))
    for second in range(60):
        record(writer, [100 + second], utc_ns=T0 + (30 + second) * S)
    assert len(stored(box.reader(writers=[writer]))) == 120


def test_a_volume_that_is_not_there_is_passed_over_until_it_comes(box):
    reader = box.reader("one")
    assert reader.streams() == []
    box.create()
    writer = box.writer()
    record(writer, range(3))
    writer.close()
    assert reader.streams() == [MAIN]
