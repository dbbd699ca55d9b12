"""The timeline at a distance: what it shows, and that it costs and says the same after all."""

import itertools
import random

import pytest
from made_fragments import MAIN, T0, S, made_fragment

from appliance.storage.cells import (
    LEVELS_NS,
    LOCKED,
    QUARTER_NS,
    CellRow,
    cells_of_bucket,
    level_for,
    pack,
)
from appliance.storage.model import RecordKind
from appliance.storage.pieces import BUCKET_NS

K = RecordKind
HOUR = 3600 * S


def drawn(row, resolution_ns):
    return [(a // S, b // S, kind, locked) for a, b, kind, locked in row.stretches(resolution_ns)]


def test_cells_fit_into_each_other_and_into_buckets():
    for short, long in itertools.pairwise([*LEVELS_NS, BUCKET_NS]):
        assert long % short == 0


def test_the_longest_cells_that_a_pixel_takes_are_used():
    assert level_for(LEVELS_NS[0] - 1) is None
    assert level_for(LEVELS_NS[0]) == 0
    assert level_for(LEVELS_NS[1] - 1) == 0
    assert level_for(1000 * LEVELS_NS[1]) == 1


def test_a_cell_is_recorded_if_anything_in_it_was_and_the_first_kind_wins():
    row = CellRow(30 * S, 0, 300 * S)
    row.add(29 * S, 31 * S, K.GENERAL, False)
    row.add(40 * S, 41 * S, K.MOTION | K.GENERAL, False)
    row.add(90 * S, 120 * S, K.NONE, False)
    row.add(240 * S, 241 * S, K.MANUAL, True)
    assert drawn(row, 30 * S) == [
        (0, 30, K.GENERAL, False),
        (30, 60, K.MOTION, False),
        (90, 120, K.GENERAL, False),
        (240, 270, K.GENERAL, True),
    ]


def test_pixels_of_several_cells_begin_at_the_same_places_wherever_the_range_begins():
    for first in range(0, 600, 30):
        row = CellRow(30 * S, first * S, 1200 * S)
        row.add(700 * S, 701 * S, K.ALARM, False)
        assert drawn(row, 120 * S) == [(600, 720, K.ALARM, False)]


def test_spans_outside_the_range_are_left_out():
    row = CellRow(30 * S, 300 * S, 600 * S)
    row.add(0, 300 * S, K.MOTION, False)
    row.add(600 * S, 900 * S, K.MOTION, False)
    assert drawn(row, 30 * S) == []
    row.add(0, 10_000 * S, K.MOTION, False)
    assert drawn(row, 30 * S) == [(300, 600, K.MOTION, False)]


@pytest.mark.parametrize("level", range(len(LEVELS_NS)))
def test_kept_buckets_give_what_the_spans_give(level):
    rng = random.Random(level)
    bucket = T0 // BUCKET_NS
    start = bucket * BUCKET_NS
    spans = []
    for _n in range(60):
        begin = start + rng.randrange(BUCKET_NS)
        end = min(start + BUCKET_NS, begin + rng.randrange(1, HOUR))
        spans.append((begin, end, rng.choice((1, 3, 64)), rng.random() < 0.2))
    cell_ns = LEVELS_NS[level]
    window = (start - HOUR + 7 * S, start + BUCKET_NS - 11 * S)
    direct, kept = CellRow(cell_ns, *window), CellRow(cell_ns, *window)
    for span in spans:
        direct.add(*span)
    kept.add_bucket(bucket, cells_of_bucket(bucket, spans)[level])
    assert kept.cells == direct.cells
    assert any(direct.cells)


def test_a_bucket_recorded_throughout_is_kept_as_one_byte():
    bucket = T0 // BUCKET_NS
    span = (bucket * BUCKET_NS, (bucket + 1) * BUCKET_NS, int(K.GENERAL), True)
    kept = cells_of_bucket(bucket, [span])
    assert kept == [bytes([K.GENERAL | LOCKED])] * len(LEVELS_NS)
    row = CellRow(QUARTER_NS, span[0] - HOUR, span[1] + HOUR)
    row.add_bucket(bucket, kept[-1])
    assert [s[:2] for s in row.stretches(QUARTER_NS)] == [span[:2]]
    assert pack(b"aab") == b"aab"


def test_kept_cells_of_another_length_are_refused():
    with pytest.raises(ValueError, match="length"):
        CellRow(QUARTER_NS, 0, HOUR).add_bucket(0, b"ab")


def test_an_overview_shows_open_and_closed_blocks_of_all_volumes_clipped(box):
    writers = []
    for nth, name in enumerate(("one", "two")):
        box.create(name)
        writers.append(box.writer(name, owner=f"r{nth}"))
        for second in range(200):
            writers[nth].commit([made_fragment(second + 500 * nth, kinds=K(1 + nth))])
    reader = box.reader("one", "two", writers=writers)

    def shown(start, end, resolution):
        found = reader.overview(MAIN, T0 + start * S, T0 + end * S, resolution * S)
        return [((a - T0) // S, (b - T0) // S, kind) for a, b, kind, _locked in found]

    expected = [(0, 210, K.GENERAL), (480, 720, K.MOTION)]
    assert shown(-600, 6000, 30) == expected
    assert shown(100, 490, 30) == [(100, 210, K.GENERAL), (480, 490, K.MOTION)]
    assert shown(-900, 900, 900) == [(0, 900, K.MOTION)]
    assert shown(1000, 2000, 30) == []
    assert reader.overview(MAIN, T0, T0 + HOUR, S) is None
    for writer in writers:
        writer.close()
    assert box.reader("one", "two").overview(MAIN, T0, T0 + HOUR, 30 * S) == reader.overview(
        MAIN, T0, T0 + HOUR, 30 * S
    )


def test_an_overview_follows_locks_and_reuse(box):
    box.create(blocks=8)
    writer = box.writer()
    reader = box.reader(writers=[writer])
    for second in range(100):
        writer.commit([made_fragment(second)])
    writer.lock([MAIN], T0 + 60 * S, T0 + 61 * S)
    locked = [s for s in reader.overview(MAIN, T0, T0 + HOUR, 30 * S) if s[3]]
    assert locked
    assert locked[0][0] <= T0 + 60 * S < locked[0][1]
    writer.unlock([MAIN], 0, 2 * T0)
    assert not [s for s in reader.overview(MAIN, T0, T0 + HOUR, 30 * S) if s[3]]
    for second in range(100, 900):
        writer.commit([made_fragment(second)])
    first = reader.seek(MAIN, 0).next().utc_ns
    assert first > T0 + 60 * S
    assert reader.overview(MAIN, T0, T0 + HOUR, 30 * S)[0][0] == first // (30 * S) * 30 * S
    assert reader.streams() == [MAIN]


def test_only_what_is_locked_can_be_asked_for(box):
    box.create()
    writer = box.writer()
    for second in range(300):
        writer.commit([made_fragment(second)])
    reader = box.reader(writers=[writer])
    assert reader.timeline([MAIN], 0, 2 * T0, locked_only=True) == []
    writer.lock([MAIN], T0 + 50 * S, T0 + 51 * S)
    writer.lock([MAIN], T0 + 298 * S, T0 + 299 * S)
    found = reader.timeline([MAIN], 0, 2 * T0, locked_only=True)
    assert found == [s for s in reader.timeline([MAIN], 0, 2 * T0) if s.locked]
    assert len(found) == 2
