"""The sockets by netlink and ethtool: real parsers on a switch that answers as the kernel does."""

from __future__ import annotations

import struct

import pytest

from board.profile.load import load
from board.sim.bench import Bench
from board.switch import netlink
from board.switch.netlink import Netlink, NetlinkError
from board.switch.watch import OTHER_SWITCH_S, SocketReading, SwitchWatch
from tests.board.made_poe import Clock


class Desk:
    """A bench whose PoE ports are powered by hand: only the switch is of interest."""

    def __init__(self) -> None:
        self.clock = Clock()
        profile = load("simulated")
        self.bench = Bench(profile, self.clock)
        assert self.bench.poe is not None
        assert self.bench.switch is not None
        assert profile.switch is not None
        self.poe, self.switch = self.bench.poe, self.bench.switch
        self.watch = SwitchWatch(profile.switch, self.switch, self.switch, self.clock)

    def plug(self, number: int, kind: str | None) -> None:
        self.poe.plug(number, kind)
        self.poe.port(number).good = kind is not None

    def read(self, number: int) -> SocketReading:
        return self.watch.read()[number]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_camera_that_runs_has_link_speed_and_address(desk: Desk) -> None:
    assert not desk.read(3).link
    desk.plug(3, "camera")
    desk.clock.run(10.0)
    now = desk.read(3)
    assert (now.link, now.speed_mbps, now.full_duplex) == (True, 100, True)
    assert len(now.behind) == 1
    assert now.rx_bytes > now.tx_bytes > 0
    assert not now.other_switch


def test_a_camera_without_power_has_no_link(desk: Desk) -> None:
    desk.poe.plug(3, "camera")
    now = desk.read(3)
    assert (now.present, now.link, now.speed_mbps, now.behind) == (True, False, None, ())


def test_a_computer_has_a_link_without_power(desk: Desk) -> None:
    desk.poe.plug(4, "computer")
    assert desk.read(4).link


def test_another_switch_is_recognised_when_it_stays(desk: Desk) -> None:
    desk.plug(5, "switch")
    assert not desk.read(5).other_switch
    desk.clock.run(OTHER_SWITCH_S)
    now = desk.read(5)
    assert now.other_switch
    assert len(now.behind) == 4
    desk.plug(5, "camera")
    assert not desk.read(5).other_switch


def test_the_uplink_may_have_as_many_behind_it_as_it_likes(desk: Desk) -> None:
    desk.clock.run(60.0)
    desk.read(9)
    desk.clock.run(60.0)
    now = desk.read(9)
    assert (now.link, now.speed_mbps, now.other_switch) == (True, 1000, False)


def test_longer_reach_offers_ten_megabits_and_takes_it_back(desk: Desk) -> None:
    desk.plug(2, "camera")
    assert desk.watch.offer({2: True}) == []
    assert desk.read(2).speed_mbps == 10
    assert desk.read(3).speed_mbps is None
    assert desk.watch.offer({2: False}) == []
    assert desk.read(2).speed_mbps == 100


def test_a_switch_that_cannot_do_it_is_told(desk: Desk) -> None:
    desk.switch.refuse = True
    assert desk.watch.offer({2: True}) == ["Socket 2: Operation not supported."]
    assert desk.read(2).speed_mbps is None


class Broken:
    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer

    def dump(self, kind: int, family: int) -> bytes:
        del kind, family
        if self.answer is None:
            raise NetlinkError("board.netlink", "The kernel refused to list the ports.")
        return self.answer


@pytest.mark.parametrize("answer", [None, b"\1\2\3", struct.pack("=IHHII", 400, 16, 2, 1, 0)])
def test_a_kernel_that_answers_nonsense_leaves_sockets_unknown(
    desk: Desk, answer: bytes | None
) -> None:
    switch = load("simulated").switch
    assert switch is not None
    readings = SwitchWatch(switch, Broken(answer), desk.switch, desk.clock).read()
    assert not any(reading.present for reading in readings.values())


def test_short_and_odd_messages_are_left_out() -> None:
    assert netlink.link_of(b"") is None
    assert netlink.neighbour_of(b"123") is None
    own = struct.pack("=BxxxiHBB", 7, 3, netlink.NUD_PERMANENT, 0, 0)
    mac = struct.pack("=HH", 10, netlink.NDA_LLADDR) + bytes.fromhex("020000000001") + b"\0\0"
    assert netlink.neighbour_of(own + mac) is None
    learned = struct.pack("=BxxxiHBB", 7, 3, 2, 0, 0)
    found = netlink.neighbour_of(learned + mac)
    assert found is not None
    assert (found.index, found.mac) == (3, "02:00:00:00:00:01")
    group = mac.replace(b"\2\0\0\0\0\1", b"\1\0\x5e\0\0\1")
    assert netlink.neighbour_of(learned + group) is None


def test_this_very_kernel_lists_its_loopback() -> None:
    answer = Netlink().dump(netlink.RTM_GETLINK, 0)
    links = [netlink.link_of(body) for kind, body in netlink.messages(answer) if kind == 16]
    assert any(link is not None and link.name == "lo" and link.carrier for link in links)
