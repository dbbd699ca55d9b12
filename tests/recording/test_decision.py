"""Mode, schedule and triggers of a channel."""

import pytest

from appliance.recording.decision import RecordDecision, RecordMode
from appliance.storage.model import RecordKind

K = RecordKind


def decision(scheduled, mode=RecordMode.AUTO, post=10.0):
    made = RecordDecision(mode, post)
    made.scheduled = scheduled
    return made


def test_off_records_nothing_whatever_happens():
    """D1-RC-23."""
    it = decision(K.GENERAL | K.MOTION, RecordMode.OFF)
    it.trigger(K.MOTION, active=True, mono_s=0)
    assert it.kinds(1) is K.NONE


def test_manual_records_general_round_the_clock():
    """D1-RC-22."""
    it = decision(K.NONE, RecordMode.MANUAL)
    assert it.kinds(0).effective() is K.GENERAL


def test_auto_follows_the_schedule():
    """D1-RC-21."""
    assert decision(K.GENERAL).kinds(0) == K.GENERAL
    assert decision(K.NONE).kinds(0) == K.NONE


def test_an_event_kind_is_recorded_only_while_it_lasts_and_post_record_after():
    """N8.4."""
    it = decision(K.MOTION, post=5)
    assert it.kinds(0) == K.NONE
    it.trigger(K.MOTION, active=True, mono_s=1)
    assert it.kinds(1) == K.MOTION
    it.trigger(K.MOTION, active=False, mono_s=3)
    assert it.kinds(7.9) == K.MOTION
    assert it.kinds(8.1) == K.NONE


def test_an_end_without_a_start_records_nothing():
    it = decision(K.MOTION)
    it.trigger(K.MOTION, active=False, mono_s=0)
    assert it.kinds(1) == K.NONE


def test_a_kind_that_is_not_scheduled_is_not_recorded():
    it = decision(K.GENERAL)
    it.trigger(K.ALARM, active=True, mono_s=0)
    assert it.kinds(1) == K.GENERAL


def test_with_motion_and_alarm_plain_motion_and_alarm_are_void():
    """D1-RC-07."""
    it = decision(K.MOTION_AND_ALARM | K.MOTION | K.ALARM)
    it.trigger(K.MOTION, active=True, mono_s=0)
    assert it.kinds(1) == K.NONE
    it.trigger(K.ALARM, active=True, mono_s=2)
    assert it.kinds(2) == K.MOTION_AND_ALARM


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        (K.MOTION | K.GENERAL, K.MOTION),
        (K.MOTION | K.INTELLIGENT, K.INTELLIGENT),
        (K.POS | K.INTELLIGENT, K.POS),
        (K.ALARM | K.POS, K.ALARM),
        (K.MOTION_AND_ALARM | K.ALARM | K.GENERAL, K.MOTION_AND_ALARM),
        (K.MANUAL, K.GENERAL),
        (K.NONE, K.NONE),
    ],
)
def test_the_shown_kind_follows_the_priority(kinds, shown):
    """D1-RC-07, D1-SR-06."""
    assert kinds.effective() is shown
