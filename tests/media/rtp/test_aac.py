"""AAC in RTP: layouts of the AU headers, several and fragmented units, clocks."""

from __future__ import annotations

import pytest

from appliance.media.codec.aac import build_audio_specific_config
from appliance.media.codec.bits import BitWriter
from appliance.media.rtp.depay.aac import MAX_AUDIO_UNIT
from appliance.media.rtp.depay.factory import depacketiser_for

HBR = {"mode": "AAC-hbr", "sizelength": "13", "indexlength": "3", "indexdeltalength": "3"}


def aac(rate=48_000, channels=1, **fmtp):
    config = build_audio_specific_config(rate, channels).hex()
    return depacketiser_for("mpeg4-generic", rate, channels, {"config": config, **(fmtp or HBR)})


def packet(units, *, bits=(13, 3), sizes=None):
    head = BitWriter()
    for _unit, size in zip(units, sizes or [len(unit) for unit in units], strict=True):
        head.u(size, bits[0])
        head.u(0, bits[1])
    length = len(units) * sum(bits)
    return length.to_bytes(2, "big") + head.bytes() + b"".join(units)


def push(depacketiser, payload, timestamp=0, marker=True, lost=False):
    return list(depacketiser.push(memoryview(payload), timestamp, marker, lost))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_several_units_in_a_packet_get_times_of_their_own(rate):
    units = [b"one", b"second", b"3"]
    frames = push(aac(rate), packet(units), 0xFFFF_FF00)
    assert [frame.data for frame in frames] == units
    assert [frame.timestamp for frame in frames] == [0xFFFF_FF00, 0x300, 0x700]
    assert all(frame.key and not frame.damaged for frame in frames)
    assert (frames[0].format.sample_rate, frames[0].format.codec_string) == (rate, "mp4a.40.2")


def test_aac_lbr_has_shorter_headers():
    units = [b"abc", b"de"]
    depacketiser = aac(mode="AAC-lbr", sizelength="6", indexlength="2", indexdeltalength="2")
    assert [f.data for f in push(depacketiser, packet(units, bits=(6, 2)))] == units
    short = aac(mode="AAC-lbr")  # what the mode fixes need not be said
    assert [f.data for f in push(short, packet(units, bits=(6, 2)))] == units


def test_interleaved_units_get_the_time_their_index_says():
    head = BitWriter()
    for size, delta in ((2, 0), (2, 2)):
        head.u(size, 13)
        head.u(delta, 3)
    frames = push(aac(), b"\0\x20" + head.bytes() + b"aabb", 1000)
    assert [frame.timestamp for frame in frames] == [1000, 1000 + 3 * 1024]


def test_a_unit_larger_than_a_packet_is_put_together():
    depacketiser = aac()
    unit = bytes(range(256)) * 12
    pieces = [unit[at : at + 1400] for at in range(0, len(unit), 1400)]
    got = [
        frame
        for number, piece in enumerate(pieces)
        for frame in push(depacketiser, packet([piece], sizes=[len(unit)]), 77, number == 2)
    ]
    assert [(frame.data, frame.timestamp) for frame in got] == [(unit, 77)]


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_unit_with_a_lost_fragment_is_dropped_and_the_next_one_is_whole(missing):
    depacketiser = aac()
    unit = bytes(range(256)) * 12
    pieces = [unit[at : at + 1400] for at in range(0, len(unit), 1400)]
    frames = []
    for number, piece in enumerate(pieces):
        if number != missing:
            lost = number == missing + 1
            frames += push(depacketiser, packet([piece], sizes=[len(unit)]), 0, lost=lost)
    frames += push(depacketiser, packet([b"next"]), 1024, lost=missing == 2)
    assert [frame.data for frame in frames] == [b"next"]
    assert depacketiser.statistics.dropped == 1


def test_an_adts_header_is_stripped():
    unit = (
        b"\xff\xf1\x4c\x40" + bytes([(7 + 5) >> 3 & 0xFF, (7 + 5 & 7) << 5 | 0x1F, 0xFC]) + b"sound"
    )
    assert push(aac(), packet([unit]))[0].data == b"sound"


def test_without_header_fields_a_packet_is_one_unit():
    depacketiser = aac(mode="generic", sizelength="0", constantsize="4", constantduration="512")
    frames = push(depacketiser, b"aaaabbbb", 100)
    assert [(f.data, f.timestamp) for f in frames] == [(b"aaaa", 100), (b"bbbb", 612)]


def test_an_auxiliary_section_is_passed_over():
    depacketiser = aac(**HBR, auxiliarydatasizelength="8")
    head = packet([b""], sizes=[3])
    assert push(depacketiser, head + b"\x10zz" + b"abc")[0].data == b"abc"


@pytest.mark.parametrize(
    "payload",
    [b"", b"\0", b"\xff\xff", b"\0\x10\0", b"\0\x0d\xff\xff", b"\0\x20\0\x50\0\x50abc"],
)
def test_broken_packets_are_counted_and_the_next_one_is_taken(payload):
    depacketiser = aac()
    push(depacketiser, payload)
    assert [f.data for f in push(depacketiser, packet([b"ok"]), 1024)] == [b"ok"]
    assert depacketiser.statistics.malformed + depacketiser.statistics.dropped >= (payload != b"")


def test_a_missing_or_broken_config_is_made_up_from_the_rtpmap():
    for config in ("", "zz", "ff"):
        depacketiser = depacketiser_for("MPEG4-GENERIC", 16_000, 1, {**HBR, "config": config})
        assert (depacketiser.format.sample_rate, depacketiser.format.channels) == (16_000, 1)


def test_sbr_doubles_the_duration_of_a_frame():
    writer = BitWriter()
    for value, bits in ((5, 5), (6, 4), (2, 4), (3, 4), (2, 5), (0, 3)):
        writer.u(value, bits)
    fmtp = {**HBR, "config": writer.bytes().hex()}
    for clock, step in ((48_000, 2048), (24_000, 1024)):
        depacketiser = depacketiser_for("mpeg4-generic", clock, 2, fmtp)
        frames = push(depacketiser, packet([b"a", b"b"]), 0)
        assert frames[1].timestamp == step
        assert depacketiser.format.codec_string == "mp4a.40.5"
        assert depacketiser.format.sample_rate == 48_000


def test_an_endless_fragmented_unit_takes_no_memory():
    depacketiser = aac(mode="generic", sizelength="32")
    for number in range(200):
        payload = b"\0\x20" + (MAX_AUDIO_UNIT + 1).to_bytes(4, "big") + bytes(60_000)
        assert push(depacketiser, payload, number, marker=False) == []
    assert depacketiser.statistics.malformed > 0
