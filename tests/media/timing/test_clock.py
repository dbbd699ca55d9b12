"""Where frames end up on the box's time line, whatever the camera's clock does."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.timing.clock import RUN_LEAD_NS
from appliance.media.timing.stamp import ClockBreak, ClockSource

S = 1_000_000_000
MS = 1_000_000
PPM_500 = 500e-6


def errors_ms(track, since=0):
    return [(stamp.utc_ns - true) / MS for true, stamp in track.stamps[since:]]


def began(*tracks):
    runs = {stamp.run: stamp.began for track in tracks for _, stamp in track.stamps if stamp.began}
    return [runs[run] for run in sorted(runs)]


def assert_slews_gently(track, since=0):
    stamps = [stamp for _, stamp in track.stamps[since:]]
    for before, after in itertools.pairwise(stamps):
        if before.run == after.run:
            by_ticks = (after.ticks - before.ticks) * S / track.rate
            by_utc = after.utc_ns - before.utc_ns
            assert abs(by_utc - by_ticks) < 2 * S / track.rate  # one time line
            assert abs(by_utc - track.interval_ns) <= track.interval_ns * 1e-3 + S / track.rate


def test_without_rtcp_frames_sit_at_their_arrival_less_the_jitter(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=30)
    chance = random.Random(3)
    filmed.run(120, jitter=lambda: int(chance.expovariate(1 / 15)) * MS)
    assert began(track) == [ClockBreak.START]
    assert all(25 <= error <= 200 for error in errors_ms(track))
    assert all(29 <= error <= 40 for error in errors_ms(track, since=2500))
    assert track.clock.source is ClockSource.ARRIVAL
    assert_slews_gently(track)


def test_a_sane_camera_clock_is_believed_exactly(scene):
    filmed = scene(camera_offset_ns=300 * MS)
    track = filmed.track(latency_ms=180)
    filmed.run(30)
    assert all(abs(error - 300) < 0.6 for error in errors_ms(track, since=200))
    assert track.clock.source is ClockSource.CAMERA
    assert began(track) == [ClockBreak.START]
    assert 290 * MS < filmed.stream.camera_offset_ns < 301 * MS


def test_a_first_report_is_adopted_without_going_back_in_time(scene):
    filmed = scene(camera_offset_ns=-500 * MS)
    track = filmed.track(latency_ms=400)
    filmed.last_report_ns = 0
    filmed.run(30)
    utc = [stamp.utc_ns for _, stamp in track.stamps]
    assert all(a < b for a, b in itertools.pairwise(utc))
    assert abs(errors_ms(track)[-1] + 500) < 0.6


@pytest.mark.parametrize("off_s", [3600, -3600, 5, -86_400 * 365, 20 * 365 * 86_400])
def test_a_camera_whose_clock_is_off_does_not_place_footage_in_the_wrong_hour(scene, off_s):
    filmed = scene(camera_offset_ns=off_s * S)
    video, sound = filmed.track(latency_ms=60), filmed.track(8_000, 50, latency_ms=90)
    filmed.run(60)
    assert all(-1 < error < 100 for error in errors_ms(video) + errors_ms(sound))
    assert video.clock.source is ClockSource.CORRECTED
    assert began(video, sound) == [ClockBreak.START]
    assert abs(filmed.stream.camera_offset_ns - off_s * S) < 10 * MS


@pytest.mark.parametrize("off_s", [0, 3600])
def test_sound_and_picture_share_the_run_and_are_in_step(scene, off_s):
    """The sound takes 150 ms longer to arrive, which the reports show."""
    filmed = scene(camera_offset_ns=off_s * S)
    video, sound = filmed.track(latency_ms=40), filmed.track(44_100, 44_100 / 1024, latency_ms=190)
    filmed.run(60)
    apart = errors_ms(sound)[-1] - errors_ms(video)[-1]
    assert abs(apart) < 2
    assert {stamp.run for _, stamp in video.stamps + sound.stamps} == {1}
    true_video, last_video = video.stamps[-1]
    true_sound, last_sound = sound.stamps[-1]
    by_ticks = last_sound.ticks / 44_100 - last_video.ticks / 90_000
    assert abs(by_ticks - (true_sound - true_video) / S) < 0.003


def test_the_time_line_of_a_run_begins_before_its_first_frame(scene):
    filmed = scene(reports=False)
    video, sound = filmed.track(), filmed.track(8_000, 50)
    filmed.run(1)
    assert video.stamps[0][1].ticks == RUN_LEAD_NS * 90_000 // S
    assert all(stamp.ticks > 0 for _, stamp in sound.stamps)


def test_steps_of_rtp_time_come_through_to_the_tick(scene):
    filmed = scene(camera_offset_ns=20 * MS)
    track = filmed.track(fps=25)
    filmed.run(40)
    ticks = [stamp.ticks for _, stamp in track.stamps[300:]]
    assert {b - a for a, b in itertools.pairwise(ticks)} == {3600}


def test_a_camera_clock_set_by_an_hour_begins_a_run_and_keeps_the_footage_in_place(scene):
    filmed = scene()
    video, sound = filmed.track(latency_ms=60), filmed.track(8_000, 50, latency_ms=60)
    filmed.run(60)
    filmed.camera_offset_ns = 3600 * S
    filmed.run(120)
    assert began(video, sound) == [ClockBreak.START, ClockBreak.CAMERA_STEP]
    assert all(-1 < error < 100 for error in errors_ms(video) + errors_ms(sound))
    filmed.camera_offset_ns = 0  # and back
    filmed.run(120)
    assert began(video, sound)[2:] == [ClockBreak.CAMERA_STEP]
    assert all(-1 < error < 100 for error in errors_ms(video) + errors_ms(sound))
    assert abs(errors_ms(video)[-1]) < 0.6


def test_one_odd_report_changes_nothing(scene):
    filmed = scene()
    track = filmed.track()
    filmed.run(30)
    filmed.report(track, filmed.now_ns, camera_ns=17 * S)
    filmed.run(30)
    assert began(track) == [ClockBreak.START]
    assert all(abs(error) < 0.6 for error in errors_ms(track, since=300))


def test_reports_of_random_times_are_passed_over(scene):
    filmed = scene()
    track = filmed.track(latency_ms=60)
    chance = random.Random(5)
    for _ in range(40):
        filmed.reports = False
        filmed.run(5)
        filmed.report(track, filmed.now_ns, camera_ns=chance.randrange(4_000_000_000 * S))
    assert began(track) == [ClockBreak.START]
    assert all(-1 < error < 100 for error in errors_ms(track))


def test_reports_whose_rtp_time_is_not_that_of_the_media_are_passed_over(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    filmed.run(5)
    for _ in range(20):
        at = filmed.now_ns
        track.clock.on_sender_report(1_800_000_000 * S + at, 0x7000_0000, *filmed.box(at))
        filmed.run(5)
    assert track.clock.source is ClockSource.ARRIVAL
    assert all(59 < error < 61 for error in errors_ms(track))


def test_a_camera_without_a_clock_is_taken_by_arrival(scene):
    filmed = scene(reports=False)
    track = filmed.track()
    track.clock.on_sender_report(None, 5, *filmed.box(0))
    filmed.run(5)
    assert track.clock.source is ClockSource.ARRIVAL


def test_a_report_before_the_first_frame_is_used_for_it(scene):
    filmed = scene(camera_offset_ns=100 * MS)
    track = filmed.track(latency_ms=200)
    filmed.run(1)
    # The offset is adopted from the first frame on, 10 % at a time.
    assert track.clock.source is ClockSource.CAMERA
    assert errors_ms(track)[0] > errors_ms(track)[-1]


@pytest.mark.parametrize("jump_s", [2, 3600, -2, -3600])
def test_a_jump_of_rtp_time_begins_a_run_and_keeps_the_footage_in_place(scene, jump_s):
    filmed = scene(reports=False)
    video, sound = filmed.track(latency_ms=60), filmed.track(8_000, 50, latency_ms=60)
    filmed.run(20)
    filmed.rtp_shift_ns += jump_s * S
    filmed.run(60)
    assert began(video, sound) == [ClockBreak.START, ClockBreak.RTP_JUMP]
    assert all(-1 < error < 100 for error in errors_ms(video) + errors_ms(sound))


def test_a_single_odd_stamp_is_replaced_by_the_time_of_arrival(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    for number in range(500):
        rtp = filmed.rtp(track, number * 40 * MS)
        if number % 100 == 50:
            rtp += 0x1234_5678
        filmed.frame(track, number * 40 * MS, rtp=rtp)
    assert began(track) == [ClockBreak.START]
    assert track.clock.odd_stamps == 5
    assert all(59 < error < 61 for error in errors_ms(track))


@pytest.mark.parametrize("fault", ["frozen", "reversed", "random", "half speed", "double speed"])
def test_hopeless_rtp_time_is_given_up_for_arrival(scene, fault):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    chance = random.Random(9)
    for number in range(3000):
        rtp = {
            "frozen": 7,
            "reversed": -number * 3600,
            "random": chance.randrange(2**32),
            "half speed": number * 1800,
            "double speed": number * 7200,
        }[fault]
        filmed.frame(track, number * 40 * MS, rtp=rtp)
    assert filmed.stream.breaks <= 3
    assert all(abs(error - 60) < 2 for error in errors_ms(track, since=1200))
    utc = [stamp.utc_ns for _, stamp in track.stamps[1200:]]
    assert all(a < b for a, b in itertools.pairwise(utc))


def test_rtp_time_that_comes_to_its_senses_is_used_again(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    for number in range(1000):
        filmed.frame(track, number * 40 * MS, rtp=-number * 3600)
    assert track.clock.source is ClockSource.ARRIVAL_ONLY
    filmed.now_ns = 40 * S
    breaks = filmed.stream.breaks
    filmed.run(90)
    assert track.clock.source is ClockSource.ARRIVAL
    assert filmed.stream.breaks == breaks
    assert abs(errors_ms(track)[-1] - 60) < 2


def test_a_stalled_network_does_not_begin_a_run(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    filmed.run(20)
    start = filmed.now_ns
    for number in range(500):  # 20 s of frames arrive at once
        capture = start + number * 40 * MS
        filmed.frame(track, capture, delay_ns=start + 20 * S - capture)
    filmed.now_ns += 20 * S
    filmed.run(60)
    assert began(track) == [ClockBreak.START]
    assert all(59 < error < 75 for error in errors_ms(track))


def test_rtp_time_that_stood_still_through_a_pause_is_noticed(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    filmed.run(20)
    filmed.now_ns += 10 * S
    filmed.rtp_shift_ns -= 10 * S
    filmed.run(60)
    assert began(track) == [ClockBreak.START, ClockBreak.RTP_JUMP]
    assert abs(errors_ms(track)[-1] - 60) < 2


@pytest.mark.parametrize("reports", [True, False])
@pytest.mark.parametrize("drift_ppm", [100, -100])
def test_a_day_of_drift_stays_on_the_time_line(scene, reports, drift_ppm):
    """A frame every 2 s, so that a day is quick."""
    filmed = scene(drift_ppm=drift_ppm, reports=reports)
    track = filmed.track(fps=0.5, latency_ms=60, rtp_start=0xFFFF_0000)
    sound = filmed.track(8_000, 0.5, latency_ms=60)
    filmed.run(86_400)
    assert began(track, sound) == [ClockBreak.START]
    target = 0 if reports else 60
    assert all(abs(error - target) < 11 for error in errors_ms(track, since=200))
    assert all(abs(error - target) < 11 for error in errors_ms(sound, since=200))
    ticks = [stamp.ticks for _, stamp in track.stamps]
    assert all(abs(b - a - 180_000) <= 180_000 * 1e-3 for a, b in itertools.pairwise(ticks[200:]))
    assert ticks[-1] > 2**32  # RTP time went round on the way


def test_rtp_time_goes_round_unnoticed(scene):
    filmed = scene(reports=False)
    track = filmed.track(rtp_start=2**32 - 90_000)
    filmed.run(5)
    ticks = [stamp.ticks for _, stamp in track.stamps]
    assert {b - a for a, b in itertools.pairwise(ticks)} == {3600}


def test_a_silence_of_a_day_is_a_gap_and_not_a_break(scene):
    filmed = scene(reports=False)
    track = filmed.track()
    filmed.run(5)
    filmed.now_ns += 86_400 * S
    filmed.run(5)
    assert began(track) == [ClockBreak.START]
    assert track.stamps[-1][1].ticks > 86_400 * 90_000


@pytest.mark.parametrize("step_s", [3600, -3600])
def test_a_step_of_the_boxs_clock_begins_a_run_in_the_new_time(scene, step_s):
    filmed = scene(reports=True)
    video, sound = filmed.track(latency_ms=60), filmed.track(8_000, 50, latency_ms=60)
    filmed.run(20)
    filmed.box_offset_ns = step_s * S  # the camera's clock is now off by as much
    filmed.run(60)
    assert began(video, sound) == [ClockBreak.START, ClockBreak.BOX_STEP]
    after = video.stamps[20 * 25 + 1 :] + sound.stamps[20 * 50 + 1 :]
    assert all(-1 < (stamp.utc_ns - true) / MS < 100 for true, stamp in after)


def test_slewing_of_the_boxs_clock_is_followed(scene):
    filmed = scene(reports=False)
    track = filmed.track(latency_ms=60)
    filmed.run(20)
    for _ in range(100):
        filmed.box_offset_ns += 4 * MS
        filmed.run(20)
    assert began(track) == [ClockBreak.START]
    assert abs(errors_ms(track)[-1] - 60) < 12


def test_b_frames_are_mapped_as_their_neighbours(scene):
    filmed = scene(drift_ppm=100)
    track = filmed.track(latency_ms=200)
    for start in range(0, 3000, 3):
        at = start * 40 * MS
        if start % 120 == 0:
            filmed.report(track, at)
        for place in (2, 0, 1):
            filmed.frame(track, at + place * 40 * MS, delay_ns=(2 - place) * 40 * MS)
    stamps = sorted((stamp for _, stamp in track.stamps), key=lambda stamp: stamp.ticks)
    assert {round((b.ticks - a.ticks) / 3600, 2) for a, b in itertools.pairwise(stamps[300:])} == {
        1
    }
    assert all(abs(error) < 1.2 for error in errors_ms(track, since=300))


def test_sound_counts_in_its_own_timescale(scene):
    filmed = scene(reports=False)
    clock = filmed.stream.track(90_000, 48_000)
    first = clock.stamp(0, *filmed.box(0))
    second = clock.stamp(90_000, *filmed.box(S))
    assert second.ticks - first.ticks == 48_000


def test_rates_that_are_not_positive_are_refused(scene):
    for rate in (0, -5):
        with pytest.raises(ValueError, match="positive"):
            scene().stream.track(rate)


def test_a_camera_clock_that_drifts_away_is_let_go_without_a_jump(scene):
    filmed = scene()
    track = filmed.track(fps=1, latency_ms=60)
    for _ in range(500):
        filmed.run(10)
        filmed.camera_offset_ns += 4 * MS
    filmed.run(2500)
    assert began(track) == [ClockBreak.START]
    assert track.clock.source is ClockSource.CORRECTED
    assert max(map(abs, errors_ms(track))) < 1600
    assert abs(errors_ms(track)[-1] - 60) < 25
    assert_slews_gently(track, since=200)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["frame", "frame", "frame", "report"]),
            st.integers(0, 1),
            st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 40).map(lambda n: n * 3600)),
            st.sampled_from([0, 1, 40 * MS, S, 3600 * S]),
            st.sampled_from([0, 0, 0, 5 * MS, 2 * S, -2 * S, 3600 * S]),
        ),
        max_size=60,
    )
)
def test_nothing_a_camera_or_a_clock_does_breaks_the_clock(scene, events):
    filmed = scene(reports=False)
    tracks = [filmed.stream.track(90_000), filmed.stream.track(8_000, 48_000)]
    for kind, which, number, step, set_by in events:
        filmed.now_ns += step
        filmed.box_offset_ns += set_by
        box = filmed.box(filmed.now_ns)
        if kind == "frame":
            stamp = tracks[which].stamp(number, *box)
            assert stamp.ticks >= 0
            assert stamp.run >= 1
        else:
            tracks[which].on_sender_report(number * S, number, *box)
