import random

import pytest

from appliance.media.errors import LimitError, MalformedError
from appliance.media.rtsp.framing import MAX_STRANGE_START_BYTES, StreamParser, each
from appliance.media.rtsp.message import MAX_BODY_BYTES, Message, Request, Response

OK = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nbody"
PLAIN = b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"


def packet(channel: int, payload: bytes) -> bytes:
    return b"$" + bytes([channel]) + len(payload).to_bytes(2, "big") + payload


class Taken:
    """A parser that keeps what it found."""

    def __init__(self, *channels: int) -> None:
        self.messages: list[Message] = []
        self.packets: list[tuple[int, bytes]] = []
        self.parser = StreamParser(self.messages.append)
        for channel in channels:
            self.parser.frames[channel] = each(self._taker(channel))

    def _taker(self, channel: int):
        def take(view: memoryview, begin: int, end: int) -> None:
            self.packets.append((channel, bytes(view[begin:end])))

        return take


def rtp(number: int, size: int = 20) -> bytes:
    return bytes([0x80, 96]) + number.to_bytes(2, "big") + bytes(size)


def test_messages_and_packets_come_in_order_however_the_stream_is_cut() -> None:
    stream = OK + packet(0, rtp(1)) + packet(1, rtp(2)) + PLAIN + packet(0, rtp(3, 60_000))
    for seed in range(20):
        cutter = random.Random(seed)
        taken, at = Taken(0, 1), 0
        while at < len(stream):
            step = cutter.choice((1, 2, 3, 7, 100, 5000))
            taken.parser.feed(stream[at : at + step])
            at += step
        assert [m.cseq for m in taken.messages] == [1, 2], f"seed {seed}"
        assert taken.messages[0].body == b"body"
        assert taken.packets == [(0, rtp(1)), (1, rtp(2)), (0, rtp(3, 60_000))]
        assert taken.parser.skipped == 0


def test_the_buffer_is_never_full_and_never_moves_bytes_out_of_order() -> None:
    taken = Taken(0)
    sent = [rtp(n, 1 + n * 997 % 65_000) for n in range(300)]
    rest = memoryview(b"".join(packet(0, p) for p in sent))
    while rest:
        room = taken.parser.buffer()
        assert len(room) > 0
        count = min(len(room), len(rest), 48_000)
        room[:count] = rest[:count]
        taken.parser.received(count)
        rest = rest[count:]
    assert taken.packets == [(0, p) for p in sent]


def test_the_longest_message_between_packets_is_read_however_it_is_cut() -> None:
    body = random.Random(1).randbytes(MAX_BODY_BYTES)
    head = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: %d\r\n\r\n" % len(body)
    stream = packet(0, rtp(1, 900)) + head + body + packet(0, rtp(2, 65_000)) + PLAIN
    for step in (1400, 20_000, len(stream)):
        taken = Taken(0)
        for at in range(0, len(stream), step):
            taken.parser.feed(stream[at : at + step])
        assert [m.cseq for m in taken.messages] == [1, 2]
        assert taken.messages[0].body == body
        assert taken.packets == [(0, rtp(1, 900)), (0, rtp(2, 65_000))]


def test_a_request_of_the_server_is_a_request() -> None:
    taken = Taken()
    taken.parser.feed(b"GET_PARAMETER rtsp://box/ RTSP/1.0\r\nCSeq: 9\r\n\r\n")
    assert isinstance(taken.messages[0], Request)
    assert taken.messages[0].cseq == 9


def test_quirk_unassigned_channels_are_counted_and_passed_over() -> None:
    taken = Taken(0)
    taken.parser.feed(packet(6, rtp(1)) + packet(0, rtp(2)))
    assert taken.packets == [(0, rtp(2))]
    assert taken.parser.unassigned == 1


@pytest.mark.parametrize(
    "junk",
    [
        b"\r\n",
        b"\0" * 300,
        b"DEBUG: bitrate 4096 costs $5\r\n",
        b"RTSP/x",
        bytes(range(0x25, 0xFF)),
    ],
)
def test_quirk_text_or_padding_between_packets_is_passed_over(junk: bytes) -> None:
    taken = Taken(0, 1)
    taken.parser.feed(PLAIN + packet(0, rtp(1)) + junk + packet(0, rtp(2)) + junk + OK)
    assert taken.packets == [(0, rtp(1)), (0, rtp(2))]
    assert [m.cseq for m in taken.messages] == [2, 1]


def test_a_start_cut_in_two_within_garbage_is_found() -> None:
    for cut in range(1, 12):
        taken = Taken(0)
        taken.parser.feed(PLAIN + b"\xff" * 40 + PLAIN[:cut])
        taken.parser.feed(PLAIN[cut:])
        assert len(taken.messages) == 2, cut


def test_a_web_server_on_the_port_is_reported_as_such() -> None:
    taken = Taken()
    taken.parser.feed(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno")
    assert isinstance(taken.messages[0], Response)
    assert taken.messages[0].protocol == "HTTP"


def test_something_that_is_not_rtsp_ends_soon() -> None:
    taken = Taken()
    with pytest.raises(MalformedError):
        taken.parser.feed(b"220 mail.example.org ESMTP\r\n" * (MAX_STRANGE_START_BYTES // 20))
    assert taken.messages == []
    assert taken.parser.strange_start().startswith(b"220 mail.example.org")


def test_endless_headers_and_huge_bodies_are_refused() -> None:
    with pytest.raises(LimitError):
        Taken().parser.feed(b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 20_000)
    with pytest.raises(LimitError):
        Taken().parser.feed(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n")


def test_a_handler_may_take_a_whole_run_of_packets() -> None:
    runs: list[bytes] = []

    def take(view: memoryview, at: int, end: int) -> int:
        begin = at
        while end - at >= 4 and view[at + 1] == 0:
            after = at + 4 + (view[at + 2] << 8 | view[at + 3])
            if after > end:
                break
            at = after
        runs.append(bytes(view[begin:at]))
        return at

    taken = Taken(1)
    taken.parser.frames[0] = take
    first, second = packet(0, rtp(1)) + packet(0, rtp(2)), packet(0, rtp(3))
    taken.parser.feed(first + packet(1, rtp(9)) + second[:5])
    taken.parser.feed(second[5:])
    assert runs == [first, b"", second]
    assert taken.packets == [(1, rtp(9))]
