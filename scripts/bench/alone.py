"""A recorder by itself: `python -m scripts.bench.alone FOLDER SECONDS URL ...`.

Runs the product's recorder without supervisor, page or settings, one channel for each address;
each second prints a JSON line with the access units and bytes made durable.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from appliance.paths import Paths
from appliance.recorder.group import GroupRecorder
from appliance.recording.config import ChannelConfig, RecorderConfig, StreamConfig, VolumeConfig
from appliance.recording.decision import RecordMode
from appliance.recording.ingest.config import SourceConfig
from appliance.storage.model import StreamName


def configuration(
    folder: Path, urls: list[str], capacity: int, ring_s: int | None
) -> RecorderConfig:
    """Return a configuration that records every address round the clock.

    With `ring_s` nothing is recorded: so much pre-record is kept for events that never come.
    """
    mode = RecordMode.MANUAL if ring_s is None else RecordMode.OFF
    channels = tuple(
        ChannelConfig(
            id=number,
            name=f"camera {number}",
            enabled=True,
            mode=mode,
            streams={StreamName.MAIN: StreamConfig(SourceConfig(url), record=True)},
            pre_record_s=ring_s or 0,
            post_record_s=0,
            priority=5,
            expiry_days=0,
            wanted_days=0,
        )
        for number, url in enumerate(urls, 1)
    )
    volume = VolumeConfig("bench", "bench", str(folder / "volumes" / "bench"), capacity, True)
    return RecorderConfig(
        1, ZoneInfo("UTC"), channels, (volume,), "overwrite", 64 << 20, 10_000_000_000
    )


async def run(
    folder: Path, seconds: float, urls: list[str], capacity: int, ring_s: int | None
) -> None:
    """Record for so long."""
    for name in ("state", "volumes"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    group = GroupRecorder(Paths.below(folder), 1)
    group.start()
    await group.apply(configuration(folder, urls, capacity, ring_s))
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        await asyncio.sleep(1)
        pipelines = [p for channel in group.channels.values() for p in channel]
        told = {
            "units": sum(p.units_recorded for p in pipelines),
            "bytes": sum(p.durable_bytes for p in pipelines),
            "recording": sum(p.recording for p in pipelines),
            "lost_s": sum(group.losses.total_s.values()),
            "media": sum(p.hub.buffer.media_bytes for p in pipelines),
        }
        print(json.dumps(told), flush=True)
    await group.stop()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.alone")
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--capacity", type=int, default=8_000_000_000)
    parser.add_argument("--ring", type=int, help="record nothing, keep so many seconds")
    chosen = parser.parse_args()
    uvloop.run(run(chosen.folder, chosen.seconds, chosen.urls, chosen.capacity, chosen.ring))


if __name__ == "__main__":
    main()
