"""Channels and groups that are removed from the settings leave nothing claimed behind."""

import asyncio
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from made_units import video

from appliance.recording.config import ChannelConfig, RecorderConfig, StreamConfig, VolumeConfig
from appliance.recording.decision import RecordMode
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.ingest.config import SourceConfig
from appliance.recording.volume_place import VolumePlace
from appliance.storage.claims import other_books
from appliance.storage.files import FileOps
from appliance.storage.ledger import Ledger
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.policy import VolumePolicy
from appliance.storage.signing import DeviceKey

SOURCE = StreamConfig(SourceConfig("rtsp://127.0.0.1:1/nobody"), True)


def channel(number, *names):
    streams = dict.fromkeys(names, SOURCE)
    return ChannelConfig(number, "x", True, RecordMode.MANUAL, streams, 0, 0, 1, 0, 0)


def fragments(stream, count=3):
    maker = Fragmenter(stream)
    for n in range(count):
        maker.add(video(n), RecordKind.GENERAL)
    return maker.take()


@pytest.fixture
def config(tmp_path):
    volume = VolumeConfig("one", "one", str(tmp_path / "one"), 64 << 20, True)
    both = channel(1, StreamName.MAIN, StreamName.SUB)
    return RecorderConfig(
        1, ZoneInfo("UTC"), (both, channel(2, StreamName.MAIN)), (volume,), "overwrite", 1 << 20,
        10**9, frozenset({1}),
    )  # fmt: skip


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


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
