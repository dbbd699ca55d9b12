"""Frames become units: runs, time lines, sound beside the picture."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ingest_bench import check_order

from appliance.media.rtp.depay.base import CodedFrame
from appliance.media.rtp.rtcp import SenderReport
from appliance.media.types import AccessUnit, AudioFormat, Codec, RunIds, VideoFormat
from appliance.recording.ingest import assembler as room
from appliance.recording.ingest.assembler import Assembler
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.statistics import IngestStatistics

PICTURE = VideoFormat(Codec.H264, 320, 180, "avc1.42c00c", frame_rate=25.0, reorder_depth=0)
SOUND = AudioFormat(Codec.PCMU, 8000, 1, bits_per_sample=8)


@dataclass(eq=False)
class Track:
    kind: str
    clock_rate: int
    frame_rate: float | None = None
    ssrc: int | None = None


@dataclass
class Bench:
    """An assembler whose clock is driven by the test."""

    now_ns: int = 10**12
    units: list[AccessUnit] = field(default_factory=list)
    video: Track = field(default_factory=lambda: Track("video", 90_000))
    audio: Track = field(default_factory=lambda: Track("audio", 8_000))
    figures: IngestStatistics = field(default_factory=IngestStatistics)

    def __post_init__(self) -> None:
        self.assembler = Assembler(self.units.append, RunIds(1), self.figures, Limits())
        self.begin()

    def begin(self) -> None:
        self.assembler.begin_session()
        self.assembler.add(self.video)
        self.assembler.add(self.audio)

    def picture(
        self, rtp: int, *, key: bool = False, damaged: bool = False, form: VideoFormat = PICTURE
    ) -> None:
        frame = CodedFrame(rtp & 0xFFFFFFFF, b"v", key, damaged, form)
        self.assembler.on_frames(self.video, [frame])

    def sound(self, rtp: int) -> None:
        frame = CodedFrame(rtp & 0xFFFFFFFF, bytes(320), True, False, SOUND)
        self.assembler.on_frames(self.audio, [frame])

    def report(self, track: Track, rtp: int, *, ssrc: int, ahead_ms: int = 0) -> None:
        """A sender report that ties `rtp` to the box's clock, which is `ahead_ms` behind it."""
        utc_ns = self.now_ns + 10**18 + ahead_ms * 10**6
        self.assembler.on_sender_report(track, SenderReport(ssrc, utc_ns, rtp, 0, 1, 1))

    def pass_ms(self, milliseconds: float) -> None:
        self.now_ns += round(milliseconds * 1e6)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(room.time, "monotonic_ns", lambda: made.now_ns)
    monkeypatch.setattr(room.time, "time_ns", lambda: made.now_ns + 10**18)
    return made


def test_a_run_begins_with_a_key_frame_at_zero(bench: Bench) -> None:
    for number in range(8):
        bench.picture(5000 + number * 3600, key=number == 3)
        bench.pass_ms(40)
    assert [u.pts for u in bench.units] == [0, 3600, 7200, 10_800, 14_400]
    assert bench.units[0].key
    assert (bench.figures.early_units, bench.figures.dropped_units) == (3, 0)
    check_order(bench.units)


def test_frames_decoded_before_they_are_shown_begin_at_their_reorder_depth(bench: Bench) -> None:
    deep = VideoFormat(Codec.H264, 320, 180, "x", frame_rate=25.0, reorder_depth=2)
    for number in (0, 3, 1, 2, 6, 4, 5, 9, 7, 8):
        bench.picture(number * 3600, key=number == 0, form=deep)
        bench.pass_ms(40)
    assert bench.units[0].dts == 0
    assert bench.units[0].pts == 7200
    assert [u.pts // 3600 - 2 for u in bench.units] == [0, 3, 1, 2, 6, 4, 5, 9, 7, 8]
    check_order(bench.units)


def test_sound_before_the_first_key_frame_is_dropped(bench: Bench) -> None:
    for number in range(20):
        bench.sound(number * 320)
        if number >= 5:
            bench.picture(number * 3600, key=number == 5)
        bench.pass_ms(40)
    sounds = [u for u in bench.units if not u.is_video]
    assert bench.units[0].is_video
    assert all(u.pts >= 0 for u in sounds)
    assert [b.dts - a.dts for a, b in itertools.pairwise(sounds)] == [320] * (len(sounds) - 1)
    assert all(u.run == bench.units[0].run for u in bench.units)
    assert sounds[0].duration == 320


def test_a_leap_in_the_middle_of_a_gop_costs_nothing(bench: Bench) -> None:
    leap = 0
    for number in range(40):
        if number == 15:
            leap = 90_000 * 3600
        bench.picture(number * 3600 + leap, key=number % 10 == 0)
        bench.sound(number * 320 + leap * 8 // 90)
        bench.pass_ms(40)
    pictures = [u for u in bench.units if u.is_video]
    assert len(pictures) == 40
    assert len({u.run for u in pictures}) == 2
    changed = next(n for n, u in enumerate(pictures) if u.run != pictures[0].run)
    assert changed == 20, "the old run went on to the end of its GOP"
    assert [u.dts for u in pictures[:20]] == [n * 3600 for n in range(20)]
    assert len([u for u in bench.units if not u.is_video]) > 30
    check_order(bench.units)


def test_a_new_session_is_a_new_run(bench: Bench) -> None:
    bench.picture(0, key=True)
    bench.begin()
    bench.picture(100)
    bench.picture(3700, key=True)
    assert len(bench.units) == 2
    assert bench.units[0].run != bench.units[1].run
    assert bench.units[1].dts == 0


def test_a_picture_no_camera_has_is_a_problem(bench: Bench) -> None:
    bench.picture(0, key=True, form=VideoFormat(Codec.H264, 40_000, 10, "x"))
    assert bench.units == []
    assert bench.assembler.problem is not None
    assert bench.assembler.problem.code == "absurd_resolution"


def test_drifting_sound_stays_beside_the_picture(bench: Bench) -> None:
    """A sound clock that runs 200 ppm fast is brought back; nothing jumps (pain 12)."""
    sent = 0.0
    for number in range(15_000):  # ten minutes
        bench.picture(number * 3600, key=number % 50 == 0)
        sent += 320 * 1.0002
        bench.sound(round(sent))
        bench.pass_ms(40)
    sounds = [u for u in bench.units if not u.is_video]
    pictures = [u for u in bench.units if u.is_video]
    behind_s = pictures[-1].pts / 90_000 - sounds[-1].pts / 8_000
    assert abs(behind_s) < 0.06, "drift alone would be 120 ms"
    steps = [b.dts - a.dts for a, b in itertools.pairwise(sounds)]
    assert max(steps) - min(steps) <= 12
    assert len({u.run for u in bench.units}) == 1


@settings(max_examples=60, deadline=None, print_blob=True)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(0, 2**32 - 1) | st.integers(0, 100_000),
            st.booleans(),
            st.integers(0, 3000),
        ),
        max_size=120,
    )
)
def test_whatever_the_stamps_the_promises_hold(
    frames: list[tuple[bool, int, bool, int]],
) -> None:
    made = Bench()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room.time, "monotonic_ns", lambda: made.now_ns)
        patch.setattr(room.time, "time_ns", lambda: made.now_ns + 10**18)
        for is_video, rtp, key, milliseconds in frames:
            if is_video:
                made.picture(rtp, key=key)
            else:
                made.sound(rtp)
            made.pass_ms(milliseconds)
    check_order(made.units)


def clock_after(bench: Bench, frames: int = 10) -> str:
    """Where the time of the frames comes from that begin 400 ms after the reports."""
    bench.pass_ms(400)
    bench.video.ssrc = 7  # known with the first packet
    for number in range(frames):
        bench.picture(36_000 + number * 3600, key=number == 0)
        bench.pass_ms(40)
    bench.assembler.note_clock()
    return bench.figures.clock_source


def test_a_report_before_the_first_frame_is_held_and_used(bench: Bench) -> None:
    bench.report(bench.video, 0, ssrc=7, ahead_ms=-100)
    assert clock_after(bench, frames=60) == "camera"
    taken_ns = bench.now_ns - 40 * 10**6 + 10**18 - bench.units[-1].utc_ns
    assert taken_ns == pytest.approx(100 * 10**6, abs=2 * 10**6)


def test_of_several_early_reports_the_latest_counts(bench: Bench) -> None:
    bench.report(bench.video, 0, ssrc=7, ahead_ms=-900)
    bench.report(bench.video, 0, ssrc=7, ahead_ms=-100)
    clock_after(bench, frames=60)
    taken_ns = bench.now_ns - 40 * 10**6 + 10**18 - bench.units[-1].utc_ns
    assert taken_ns == pytest.approx(100 * 10**6, abs=2 * 10**6)


def test_an_early_report_of_another_sender_is_not_used(bench: Bench) -> None:
    bench.report(bench.video, 0, ssrc=8)
    assert clock_after(bench) == "arrival"


def test_early_reports_of_others_do_not_push_out_that_of_the_sender(bench: Bench) -> None:
    bench.report(bench.video, 0, ssrc=7)
    for stranger in range(100, 200):
        bench.report(bench.video, 5, ssrc=stranger)
    assert clock_after(bench) == "camera"


def test_later_reports_of_another_sender_are_passed_over(bench: Bench) -> None:
    clock_after(bench)
    bench.report(bench.video, 36_000, ssrc=8)
    bench.assembler.note_clock()
    assert bench.figures.clock_source == "arrival"
