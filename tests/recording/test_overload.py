"""Who gives way under overload."""

from appliance.recording.overload import STEP_S, OverloadPolicy
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
    return [policy.update(waiting_s, start + n * STEP_S, STREAMS) for n in range(times)]


def test_nothing_is_shed_while_the_disk_keeps_up():
    policy = OverloadPolicy()
    assert run(policy, 0.9, 5) == [(set(), set())] * 5


def test_all_sub_streams_give_way_before_any_main():
    policy = OverloadPolicy()
    first = policy.update(4, 0, STREAMS)[0]
    assert first == {StreamId(1, S), StreamId(2, S)}


def test_then_mains_give_way_from_the_least_important_and_the_last_never_does():
    policy = OverloadPolicy()
    shed = [step for step, _ in run(policy, 9, 5)][1:]
    assert shed == [{StreamId(2, M)}, {StreamId(1, M)}, set(), set()]
    assert StreamId(3, M) not in policy.shed


def test_a_step_is_given_time_to_show_its_effect():
    policy = OverloadPolicy()
    policy.update(9, 0, STREAMS)
    assert policy.update(9, STEP_S / 2, STREAMS) == (set(), set())


def test_streams_come_back_one_at_a_time_most_important_first():
    policy = OverloadPolicy()
    run(policy, 9, 4)
    back = [b for _, b in run(policy, 0.5, 4, start=100)]
    assert back[0] == {StreamId(1, M)}
    assert back[1] == {StreamId(2, M)}
    assert {s.stream for b in back[2:] for s in b} == {S}


def test_a_stream_that_is_gone_is_forgotten():
    policy = OverloadPolicy()
    policy.update(9, 0, STREAMS)
    left = {s: p for s, p in STREAMS.items() if s.channel != 2}
    policy.update(2, 10, left)
    assert StreamId(2, S) not in policy.shed
