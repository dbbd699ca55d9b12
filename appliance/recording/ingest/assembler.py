"""Coded frames become access units: placed in a run, ordered, stamped, judged.

A run's time line begins with its first key frame: that frame's dts is 0 (its pts is later by the
reorder depth).  Sound is placed on the same line by its capture time; sound taken before the first
key frame is dropped.  When the clock breaks in the middle of a GOP, nothing is lost: the rest of
the GOP goes on in the old run, one frame interval after another, and the next key frame begins
the new run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from appliance.media.rtp.depay.base import CodedFrame
from appliance.media.rtp.rtcp import SenderReport
from appliance.media.timing.clock import RtpClock, StreamClock
from appliance.media.timing.dts import DtsGenerator
from appliance.media.timing.stamp import ClockSource
from appliance.media.types import (
    VIDEO_TIMESCALE,
    AccessUnit,
    AudioFormat,
    Codec,
    RunIds,
    TrackFormat,
    VideoFormat,
)
from appliance.recording.ingest import fault
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.state import Fault
from appliance.recording.ingest.statistics import IngestStatistics

NO_RUN = -1
NS = 1_000_000_000
ASK_AGAIN_NS = NS // 2
"""So long frames are placed by their RTP distance from one that the clock placed."""

STRAIGHT_S = 0.001
"""A clock that was this near to where its last answer led to runs straight."""

_USUAL_FRAME_RATE = 25.0
_AAC_FRAME = 1024


class SourceTrack(Protocol):
    """What is asked of a track."""

    @property
    def kind(self) -> str:
        """Either "video" or "audio"."""

    @property
    def clock_rate(self) -> int:
        """Ticks per second of its time stamps."""

    @property
    def frame_rate(self) -> float | None:
        """Frames per second as announced, if they were."""

    @property
    def ssrc(self) -> int | None:
        """Sender of its packets, None before the first, and where there are none."""


_MAX_SENDERS = 4
"""Senders whose report is held until the first frame tells whose it is."""


class _Line:
    """One track of the session.

    `anchor` is the last frame whose place was asked of the clock: run, RTP time, ticks, UTC and
    monotonic time.  While the clock runs straight (`steady`), the frames of the next half second
    are placed by their RTP distance from it, which costs a tenth.  `reports` holds the latest
    report of each sender, with its arrival, until the first frame comes.
    """

    __slots__ = (
        "anchor", "clock", "clock_rate", "dts", "format", "frame_rate", "horizon", "interval",
        "last_dts", "reports", "steady", "video",
    )  # fmt: skip

    def __init__(self, *, video: bool, clock_rate: int, frame_rate: float | None) -> None:
        self.video = video
        self.clock_rate = clock_rate
        self.frame_rate = frame_rate
        self.clock: RtpClock | None = None
        self.dts = DtsGenerator(0)
        self.format: TrackFormat | None = None
        self.interval = 1
        self.last_dts = -1
        self.reports: dict[int, tuple[SenderReport, int, int]] = {}
        self.anchor = (NO_RUN, 0, 0, 0, 0)
        self.steady = False
        self.horizon = clock_rate // 2

    def place(self, rtp: int, mono_ns: int) -> tuple[int, int, int]:
        """Ask the clock for run, ticks and UTC of a frame, and note whether it runs straight."""
        assert self.clock is not None
        assert self.format is not None
        stamp = self.clock.stamp(rtp, mono_ns, time.time_ns())
        run, before, ticks, _utc_ns, _mono_ns = self.anchor
        rate = self.clock_rate
        expected = ticks + ((rtp - before + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        self.steady = (
            stamp.run == run
            and abs(stamp.ticks - expected) <= rate * STRAIGHT_S
            and rate == self.format.timescale
            and self.clock.source is not ClockSource.ARRIVAL_ONLY
        )
        self.anchor = (stamp.run, rtp, stamp.ticks, stamp.utc_ns, mono_ns)
        return stamp.run, stamp.ticks, stamp.utc_ns


class Assembler:
    """Makes the access units of one stream, over all its sessions."""

    def __init__(
        self,
        emit: Callable[[AccessUnit], None],
        run_ids: RunIds,
        statistics: IngestStatistics,
        limits: Limits,
    ) -> None:
        self.problem: Fault | None = None
        """Why the stream cannot be taken, found while looking at its frames."""

        self._emit = emit
        self._run_ids = run_ids
        self._statistics = statistics
        self._limits = limits
        self.begin_session()

    def begin_session(self) -> None:
        """Forget the last session: the next frame begins a new run, at a key frame."""
        self.problem = None
        self._clock = StreamClock(self._run_ids.next)
        self._lines: dict[SourceTrack, _Line] = {}
        self._video: _Line | None = None
        self._run = NO_RUN
        self._base = 0
        self._last_pts = 0
        self._bridge_run = NO_RUN
        self._bridge = 0
        self._gop_frames = 0
        self._gop_pts = -1

    def add(self, track: SourceTrack) -> None:
        """Expect frames of `track`."""
        rate = track.clock_rate or VIDEO_TIMESCALE
        line = _Line(video=track.kind == "video", clock_rate=rate, frame_rate=track.frame_rate)
        self._lines[track] = line
        if line.video:
            self._video = line

    def on_frames(self, track: SourceTrack, frames: Sequence[CodedFrame]) -> None:
        """Take frames of one track in decoding order, at the moment of their arrival."""
        line = self._lines[track]
        mono_ns = time.monotonic_ns()
        for frame in frames:
            if frame.format is not line.format:
                self._new_format(line, frame.format, track.ssrc)
            rtp = frame.timestamp
            run, begun, ticks, utc_ns, asked_ns = line.anchor
            ahead = (rtp - begun) & 0xFFFF_FFFF
            if (
                line.steady
                and ahead < line.horizon
                and mono_ns - asked_ns < ASK_AGAIN_NS
                and run == self._clock.run
            ):
                ticks += ahead
                utc_ns += ahead * NS // line.clock_rate
            else:
                run, ticks, utc_ns = line.place(rtp, mono_ns)
            if line.video:
                self._on_video(line, frame, run, ticks, utc_ns, mono_ns)
            else:
                self._on_audio(line, frame, run, ticks, utc_ns, mono_ns)

    def on_sender_report(self, track: SourceTrack, report: SenderReport) -> None:
        """Take the camera's word on its clock; reports of other senders are passed over."""
        line = self._lines.get(track)
        if line is None:
            return
        mono_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        if line.clock is None:
            if len(line.reports) < _MAX_SENDERS or report.ssrc in line.reports:
                line.reports[report.ssrc] = (report, mono_ns, utc_ns)
        elif track.ssrc is None or report.ssrc == track.ssrc:
            line.clock.on_sender_report(report.utc_ns, report.rtp_time, mono_ns, utc_ns)

    def note_clock(self) -> None:
        """Bring the figures about the clock up to date; called about once a second."""
        offset_ns = self._clock.camera_offset_ns
        figures = self._statistics
        figures.clock_offset_ms = None if offset_ns is None else offset_ns / 1e6
        if self._video is not None and self._video.clock is not None:
            figures.clock_source = self._video.clock.source.value

    def _new_format(self, line: _Line, track: TrackFormat, ssrc: int | None) -> None:
        line.format = track
        if line.clock is None:
            line.clock = self._clock.track(line.clock_rate, track.timescale)
            early = line.reports.get(ssrc) if ssrc is not None else None
            line.reports = {}
            if early is not None:
                report, mono_ns, utc_ns = early
                line.clock.on_sender_report(report.utc_ns, report.rtp_time, mono_ns, utc_ns)
        if isinstance(track, VideoFormat):
            rate = track.frame_rate or line.frame_rate or _USUAL_FRAME_RATE
            line.interval = round(VIDEO_TIMESCALE / rate)
            self._statistics.video = track
            limits = self._limits
            sides, area = max(track.width, track.height), track.width * track.height
            if sides > limits.side_pixels or area > limits.area_pixels or not area:
                self.problem = fault.absurd_resolution(track.width, track.height)
        elif isinstance(track, AudioFormat):
            self._statistics.audio = track

    def _begin_run(self, line: _Line, track: TrackFormat, run: int, ticks: int) -> int:
        """Begin a run with a key frame; returns the first pts on the clock's line."""
        self._run = run
        self._bridge_run = NO_RUN
        self._statistics.runs += 1
        depth = track.reorder_depth if isinstance(track, VideoFormat) else 0
        if track.codec is Codec.MJPEG:
            depth = 0
        line.dts = DtsGenerator(depth, line.interval)
        for other in self._lines.values():
            if not other.video:
                other.last_dts = -1
        pts, dts = line.dts.push(ticks)
        self._base = dts
        self._gop_pts = -1
        return pts

    def _on_video(
        self, line: _Line, frame: CodedFrame, run: int, ticks: int, utc_ns: int, mono_ns: int
    ) -> None:
        figures = self._statistics
        track = frame.format
        if self.problem is not None:
            return
        if run == self._run:
            pts, dts = line.dts.push(ticks)
        elif frame.key:
            pts, dts = self._begin_run(line, track, run, ticks), self._base
        elif self._run == NO_RUN:
            figures.early_units += 1
            return
        else:
            if run != self._bridge_run:
                self._bridge_run = run
                self._bridge = self._last_pts + line.dts.interval - ticks
            pts, dts = line.dts.push(ticks + self._bridge)
        self._last_pts = pts
        base = self._base
        figures.units += 1
        self._gop_frames += 1
        if frame.damaged:
            figures.damaged_units += 1
        if frame.key:
            self._note_gop(pts)
        self._emit(
            AccessUnit(  # by position: names would cost a microsecond
                track,
                self._run,
                pts - base,
                dts - base,
                line.dts.interval,
                utc_ns,
                mono_ns,
                frame.timestamp,
                frame.key,
                frame.damaged,
                frame.data,
            )
        )

    def _note_gop(self, pts: int) -> None:
        if self._gop_pts >= 0:
            self._statistics.gop_frames = self._gop_frames - 1
            self._statistics.gop_s = (pts - self._gop_pts) / VIDEO_TIMESCALE
        self._gop_pts = pts
        self._gop_frames = 1

    def _on_audio(
        self, line: _Line, frame: CodedFrame, run: int, ticks: int, utc_ns: int, mono_ns: int
    ) -> None:
        figures = self._statistics
        if run == self._run:
            behind = self._base
        elif run == self._bridge_run:
            behind = self._base - self._bridge
        else:
            if self._run == NO_RUN:
                figures.early_units += 1
            else:
                figures.dropped_units += 1
            return
        dts = ticks - behind * frame.format.timescale // VIDEO_TIMESCALE
        if dts < 0:
            figures.early_units += 1
            return
        last = line.last_dts
        if dts <= last:
            dts = last + 1
        else:
            line.interval = dts - last if last >= 0 else _samples(frame)
        line.last_dts = dts
        figures.audio_units += 1
        self._emit(
            AccessUnit(
                frame.format,
                self._run,
                dts,
                dts,
                line.interval,
                utc_ns,
                mono_ns,
                frame.timestamp,
                True,
                frame.damaged,
                frame.data,
            )
        )


def _samples(frame: CodedFrame) -> int:
    """How many samples a packet of sound holds; a guess for codecs whose packets do not tell."""
    track = frame.format
    if isinstance(track, AudioFormat) and track.bits_per_sample:
        return max(1, len(frame.data) * 8 // (track.bits_per_sample * track.channels))
    return _AAC_FRAME
