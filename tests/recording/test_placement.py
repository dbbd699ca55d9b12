"""Where streams go: by size of the volumes and bit rate, moved only where that is worth while."""

import asyncio
import shutil

import pytest
from made_units import video
from test_volumes import Desk

from appliance.recording.fragmenter import Fragmenter
from appliance.recording.placement import PLAN_EVERY_S, WORTHWHILE, Placement, spread
from appliance.storage.model import RecordKind, StreamId, StreamName

GB = 10**9
M, S = StreamName.MAIN, StreamName.SUB


def channels(count):
    mains = {StreamId(n, M): 500_000.0 for n in range(1, count + 1)}
    return mains | {StreamId(n, S): 60_000.0 for n in range(1, count + 1)}


def reach(rates, sizes, places):
    """Seconds each volume reaches back."""
    loads = dict.fromkeys(sizes, 0.0)
    for stream, volume in places.items():
        loads[volume] += rates[stream]
    return {volume: sizes[volume] / load if load else None for volume, load in loads.items()}


def test_streams_are_spread_so_that_all_volumes_reach_back_about_equally_far():
    rates, sizes = channels(16), {"a": 4000 * GB, "b": 2000 * GB, "c": 2000 * GB}
    back = reach(rates, sizes, spread(rates, sizes, {}))
    assert max(back.values()) / min(back.values()) < 1.15


def test_a_tiny_volume_beside_a_large_one_gets_no_stream_it_would_lose_within_minutes():
    rates, sizes = channels(4), {"large": 20 * GB, "tiny": GB // 5}
    places = spread(rates, sizes, {})
    assert {places[StreamId(n, M)] for n in (1, 2, 3, 4)} == {"large"}
    assert spread(rates, sizes, dict.fromkeys(rates, "tiny"))[StreamId(1, M)] == "large"


def test_a_volume_that_is_added_gets_its_share_and_no_stream_moves_twice():
    rates = channels(4)
    sizes = {"a": 100 * GB, "b": 100 * GB}
    places = spread(rates, sizes, dict.fromkeys(rates, "a"))
    back = reach(rates, sizes, places)
    assert max(back.values()) / min(back.values()) < WORTHWHILE
    assert spread(rates, sizes, places) == places


def test_a_little_more_bit_rate_moves_nothing():
    rates, sizes = channels(4), {"a": 100 * GB, "b": 100 * GB}
    places = spread(rates, sizes, {})
    assert spread(rates | {StreamId(1, M): 600_000.0}, sizes, places) == places
    assert spread(rates | {StreamId(1, M): 1_500_000.0}, sizes, places) != places


def test_the_streams_of_a_channel_stay_together():
    rates, sizes = channels(4), {"a": 100 * GB, "b": 100 * GB}
    places = spread(rates, sizes, {})
    assert all(places[StreamId(n, M)] == places[StreamId(n, S)] for n in (1, 2, 3, 4))


def test_streams_are_judged_by_what_they_bring():
    """One camera of 16 Mbit/s weighs as much as four of 4."""
    placement, sizes = Placement(), {"a": 100 * GB, "b": 100 * GB}
    for second in range(200):
        for n in range(1, 6):
            placement.count(StreamId(n, M), 2_000_000 if n == 1 else 500_000, float(second))
    for n in range(1, 6):
        placement.put(StreamId(n, M), sizes)
    assert [
        n for n in range(2, 6) if placement.at[StreamId(n, M)] == placement.at[StreamId(1, M)]
    ] == []


def test_it_is_thought_over_when_volumes_change_and_else_now_and_then():
    placement, sizes = Placement(), {"a": GB}
    assert placement.plan(sizes, 0.5)
    assert not placement.plan(sizes, 1.0)
    assert placement.plan({**sizes, "b": GB}, 2.0)
    assert placement.plan({**sizes, "b": 2 * GB}, 3.0)
    assert not placement.plan({**sizes, "b": 2 * GB}, 4.0)
    assert placement.plan({**sizes, "b": 2 * GB}, 4.0 + PLAN_EVERY_S)


# -- on real folders -------------------------------------------------------------------------------


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    monkeypatch.setattr("appliance.recording.volume_worker.REOPEN_S", 0.05)
    monkeypatch.setattr("appliance.recording.volume_set.SETTLED_S", 0.0)
    made = Desk(tmp_path)
    yield made
    await made.set.close()


class Cameras:
    """Main streams of some channels, fed second by second."""

    def __init__(self, desk, numbers):
        self.desk = desk
        self.makers = {n: Fragmenter(StreamId(n, M)) for n in numbers}
        self.second = 0
        self.sent = []
        desk.set.keep_only(frozenset(StreamId(n, M) for n in numbers))

    async def run(self, seconds, size=8_000):
        for _ in range(seconds):
            batch = []
            for maker in self.makers.values():
                maker.most_bytes = self.desk.set.fragment_bytes or maker.most_bytes
                for n in range(10 * self.second, 10 * self.second + 10):
                    maker.add(video(n, size=size), RecordKind.GENERAL)
                batch += maker.take()
            self.second += 1
            self.sent += batch
            self.desk.set.submit(batch)
            async with asyncio.timeout(20):
                while len(self.desk.stored) + len(self.desk.lost) < len(self.sent):
                    self.desk.changed.clear()
                    await self.desk.changed.wait()
                    self.desk.set.submit([])  # the next tick takes what a volume did not store

    def places(self):
        return {n: self.desk.set.worker_of(n).config.id for n in self.makers}


def in_order(fragments, number):
    return [f.utc_ns for f in fragments if f.stream.channel == number]


async def test_an_added_disk_takes_its_share_at_the_next_blocks_and_nothing_is_lost(desk):
    """Our own advice is to add disk space: it must not stay empty until a restart."""
    await desk.ready("one")
    cameras = Cameras(desk, (1, 2, 3, 4))
    await cameras.run(3)
    await desk.ready("one", "two")
    assert set(cameras.places().values()) == {"one"}  # in the middle of a block nobody moves
    await cameras.run(30)
    assert sorted(cameras.places().values()) == ["one", "one", "two", "two"]
    assert not desk.lost
    for number in (1, 2, 3, 4):
        assert in_order(desk.stored, number) == in_order(cameras.sent, number)
    await desk.until(
        lambda: (
            {
                (block.stream.channel, block.path.parent.parent.name)
                for block in desk.set.open_blocks()
            }
            == set(cameras.places().items())
        )
    )  # nothing stays claimed where a stream left


async def test_streams_return_to_the_large_volume_when_it_is_back(desk):
    """Else a small one would hold minutes only, while gigabytes are free."""
    await desk.set.apply([desk.config("large"), desk.config("small", limit=8 << 20)])
    await desk.until(lambda: all(worker.ready for worker in desk.set))
    cameras = Cameras(desk, (1, 2, 3))
    await cameras.run(2)
    assert set(cameras.places().values()) == {"large"}
    large = desk.set.worker_of(1)
    shutil.move(desk.root / "large", desk.root / "unplugged")
    large._looked_at = 0.0
    await cameras.run(4)
    assert set(cameras.places().values()) == {"small"}
    shutil.move(desk.root / "unplugged", desk.root / "large")
    await desk.until(lambda: large.ready)
    await cameras.run(30)
    assert set(cameras.places().values()) == {"large"}
    assert not desk.lost
    assert {f.utc_ns for f in desk.stored} == {f.utc_ns for f in cameras.sent}


async def test_a_restart_goes_on_in_the_part_filled_blocks_of_each_volume(tmp_path, desk):
    await desk.ready("one", "two")
    cameras = Cameras(desk, (1, 2, 3, 4))
    await cameras.run(3)
    before = cameras.places()
    assert sorted(before.values()) == ["one", "one", "two", "two"]
    await desk.set.close()
    again = Desk(tmp_path)
    again.key = desk.key
    await again.ready("two", "one")
    cameras = Cameras(again, (4, 3, 2, 1))
    cameras.second = 3
    await cameras.run(2)
    assert cameras.places() == before
    await again.set.close()
