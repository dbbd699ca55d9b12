"""Configurations of a group whose cameras do not answer."""

import asyncio
from zoneinfo import ZoneInfo

from appliance.recording.config import ChannelConfig, RecorderConfig, StreamConfig, VolumeConfig
from appliance.recording.decision import RecordMode
from appliance.recording.ingest.config import SourceConfig
from appliance.storage.model import StreamName

SOURCE = StreamConfig(SourceConfig("rtsp://127.0.0.1:1/nobody"), True)


def channel(number, *names):
    streams = dict.fromkeys(names, SOURCE)
    return ChannelConfig(number, "x", True, RecordMode.MANUAL, streams, 0, 0, 1, 0, 0)


def group_config(folder):
    """Two channels and a volume in `folder`."""
    volume = VolumeConfig("one", "one", str(folder / "one"), 64 << 20, True)
    both = channel(1, StreamName.MAIN, StreamName.SUB)
    return RecorderConfig(
        1, ZoneInfo("UTC"), (both, channel(2, StreamName.MAIN)), (volume,), "overwrite", 1 << 20,
        frozenset({1}),
    )  # fmt: skip


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)
