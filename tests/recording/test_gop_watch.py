"""When a camera is told to send key frames otherwise (pain 11)."""

import pytest
from made_units import video

from appliance.recording.gop_watch import GopWatch


def watch(lengths_s, *, run=1, since=0):
    """A watch that has seen GOPs of these lengths, and how it judges right after them."""
    made, at = GopWatch(), since
    for length in (*lengths_s, None):
        unit = video(at, run=run, key=True)
        made.key_frame(unit)
        at += round((length or 0) * 10)
    return made.advice("main", unit.utc_ns)


@pytest.mark.parametrize("lengths", [[1] * 10, [2] * 10, [4] * 5, [0.5, 2, 1, 2, 0.5], []])
def test_usual_gops_need_no_advice(lengths):
    assert watch(lengths) is None


def test_a_long_gop_is_told_with_what_to_do():
    advice = watch([10, 10])
    assert advice.code == "gop_long"
    assert "only every 10 s" in advice.text
    assert "I-frame interval" in advice.text


def test_gops_that_vary_are_told_as_a_smart_codec():
    advice = watch([1, 1, 3, 1])
    assert advice.code == "gop_varies"
    assert "1 to 3 s apart" in advice.text
    assert "smart codec" in advice.text


def test_a_gop_that_does_not_end_is_noticed_while_it_lasts():
    made = GopWatch()
    made.key_frame(video(0))
    assert made.advice("main", video(30).utc_ns) is None
    assert made.advice("main", video(300).utc_ns).code == "gop_long"


def test_a_camera_that_was_mended_is_not_blamed_for_ever():
    assert watch([10] * 3 + [1] * 4) is not None
    assert watch([10] * 3 + [1] * 8) is None


def test_a_break_between_runs_is_no_gop():
    made = GopWatch()
    for run in (1, 2, 3, 4):
        made.key_frame(video(0, run=run))
        made.key_frame(video(10, run=run))
    assert made.advice("main", video(10).utc_ns) is None
