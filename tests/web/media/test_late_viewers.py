"""Viewers that do not keep up: bounded, counted, dropped to the next key frame."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest

from appliance.storage.model import StreamId, StreamName
from appliance.web.media import outbox, wire
from appliance.web.media.live import LiveStream
from appliance.web.media.outbox import Lane, Outbox, OutboxFull
from appliance.web.media.viewer import LiveViewer
from appliance.web.media.wire import Flag, Piece, PieceType

MAIN = StreamId(1, StreamName.MAIN)


def viewer(lane: Lane) -> LiveViewer:
    return LiveViewer(MAIN, lane, shape="fmp4", codecs=None, reason="", undecodable=lambda: None)


def piece(number: int, *, key: bool = False, size: int = 10) -> Piece:
    return Piece(
        PieceType.FRAGMENT, Flag.KEY if key else Flag.NONE, number, 40_000, bytes(size),
        time.monotonic_ns(),
    )  # fmt: skip


def sent(lane: Lane) -> list[tuple[int, int]]:
    """(utc, flags) of all pieces that wait."""
    found = []
    while (message := lane.take()) is not None:
        if isinstance(message, bytes):
            fields = wire.HEAD.unpack_from(message)
            found.append((fields[4], fields[2]))
    return found


def test_who_keeps_up_gets_everything_in_order():
    lane = Lane(1, asyncio.Event())
    watcher = viewer(lane)
    for number in range(100):
        watcher.on_piece(piece(number, key=number % 10 == 0))
    assert [utc for utc, _flags in sent(lane)] == list(range(100))
    assert watcher.dropped == 0


@pytest.mark.parametrize("size", [10, 200_000])
def test_who_is_late_goes_on_at_the_next_key_frame_and_the_loss_is_counted(size):
    lane = Lane(1, asyncio.Event())
    watcher = viewer(lane)
    total = 1020
    for number in range(total):
        watcher.on_piece(piece(number, key=number % 100 == 0, size=size))
        assert len(lane) <= outbox.LANE_PIECES + 10
        assert lane.bytes <= outbox.LANE_BYTES + size
    got = sent(lane)
    assert got[0][0] % 100 == 0
    assert got[0][1] == Flag.KEY | Flag.DISCONTINUITY
    assert [utc for utc, _flags in got] == list(range(got[0][0], got[0][0] + len(got)))
    assert watcher.dropped + len(got) == total


def test_a_long_gop_at_the_start_is_not_lateness():
    lane = Lane(1, asyncio.Event())
    watcher = viewer(lane)
    watcher.on_joined([piece(0, key=True, size=outbox.LANE_BYTES)])
    watcher.on_piece(piece(1))
    assert watcher.dropped == 0
    assert [utc for utc, _flags in sent(lane)] == [0, 1]
    for number in range(2, 42):
        watcher.on_piece(piece(number, size=300_000))
    assert watcher.dropped


def test_a_slow_line_shows_pictures_of_now_instead_of_running_behind():
    """A stream of 4 Mbit/s over 1 Mbit/s: key frames, none of them old."""
    now = 0.0
    lane = Lane(1, asyncio.Event(), lambda: now)
    watcher = viewer(lane)
    busy_until, ages, notices = 0.0, [], 0
    for number in range(1000):
        now = number / 25
        size = 120_000 if number % 50 == 0 else 17_500
        watcher.on_piece(piece(number, key=number % 50 == 0, size=size))
        while busy_until <= now and (message := lane.take()) is not None:
            if isinstance(message, str):
                notices += 1
                continue
            busy_until = max(busy_until, now - 1 / 25) + len(message) / 125_000
            ages.append(busy_until - wire.HEAD.unpack_from(message)[4] / 25)
    assert len(ages) >= 40
    assert max(ages) < 2.5
    assert notices >= 15


def test_a_gop_sent_to_who_joins_may_take_longer():
    now = 0.0
    lane = Lane(1, asyncio.Event(), lambda: now)
    watcher = viewer(lane)
    watcher.on_joined([piece(0, key=True, size=1_000_000)])
    now = 2 * outbox.LATE_S
    watcher.on_piece(piece(1))
    assert watcher.dropped == 0
    now = 2 * outbox.JOIN_S
    watcher.on_piece(piece(2))
    assert watcher.dropped == 3


def test_heads_and_notices_survive_a_skip():
    lane = Lane(1, asyncio.Event())
    watcher = viewer(lane)
    lane.post({"op": "opened"})
    watcher.on_joined([Piece(PieceType.INIT, Flag.DISCONTINUITY, 0, 0, b"head", frames=0)])
    for number in range(outbox.LANE_PIECES + 1):
        watcher.on_piece(piece(number, key=number == 0))
    messages = []
    while (message := lane.take()) is not None:
        messages.append(message)
    assert messages[0] == '{"op":"opened"}'
    assert messages[1][1] == PieceType.INIT
    assert len(messages) == 2


class BlockedSocket:
    """A peer that has stopped to read."""

    def __init__(self) -> None:
        self.blocked = asyncio.Event()

    def write(self, data: bytes) -> bool:
        return False

    async def send_bytes(self, data: bytes) -> None:
        self.blocked.set()
        await asyncio.Event().wait()

    async def send_str(self, data: str) -> None:
        await self.send_bytes(b"")


async def test_a_peer_that_does_not_read_holds_no_more_than_a_lane(gop):
    socket = BlockedSocket()
    box = Outbox(socket)
    task = asyncio.create_task(box.run())
    lane = box.lane(1)
    watcher = viewer(lane)
    stream = LiveStream(MAIN, recorders=None, on_unit=lambda: None)
    stream.attach(watcher)
    from appliance.recording.mediasock.client import LiveUnit

    for number in range(3000):
        unit = gop.unit(number, run=1, utc_ns=number)
        stream._take(LiveUnit(unit, 0, 0, False))
    await socket.blocked.wait()
    assert len(lane) <= outbox.LANE_PIECES + 50
    assert watcher.dropped > 2000
    assert len(stream.gop) <= 20
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_asks_and_never_reads_the_answers_is_given_up():
    box = Outbox(BlockedSocket())
    with pytest.raises(OutboxFull):
        for _question in itertools.count():
            box.answer({"op": "pong"})


async def test_one_lane_does_not_starve_another():
    class Collector:
        def __init__(self) -> None:
            self.numbers: list[int] = []

        def write(self, data: bytes) -> bool:
            return False

        async def send_bytes(self, data: bytes) -> None:
            self.numbers.append(wire.HEAD.unpack_from(data)[3])
            await asyncio.sleep(0)

        async def send_str(self, data: str) -> None:
            return

    socket = Collector()
    box = Outbox(socket)
    busy, quiet = box.lane(1), box.lane(2)
    for number in range(200):
        busy.post(piece(number))
    quiet.post(piece(0))
    task = asyncio.create_task(box.run())
    async with asyncio.timeout(5):
        while len(socket.numbers) < 201:
            await asyncio.sleep(0)
    assert socket.numbers.index(2) <= 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_playback_waits_for_room_instead_of_dropping():
    lane = Lane(1, asyncio.Event())
    posted = 0

    async def play() -> None:
        nonlocal posted
        for number in range(20):
            await lane.room()
            lane.post(piece(number, size=1 << 20))
            posted += 1

    task = asyncio.create_task(play())
    await asyncio.sleep(0)
    assert posted == outbox.STEADY_BYTES >> 20
    while not task.done():
        lane.take()
        await asyncio.sleep(0)
        assert lane.bytes <= outbox.STEADY_BYTES
    assert posted == 20


class OpenSocket:
    """A peer that reads; `room` says how many messages go out at once."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []
        self.room = 0

    def write(self, data: bytes) -> bool:
        if self.room <= 0:
            return False
        self.room -= 1
        self.sent.append(data)
        return True

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)

    async def send_str(self, data: str) -> None:
        self.sent.append(data)

    def order(self) -> list[int | str]:
        """UTC of the pieces and the texts, in the order they went out."""
        return [
            message if isinstance(message, str) else wire.HEAD.unpack_from(message)[4]
            for message in self.sent
        ]


async def test_a_piece_goes_out_at_once_where_nothing_waits_and_never_before_what_does():
    socket = OpenSocket()
    box = Outbox(socket)
    lane = box.lane(1)
    lane.post(piece(0))
    assert not socket.sent, "nobody sends yet"
    task = asyncio.create_task(box.run())
    async with asyncio.timeout(5):
        while len(socket.sent) < 1:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    socket.room = 1
    lane.post(piece(1))
    assert socket.order() == [0, 1], "sent without waiting for the task"
    lane.post(piece(2))
    socket.room = 10
    lane.post(piece(3))
    box.answer({"op": "pong"})
    lane.post(piece(4))
    assert socket.order() == [0, 1], "what waits goes first"
    async with asyncio.timeout(5):
        while len(socket.sent) < 6:
            await asyncio.sleep(0)
    assert socket.order() == [0, 1, '{"op":"pong"}', 2, 3, 4]
    assert box.sent_pieces == 5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_went_out_of_the_joining_gop_is_no_slack_any_more():
    socket = OpenSocket()
    box = Outbox(socket)
    lane = box.lane(1)
    task = asyncio.create_task(box.run())
    await asyncio.sleep(0)
    socket.room = 3
    viewer(lane).on_joined([piece(number, key=number == 0, size=1000) for number in range(3)])
    assert socket.order() == [0, 1, 2]
    assert lane.slack == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_viewers_of_one_moment_share_a_message_that_differs_in_nothing_else():
    one = piece(7, key=True)
    now = one.mono_ns + 5_000_000
    first = one.shared_message(1, now)
    assert first == one.message(1, now)
    assert one.shared_message(1, now + wire.SHARED_NS - 1) is first
    assert one.shared_message(2, now) == one.message(2, now) != first
    flagged = one.shared_message(2, now, Flag.DISCONTINUITY)
    assert wire.HEAD.unpack_from(flagged)[2] == Flag.KEY | Flag.DISCONTINUITY
    later = now + wire.SHARED_NS
    aged = one.shared_message(2, later, Flag.DISCONTINUITY)
    assert wire.HEAD.unpack_from(aged)[6] == (later - one.mono_ns) // 1000
