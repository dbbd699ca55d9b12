"""Who gives way under overload, and what counts as one."""

from appliance.recording.overload import (
    LATE_S,
    LATE_TICKS,
    PROCESSOR,
    STEP_S,
    TICKS_JUDGED,
    OverloadPolicy,
    Shedding,
    strain_of_waiting,
)
from appliance.storage.model import StreamId, StreamName

M, S = StreamName.MAIN, StreamName.SUB
STREAMS = {
    StreamId(1, M): 5,
    StreamId(1, S): 5,
    StreamId(2, M): 1,
    StreamId(2, S): 1,
    StreamId(3, M): 9,
}


def run(policy, waiting_s, times, start=0.0):
    """What gave way (or, with a minus in front, came back) at each step."""
    steps = []
    for n in range(times):
        before = set(policy.shed)
        policy.update(strain_of_waiting(waiting_s), start + n * STEP_S, STREAMS)
        steps.append((policy.shed - before, before - policy.shed))
    return steps


def test_nothing_is_shed_while_the_disk_keeps_up():
    assert run(OverloadPolicy(), 0.9, 5) == [(set(), set())] * 5


def test_all_sub_streams_give_way_before_any_main():
    assert run(OverloadPolicy(), 4, 1) == [({StreamId(1, S), StreamId(2, S)}, set())]


def test_then_mains_give_way_from_the_least_important_and_the_last_never_does():
    policy = OverloadPolicy()
    shed = [step for step, _ in run(policy, 9, 5)][1:]
    assert shed == [{StreamId(2, M)}, {StreamId(1, M)}, set(), set()]
    assert StreamId(3, M) not in policy.shed


def test_a_step_is_given_time_to_show_its_effect():
    policy = OverloadPolicy()
    run(policy, 9, 1)
    assert run(policy, 9, 1, start=STEP_S / 2) == [(set(), set())]


def test_streams_come_back_one_at_a_time_most_important_first():
    policy = OverloadPolicy()
    run(policy, 9, 4)
    back = [b for _, b in run(policy, 0.5, 4, start=100)]
    assert back[0] == {StreamId(1, M)}
    assert back[1] == {StreamId(2, M)}
    assert {s.stream for b in back[2:] for s in b} == {S}


def test_a_stream_that_is_gone_is_forgotten():
    policy = OverloadPolicy()
    run(policy, 9, 1)
    left = {s: p for s, p in STREAMS.items() if s.channel != 2}
    policy.update(strain_of_waiting(2), 10, left)
    assert StreamId(2, S) not in policy.shed


def test_a_slow_disk_sheds_its_own_channels_and_none_of_another_disk():
    shedding = Shedding()
    slow = {s: p for s, p in STREAMS.items() if s.channel != 1}
    sound = {s: p for s, p in STREAMS.items() if s.channel == 1}
    for n in range(4):
        shedding.update({"slow": (9.0, slow), "sound": (0.2, sound)}, n * STEP_S)
    assert shedding.causes == dict.fromkeys([StreamId(2, S), StreamId(2, M)], "slow")


def test_streams_that_moved_to_another_disk_record_again():
    shedding = Shedding()
    shedding.update({"slow": (9.0, STREAMS)}, 0)
    assert shedding.causes
    shedding.update({"slow": (9.0, {}), "sound": (0.2, STREAMS)}, STEP_S / 2)
    assert shedding.causes == {}


def ticks(shedding, late_s, start, count):
    for n in range(count):
        shedding.lateness.note(late_s)
        shedding.update({"disk": (0.1, STREAMS)}, start + n)


def test_ticks_that_come_late_again_and_again_are_an_overload_of_the_processor():
    shedding = Shedding()
    ticks(shedding, LATE_S + 0.2, 0, LATE_TICKS - 1)
    assert shedding.causes == {}
    ticks(shedding, LATE_S + 0.2, LATE_TICKS, 1)
    assert shedding.causes == dict.fromkeys([StreamId(1, S), StreamId(2, S)], PROCESSOR)
    ticks(shedding, 0.0, 100, TICKS_JUDGED - 1)
    assert len(shedding.causes) == 2
    ticks(shedding, 0.0, 200, 1)
    assert len(shedding.causes) == 1


def test_giving_way_has_to_show_its_effect_before_a_main_stream_follows():
    shedding = Shedding()
    ticks(shedding, LATE_S + 0.2, 0, 2 * LATE_TICKS - 1)
    assert {s.stream for s in shedding.causes} == {S}
    ticks(shedding, LATE_S + 0.2, 50, 1)
    assert StreamId(2, M) in shedding.causes


def test_a_short_peak_of_the_processor_sheds_nothing():
    shedding = Shedding()
    for start in range(0, 200, 20):
        ticks(shedding, LATE_S + 2, start, LATE_TICKS - 1)
        ticks(shedding, 0.01, start + LATE_TICKS, TICKS_JUDGED)
        assert shedding.causes == {}
