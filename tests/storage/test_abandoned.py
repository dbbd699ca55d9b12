"""Streams and recorders that are no more leave nothing claimed behind."""

import pytest
from made_fragments import MAIN, SUB, T0, S, made_fragment, stored

from appliance.storage.abandoned import settle_abandoned
from appliance.storage.check_volume import check_volume
from appliance.storage.claims import other_books
from appliance.storage.model import StreamId, StreamName

OTHER = StreamId(9, StreamName.MAIN)


def record(writer, seconds, streams):
    for second in seconds:
        report = writer.commit([made_fragment(second, s) for s in streams])
        assert report.stored == len(streams), report


def claimed(volume, owner):
    return {b for book in other_books(volume.files, "") if book.owner == owner for b in book.blocks}


def settle(box, *owners):
    uuid = box.volume().identity.uuid
    return settle_abandoned(
        box.root / "one", lambda o: o in owners, device_key=box.key, ledger=box.ledger, uuid=uuid
    )


def sound(box):
    return not check_volume(box.root / "one", ledger=box.ledger, key=box.key.public).problems


@pytest.mark.parametrize("background", [False, True])
def test_blocks_of_a_stream_that_is_recorded_no_more_are_closed_and_free(box, background):
    box.create()
    writer = box.writer(background=background)
    record(writer, range(5), (MAIN, SUB))
    (left,) = [b for b in writer.open_blocks() if b.stream == SUB]
    writer.keep_only({MAIN})
    writer.housekeeping.work()
    assert {block.stream for block in writer.open_blocks()} == {MAIN}
    assert left.number not in claimed(writer.volume, "recorder-0")
    record(writer, range(5, 8), (MAIN,))
    reader = box.reader(writers=[writer])
    assert [(f.utc_ns - T0) // S for f, _ in stored(reader, SUB)] == list(range(5))
    assert [(f.utc_ns - T0) // S for f, _ in stored(reader, MAIN)] == list(range(8))
    writer.close()
    assert sound(box)


def test_a_block_of_an_earlier_life_whose_stream_is_no_more_is_closed_when_it_is_found(box):
    box.create()
    writer = box.writer()
    record(writer, range(5), (MAIN, SUB))
    writer.close()
    again = box.writer()
    again.keep_only({MAIN})
    again.housekeeping.work()
    assert {block.stream for block in again.open_blocks()} == {MAIN}


def test_a_stream_that_comes_back_is_recorded_in_a_new_block(box):
    box.create()
    writer = box.writer()
    record(writer, range(3), (MAIN, SUB))
    writer.keep_only({MAIN})
    writer.keep_only({MAIN, SUB})
    record(writer, range(3, 6), (MAIN, SUB))
    reader = box.reader(writers=[writer])
    assert [(f.utc_ns - T0) // S for f, _ in stored(reader, SUB)] == list(range(6))


def test_nothing_stays_claimed_by_a_recorder_that_is_no_more(box):
    box.create(blocks=12)
    gone = box.writer(owner="recorder2")
    record(gone, range(5), (OTHER,))
    gone.close()
    assert claimed(gone.volume, "recorder2")
    assert settle(box, "recorder2") == ["recorder2"]
    assert not claimed(gone.volume, "recorder2")
    assert settle(box, "recorder2") == []
    assert [(f.utc_ns - T0) // S for f, _ in stored(box.reader(), OTHER)] == list(range(5))
    assert sound(box)


def test_its_blocks_are_reused_by_the_others(box):
    box.create(blocks=8)
    gone = box.writer(owner="recorder2")
    record(gone, range(5), (OTHER,))
    gone.close()
    settle(box, "recorder2")
    writer = box.writer(owner="recorder1")
    record(writer, range(5, 500), (MAIN,))
    writer.close()
    assert stored(box.reader(), OTHER) == []
    assert sound(box)


def test_a_recorder_that_still_runs_is_left_alone(box):
    box.create()
    running = box.writer(owner="recorder2")
    record(running, range(5), (OTHER,))
    assert settle(box, "recorder2") == []
    record(running, range(5, 8), (OTHER,))


def test_what_a_killed_recorder_had_in_hand_is_settled_too(box):
    """Its last fragments have headers that were not flipped."""
    box.create()
    gone = box.writer(owner="recorder2")
    record(gone, range(5), (OTHER,))
    gone.housekeeping.stop()
    gone._let_go()  # as the kernel does when the process is gone
    assert settle(box, "recorder2") == ["recorder2"]
    assert [(f.utc_ns - T0) // S for f, _ in stored(box.reader(), OTHER)] == list(range(5))
    gone._closed = True
    assert sound(box)
