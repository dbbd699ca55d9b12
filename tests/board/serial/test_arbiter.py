"""The order of a bus, in time that the test makes."""

from __future__ import annotations

import random

import pytest

from board.errors import BoardError
from board.serial.arbiter import LEASE_S, REPEAT_S, Arbiter, Camera, Poll
from board.serial.motion import STILL, Motion
from board.serial.protocols import PROTOCOLS

D = PROTOCOLS["pelco_d"]
RIGHT = Motion(pan=50)


@pytest.fixture
def arbiter() -> Arbiter:
    arbiter = Arbiter()
    for channel in range(1, 9):
        arbiter.configure(channel, Camera(D, channel, 9600))
    return arbiter


def say(arbiter: Arbiter, now_s: float) -> list[bytes]:
    """Return all frames that are due now."""
    frames: list[bytes] = []
    while (send := arbiter.next(now_s)) is not None:
        frames += send.frames
    return frames


def test_of_many_motions_only_the_newest_is_said(arbiter):
    for percent in range(1, 100):
        arbiter.move(1, Motion(pan=percent), "web", 0)
    assert say(arbiter, 0) == D.move(1, Motion(pan=99), STILL)


def test_a_stop_is_said_three_times_and_throws_the_motion_away(arbiter):
    arbiter.move(1, RIGHT, "web", 0)
    arbiter.stop(1)
    assert say(arbiter, 0) == D.stop(1) * 3
    assert say(arbiter, 10) == []


def test_a_motion_of_nothing_is_a_stop(arbiter):
    arbiter.move(1, RIGHT, "web", 0)
    say(arbiter, 0)
    arbiter.move(1, STILL, "web", 0.1)
    assert say(arbiter, 0.1) == D.stop(1) * 3


def test_a_stop_goes_before_everything_that_waits(arbiter):
    for channel in range(2, 9):
        for number in range(1, 9):
            arbiter.act(channel, D.action(channel, "preset_go", number))
        arbiter.move(channel, RIGHT, "web", 0)
    arbiter.stop(1)
    assert arbiter.next(0).frames == tuple(D.stop(1))


def test_stops_of_several_cameras_take_turns(arbiter):
    arbiter.stop(1)
    arbiter.stop(2)
    assert say(arbiter, 0) == [f for _ in range(3) for c in (1, 2) for f in D.stop(c)]


def test_a_camera_stops_when_its_operator_is_silent(arbiter):
    """The client vanished: within a second it has been told to stop."""
    arbiter.move(1, RIGHT, "web", 0)
    say(arbiter, 0)
    assert arbiter.due_s() <= LEASE_S
    assert say(arbiter, LEASE_S - 0.05) == D.move(1, RIGHT, STILL)  # said again, still moving
    assert say(arbiter, LEASE_S) == D.stop(1) * 3
    assert LEASE_S <= 0.6


def test_renewing_keeps_it_moving_without_a_frame_each_time(arbiter):
    frames = []
    for step in range(100):
        arbiter.move(1, RIGHT, "web", step * 0.1)
        frames += say(arbiter, step * 0.1)
    assert set(frames) == set(D.move(1, RIGHT, STILL))
    assert len(frames) <= 10 / REPEAT_S + 1


def test_a_client_that_says_goodbye_stops_at_once_and_only_its_own(arbiter):
    arbiter.move(1, RIGHT, "one", 0)
    arbiter.move(2, RIGHT, "two", 0)
    say(arbiter, 0)
    arbiter.client_gone("one")
    assert say(arbiter, 0.1) == D.stop(1) * 3
    assert arbiter.moving == {2: "two"}


def test_whoever_comes_last_has_the_camera(arbiter):
    arbiter.move(1, RIGHT, "one", 0)
    arbiter.move(1, Motion(pan=-50), "two", 0)
    arbiter.client_gone("one")
    assert say(arbiter, 0) == D.move(1, Motion(pan=-50), STILL)


def test_cameras_that_move_take_turns(arbiter):
    for channel in (1, 2, 3):
        arbiter.move(channel, RIGHT, "web", 0)
    assert [frame[1] for frame in say(arbiter, 0)] == [1, 2, 3]


def test_questions_come_only_when_nothing_else_is_to_be_said(arbiter):
    arbiter.poll("box", Poll(b"?", 9600, 0.1, 6, 0.1, lambda data: None))
    arbiter.move(1, RIGHT, "web", 0)
    arbiter.stop(2)
    assert say(arbiter, 0)[-1] == b"?"
    assert say(arbiter, 0.05) == []
    assert arbiter.due_s() == pytest.approx(0.1)
    assert say(arbiter, 0.1) == [b"?"]


def test_the_queue_is_bounded_and_says_so(arbiter):
    with pytest.raises(BoardError) as caught:
        for _ in range(1000):
            arbiter.act(1, D.action(1, "preset_go", 1))
    assert caught.value.code == "ptz.busy"
    assert arbiter.dropped == 1
    assert len(say(arbiter, 0)) == 64


def test_after_the_device_was_gone_every_camera_is_stopped(arbiter):
    asked = []
    arbiter.move(3, RIGHT, "web", 0)
    arbiter.act(4, D.action(4, "preset_go", 1))
    arbiter.ask(5, asked.append)
    arbiter.reopened()
    frames = say(arbiter, 5)
    assert sorted(frames) == sorted(frame for c in range(1, 9) for frame in D.stop(c) * 3)
    assert asked == [b""]


def test_a_camera_that_gets_another_address_is_stopped_at_the_old_one(arbiter):
    arbiter.move(1, RIGHT, "web", 0)
    say(arbiter, 0)
    arbiter.configure(1, Camera(D, 77, 9600))
    assert say(arbiter, 0) == D.stop(1) * 3
    arbiter.move(1, RIGHT, "web", 0)
    assert say(arbiter, 0)[0][1] == 77
    arbiter.configure(1, None)
    with pytest.raises(BoardError) as caught:
        arbiter.move(1, RIGHT, "web", 0)
    assert caught.value.code == "ptz.none"


def test_whatever_is_asked_a_camera_whose_clients_are_gone_has_been_stopped(arbiter):
    dice = random.Random(9)
    still = dict.fromkeys(range(1, 9), True)
    now = 0.0

    def heard(frames):
        for frame in frames:
            if not frame[3] & 1:
                still[frame[1]] = frame == D.stop(frame[1])[0]

    for _ in range(5000):
        now += dice.uniform(0, 0.3)
        channel = dice.randint(1, 8)
        what = dice.random()
        if what < 0.6:
            arbiter.move(channel, Motion(pan=dice.randint(-100, 100)), dice.choice("ab"), now)
        elif what < 0.8:
            arbiter.stop(channel)
        elif what < 0.9:
            arbiter.client_gone(dice.choice("ab"))
        else:
            arbiter.act(channel, D.action(channel, "preset_go", 1))
        heard(say(arbiter, now))
        if dice.random() < 0.05:
            now += 1
            heard(say(arbiter, now))
            assert all(still.values())
            assert arbiter.due_s() is None
