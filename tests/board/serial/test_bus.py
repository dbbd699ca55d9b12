"""The real bus on a pseudo terminal: domes that answer or not, a box, a device that vanishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from board.errors import BoardError
from board.serial.alarm_box import AlarmBox
from board.serial.bus import SerialBus, open_port
from board.serial.motion import Motion
from board.serial.ptz import PtzBus
from board.serial.tours import TourStep
from board.serial.transparent import LineSettings, TransparentPort, open_device
from board.sim.domes import Dome
from board.sim.modbus_box import ModbusBox
from board.sim.serial_line import SerialLine
from board.sim.virtual_time import VirtualTiming


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


STOPS_AT_OPENING = 3 * (1 + 1 + 3 + 1)


async def hold(cable: Cable, channel: int, motion: Motion, condition: Callable[[], object]) -> None:
    """Hold a direction, as a browser does, until something comes of it."""

    def renewed() -> object:
        cable.ptz.move(channel, motion, "a browser")
        return condition()

    await until(renewed)


class Cable:
    """A bus with domes of every protocol."""

    def __init__(self, tmp_path) -> None:
        self.line = SerialLine(tmp_path / "ttyRS485")
        self.domes = {
            1: Dome("pelco_d", 1),
            2: Dome("pelco_p", 2, 2400, silent=True),
            3: Dome("visca", 3, 38400),
            4: Dome("pelco_d", 4, silent=True),
        }
        self.line.devices += self.domes.values()
        self.faults: list[str] = []
        self.bus = SerialBus(
            "RS-485",
            lambda: open_port(str(self.line.path), 9600, rts_direction=True),
            lambda bus: self.faults.append(bus.fault.code if bus.fault else ""),
        )
        self.timing = VirtualTiming()
        self.ptz = PtzBus(self.bus, self.timing)
        self.ptz.configure(1, "pelco_d", 1, 9600)
        self.ptz.configure(2, "pelco_p", 2, 2400)
        self.ptz.configure(3, "visca", 3, 38400)
        self.ptz.configure(4, "pelco_d", 4, 9600)


@pytest.fixture
async def cable(tmp_path) -> AsyncIterator[Cable]:
    cable = Cable(tmp_path)
    cable.line.plug()
    cable.bus.start()
    await until(lambda: cable.bus.frames_sent >= STOPS_AT_OPENING)
    yield cable
    await cable.bus.stop()
    cable.line.unplug()


@pytest.mark.parametrize("channel", [1, 2, 3, 4])
async def test_a_dome_of_every_protocol_moves_and_stops_when_its_operator_is_gone(cable, channel):
    dome = cable.domes[channel]
    wanted = Motion(pan=100, tilt=-50, zoom=100)
    state = dome.state
    await hold(cable, channel, wanted, lambda: state.pan > 0 and state.tilt < 0 and state.zoom == 1)
    before = len(dome.stops)
    await until(lambda: len(dome.stops) > before)  # nobody renewed it
    assert dome.state.still
    others = [d for c, d in cable.domes.items() if c != channel]
    assert all(d.state.still for d in others)


async def test_each_dome_hears_its_own_speed(cable):
    cable.ptz.act(2, "preset_set", 7)
    cable.ptz.act(3, "preset_set", 8)
    cable.ptz.act(1, "preset_set", 9)
    await until(lambda: all(cable.domes[channel].state.presets for channel in (1, 2, 3)))
    assert [cable.domes[channel].state.presets for channel in (1, 2, 3)] == [{9}, {7}, {8}]
    assert {baud for _data, baud in cable.line.heard} == {9600, 2400, 38400}


async def test_a_dome_that_answers_is_told_from_one_that_does_not(cable):
    """D1-ER-05, D2-FQ-08: a wrong address or protocol is found, not guessed."""
    told: dict[int, bool] = {}
    for channel in (1, 2, 3, 4):
        cable.ptz.ask(channel, lambda answered, channel=channel: told.update({channel: answered}))
    await until(lambda: len(told) == 4)
    assert told == {1: True, 2: False, 3: True, 4: False}


async def test_actions_reach_the_dome(cable):
    dome = cable.domes[1].state
    cable.ptz.act(1, "preset_go", 5)
    await until(lambda: dome.at_preset == 5)
    cable.ptz.act(1, "aux_on", 2)
    await until(lambda: dome.aux == {2})
    cable.ptz.act(1, "aux_off", 2)
    await until(lambda: dome.aux == set())
    cable.ptz.act(1, "pattern_begin", 1)
    await until(lambda: dome.recording == 1)
    cable.ptz.act(1, "pattern_end", 1)
    await until(lambda: dome.recording is None)
    cable.ptz.act(1, "pattern_run", 1)
    await until(lambda: dome.pattern == 1)
    assert cable.ptz.programs[1].kind == "pattern"
    cable.ptz.stop(1)
    await until(lambda: dome.pattern is None)
    assert cable.ptz.programs == {}


async def test_a_tour_goes_round_and_ends_when_somebody_moves_the_camera(cable):
    dome = cable.domes[1].state
    cable.ptz.tour(1, 1, [TourStep(1, 10), TourStep(2, 5), TourStep(3, 5)])
    for preset, dwell in ((1, 10), (2, 5), (3, 5), (1, 10)):
        await until(lambda preset=preset: dome.at_preset == preset)
        cable.timing.run(dwell)
    await hold(cable, 1, Motion(tilt=10), lambda: dome.tilt > 0)
    assert cable.ptz.programs == {}
    assert cable.timing.waiting == 0


async def test_auto_pan_goes_on_by_itself_until_it_is_stopped(cable):
    dome = cable.domes[1]
    cable.ptz.auto_pan(1, -40)
    await until(lambda: sum(message[3] == 4 for _at, message in dome.messages) >= 3)
    assert cable.ptz.moving == {1: "auto pan"}
    cable.ptz.stop(1)
    await until(lambda: dome.state.still)


async def test_a_scan_sweeps_between_its_limits(cable):
    dome = cable.domes[1].state
    cable.ptz.scan(1)
    await until(lambda: dome.at_preset == 31)
    cable.timing.run(8)
    await until(lambda: dome.at_preset == 32)
    cable.ptz.stop(1)
    assert cable.timing.waiting == 0


@pytest.mark.parametrize(
    ("steps", "code"),
    [
        ([], "ptz.tour"),
        ([TourStep(1, 5)], "ptz.tour"),
        ([TourStep(1, 5)] * 33, "ptz.tour"),
        ([TourStep(0, 5)] * 2, "ptz.number"),
        ([TourStep(1, 0)] * 2, "ptz.dwell"),
        ([TourStep(1, 86_400)] * 2, "ptz.dwell"),
    ],
)
async def test_a_tour_that_cannot_be_is_refused(cable, steps, code):
    with pytest.raises(BoardError) as caught:
        cable.ptz.tour(1, 1, steps)
    assert caught.value.code == code


async def test_a_device_that_vanishes_is_told_and_domes_stop_when_it_is_back(cable):
    await hold(cable, 1, Motion(pan=50), lambda: cable.domes[1].state.pan)
    cable.line.unplug()
    await until(lambda: cable.bus.fault)
    with pytest.raises(BoardError) as caught:
        cable.ptz.move(1, Motion(pan=50), "a browser")
    assert caught.value.code == "serial.gone"
    assert "RS-485" in caught.value.text
    cable.domes[1].stops.clear()
    cable.line.plug()
    await until(lambda: cable.bus.open and cable.domes[1].stops)
    assert cable.domes[1].state.still
    assert cable.bus.fault is None
    assert cable.faults == ["", "serial.gone", ""]


async def test_a_device_that_was_never_there_is_told_once(tmp_path):
    faults: list[str] = []
    bus = SerialBus(
        "RS-485",
        lambda: open_port(str(tmp_path / "nothing"), 9600),
        lambda bus: faults.append(bus.fault.text if bus.fault else ""),
    )
    bus.start()
    await until(lambda: faults)
    await asyncio.sleep(0)
    await bus.stop()
    assert len(faults) == 1
    assert "tried again" in faults[0]


async def test_ending_stops_what_moves(cable):
    cable.ptz.auto_pan(1, 50)
    await until(lambda: cable.domes[1].state.pan)
    await cable.bus.stop()
    await until(lambda: cable.domes[1].state.still)


async def test_wrong_settings_change_nothing(cable):
    for protocol, address, baud in (("pelco_d", 0, 9600), ("visca", 8, 9600), ("x", 1, 9600),
                                    ("pelco_d", 1, 9601)):  # fmt: skip
        with pytest.raises(BoardError):
            cable.ptz.configure(1, protocol, address, baud)
    assert cable.ptz.cameras[1].address == 1
    with pytest.raises(BoardError) as caught:
        cable.ptz.move(9, Motion(pan=1), "a browser")
    assert "D9" in caught.value.text


async def test_an_alarm_box_tells_its_inputs_while_domes_move(cable):
    """D2-AL-11."""
    box = ModbusBox(5)
    cable.line.devices.append(box)
    changes: list[tuple[int, bool]] = []
    notices: list[str] = []
    reader = AlarmBox(
        cable.bus, 5, 8, 9600,
        changed=lambda number, active: changes.append((number, active)),
        noticed=lambda box: notices.append(box.fault.code if box.fault else ""),
    )  # fmt: skip
    reader.start()
    await until(lambda: len(changes) == 8)
    assert changes == [(number, False) for number in range(1, 9)]
    changes.clear()
    cable.ptz.auto_pan(1, 50)
    box.on = {3}
    await until(lambda: changes == [(3, True)])
    box.silent = True
    await until(lambda: notices == ["", "box.silent"])
    assert reader.active[2] is True
    box.silent, box.on = False, set()
    await until(lambda: changes == [(3, True), (3, False)])
    assert notices == ["", "box.silent", ""]
    box.noisy = True
    await until(lambda: notices[-1] == "box.silent")  # damaged answers are none
    assert changes == [(3, True), (3, False)]
    reader.configure(1, "nc")
    assert changes[-1] == (1, True)
    reader.stop()


async def test_rs232_passes_bytes_both_ways_unchanged(tmp_path):
    """D1-PL-13: transparent."""
    line = SerialLine(tmp_path / "ttyRS232")
    line.plug()
    got = bytearray()
    lost: list[str] = []
    device = open_device(str(line.path), LineSettings())
    port = TransparentPort(
        str(line.path), device, got.extend, lambda fault: lost.append(fault.code)
    )
    every = bytes(range(256)) * 4
    line.say(every)
    await until(lambda: len(got) == len(every))
    assert bytes(got) == every
    port.write(every)
    await until(lambda: sum(len(data) for data, _baud in line.heard) == len(every))
    assert b"".join(data for data, _baud in line.heard) == every
    with pytest.raises(BoardError) as caught:
        port.write(bytes(65 * 1024))
    assert caught.value.code == "serial.slow"
    line.unplug()
    await until(lambda: lost == ["serial.gone"])
    with pytest.raises(BoardError):
        port.write(b"x")


@pytest.mark.parametrize(
    "wrong",
    [{"baud": 1}, {"data_bits": 9}, {"data_bits": 4}, {"stop_bits": 3}, {"parity": "perhaps"}],
)
def test_line_settings_that_no_line_has_are_refused(wrong):
    with pytest.raises(BoardError):
        LineSettings(**wrong)


async def test_a_missing_rs232_is_told(tmp_path):
    with pytest.raises(BoardError) as caught:
        open_device(str(tmp_path / "no"), LineSettings())
    assert caught.value.code == "serial.gone"
