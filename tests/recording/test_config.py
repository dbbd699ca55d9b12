"""From the settings pages to what a recorder is to do."""

from appliance.recording.config import kind_flags, kind_names, recorder_config
from appliance.recording.decision import RecordMode
from appliance.settings.registry import PAGES
from appliance.storage.model import RecordKind, StreamName


def pages(*channels, **storage):
    values = {name: page().model_dump() for name, page in PAGES.items()}
    channel = PAGES["channels"].item_model()
    values["channels"]["items"] = [channel(**c).model_dump() for c in channels]
    values["storage"].update(storage)
    return values


def made(*channels, passwords=None, group=1, **storage):
    return recorder_config(pages(*channels, **storage), passwords or {}, group=group, group_size=8)


GATE = {"id": 1, "name": "Gate", "main_url": "rtsp://a/1", "sub_url": "rtsp://a/2"}


def test_a_group_has_its_eight_channels_and_no_others():
    channels = [{**GATE, "id": number} for number in (1, 8, 9, 16, 17)]
    assert [c.id for c in made(*channels).channels] == [1, 8]
    assert [c.id for c in made(*channels, group=2).channels] == [9, 16]
    assert made(*channels).groups == {1, 2, 3}


def test_the_first_group_is_there_without_channels_too():
    assert made({**GATE, "id": 17}).groups == {1, 3}


def test_both_streams_are_pulled_with_the_password_of_the_channel():
    """N8.5."""
    (channel,) = made({**GATE, "record_sub": False}, passwords={1: "s3cret"}).channels
    assert set(channel.streams) == {StreamName.MAIN, StreamName.SUB}
    assert channel.streams[StreamName.SUB].source.password == "s3cret"
    assert not channel.streams[StreamName.SUB].record
    assert "s3cret" not in repr(channel)


def test_a_channel_without_a_sub_stream_has_only_the_main_one():
    (channel,) = made({**GATE, "sub_url": ""}).channels
    assert set(channel.streams) == {StreamName.MAIN}


def test_days_come_from_the_storage_page_unless_the_channel_has_its_own():
    """N8.6."""
    own, common = made(
        {**GATE, "expiry_days": 7}, {**GATE, "id": 2}, expiry_days=30, wanted_days=14
    ).channels
    assert (own.expiry_days, own.wanted_days) == (7, 14)
    assert (common.expiry_days, common.wanted_days) == (30, 14)


def test_modes_and_kinds_keep_their_names():
    (channel,) = made({**GATE, "mode": "manual"}).channels
    assert channel.mode is RecordMode.MANUAL
    flags = kind_flags(["motion", "alarm", "unknown"])
    assert flags == RecordKind.MOTION | RecordKind.ALARM
    assert kind_names(flags) == ["motion", "alarm"]
