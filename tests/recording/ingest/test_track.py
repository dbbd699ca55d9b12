"""RTP on its way in: order, loss, senders and payload types."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.media.rtp.depay.base import CodedFrame, DepayStatistics
from appliance.media.rtsp.framing import StreamParser
from appliance.media.rtsp.sdp import parse
from appliance.recording.ingest.track import ADOPT_AFTER, TrackReceiver


class Depay:
    """Writes down what it is given."""

    format = None

    def __init__(self) -> None:
        self.statistics = DepayStatistics()
        self.got: list[tuple[bytes, int, bool, bool]] = []

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        self.got.append((bytes(payload), timestamp, marker, lost))
        return ()

    def flush(self) -> Sequence[CodedFrame]:
        return ()


class Nothing:
    def on_frames(self, track: TrackReceiver, frames: Sequence[CodedFrame]) -> None: ...


def receiver() -> tuple[TrackReceiver, Depay]:
    media = parse(b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").media[0]
    depay = Depay()
    return TrackReceiver(media, depay, Nothing()), depay


def rtp(
    sequence: int, body: bytes = b"x", *, kind: int = 96, ssrc: int = 1, first: int = 0x80
) -> bytes:
    return struct.pack(">BBHII", first, kind, sequence & 0xFFFF, 900, ssrc) + body


def take(track: TrackReceiver, *packets: bytes) -> None:
    for packet in packets:
        track.packet(memoryview(packet), 0, len(packet))


def test_packets_in_order_go_through_also_over_the_end_of_the_count() -> None:
    track, depay = receiver()
    take(track, *(rtp(n) for n in range(0xFFFD, 0x10003)))
    assert [lost for *_rest, lost in depay.got] == [False] * 6
    assert (track.packets, track.lost, track.late) == (6, 0, 0)


def test_a_gap_is_told_once_and_counted() -> None:
    track, depay = receiver()
    take(track, rtp(1), rtp(5), rtp(6))
    assert [lost for *_rest, lost in depay.got] == [False, True, False]
    assert track.lost == 3


def test_late_and_repeated_packets_are_dropped() -> None:
    track, depay = receiver()
    take(track, rtp(10), rtp(11), rtp(11), rtp(9), rtp(12))
    assert len(depay.got) == 3
    assert (track.late, track.lost) == (2, 0)


def test_a_count_that_starts_anew_is_followed() -> None:
    track, depay = receiver()
    take(track, rtp(40_000), rtp(100), rtp(101))
    assert [lost for *_rest, lost in depay.got] == [False, True, False]


def test_a_new_sender_is_believed_with_its_second_packet() -> None:
    track, depay = receiver()
    take(track, rtp(1), rtp(2), rtp(500, ssrc=9), rtp(3), rtp(4))
    assert track.ssrc == 1
    assert len(depay.got) == 4
    take(track, rtp(501, ssrc=9), rtp(502, ssrc=9), rtp(503, ssrc=9))
    assert track.ssrc == 9
    assert [lost for *_rest, lost in depay.got[4:]] == [True, False]


def test_quirk_payload_type_50_junk_is_passed_over_and_is_no_loss() -> None:
    track, depay = receiver()
    take(track, rtp(1), rtp(2, kind=50), rtp(3))
    assert [lost for *_rest, lost in depay.got] == [False, False]
    assert track.invalid == 1


def test_a_camera_that_uses_another_payload_type_all_the_time_is_believed() -> None:
    track, depay = receiver()
    take(track, *(rtp(n, kind=98) for n in range(ADOPT_AFTER + 5)))
    assert len(depay.got) == 5


def test_padding_extension_and_sources_are_taken_off() -> None:
    track, depay = receiver()
    extended = rtp(2, bytes.fromhex("abac0001") + b"1234" + b"body", first=0x90)
    padded = rtp(3, b"body" + b"\0\0\0\4", first=0xA0)
    sources = rtp(4, b"12345678body", first=0x82)
    take(track, rtp(1, b"body"), extended, padded, sources)
    assert [payload for payload, *_rest in depay.got] == [b"body"] * 4


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x80" * 11, rtp(2, first=0x40), rtp(2, b"", first=0x8F), rtp(2, b"\xff", first=0xA0)],
)
def test_what_is_no_packet_is_counted_and_dropped(packet: bytes) -> None:
    track, depay = receiver()
    take(track, rtp(1), packet, rtp(2))
    assert len(depay.got) == 2
    assert track.invalid == 1


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 40)), max_size=60), st.data())
def test_a_run_of_interleaved_packets_is_taken_as_one_by_one(
    items: list[bytes | int], data: st.DataObject
) -> None:
    packets = [rtp(i, b"p%d" % i) if isinstance(i, int) else i for i in items]
    stream = b"".join(b"$\0" + len(p).to_bytes(2, "big") + p for p in packets)
    at_once, expected = receiver()
    take(at_once, *packets)
    framed, got = receiver()
    parser = StreamParser(lambda message: None)
    parser.frames[0] = framed.run
    at = 0
    while at < len(stream):
        step = data.draw(st.integers(1, 200))
        parser.feed(stream[at : at + step])
        at += step
    assert got.got == expected.got
    assert (framed.packets, framed.lost, framed.late, framed.invalid) == (
        at_once.packets, at_once.lost, at_once.late, at_once.invalid,
    )  # fmt: skip
