"""A camera with a clock of its own, filmed by a box with another one."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest

from appliance.media.timing.clock import RtpClock, StreamClock
from appliance.media.timing.stamp import Stamp

S = 1_000_000_000
MS = 1_000_000
NOON = 1_800_000_000 * S
"""Box time at the start, nanoseconds since 1970."""


@dataclass
class FilmedTrack:
    """One track of the camera; `stamps` is what its clock said of each frame."""

    clock: RtpClock
    rate: int
    interval_ns: int
    latency_ns: int
    rtp_start: int
    stamps: list[tuple[int, Stamp]] = field(default_factory=list)
    """(true time of capture by the box's clock, stamp)."""


@dataclass
class Scene:
    """Drives tracks in true time; the camera's clock may be off, drift and be set.

    Times are nanoseconds since the start of the scene.  `camera_offset_ns` is what the camera's
    clock is ahead of true time; `drift_ppm` makes its RTP clocks fast.  Sender reports come every
    5 s unless `reports` is off.
    """

    camera_offset_ns: int = 0
    drift_ppm: int = 0
    reports: bool = True
    box_offset_ns: int = 0
    now_ns: int = 0
    rtp_shift_ns: int = 0

    def __post_init__(self) -> None:
        self.runs = itertools.count(1)
        self.stream = StreamClock(lambda: next(self.runs))
        self.tracks: list[FilmedTrack] = []
        self.last_report_ns = -10 * S

    def track(
        self, rate: int = 90_000, fps: float = 25, latency_ms: float = 50, rtp_start: int = 12_345
    ) -> FilmedTrack:
        made = FilmedTrack(
            self.stream.track(rate), rate, int(S / fps), int(latency_ms * MS), rtp_start
        )
        self.tracks.append(made)
        return made

    def rtp(self, track: FilmedTrack, capture_ns: int) -> int:
        ran = capture_ns + capture_ns * self.drift_ppm // 1_000_000 + self.rtp_shift_ns
        return (track.rtp_start + ran * track.rate // S) & 0xFFFF_FFFF

    def box(self, at_ns: int) -> tuple[int, int]:
        """The box's monotonic and wall clock."""
        return 500 * S + at_ns, NOON + at_ns + self.box_offset_ns

    def frame(self, track: FilmedTrack, capture_ns: int, delay_ns: int = 0, rtp: int | None = None):
        stamp_rtp = self.rtp(track, capture_ns) if rtp is None else rtp & 0xFFFF_FFFF
        arrival = capture_ns + track.latency_ns + delay_ns
        stamp = track.clock.stamp(stamp_rtp, *self.box(arrival))
        track.stamps.append((NOON + capture_ns + self.box_offset_ns, stamp))
        return stamp

    def report(self, track: FilmedTrack, at_ns: int, camera_ns: int | None = None) -> None:
        if camera_ns is None:
            camera_ns = NOON + at_ns + self.camera_offset_ns
        track.clock.on_sender_report(camera_ns, self.rtp(track, at_ns), *self.box(at_ns + 2 * MS))

    def run(self, seconds: float, jitter=lambda: 0) -> None:
        """Film for a while, tracks interleaved."""
        end = self.now_ns + int(seconds * S)
        due = {id(track): self.now_ns for track in self.tracks}
        while True:
            track = min(self.tracks, key=lambda one: due[id(one)])
            at = due[id(track)]
            if at >= end:
                break
            if self.reports and at - self.last_report_ns >= 5 * S:
                for each in self.tracks:
                    self.report(each, at)
                self.last_report_ns = at
            self.frame(track, at, jitter())
            due[id(track)] += track.interval_ns
        self.now_ns = end


@pytest.fixture(scope="session")
def scene() -> type[Scene]:
    return Scene
