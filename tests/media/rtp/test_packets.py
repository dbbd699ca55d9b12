"""RTP headers, sequence numbers, the order of UDP packets, and RTCP."""

from __future__ import annotations

import itertools
import random
import struct

import pytest

from appliance.media.errors import MalformedError
from appliance.media.rtp.packet import SequenceCheck, build, parse
from appliance.media.rtp.reorder import ReorderBuffer
from appliance.media.rtp.rtcp import (
    Bye,
    Reception,
    SenderReport,
    SourceDescription,
    build_bye,
    build_receiver_report,
    build_sender_report,
    ntp_to_utc_ns,
    parse_compound,
    utc_ns_to_ntp,
)

MS = 1_000_000


def test_a_plain_header_is_read():
    kind, marker, sequence, time, ssrc, payload = parse(
        memoryview(build(96, True, 65_535, 2**32 - 1, 0xDEADBEEF, b"data"))
    )
    assert (kind, marker, sequence, time, ssrc) == (96, True, 65_535, 2**32 - 1, 0xDEADBEEF)
    assert bytes(payload) == b"data"


def test_sources_extension_and_padding_are_passed_over():
    head = struct.pack(">BBHII", 0xB2, 8, 1, 2, 3) + bytes(8) + b"\xbe\xde\0\1" + bytes(4)
    *_, payload = parse(memoryview(head + b"payload" + b"\0\0\3"))
    assert bytes(payload) == b"payload"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        bytes(11),
        bytes(12),
        b"\xc0" + bytes(20),
        b"\x8f" + bytes(20),
        b"\x90" + bytes(11),
        b"\x90" + bytes(11) + b"\0\0\0\7" + bytes(4),
        b"\xa0" + bytes(11) + b"abc\x09",
    ],
)
def test_what_is_not_a_whole_rtp_packet_is_refused(packet):
    with pytest.raises(MalformedError):
        parse(memoryview(packet))


def test_a_gap_in_the_sequence_is_counted_across_its_wrap():
    check = SequenceCheck()
    assert [check.missing(number) for number in (65_534, 65_535, 0, 3, 4)] == [0, 0, 0, 2, 0]
    assert check.missing(9_999 - 40_000 & 0xFFFF) == 1  # numbers begun anew
    assert check.lost == 3


def taken(results):
    return [(entry.packet, entry.missing) for entry in results]


def test_packets_in_order_pass_without_waiting():
    buffer = ReorderBuffer()
    for number in range(65_530, 65_550):
        assert taken(buffer.push(number & 0xFFFF, number, 0)) == [(number, 0)]
    assert buffer.deadline_ns is None


def test_swapped_packets_are_put_in_order():
    buffer = ReorderBuffer()
    assert taken(buffer.push(10, "a", 0)) == [("a", 0)]
    assert taken(buffer.push(12, "c", 0)) == []
    assert taken(buffer.push(13, "d", 0)) == []
    assert taken(buffer.push(11, "b", 0)) == [("b", 0), ("c", 0), ("d", 0)]


def test_a_gap_is_waited_for_only_so_long():
    buffer = ReorderBuffer(max_wait_ms=100)
    buffer.push(1, "a", 0)
    buffer.push(4, "d", 10 * MS)
    assert buffer.deadline_ns == 110 * MS
    assert buffer.poll(109 * MS) == []
    assert taken(buffer.poll(110 * MS)) == [("d", 2)]
    assert (buffer.lost, buffer.late) == (2, 0)
    assert buffer.push(2, "b", 120 * MS) == []
    assert buffer.late == 1


def test_a_gap_is_waited_for_only_so_many_packets():
    buffer = ReorderBuffer(max_packets=4)
    buffer.push(0, 0, 0)
    got = [entry for number in range(2, 7) for entry in taken(buffer.push(number, number, 0))]
    assert got == [(2, 1), (3, 0), (4, 0), (5, 0), (6, 0)]


def test_duplicates_are_dropped():
    buffer = ReorderBuffer()
    buffer.push(1, "a", 0)
    buffer.push(3, "c", 0)
    assert buffer.push(3, "c", 0) == []
    assert taken(buffer.push(2, "b", 0)) == [("b", 0), ("c", 0)]
    assert buffer.push(1, "a", 0) == []
    assert (buffer.duplicates, buffer.late) == (1, 1)


def test_a_restart_of_the_numbers_is_believed_when_a_second_packet_confirms_it():
    buffer = ReorderBuffer()
    buffer.push(100, "a", 0)
    assert buffer.push(30_000, "junk", 0) == []
    assert taken(buffer.push(101, "b", 0)) == [("b", 0)]
    assert buffer.push(50_000, "x", 0) == []
    assert taken(buffer.push(50_001, "y", 0)) == [("y", 1)]
    assert taken(buffer.push(50_002, "z", 0)) == [("z", 0)]
    assert buffer.restarts == 1


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_and_lost_packets_come_out_in_order_and_are_counted(seed):
    chance = random.Random(seed)
    sent = list(range(60_000, 70_000))
    kept = [number for number in sent if number == 60_000 or chance.random() > 0.05]
    arrivals = sorted((number + chance.random() * 8 * (number > 60_000), number) for number in kept)
    buffer = ReorderBuffer(max_packets=64)
    got = []
    for time, number in arrivals:
        got += taken(buffer.push(number & 0xFFFF, number, int(time * MS)))
    got += taken(buffer.flush())
    assert [number for number, _ in got] == kept
    assert all(
        missing == number - before - 1 for (before, _), (number, missing) in itertools.pairwise(got)
    )
    assert buffer.lost == kept[-1] - kept[0] + 1 - len(kept)


@pytest.mark.parametrize("utc_ns", [0, 1_700_000_000_123_456_789, 2_085_978_496_000_000_000])
def test_ntp_time_is_converted_both_ways(utc_ns):
    assert abs(ntp_to_utc_ns(*utc_ns_to_ntp(utc_ns)) - utc_ns) <= 1


def test_a_compound_packet_is_read():
    data = build_sender_report(7, 1_700_000_000_000_000_000, 12_345, 9, 800)
    data += build_receiver_report(7, [], "camera@box") + build_bye(7)
    report, name, bye = parse_compound(data)
    assert isinstance(report, SenderReport)
    assert (report.ssrc, report.rtp_time, report.packets) == (7, 12_345, 9)
    assert abs(report.utc_ns - 1_700_000_000_000_000_000) <= 1
    assert name == SourceDescription(7, "camera@box")
    assert bye == Bye((7,))


def test_a_camera_without_a_clock_says_nothing_of_the_time():
    data = b"\x80\xc8\0\6" + struct.pack(">IIIIII", 1, 0, 0, 5, 0, 0)
    assert parse_compound(data)[0].utc_ns is None


def test_a_compound_packet_cut_off_gives_what_stands_before_the_cut():
    data = build_sender_report(7, 10**18, 1, 1, 1) + build_bye(7)
    assert len(parse_compound(data[:-2])) in (1, 2)
    assert len(parse_compound(data[:30])) == 1
    for junk in (b"", b"abc", b"GET / HTTP", bytes(64)):
        with pytest.raises(MalformedError):
            parse_compound(junk)


def test_a_receiver_report_tells_loss_jitter_and_delay():
    reception = Reception(ssrc=7, clock_rate=90_000)
    for number in range(100):
        if number % 10 != 5:
            reception.on_packet(65_500 + number & 0xFFFF, number * 3600, number * 40 * MS)
    report = SenderReport(7, 10**18, 0, 0xABCD1234, 0, 0)
    reception.on_sender_report(report, 4_000 * MS)
    block = reception.report(4_500 * MS)
    assert (block.lost, block.fraction_lost) == (10, 10 * 256 // 100)
    assert block.highest_sequence == 65_599
    assert block.jitter == 0
    assert (block.last_sr, block.delay_since_sr) == (0xABCD1234, 32_768)
    assert reception.report(5_000 * MS).fraction_lost == 0
    assert len(build_receiver_report(1, [block], "x")) % 4 == 0


def test_jitter_grows_with_uneven_arrival():
    chance = random.Random(1)
    reception = Reception(ssrc=7, clock_rate=90_000)
    for number in range(500):
        at = number * 40 * MS + chance.randrange(10 * MS)
        reception.on_packet(number, number * 3600, at)
    assert 100 < reception.report(10**10).jitter < 600
