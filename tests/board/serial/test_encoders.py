"""The byte vectors of the protocols, and what they refuse."""

from __future__ import annotations

import random

import pytest

from board.errors import BoardError
from board.serial import modbus, pelco_d, pelco_p, visca
from board.serial.motion import STILL, Motion
from board.serial.protocols import PROTOCOLS, check_baud, gap_s, protocol

D, P, V = (PROTOCOLS[name] for name in ("pelco_d", "pelco_p", "visca"))


def moved(encoder, address, **speeds) -> str:
    return " ".join(f.hex(" ") for f in encoder.move(address, Motion(**speeds), STILL)).upper()


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({"pan": 51}, "FF 01 00 02 20 00 23"),
        ({"pan": -56}, "FF 01 00 04 23 00 28"),
        ({"tilt": 56}, "FF 01 00 08 00 23 2C"),
        ({"tilt": -56}, "FF 01 00 10 00 23 34"),
        ({"iris": 1}, "FF 01 02 00 00 00 03"),
        ({"focus": -1}, "FF 01 01 00 00 00 02"),
        ({"focus": 1}, "FF 01 00 80 00 00 81"),
        ({}, "FF 01 00 00 00 00 01"),
    ],
)
def test_pelco_d_vectors(speeds, expected):
    assert moved(D, 1, **speeds) == expected


@pytest.mark.parametrize(
    ("speeds", "command2"),
    [
        ({"pan": -9, "tilt": 9}, 0x0C),
        ({"pan": 9, "tilt": 9}, 0x0A),
        ({"pan": -9, "tilt": -9}, 0x14),
        ({"pan": 9, "tilt": -9}, 0x12),
        ({"zoom": 9}, 0x20),
        ({"zoom": -9}, 0x40),
    ],
)
def test_pelco_d_diagonals_and_zoom(speeds, command2):
    assert D.move(1, Motion(**speeds), STILL)[0][3] == command2


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("preset_set", 5, "FF 01 00 03 00 05 09"),
        ("preset_clear", 5, "FF 01 00 05 00 05 0B"),
        ("preset_go", 5, "FF 01 00 07 00 05 0D"),
        ("flip", 0, "FF 01 00 07 00 21 29"),
        ("zero_pan", 0, "FF 01 00 07 00 22 2A"),
        ("aux_on", 1, "FF 01 00 09 00 01 0B"),
        ("aux_off", 1, "FF 01 00 0B 00 01 0D"),
        ("reset", 0, "FF 01 00 0F 00 00 10"),
        ("pattern_begin", 1, "FF 01 00 1F 00 01 21"),
        ("pattern_end", 1, "FF 01 00 21 00 01 23"),
        ("pattern_run", 1, "FF 01 00 23 00 01 25"),
    ],
)
def test_pelco_d_actions(kind, number, expected):
    assert D.action(1, kind, number)[0].hex(" ").upper() == expected


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({"pan": -51}, "A0 00 00 04 20 00 AF 2B"),
        ({"pan": 51}, "A0 00 00 02 20 00 AF 2D"),
        ({"tilt": 51}, "A0 00 00 08 00 20 AF 27"),
        ({"tilt": -51}, "A0 00 00 10 00 20 AF 3F"),
        ({"zoom": 1}, "A0 00 00 20 00 00 AF 2F"),
        ({"zoom": -1}, "A0 00 00 40 00 00 AF 4F"),
        ({"focus": 1}, "A0 00 01 00 00 00 AF 0E"),
        ({"focus": -1}, "A0 00 02 00 00 00 AF 0D"),
        ({"iris": 1}, "A0 00 04 00 00 00 AF 0B"),
        ({"iris": -1}, "A0 00 08 00 00 00 AF 07"),
        ({}, "A0 00 00 00 00 00 AF 0F"),
    ],
)
def test_pelco_p_counts_addresses_from_zero_and_has_bits_of_its_own(speeds, expected):
    assert moved(P, 1, **speeds) == expected


def test_pelco_p_actions():
    assert P.action(2, "preset_go", 3)[0].hex(" ").upper() == "A0 01 00 07 00 03 AF 0A"
    assert P.action(32, "preset_set", 1)[0][1] == 0x1F


@pytest.mark.parametrize(
    ("speeds", "expected"),
    [
        ({"pan": -100}, "81 01 06 01 18 01 01 03 FF"),
        ({"pan": 100, "tilt": 100}, "81 01 06 01 18 17 02 01 FF"),
        ({"tilt": -100}, "81 01 06 01 01 17 03 02 FF"),
        ({"zoom": 100}, "81 01 04 07 27 FF"),
        ({"zoom": -30}, "81 01 04 07 32 FF"),
    ],
)
def test_visca_vectors(speeds, expected):
    assert moved(V, 1, **speeds) == expected


def test_visca_stops_each_axis_and_actions_name_memories_from_zero():
    assert [frame.hex(" ") for frame in V.stop(3)] == [
        "83 01 06 01 01 01 03 03 ff",
        "83 01 04 07 00 ff",
        "83 01 04 08 00 ff",
    ]
    assert V.action(1, "preset_set", 1)[0].hex(" ") == "81 01 04 3f 01 00 ff"
    assert V.action(1, "preset_go", 6)[0].hex(" ") == "81 01 04 3f 02 05 ff"
    assert V.action(1, "zero_pan", 0)[0].hex(" ") == "81 01 06 04 ff"
    assert visca.ADDRESS_SET.hex(" ") == "88 30 01 ff"


def test_visca_stops_only_the_axis_that_ended():
    frames = V.move(1, Motion(pan=50), Motion(pan=50, zoom=50))
    assert [frame.hex(" ") for frame in frames] == ["81 01 04 07 00 ff"]


def test_visca_replies_are_read_in_words():
    told = visca.replies(bytes.fromhex("9041ff9051ff906141ff 905001020304ff 883002ff 00ff 90"))
    assert [(r.address, r.kind, r.socket) for r in told] == [
        (1, "acknowledged", 1),
        (1, "done", 1),
        (1, "error", 1),
        (1, "information", 0),
        (0, "address_set", 0),
    ]
    assert told[2].text == "the camera cannot do this now"


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("pelco_d", (0, 256, -1, True, None)),
        ("pelco_p", (0, 33, 255)),
        ("visca", (0, 8)),
    ],
)
def test_addresses_out_of_range_are_refused_in_words(name, bad):
    encoder = protocol(name)
    for address in bad:
        for call in (
            lambda a=address: encoder.move(a, Motion(pan=1), STILL),
            lambda a=address: encoder.stop(a),
            lambda a=address: encoder.action(a, "preset_go", 1),
            lambda a=address: encoder.query(a),
        ):
            with pytest.raises(BoardError) as caught:
                call()
            assert caught.value.code == "ptz.address"
            assert encoder.title in caught.value.text


def test_numbers_and_speeds_out_of_range_are_refused():
    for encoder, kind, number in (
        (D, "preset_go", 0), (D, "preset_go", 256), (D, "aux_on", 9), (V, "preset_set", 129),
        (P, "pattern_run", 0),
    ):  # fmt: skip
        with pytest.raises(BoardError) as caught:
            encoder.action(1, kind, number)
        assert caught.value.code == "ptz.number"
    for speeds in ({"pan": 101}, {"tilt": -101}, {"zoom": 0.5}, {"focus": 2}, {"iris": True}):
        with pytest.raises(BoardError):
            Motion(**speeds)
    with pytest.raises(BoardError) as caught:
        V.action(1, "aux_on", 1)
    assert caught.value.code == "ptz.unsupported"
    for wrong in (lambda: protocol("kalatel"), lambda: check_baud(9601)):
        with pytest.raises(BoardError):
            wrong()


def test_every_frame_of_the_pelcos_has_a_right_check_whatever_is_asked():
    dice = random.Random(6)
    for _ in range(5000):
        motion = Motion(
            *(dice.randint(-100, 100) for _ in range(3)), dice.randint(-1, 1), dice.randint(-1, 1)
        )
        assert pelco_d.is_whole(D.move(dice.randint(1, 255), motion, STILL)[0])
        assert pelco_p.is_whole(P.move(dice.randint(1, 32), motion, STILL)[0])
        for frame in V.move(dice.randint(1, 7), motion, STILL):
            assert frame[0] & 0xF0 == 0x80
            assert frame[-1] == 0xFF
            assert 0xFF not in frame[:-1]
            assert 3 <= len(frame) <= 16


def test_answers_are_recognised_amid_noise():
    answer = pelco_d.frame(7, 0, 0x59, 0x12, 0x34)
    assert D.answers(7, b"\x00\xff" + answer + b"\x55")
    assert not D.answers(8, answer)
    assert not D.answers(7, answer[:-1] + b"\x00")
    assert V.answers(1, bytes.fromhex("9050000102ff"))
    assert not V.answers(2, bytes.fromhex("9050000102ff"))


def test_the_pause_between_frames_grows_on_slow_lines():
    assert gap_s(9600) == 0.040
    assert gap_s(2400) == 0.100
    assert gap_s(1200) == 0.100
    assert gap_s(115200) == 0.040


def test_modbus_vectors():
    """The specification's own example of a CRC, and a question and answer of a box."""
    assert modbus.crc16(bytes.fromhex("0207")) == 0x1241
    assert modbus.read_inputs(1, 8) == bytes.fromhex("010200000008") + bytes.fromhex("79cc")
    answer = modbus.framed(bytes((1, 2, 1, 0b1000_0101)))
    assert modbus.parse_inputs(1, 8, answer) == [True, False, True, False] + [False] * 3 + [True]
    assert modbus.parse_inputs(2, 8, answer) is None
    assert modbus.parse_inputs(1, 8, answer[:-1] + b"\x00") is None
    assert modbus.parse_inputs(1, 8, b"\x07" + answer) is not None
    for address, count in ((0, 8), (248, 8), (1, 0), (1, 65)):
        with pytest.raises(BoardError):
            modbus.read_inputs(address, count)
