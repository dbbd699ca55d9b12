"""Decoding times: in order, never after the picture is shown, for any order of pictures."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.timing.dts import DtsGenerator

START = 90_000
TICK = 3_600


def pyramid(low, high):
    """Decoding order of the pictures between two that are decoded already."""
    if high - low > 1:
        middle = (low + high) // 2
        yield middle
        yield from pyramid(low, middle)
        yield from pyramid(middle, high)


def plain(low, high):
    yield from range(low + 1, high)


@st.composite
def streams(draw):
    """Presentation times in decoding order, with the depth they need."""
    order = [0]
    for _ in range(draw(st.integers(1, 12))):
        size = draw(st.integers(1, 9))
        inner = draw(st.sampled_from([plain, pyramid]))
        last = max(order)
        order.append(last + size)
        order += inner(last, last + size)
    steps = draw(st.lists(st.integers(1, 20_000), min_size=len(order), max_size=len(order)))
    times = list(itertools.accumulate(steps, initial=START))
    return [times[place] for place in order], needed_depth(order)


def needed_depth(order):
    return max(sum(other > place for other in order[:at]) for at, place in enumerate(order))


def assert_in_order(stamps):
    assert all(a[1] < b[1] for a, b in itertools.pairwise(stamps))
    assert all(0 <= dts <= pts for pts, dts in stamps)


@given(streams(), st.integers(0, 3))
def test_with_the_depth_known_no_picture_moves_and_dts_are_the_sorted_pts(stream, more):
    times, depth = stream
    depth += more
    generator = DtsGenerator(depth)
    stamps = [generator.push(pts) for pts in times]
    assert_in_order(stamps)
    assert [pts for pts, _ in stamps] == times
    assert generator.moved == 0
    ordered = sorted(times)
    for number in range(depth, len(times)):
        assert stamps[number][1] == ordered[number - depth]


@given(streams())
def test_with_the_depth_unknown_no_picture_moves_either_up_to_a_depth_of_four(stream):
    times, depth = stream
    generator = DtsGenerator(None)
    stamps = [generator.push(pts) for pts in times]
    assert_in_order(stamps)
    if depth <= 4:
        assert generator.moved == 0


def test_the_depth_is_learnt_and_kept_over_runs():
    order = [0]
    for base in range(0, 600, 3):
        order += [base + 3, base + 1, base + 2]
    generator = DtsGenerator(None)
    stamps = [generator.push(START + TICK * place) for place in order]
    assert_in_order(stamps)
    assert (generator.depth, generator.moved) == (1, 0)
    generator.reset()
    assert generator.push(START) == (START, START - TICK)


def test_without_b_frames_dts_become_the_pts_once_that_is_learnt():
    generator = DtsGenerator(None)
    stamps = [generator.push(START + TICK * number) for number in range(100)]
    assert_in_order(stamps)
    assert generator.depth == 0
    assert all(pts == dts for pts, dts in stamps[64:])


def test_an_sps_that_denies_its_b_frames_is_overruled():
    order = [0]
    for base in range(0, 60, 3):
        order += [base + 3, base + 1, base + 2]
    generator = DtsGenerator(0)
    stamps = [generator.push(START + TICK * place) for place in order]
    assert_in_order(stamps)
    assert generator.moved <= 3
    assert [pts for pts, _ in stamps[10:]] == [START + TICK * place for place in order[10:]]


def test_dts_are_pts_where_nothing_is_reordered():
    generator = DtsGenerator(0)
    for number in range(50):
        assert generator.push(number * TICK) == (number * TICK, number * TICK)
    assert generator.interval == TICK


def test_repeated_stamps_are_spread_over_the_interval():
    generator = DtsGenerator(0)
    stamps = [generator.push(place * 2 * TICK) for place in range(50) for _ in range(2)]
    assert_in_order(stamps)
    assert [dts for _, dts in stamps[4:]] == [place * TICK for place in range(4, 100)]


@pytest.mark.parametrize("depth", [0, 2, None])
def test_stamps_that_go_back_are_put_in_order_and_caught_up_with(depth):
    generator = DtsGenerator(depth)
    times = [START + TICK * number for number in range(100)]
    times += [START + TICK * number + 7 for number in range(60, 300)]
    stamps = [generator.push(pts) for pts in times]
    assert_in_order(stamps)
    assert generator.moved >= 20
    assert [pts for pts, _ in stamps[250:]] == times[250:]


@pytest.mark.parametrize("depth", [0, 3, None])
def test_frozen_stamps_still_advance(depth):
    generator = DtsGenerator(depth)
    assert_in_order([generator.push(START) for _ in range(500)])


@given(
    st.sampled_from([0, 1, 2, 5, 16, None]),
    st.lists(st.one_of(st.integers(-(2**40), 2**40), st.integers(0, 40)), max_size=200),
)
def test_any_stamps_come_out_in_order(depth, times):
    generator = DtsGenerator(depth)
    assert_in_order([generator.push(pts) for pts in times])


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(st.sampled_from([0, 1, 2, 5, 16, None]), st.integers(0, 2**32), st.integers(1, 3))
def test_any_stamps_come_out_in_order_at_length(depth, seed, kind):
    chance = random.Random(seed)
    generator = DtsGenerator(depth)
    at = START
    stamps = []
    for _ in range(300):
        at += TICK if chance.random() > 0.1 else chance.randrange(-kind * 90_000, kind * 90_000)
        stamps.append(generator.push(at + chance.choice([0, 0, 0, TICK, -TICK, 3 * TICK])))
    assert_in_order(stamps)


def test_the_state_does_not_grow():
    generator = DtsGenerator(None)
    chance = random.Random(2)
    for _ in range(20_000):
        generator.push(chance.randrange(2**33))
    held = [value for value in vars(generator).values() if hasattr(value, "__len__")]
    assert sum(map(len, held)) < 100
