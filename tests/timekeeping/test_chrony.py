"""chrony: what is written for it, what it says; also by the real chronyd where it is installed."""

from __future__ import annotations

import asyncio
import shutil
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from appliance.timekeeping.chrony import (
    ChronyError,
    TimePlan,
    config,
    read_sources,
    read_tracking,
)
from appliance.timekeeping.page import Clients, TimePage, TimeServer

CHRONYD, CHRONYC = "/usr/sbin/chronyd", "/usr/bin/chronyc"
DAY_S = 86_400.0

# Said by chrony 4.3.
FOLLOWING = (
    "7F000004,127.0.0.4,3,1795288085.208896945,0.000018862,-0.000001232,0.000001232,-0.208,"
    "-0.013,11.910,0.004028702,0.003942494,1.8,Normal\n"
)
ALONE = (
    "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,"
    "1.000000000,0.0,Not synchronised\n"
)
SOURCES = """\
^,x,127.0.0.2,2,3,17,2,-86400.000000000,-86400.000000000,0.005922750
^,+,127.0.0.3,2,3,17,2,0.000002272,0.000001276,0.005913717
^,*,127.0.0.4,2,3,17,2,-0.000003865,-0.000005097,0.005921582
^,?,127.0.0.9,0,4,0,4294967295,0.000000000,0.000000000,0.000000000
"""


def test_reads_what_chronyc_says() -> None:
    found = read_tracking(FOLLOWING)
    assert (found.synchronised, found.reference, found.stratum) == (True, "127.0.0.4", 3)
    assert found.ahead_s == pytest.approx(0.000018862)
    assert found.error_s == pytest.approx(0.00595684, abs=1e-6)
    assert not read_tracking(ALONE).synchronised
    sources = read_sources(SOURCES)
    assert [source.state for source in sources] == ["wrong", "combined", "used", "silent"]
    assert sources[0].ahead_s == DAY_S  # the server is ahead of us
    assert sources[3].heard_s is None
    assert read_sources("") == []


@pytest.mark.parametrize("text", ["", "x", "1,2,3", FOLLOWING.replace("0.000018862", "soon")])
def test_what_chronyc_never_says_is_an_error(text: str) -> None:
    with pytest.raises(ChronyError):
        read_tracking(text)
    if text:
        with pytest.raises(ChronyError):
            read_sources(text)


def test_without_a_network_to_serve_the_port_is_closed() -> None:
    written = config(TimePlan(servers=(("192.168.1.1", 123), ("pool.ntp.org", 1123))))
    assert "server 192.168.1.1 port 123 " in written
    assert "pool pool.ntp.org port 1123 " in written
    assert "\nport 0\n" in written
    assert "allow" not in written and "maxchange" not in written
    served = config(TimePlan(networks=("10.0.0.0/8",), largest_step_s=3600))
    assert "\nport 123\n" in served and "allow 10.0.0.0/8\n" in served
    assert "maxchange 3600 0 -1\n" in served


@pytest.mark.parametrize(
    ("interval_s", "poll"), [(60, 6), (64, 6), (1024, 10), (65535 * 60, 17), (3600, 11)]
)
def test_an_interval_is_the_power_of_two_below_it(interval_s: int, poll: int) -> None:
    written = config(TimePlan((("192.168.1.1", 123),), interval_s))
    assert f"minpoll {poll} maxpoll {poll}" in written


@pytest.mark.parametrize(
    "host",
    ["", "a b", "pool.ntp.org\nallow all", "fe80::1%x\nallow all", "-x", "1.2.3", "a" * 64, "*"],
)
def test_a_server_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ValidationError):
        TimeServer(host=host)


@pytest.mark.parametrize(
    "network", ["", "all", "10.0.0.0/33", "fe80::%x\nallow all/64", "10.0/8 x"]
)
def test_a_network_that_is_none_is_refused(network: str) -> None:
    with pytest.raises(ValidationError):
        Clients(network=network)


def test_the_page_names_each_field_that_does_not_fit() -> None:
    page = TimePage(
        servers=[TimeServer(host="192.168.1.1"), TimeServer(host="192.168.1.1")], serve=True
    )
    assert [conflict.path for conflict in page.conflicts()] == [
        ("serve_to",),
        ("servers", 1, "host"),
    ]
    assert [c.path for c in TimePage(servers=[]).conflicts()] == [("servers",)]
    assert list(TimePage().conflicts()) == []


class NtpServer(asyncio.DatagramProtocol):
    """A time server (RFC 5905) whose clock is wrong by so much."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s
        self.asked = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        if len(data) < 48:
            return
        self.asked += 1
        now = time.time() + self.ahead_s
        head = struct.pack("!BBbbII4s", (4 << 3) | 4, 2, 6, -20, 0x100, 0x100, b"\x7f\x7f\x01\x00")
        stamps = _stamp(now - 10) + data[40:48] + _stamp(now) + _stamp(now)
        self.transport.sendto(head + stamps, address)


def _stamp(at: float) -> bytes:
    return struct.pack("!II", int(at) + 2_208_988_800, int((at % 1) * 2**32))


class Chronyd:
    """The real one, which leaves the system's clock alone (-x)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "cmd.sock"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, written: str) -> None:
        lines = [line for line in written.splitlines() if not line.startswith("driftfile")]
        lines = [line.replace("minpoll 6 maxpoll 10", "minpoll 3 maxpoll 4") for line in lines]
        lines += [f"bindcmdaddress {self.socket}", f"pidfile {self.folder}/pid"]
        path = self.folder / "chrony.conf"
        path.write_text("\n".join(lines))
        self.process = await asyncio.create_subprocess_exec(
            CHRONYD, "-x", "-d", "-U", "-u", "root", "-f", str(path),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def ask(self, *words: str) -> str:
        asking = await asyncio.create_subprocess_exec(
            CHRONYC, "-h", str(self.socket), "-c", "-N", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        out, _err = await asking.communicate()
        return out.decode() if asking.returncode == 0 else ""

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@pytest.fixture
async def servers() -> AsyncIterator[Any]:
    """Make time servers on loopback addresses of their own, at one free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made: list[NtpServer] = []

    async def make(*ahead_s: float) -> tuple[tuple[str, int], ...]:
        for number, ahead in enumerate(ahead_s, 2):
            _t, server = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda ahead=ahead: NtpServer(ahead), (f"127.0.0.{number}", port)
            )
            made.append(server)
        return tuple((f"127.0.0.{n}", port) for n in range(2, 2 + len(ahead_s)))

    yield make
    for server in made:
        server.transport.close()


@pytest.fixture
async def chronyds(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Chronyd]]:
    if shutil.which(CHRONYD) is None:
        pytest.skip("chrony is not installed (scripts/setup.py test)")
    daemons = [Chronyd(tmp_path_factory.mktemp("c")) for _ in range(2)]
    for daemon in daemons:
        daemon.folder.chmod(0o750)
    yield daemons
    for daemon in daemons:
        await daemon.stop()


async def test_the_real_chronyd_takes_what_is_written_and_refuses_what_is_not(
    tmp_path: Path,
) -> None:
    if shutil.which(CHRONYD) is None:
        pytest.skip("chrony is not installed (scripts/setup.py test)")
    plan = TimePlan((("192.168.1.1", 123), ("pool.ntp.org", 123)), 600, 3600, ("10.0.0.0/8",))
    for text, code in ((config(plan), 0), (config(plan) + "nonsense 1\n", 1)):
        path = tmp_path / "chrony.conf"
        path.write_text(text)
        asking = await asyncio.create_subprocess_exec(
            CHRONYD, "-p", "-f", str(path),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert await asking.wait() == code


async def test_the_real_chronyd_follows_no_server_that_lies_by_a_day(
    chronyds: Any, servers: Any
) -> None:
    hosts = await servers(DAY_S, 0.0, 0.0)
    alone, outvoted = chronyds
    await alone.start(config(TimePlan(hosts[:1], largest_step_s=3600)))
    await outvoted.start(config(TimePlan(hosts, largest_step_s=3600)))
    async with asyncio.timeout(60):
        while "^,*," not in await alone.ask("sources"):
            await asyncio.sleep(0.2)
        while True:
            told = await outvoted.ask("tracking")
            states = [source.state for source in read_sources(await outvoted.ask("sources"))]
            if told and read_tracking(told).synchronised and states[:1] == ["wrong"]:
                break
            await asyncio.sleep(0.2)
    [liar] = read_sources(await alone.ask("sources"))
    assert liar.ahead_s == pytest.approx(DAY_S, abs=1.0)
    assert not read_tracking(await alone.ask("tracking")).synchronised
    assert sorted(states[1:]) == ["combined", "used"]
    assert read_tracking(told).reference in ("127.0.0.3", "127.0.0.4")
