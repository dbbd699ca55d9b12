"""What a camera that changes its parameters each second costs the others; what a wrong clock costs.

An hour of simulated time through the product's fragmenter and store: four channels share a volume
that is overwritten several times, once with all of them calm, once with new parameter sets every
second on the first.  Then a clock a year ahead and back, with expiry by days on.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from appliance.media.types import AccessUnit, Codec, VideoFormat
from appliance.recording.fragmenter import Fragmenter
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName
from appliance.storage.policy import VolumePolicy
from appliance.storage.reader import FootageReader
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter
from scripts.bench.figure import Figure

CHANNELS = (1, 2, 3, 4)
SECONDS = 3600
BLOCKS, BLOCK_BYTES = 512, 64 * 4096
UNIT_BYTES = 6_000
PER_S = 2
YEAR_S = 365 * 86_400
T0 = 1_800_000_000
NS = 1_000_000_000
SPS = bytes.fromhex("67640028acd940780227e5c044000003000400000300c83c60c658")


def _format(number: int) -> VideoFormat:
    sets = (SPS, b"\x68\xeb\xe3\xcb" + number.to_bytes(3, "big"))
    return VideoFormat(Codec.H264, 1920, 1080, "avc1.640028", sets)


class _Channel:
    """One stream: units made second by second, cut by the product's fragmenter."""

    def __init__(self, number: int, *, flaps: bool) -> None:
        self.stream = StreamId(number, StreamName.MAIN)
        self.fragmenter = Fragmenter(self.stream)
        self._flaps = flaps
        self._format = _format(0)

    def second(self, at_s: int, offset_s: int = 0) -> list[NewFragment]:
        """The fragments of one second; the camera's UTC is `offset_s` off."""
        if self._flaps:
            self._format = _format(at_s)
        for frame in range(PER_S):
            at_ns = at_s * NS + frame * NS // PER_S
            ticks = at_ns * 90_000 // NS
            self.fragmenter.add(
                AccessUnit(
                    format=self._format, run=1, pts=ticks, dts=ticks, duration=90_000 // PER_S,
                    utc_ns=(T0 + offset_s) * NS + at_ns, mono_ns=at_ns, rtp_time=0,
                    key=frame == 0, damaged=False, data=bytes(UNIT_BYTES),
                ),
                RecordKind.GENERAL,
            )  # fmt: skip
        return self.fragmenter.take()


class _Store:
    """A volume in a folder with a writer that takes what fragmenters refuse again in band."""

    def __init__(self, path: Path, policy: VolumePolicy | None = None) -> None:
        key = DeviceKey.new()
        capacity = (BLOCKS * BLOCK_BYTES + (1 << 18)) * 64 // 63 + 64
        Volume.create(
            path, capacity_bytes=capacity, name="bench", block_bytes=BLOCK_BYTES, device_key=key
        )
        self.path = path
        self.now_ns = T0 * NS
        self.volume = Volume.open(path, device_key=key)
        self.writer = VolumeWriter(
            self.volume, "bench", policy=policy, background=False, now_ns=lambda: self.now_ns
        )

    def tick(self, channels: list[_Channel], at_s: int, offset_s: int = 0) -> None:
        """Store a second of all channels; raises RuntimeError if something is not stored."""
        batch = [f for channel in channels for f in channel.second(at_s, offset_s)]
        self.now_ns = (T0 + at_s + offset_s) * NS
        for _again in range(2):
            report = self.writer.commit(batch)
            refused = {stream: result.refused for stream, result in report.results.items()}
            if report.fault or any(result.failed for result in report.results.values()):
                raise RuntimeError(f"not stored: {report.fault or report.faults}")
            batch = [
                again
                for channel in channels
                if refused.get(channel.stream)
                for again in channel.fragmenter.again_in_band(refused[channel.stream])
            ]
            if not batch:
                return
        raise RuntimeError("refused in band too")

    def seconds(self, stream: StreamId) -> float:
        """Footage of a stream that is there."""
        reader = FootageReader([self.path], self.writer.open_blocks)
        spans = reader.timeline([stream], 0, (T0 + 4 * YEAR_S) * NS)
        reader.close()
        return sum(span.end_ns - span.start_ns for span in spans) / NS

    def close(self) -> None:
        """Give everything back."""
        self.writer.close()
        self.volume.close()


def _hour(folder: Path, *, flaps: bool) -> float:
    """Return how far back the least kept of the calm channels goes after the hour, in seconds."""
    store = _Store(folder)
    channels = [_Channel(number, flaps=flaps and number == 1) for number in CHANNELS]
    for second in range(SECONDS):
        store.tick(channels, second)
    kept = min(store.seconds(channel.stream) for channel in channels[1:])
    store.close()
    return kept


def _wrong_clock(folder: Path) -> float:
    """Return seconds of footage that are gone after a year ahead and back; it all fits in."""
    days = {StreamId(number, StreamName.MAIN): 30.0 for number in CHANNELS}
    store = _Store(folder, VolumePolicy(expiry_days=days))
    channels = [_Channel(number, flaps=False) for number in CHANNELS]
    each, stored = 120, 0
    for begin, offset_s in ((0, 0), (each, YEAR_S), (2 * each, 0)):
        for second in range(begin, begin + each):
            store.tick(channels, second, offset_s)
            if second % 10 == 0:
                now_ns = (T0 + second + offset_s) * NS
                store.writer.expire(time_trusted=True, now_ns=now_ns, mono_ns=second * NS)
        stored += each
    kept = sum(store.seconds(channel.stream) for channel in channels)
    store.close()
    return stored * len(channels) - kept


def run() -> list[Figure]:
    """Measure both."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        calm = _hour(Path(temporary) / "calm", flaps=False)
        flapping = _hour(Path(temporary) / "flapping", flaps=True)
        gone = _wrong_clock(Path(temporary) / "clock")
    if calm >= SECONDS:
        raise RuntimeError("the volume was not overwritten")
    return [
        Figure("an hour of new parameters each second: retention lost by the others",
               (1 - flapping / calm) * 100, "%", "<= 1", f"{flapping:.0f} s of {calm:.0f} s"),
        Figure("clock a year ahead and back: footage deleted", gone, "s", "<= 0"),
    ]  # fmt: skip
