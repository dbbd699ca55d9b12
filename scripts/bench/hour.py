"""An hour of footage on a volume, written as a recorder does; its pictures are noise."""

from __future__ import annotations

import random
from pathlib import Path

from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AudioFormat, Codec
from appliance.storage.ledger import Ledger
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter
from scripts.bench.footage import FPS, VIDEO

NS = 1_000_000_000
BATCH = 20
SOUND = AudioFormat(Codec.AAC, 16_000, 1, bytes.fromhex("1408"), codec_string="mp4a.40.2")
_HEAD = init_segment([Track(1, VIDEO), Track(2, SOUND)])
_SOUND_BYTES = 128


def hour_of_footage(
    path: Path, state: Path, start_ns: int, bits: dict[int, int], *, seconds: int = 3600
) -> None:
    """Make `path` a volume with so many bits a second of each channel; takes about a minute."""
    key = DeviceKey.load(state / "device.key")
    capacity = sum(bits.values()) // 8 * seconds * 2 + (4 << 30)
    Volume.create(path, capacity_bytes=capacity, name="volume-1", device_key=key)
    volume = Volume.open(path, device_key=key, ledger=Ledger(state / "ledger.jsonl"))
    writer = VolumeWriter(volume, "bench", background=False)
    noise = random.Random(1).randbytes(max(bits.values()) // 8 + (1 << 20))
    for first in range(0, seconds, BATCH):
        made = [
            _second(StreamId(channel, StreamName.MAIN), second, start_ns, rate // 8, noise)
            for second in range(first, min(first + BATCH, seconds))
            for channel, rate in bits.items()
        ]
        report = writer.commit(made)
        if report.stored != len(made):
            raise RuntimeError(f"{len(made) - report.stored} fragments were not stored")
    writer.close()
    volume.close()


def _second(stream: StreamId, second: int, start_ns: int, size: int, noise: bytes) -> NewFragment:
    picture = size // (2 * FPS)
    sizes = [size - picture * (FPS - 1)] + [picture] * (FPS - 1)
    sounds = (second + 1) * 16_000 // 1024 - second * 16_000 // 1024
    begin = second % (1 << 20)
    runs = [
        TrackRun(1, second * 90_000, [90_000 // FPS] * FPS, sizes,
                 [True] + [False] * (FPS - 1), data=[noise[begin : begin + size]]),
        TrackRun(2, second * 16_000 // 1024 * 1024, [1024] * sounds, [_SOUND_BYTES] * sounds,
                 data=[noise[: sounds * _SOUND_BYTES]]),
    ]  # fmt: skip
    return NewFragment(
        stream=stream, run=1, kinds=RecordKind.GENERAL, utc_ns=start_ns + second * NS,
        mono_ns=second * NS, rtp_time=second * 90_000 & 0xFFFF_FFFF, duration_ns=NS,
        starts_with_key=True, has_key=True, head=_HEAD, body=fragment(second + 1, runs),
    )  # fmt: skip
