"""What a writer promises of blocks: reuse, locks, expiry, changing parameters, restarts."""

import random

import pytest
from made_fragments import (
    BLOCK,
    HEAD,
    MAIN,
    SUB,
    T0,
    S,
    body_of,
    made_fragment,
    made_head,
    stored,
)

from appliance.storage.claims import CLAIMS_FOLDER
from appliance.storage.errors import BusyVolumeError
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.policy import KeepRule, VolumePolicy
from appliance.storage.usage import usage

DAY = 86_400


def record(writer, seconds, streams=(MAIN,), **more):
    for second in seconds:
        report = writer.commit([made_fragment(second, s, **more) for s in streams])
        assert report.stored == len(streams), report
    return report


def kept(box, writer, stream=MAIN):
    return [(f.utc_ns - T0) // S for f, _body in stored(box.reader(writers=[writer]), stream)]


def test_what_is_reported_stored_can_be_read_at_once(box):
    box.create()
    writer = box.writer()
    record(writer, range(3))
    found = stored(box.reader(writers=[writer]))
    assert [body for _f, body in found] == [body_of(made_fragment(n)) for n in range(3)]


def test_a_full_volume_gives_up_the_block_begun_first(box):
    box.create(blocks=8)
    writer = box.writer()
    record(writer, range(600))
    left = kept(box, writer)
    assert left == list(range(left[0], 600))
    assert left[0] > 100
    assert writer.allocator.reused > 5


def test_the_steady_state_neither_makes_nor_removes_files(box):
    box.create(blocks=8)
    writer = box.writer()
    record(writer, range(400))
    names = sorted((box.root / "one" / "blocks").iterdir())
    record(writer, range(400, 800))
    assert sorted((box.root / "one" / "blocks").iterdir()) == names
    assert len(names) == 8


def test_two_erased_blocks_per_stream_wait_in_reserve(box):
    box.create()
    writer = box.writer()
    record(writer, range(3), (MAIN, SUB))
    assert writer.allocator.ready == 4


def test_a_volume_set_to_stop_gives_up_nothing_and_says_so(box):
    box.create(blocks=6)
    writer = box.writer(policy=VolumePolicy(when_full="stop"))
    stored_count, fault = 0, None
    for second in range(600):
        result = writer.commit([made_fragment(second)]).results[MAIN]
        stored_count += result.stored
        fault = result.fault or fault
    assert fault.code == "volume_full"
    assert "stop" in fault.text
    assert kept(box, writer) == list(range(stored_count))
    writer.set_policy(VolumePolicy(when_full="overwrite"))
    assert writer.commit([made_fragment(1000)]).stored == 1


def test_locked_footage_survives_any_amount_of_recording_until_it_is_unlocked(box):
    box.create(blocks=8)
    writer = box.writer()
    record(writer, range(60))
    report = writer.lock([MAIN], T0 + 10 * S, T0 + 12 * S)
    assert report.blocks == 1
    record(writer, range(60, 700))
    assert {10, 11} <= set(kept(box, writer))
    spans = box.reader(writers=[writer]).timeline([MAIN], T0, T0 + 60 * S)
    assert [s.locked for s in spans] == [True]
    writer.unlock([MAIN], T0 + 10 * S, T0 + 12 * S)
    record(writer, range(700, 1200))
    assert not {10, 11} & set(kept(box, writer))


def test_a_lock_on_the_block_being_written_holds_after_it_is_closed(box):
    box.create(blocks=8)
    writer = box.writer()
    record(writer, range(5))
    assert writer.lock([MAIN], T0, T0 + S).blocks == 1
    record(writer, range(5, 700))
    assert 0 in kept(box, writer)


def test_when_all_is_locked_recording_stops_in_words_and_nothing_is_lost(box):
    box.create(blocks=6)
    writer = box.writer()
    fault = None
    for second in range(400):
        result = writer.commit([made_fragment(second)]).results[MAIN]
        fault = result.fault or fault
        writer.lock([MAIN], T0, T0 + 10_000 * S)
    assert fault.code == "volume_full"
    assert "unlock" in fault.text.lower()
    assert kept(box, writer)[0] == 0


def test_a_keep_rule_holds_footage_back(box):
    box.create(blocks=8)
    rule = KeepRule(1, T0, T0 + 5 * S)
    writer = box.writer(policy=VolumePolicy(keep=(rule,)))
    record(writer, range(700))
    assert set(range(5)) <= set(kept(box, writer))


def test_a_clock_a_year_ahead_and_back_deletes_nothing_out_of_turn(box):
    box.create(blocks=16)
    writer = box.writer()
    record(writer, range(300))
    before = kept(box, writer)
    for second in range(100):
        record(writer, [300 + second], rtp_time=0, utc_ns=T0 + (365 * DAY + second) * S)
    record(writer, range(400, 500))
    now = set(kept(box, writer))
    assert set(before) <= now
    assert len(now) == 500


@pytest.fixture
def aged(box):
    """Two weeks of a stream, an hour a fragment, begun while the time was trusted."""
    box.create(blocks=64)
    clock = [T0]
    writer = box.writer(now_ns=lambda: clock[0])
    policy = VolumePolicy(expiry_days={MAIN: 7.0})
    writer.set_policy(policy)
    writer.expire(time_trusted=True, now_ns=T0, mono_ns=0)
    for hour in range(14 * 24):
        clock[0] = T0 + hour * 3600 * S
        record(writer, [hour * 3600])
    return box, writer


def test_footage_older_than_its_days_goes_and_the_rest_stays(aged):
    box, writer = aged
    report = writer.expire(time_trusted=True, now_ns=T0 + 14 * DAY * S, mono_ns=14 * DAY * S)
    assert report.blocks > 1
    assert report.fault is None
    oldest_day = kept(box, writer)[0] / DAY
    assert 5.5 < oldest_day <= 7


def test_nothing_expires_while_the_time_is_not_trusted(aged):
    box, writer = aged
    report = writer.expire(time_trusted=False, now_ns=T0 + 400 * DAY * S, mono_ns=14 * DAY * S)
    assert report.blocks == 0
    assert kept(box, writer)[0] == 0


def test_expiry_stops_with_a_report_at_a_jump_of_more_than_a_day(aged):
    box, writer = aged
    report = writer.expire(time_trusted=True, now_ns=T0 + 379 * DAY * S, mono_ns=14 * DAY * S)
    assert report.blocks == 0
    assert report.fault.code == "time_jump"
    assert "365" in report.fault.text
    assert kept(box, writer)[0] == 0
    back = writer.expire(time_trusted=True, now_ns=T0 + 14 * DAY * S, mono_ns=14 * DAY * S)
    assert back.blocks > 0


def started_anew(box, writer):
    writer.close()
    return box.writer(policy=VolumePolicy(expiry_days={MAIN: 7.0}), now_ns=lambda: T0)


def expire(writer, day, mono_day=0.0):
    return writer.expire(
        time_trusted=True, now_ns=T0 + round(day * DAY * S), mono_ns=round(mono_day * DAY * S)
    )


def test_a_box_started_with_its_clock_a_year_ahead_deletes_nothing_and_says_so(aged):
    box, writer = aged
    expire(writer, 6, 6)
    before = kept(box, writer)
    for _start in range(2):
        writer = started_anew(box, writer)
        for minute in range(3):
            report = expire(writer, 14 + 365 + minute / 1440, minute / 1440)
            assert (report.blocks, report.fault.code) == (0, "time_jump")
    assert kept(box, writer) == before
    assert expire(writer, 6.5, 0.1).fault is None  # the clock was put right
    assert kept(box, writer) == before
    assert expire(writer, 14, 7.6).blocks > 0


def test_a_box_that_was_off_for_long_deletes_by_age_once_its_clock_is_confirmed(aged):
    box, writer = aged
    expire(writer, 6, 6)
    writer = started_anew(box, writer)
    assert expire(writer, 30).fault
    writer.expiry.accept_clock()
    report = expire(writer, 30)
    assert (report.fault, report.blocks > 0) == (None, True)
    writer = started_anew(box, writer)
    assert expire(writer, 30.5).fault is None  # the confirmation was noted


def test_without_expiry_by_days_a_jump_of_the_clock_is_nobodys_concern(aged):
    _box, writer = aged
    writer.set_policy(VolumePolicy())
    assert expire(writer, 400).fault is None


def test_a_volume_without_a_note_of_the_time_goes_by_its_newest_block(aged):
    box, writer = aged
    writer.allocator.book.clock_ns = 0
    assert kept(box, writer)[0] == 0
    writer.close()
    for path in (writer.volume.path / CLAIMS_FOLDER).glob("recorder-0"):
        path.write_bytes(bytes(131072))
    again = box.writer(policy=VolumePolicy(expiry_days={MAIN: 7.0}), now_ns=lambda: T0)
    report = expire(again, 14 + 365)
    assert (report.blocks, report.fault.code) == (0, "time_jump")
    assert kept(box, again)[0] == 0


def test_locked_footage_does_not_expire(aged):
    box, writer = aged
    writer.lock([MAIN], T0, T0 + S)
    writer.expire(time_trusted=True, now_ns=T0 + 14 * DAY * S, mono_ns=14 * DAY * S)
    assert kept(box, writer)[0] == 0


def test_footage_of_a_time_that_was_not_trusted_does_not_expire_by_its_wrong_date(box):
    box.create(blocks=64)
    writer = box.writer(policy=VolumePolicy(expiry_days={MAIN: 7.0}))
    for second in range(120):  # the box believes that it is 1970
        record(writer, [second], utc_ns=second * S)
    writer.expire(time_trusted=True, now_ns=T0, mono_ns=0)
    record(writer, range(120, 240))
    writer.expire(time_trusted=True, now_ns=T0 + 300 * S, mono_ns=300 * S)
    assert len(kept(box, writer)) == 240


def test_flapping_between_two_heads_costs_two_blocks(box):
    box.create()
    writer = box.writer()
    heads = [made_head("a"), made_head("b")]
    for second in range(60):
        record(writer, [second], size=10_000, head=heads[second % 2])
    assert len(writer.open_blocks()) == 2
    assert kept(box, writer) == list(range(60))


def test_parameters_that_never_repeat_are_asked_for_in_band_after_one_new_block(box):
    box.create()
    writer = box.writer()
    record(writer, [0])
    record(writer, [1], head=made_head("1"))
    given = made_fragment(2, head=made_head("2"))
    result = writer.commit([given]).results[MAIN]
    assert result.in_band_wanted
    assert result.refused == [given]
    assert result.stored == 0
    in_band = made_head("any", in_band=True)
    record(writer, range(2, 30), head=in_band)
    assert len(writer.open_blocks()) == 3
    assert kept(box, writer) == list(range(30))


def test_after_ten_minutes_new_parameters_get_a_block_again(box):
    box.create()
    writer = box.writer()
    record(writer, [0])
    record(writer, [1], head=made_head("1"))
    assert writer.commit([made_fragment(600, head=made_head("2"))]).results[MAIN].in_band_wanted
    record(writer, [602], head=made_head("2"))


def test_an_hour_of_parameters_changing_every_second_costs_others_under_one_percent(box):
    """Two volumes record the same 4 channels for an hour; on one, channel 1 flaps."""
    reach = {}
    for name, flaps in (("calm", False), ("flapping", True)):
        box.create(name, blocks=512, block_bytes=64 * 4096)
        writer = box.writer(name)
        in_band = made_head("any", in_band=True)
        wanted = False
        for second in range(3600):
            batch = [made_fragment(second, StreamId(c, StreamName.MAIN), 12_000) for c in (2, 3, 4)]
            head = HEAD
            if flaps:
                head = in_band if wanted else made_head(str(second))
            batch.append(made_fragment(second, MAIN, 12_000, head))
            result = writer.commit(batch).results[MAIN]
            wanted = wanted or result.in_band_wanted
        other = StreamId(2, StreamName.MAIN)
        (span,) = box.reader(name, writers=[writer]).timeline([other], 0, T0 * 2)
        reach[name] = (span.end_ns - span.start_ns) / S
        writer.close()
    assert reach["calm"] < 3600  # it did overwrite
    assert reach["flapping"] > 0.99 * reach["calm"]


def test_part_filled_blocks_are_gone_on_with_after_a_restart(box):
    box.create()
    for life in range(5):
        writer = box.writer()
        record(writer, range(life * 4, life * 4 + 4))
        assert len(writer.open_blocks()) == 1
        writer.close()
    assert kept(box, box.writer()) == list(range(20))


def test_two_recorders_share_a_volume_without_touching_each_others_blocks(box):
    box.create(blocks=16)
    one, two = box.writer(owner="recorder-0"), box.writer(owner="recorder-1")
    other = StreamId(9, StreamName.MAIN)
    for second in range(500):
        record(one, [second])
        record(two, [second], (other,))
    assert not set(one.allocator.book.blocks) & set(two.allocator.book.blocks)
    reader = box.reader(writers=[one, two])
    for stream in (MAIN, other):
        seconds = [(f.utc_ns - T0) // S for f, _body in stored(reader, stream)]
        assert seconds == list(range(seconds[0], 500))


def test_a_second_process_of_the_same_name_is_refused(box):
    box.create()
    box.writer()
    with pytest.raises(BusyVolumeError, match="Another process"):
        box.writer()


def test_footage_that_makes_no_sense_is_refused_alone(box):
    box.create()
    writer = box.writer()
    bad = [
        made_fragment(1, size=BLOCK),
        made_fragment(2, duration_ns=-1),
        made_fragment(3, utc_ns=-5),
        made_fragment(4, head=b""),
        made_fragment(5, body=[]),
    ]
    report = writer.commit([made_fragment(0), *bad, made_fragment(6)])
    assert report.stored == 2
    assert report.results[MAIN].failed == bad
    assert report.results[MAIN].fault.code == "fragment_invalid"


def test_any_stream_of_sizes_and_kinds_is_stored_in_order(box):
    rng = random.Random(5)
    box.create(blocks=24)
    writer = box.writer()
    for second in range(150):
        kinds = RecordKind(rng.choice((1, 2, 18)))
        record(writer, [second], size=rng.randrange(100, 300_000), kinds=kinds)
    left = kept(box, writer)
    assert left == list(range(left[0], 150))


def test_usage_tells_size_oldest_and_days_until_footage_is_overwritten(box):
    box.create(blocks=40)
    clock = [T0]
    policy = VolumePolicy(wanted_days={MAIN: 30.0})
    writer = box.writer(policy=policy, now_ns=lambda: clock[0])
    assert usage(writer, now_ns=T0).retention_days is None
    for second in range(1500):
        clock[0] = T0 + second * S
        record(writer, [second])
    told = usage(writer, now_ns=clock[0])
    assert told.size == 40 * BLOCK
    assert told.used + told.free == told.size
    assert told.oldest_ms == kept(box, writer)[0] * 1000 + T0 // 1_000_000
    # 20 kB a second into blocks of 1 MiB: 43 fragments each, 37 of 40 blocks turn
    assert told.retention_days == pytest.approx(37 * 42 / DAY, rel=0.15)
    assert told.retention_short == 30.0
