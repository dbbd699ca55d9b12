"""Channels and groups that are removed leave nothing claimed; a busy processor sheds streams."""

import time
from dataclasses import replace

from made_config import channel, until
from made_units import video

from appliance.recorder.group import TICK_S
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.overload import LATE_S, TICKS_JUDGED, Lateness
from appliance.recording.volume_place import VolumePlace
from appliance.storage.claims import other_books
from appliance.storage.files import FileOps
from appliance.storage.ledger import Ledger
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.policy import VolumePolicy
from appliance.storage.signing import DeviceKey


def fragments(stream, count=3):
    maker = Fragmenter(stream)
    for n in range(count):
        maker.add(video(n), RecordKind.GENERAL)
    return maker.take()


def recorded(group):
    return {block.stream for block in group.volumes.open_blocks()}


async def test_open_files_of_removed_channels_and_streams_are_closed(group, config):
    main, sub, second = (
        StreamId(1, StreamName.MAIN), StreamId(1, StreamName.SUB), StreamId(2, StreamName.MAIN),
    )  # fmt: skip
    await group.apply(config)
    await until(lambda: group.volumes.ready)
    for stream in (main, sub, second):
        group.volumes.submit(fragments(stream))
    await until(lambda: recorded(group) == {main, sub, second})
    await group.apply(replace(config, channels=(channel(1, StreamName.MAIN),)))
    await until(lambda: recorded(group) == {main})


async def test_what_a_removed_group_left_is_closed_by_the_first_one(group, config, tmp_path):
    state, ninth = tmp_path / "state", StreamId(9, StreamName.MAIN)
    (volume,) = config.volumes
    key, ledger = DeviceKey.load(state / "device.key"), Ledger(state / "ledger.jsonl")
    uuid_file = state / "volumes" / "one.uuid"
    place = VolumePlace(volume, "recorder2", key, ledger, uuid_file, 1 << 20)
    removed = place.open_writer(VolumePolicy())
    assert removed.commit(fragments(ninth)).stored == 1

    def claimed():
        books = other_books(FileOps(tmp_path / "one"), "recorder1")
        return {block for book in books for block in book.blocks}

    await group.apply(config)
    await until(lambda: group.volumes.ready)
    await group.settle_abandoned()
    assert claimed()  # it is still running
    removed.close()
    removed.volume.close()
    await group.apply(replace(config, groups=frozenset({1, 2})))
    await group.settle_abandoned()
    assert claimed()  # its group has channels, so it comes back
    await group.apply(config)
    await group.settle_abandoned()
    assert not claimed()


async def test_a_loop_that_is_held_up_counts_as_strain_of_the_processor(group, monkeypatch):
    late = []
    monkeypatch.setattr(Lateness, "note", lambda _lateness, late_s: late.append(late_s))
    group.start()
    await until(lambda: late)
    time.sleep(TICK_S + 2 * LATE_S)  # nothing else gets its turn meanwhile
    seen = len(late)
    await until(lambda: len(late) > seen)
    assert max(late) >= LATE_S


async def test_under_strain_of_the_processor_sub_streams_give_way_and_it_is_told_why(group, config):
    await group.apply(config)
    await until(lambda: group.volumes.ready)
    for stream in (StreamId(1, StreamName.MAIN), StreamId(1, StreamName.SUB)):
        group.volumes.submit(fragments(stream))
    for _ in range(TICKS_JUDGED):
        group.shedding.lateness.note(LATE_S + 0.1)
    group.tick()
    shed = {p.stream for channel in group.channels.values() for p in channel if p.shed}
    assert shed == {StreamId(1, StreamName.SUB)}
    cause = group.shedding.causes[StreamId(1, StreamName.SUB)]
    assert group.why_shed(cause) == "The processor is too busy."
