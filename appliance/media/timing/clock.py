"""RTP time to UTC and to the time line of a run, for all tracks of one camera stream.

What an investigator needs is one time line, the box's, in which every frame sits as near as
possible to when it was taken.  So:

- The box's clock rules.  A camera's clock (RTCP sender reports) within 1 s of it is believed
  exactly (left again beyond 1.5 s): it knows when a picture was taken before it was coded and
  sent.  A camera whose clock is further off keeps its place on the box's time line, by arrival;
  its reports then only line its sound up with its picture, and `camera_offset_ns` says how far
  off it is.
- By arrival means: media time plus the smallest delay of the last half minute, since networks
  only ever add to it.
- Offsets move by at most 500 ppm, so that neither drift nor jitter shows.  Only the first sane
  report of a track moves its offset faster (10 %), by at most 1 s and once in a run.
- A new run begins when media time jumps by more than 1 s against arrival (two frames in a row
  say so: a single odd stamp is replaced by the time of arrival), lags by more than 1 s for 10 s,
  when the camera's clock is set by more than 1 s (two reports say so), or the box's own is.
- A track whose RTP time breaks three times in 30 s, or has more than one odd stamp in ten, is
  stamped by arrival alone until its RTP time has kept step with arrival for a minute.

All tracks share runs; the run's time line begins `RUN_LEAD_NS` before its first frame, to leave
room for frames that are decoded before they are shown and for sound taken before the picture.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from appliance.media.timing.faith import RtpFaith
from appliance.media.timing.line import DelayWindow, SlewedOffset
from appliance.media.timing.reports import STEP_NS, ReportTrack, Verdict
from appliance.media.timing.stamp import ClockBreak, ClockSource, Stamp

RUN_LEAD_NS = 1_000_000_000
"""How long before its first frame a run's time line begins, in nanoseconds."""

MAX_SLEW_PPM = 500
_ADOPTION_PPM = 100_000
_TRUST_NS = 1_000_000_000
_DISTRUST_NS = 1_500_000_000
_REPORT_BAND_NS = 500_000
_ARRIVAL_BAND_NS = 5_000_000
_CORRECTION_BAND_NS = 20_000_000
_LAG_SPAN_NS = 10_000_000_000
_REPORTS_LAST_NS = 120_000_000_000
_SAME_EVENT_NS = 15_000_000_000
_BOX_BAND_NS = 1_000_000
_FAR_NS = 10_000_000_000


class StreamClock:
    """What the tracks of one stream share: the run, the box's clock, the camera's clock."""

    def __init__(self, next_run: Callable[[], int]) -> None:
        """`next_run` gives out run ids (`RunIds.next`)."""
        self._next_run = next_run
        self._tracks: list[RtpClock] = []
        self._box_ns: int | None = None
        self._offsets: deque[int] = deque(maxlen=16)
        self._trusted = False
        self._pending: ClockBreak | None = ClockBreak.START
        self._pending_by: RtpClock | None = None
        self._last_break: tuple[RtpClock | None, int] = (None, 0)
        self.correction_ns: int | None = None
        """Camera clock minus box clock as it is taken out of the reports; None before."""
        self.origin_ns = 0
        """UTC at which the run's time line begins."""
        self.run = 0
        self.breaks = 0
        """Runs begun after the first."""

    def track(self, clock_rate: int, timescale: int | None = None) -> RtpClock:
        """Add a track: RTP `clock_rate` in Hz, and ticks a second of its stamps if not the same.

        Raises ValueError for rates that are not positive.
        """
        track = RtpClock(self, clock_rate, timescale or clock_rate)
        self._tracks.append(track)
        return track

    @property
    def camera_offset_ns(self) -> int | None:
        """How far the camera's clock is ahead of the box's (network delay not taken out)."""
        return max(self._offsets) if self._offsets else None

    @property
    def trusted(self) -> bool:
        """Whether the camera's clock is near enough to the box's to be believed."""
        return self._trusted

    def note_box(self, mono_ns: int, utc_ns: int) -> None:
        """Watch for steps of the box's own clock."""
        now = utc_ns - mono_ns
        if self._box_ns is None:
            self._box_ns = now
        change = now - self._box_ns
        if abs(change) < _BOX_BAND_NS:
            return
        self._box_ns = now
        step = abs(change) > STEP_NS
        for track in self._tracks:
            track.box_moved(change, step)
        if step:
            self._offsets.clear()
            self._trusted = False
            self.correction_ns = None
            self.request_break(ClockBreak.BOX_STEP, None, mono_ns)

    def note_camera(self, camera_ns: int, utc_ns: int, stepped: bool) -> None:
        """Note what the camera's clock showed when the box's showed `utc_ns`."""
        if stepped:
            self._offsets.clear()
        self._offsets.append(camera_ns - utc_ns)
        off = abs(max(self._offsets))
        trusted = off <= (_DISTRUST_NS if self._trusted else _TRUST_NS)
        if stepped or trusted != self._trusted:
            self.correction_ns = None
        self._trusted = trusted

    def correct(self) -> int:
        """Return the camera clock's lead over the box's, as taken out of its reports.

        It is the smallest with which no track's frames lie after their arrival.
        """
        needs = [track.need_ns for track in self._tracks if track.need_ns is not None]
        if needs and (
            self.correction_ns is None or abs(self.correction_ns - max(needs)) > _CORRECTION_BAND_NS
        ):
            self.correction_ns = max(needs)
        return self.correction_ns or 0

    def forget_camera(self) -> None:
        """Judge the camera's clock anew."""
        self._offsets.clear()
        self.correction_ns = None
        self._trusted = False

    def request_break(self, reason: ClockBreak, by: RtpClock | None, mono_ns: int) -> None:
        """Begin a new run with the next frame.

        A break of another track within 15 s is the same event seen twice and changes nothing.
        """
        last_by, last_ns = self._last_break
        again = self.run and last_by is not by and mono_ns - last_ns < _SAME_EVENT_NS
        if by is not None and last_by is not None and again:
            return
        self._last_break = (by, mono_ns)
        self._pending = self._pending or reason

    def enter(self, utc_ns: int) -> ClockBreak | None:
        """Begin the run that is due, if any, with a frame taken at `utc_ns`; return why."""
        reason, self._pending = self._pending, None
        if reason is not None:
            self.breaks += self.run != 0
            self.run = self._next_run()
            self.origin_ns = utc_ns - RUN_LEAD_NS
        return reason


class RtpClock:
    """The clock of one track; made by `StreamClock.track`."""

    def __init__(self, stream: StreamClock, clock_rate: int, timescale: int) -> None:
        if clock_rate <= 0 or timescale <= 0:
            raise ValueError("clock rate and timescale must be positive")
        self._stream = stream
        self._rate = clock_rate
        self._timescale = timescale
        self._line: SlewedOffset | None = None
        self._delays = DelayWindow()
        self._reports = ReportTrack()
        self._waiting_report: tuple[int, int, int, int] | None = None
        self._adopted = False
        self._fresh = True
        self._rtp = 0  # unwrapped
        self._mono_ns = 0
        self._utc_ns = 0
        self._highest_ns = 0
        self._doubtful_delay: int | None = None
        self._faith = RtpFaith()
        self.need_ns: int | None = None
        """Camera clock minus box clock at which this track's frames lie at their arrival."""
        self.odd_stamps = 0
        """Single stamps that made no sense and were replaced by the time of arrival."""

    @property
    def source(self) -> ClockSource:
        """Where the time of the last frame came from."""
        if self._faith.lost:
            return ClockSource.ARRIVAL_ONLY
        if not self._adopted:
            return ClockSource.ARRIVAL
        return ClockSource.CAMERA if self._stream.trusted else ClockSource.CORRECTED

    def stamp(self, rtp: int, mono_ns: int, utc_ns: int) -> Stamp:
        """Return when the frame of RTP time `rtp` was taken.

        `mono_ns` and `utc_ns` are the box's monotonic and wall clock when its last packet came.
        """
        self._stream.note_box(mono_ns, utc_ns)
        rtp = self._unwrap(rtp, mono_ns)
        media_ns = rtp * 1_000_000_000 // self._rate
        delay = utc_ns - media_ns
        if self._line is None:
            self._begin(rtp, media_ns, delay, mono_ns)
        elif self._faith.lost:
            return self._by_arrival(rtp, delay, mono_ns, utc_ns)
        elif self._jumps(self._line, media_ns, delay):
            if not self._confirmed(delay):
                self.odd_stamps += 1
                return self._odd(mono_ns, utc_ns)
            self._broke(mono_ns)
            if self._faith.lost:
                return self._by_arrival(rtp, delay, mono_ns, utc_ns)
            self._begin(rtp, media_ns, delay, mono_ns)
        else:
            self._doubtful_delay = None
            self._faith.fitted()
        line = self._line
        assert line is not None
        self._rtp, self._mono_ns = rtp, mono_ns
        self._highest_ns = max(self._highest_ns, media_ns)
        turned = self._delays.add(mono_ns, delay)
        if turned or (not self._adopted and delay < line.target - _ARRIVAL_BAND_NS):
            self._steer(media_ns, mono_ns)
            if turned and self._lags(line, media_ns):
                self._broke(mono_ns)
                if not self._faith.lost:
                    self._begin(rtp, media_ns, delay, mono_ns)
        return self._mapped(rtp, media_ns)

    def on_sender_report(self, camera_ns: int | None, rtp: int, mono_ns: int, utc_ns: int) -> None:
        """Take an SR that came at `mono_ns` / `utc_ns`; `camera_ns` is its NTP time as UTC.

        None (a camera without a clock) is passed over.
        """
        if camera_ns is None:
            return
        if self._line is None:
            self._waiting_report = (camera_ns, rtp, mono_ns, utc_ns)
            return
        if self._faith.lost:
            return
        self._stream.note_box(mono_ns, utc_ns)
        media_ns = self._unwrap(rtp, mono_ns) * 1_000_000_000 // self._rate
        expected_ns = self._rtp * 1_000_000_000 // self._rate + mono_ns - self._mono_ns
        verdict = self._reports.take(camera_ns, media_ns, expected_ns, mono_ns)
        if verdict is Verdict.REFUSED:
            return
        stepped = verdict is Verdict.STEPPED
        if stepped:
            self._stream.request_break(ClockBreak.CAMERA_STEP, self, mono_ns)
            self._adopted, self._fresh = False, True
        self._stream.note_camera(camera_ns, utc_ns, stepped)
        self._follow_reports(mono_ns)

    def box_moved(self, change_ns: int, step: bool) -> None:
        """The box's wall clock was set or slewed by `change_ns`."""
        self._delays.shift(change_ns)
        self._faith.box_moved(change_ns)
        if step:
            self._utc_ns += change_ns
            if self._line is not None:
                self._line.shift(change_ns)
            self._adopted, self._fresh = False, True

    # -- media time ------------------------------------------------------------------------

    def _unwrap(self, rtp: int, mono_ns: int) -> int:
        """Return the unwrapped RTP time nearest to where the track should be by now."""
        if self._line is None:
            return rtp & 0xFFFF_FFFF
        expected = self._rtp + (mono_ns - self._mono_ns) * self._rate // 1_000_000_000
        return expected + ((rtp - expected + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000

    def _begin(self, rtp: int, media_ns: int, delay: int, mono_ns: int) -> None:
        """Map by arrival from this frame on."""
        self._line = SlewedOffset(delay)
        self._delays = DelayWindow()
        self._delays.add(mono_ns, delay)
        self._doubtful_delay = None
        self._highest_ns = media_ns
        self._rtp, self._mono_ns = rtp, mono_ns
        self._adopted, self._fresh = False, True
        self._reports.forget()
        self.need_ns = None
        waiting, self._waiting_report = self._waiting_report, None
        if waiting is not None:
            self.on_sender_report(*waiting)

    def _jumps(self, line: SlewedOffset, media_ns: int, delay: int) -> bool:
        """Whether a frame comes from the future or from the past, as only a jump explains."""
        # By the camera's clock, believed now or until lately, frames may lie a little ahead.
        ahead = _DISTRUST_NS + STEP_NS if self._adopted else STEP_NS
        return (
            media_ns < self._highest_ns - STEP_NS
            or delay < self._delays.minimum() - STEP_NS
            or delay < line.at(media_ns) - ahead
        )

    def _confirmed(self, delay: int) -> bool:
        """Whether the frame before this one was as far out, so that both are believed."""
        before, self._doubtful_delay = self._doubtful_delay, delay
        return before is not None and abs(delay - before) < STEP_NS

    def _lags(self, line: SlewedOffset, media_ns: int) -> bool:
        """Whether frames have come too late for so long that media time must have stopped."""
        if self._adopted and self._stream.trusted:
            return False
        behind = _DISTRUST_NS + STEP_NS if self._adopted else STEP_NS
        recent = self._delays.recent_minimum(_LAG_SPAN_NS)
        return recent is not None and recent - line.at(media_ns) > behind

    def _broke(self, mono_ns: int) -> None:
        """Media time broke: begin a new run, or give up on it when this happens all the time."""
        self._stream.request_break(ClockBreak.RTP_JUMP, self, mono_ns)
        self._stream.forget_camera()
        self._doubtful_delay = None
        self._faith.broke(mono_ns)

    # -- aiming the offset ---------------------------------------------------------------------

    def _steer(self, media_ns: int, mono_ns: int) -> None:
        """Follow the reports, or the smallest delay where there are none (any more)."""
        line = self._line
        assert line is not None
        if self._adopted:
            if mono_ns - self._reports.seen_ns < _REPORTS_LAST_NS:
                return
            self._adopted = False
        target = self._delays.minimum()
        if abs(target - line.target) > _ARRIVAL_BAND_NS:
            line.aim(media_ns, target, MAX_SLEW_PPM)

    def _follow_reports(self, mono_ns: int) -> None:
        """Aim at what the last report says."""
        line, offset = self._line, self._reports.offset_ns
        assert line is not None
        assert offset is not None
        media_ns = self._highest_ns
        arrival = self._delays.minimum()
        stream = self._stream
        if stream.trusted:
            target = offset
        else:
            self.need_ns = offset - arrival
            target = offset - stream.correct()
        if abs(target - arrival) > (_FAR_NS if stream.trusted else STEP_NS):
            return  # not to be reconciled with what arrives
        change = target - line.at(media_ns)
        if self._fresh and abs(change) > STEP_NS:
            line.shift(target - line.target)
            stream.request_break(ClockBreak.CAMERA_STEP, self, mono_ns)
        elif self._fresh:
            line.aim(media_ns, target, _ADOPTION_PPM)
        elif abs(target - line.target) > _REPORT_BAND_NS:
            line.aim(media_ns, target, MAX_SLEW_PPM)
        self._adopted, self._fresh = True, False

    # -- results --------------------------------------------------------------------------------

    def _mapped(self, rtp: int, media_ns: int) -> Stamp:
        """Return the stamp by the line; steps of the RTP time come through exactly."""
        assert self._line is not None
        offset = self._line.at(media_ns)
        self._utc_ns = media_ns + offset
        began = self._stream.enter(self._utc_ns)
        shift = (offset - self._stream.origin_ns) * self._timescale
        ticks = rtp * self._timescale // self._rate + (shift + 500_000_000) // 1_000_000_000
        return Stamp(self._stream.run, max(0, ticks), self._utc_ns, began)

    def _odd(self, mono_ns: int, utc_ns: int) -> Stamp:
        """Return the stamp of a frame whose RTP time makes no sense: as long after the last.

        When such frames become the rule, RTP time is given up without a break.
        """
        self._faith.odd(mono_ns)
        if self._faith.lost:
            self._utc_ns = max(self._utc_ns, utc_ns)
            return self._at(self._utc_ns)
        return self._at(self._utc_ns + mono_ns - self._mono_ns)

    def _by_arrival(self, rtp: int, delay: int, mono_ns: int, utc_ns: int) -> Stamp:
        """Stamp by arrival, and look whether RTP time keeps step again."""
        self._rtp, self._mono_ns = rtp, mono_ns
        stamp = self._at(max(utc_ns, self._utc_ns + 1_000_000))
        self._utc_ns = stamp.utc_ns
        if self._faith.watch(delay, mono_ns):
            self._begin(rtp, utc_ns - delay, delay, mono_ns)
        return stamp

    def _at(self, utc_ns: int) -> Stamp:
        began = self._stream.enter(utc_ns)
        since = (utc_ns - self._stream.origin_ns) * self._timescale
        return Stamp(self._stream.run, max(0, since // 1_000_000_000), utc_ns, began)
