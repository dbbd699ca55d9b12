"""Whether router and name servers are reached: found in the kernel's tables, asked, told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.web.reach import default_gateway, name_servers, reach

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth1\t00000000\t0101A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0
eth0\t00000000\tFE01A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
"""
NEIGHBOURS = """IP address       HW type     Flags       HW address            Mask     Device
192.168.1.254    0x1         {flags}         02:00:00:00:00:01     *        eth0
"""


class Names(asyncio.DatagramProtocol):
    """A name server that answers with the number of the question, or with another one."""

    def __init__(self, *, lies: bool) -> None:
        self._lies = lies

    def connection_made(self, transport: object) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        number = bytes(byte ^ 0xFF for byte in data[:2]) if self._lies else data[:2]
        self._transport.sendto(number + b"\x81\x80" + data[4:], addr)  # type: ignore[attr-defined]


def files(folder: Path, *, flags: str = "0x2", resolver: str = "") -> dict[str, Path]:
    found = {"routes": ROUTES, "neighbours": NEIGHBOURS.format(flags=flags), "resolver": resolver}
    for name, text in found.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in found}


def test_the_default_route_of_least_metric_leads_to_the_router(tmp_path: Path) -> None:
    assert default_gateway(files(tmp_path)["routes"]) == "192.168.1.254"
    (tmp_path / "routes").write_text(ROUTES.splitlines()[0])
    assert default_gateway(tmp_path / "routes") is None
    assert default_gateway(tmp_path / "missing") is None


def test_name_servers_are_read_and_nonsense_is_passed_over(tmp_path: Path) -> None:
    text = "# x\nsearch a.example\nnameserver 192.0.2.1\nnameserver nonsense\nnameserver\n"
    path = files(tmp_path, resolver=text + "nameserver 2001:db8::1\n" * 4)["resolver"]
    assert name_servers(path) == ["192.0.2.1", "2001:db8::1", "2001:db8::1"]


@pytest.mark.parametrize(("flags", "ok"), [("0x2", True), ("0x0", False)])
async def test_a_router_that_the_kernel_found_answers(tmp_path: Path, flags: str, ok: bool) -> None:
    [gateway] = await reach(**files(tmp_path, flags=flags), wait_s=0.2)
    assert (gateway.what, gateway.address, gateway.ok) == ("gateway", "192.168.1.254", ok)
    assert "192.168.1.254" in gateway.text


@pytest.mark.parametrize("lies", [False, True])
async def test_a_name_server_has_to_answer_our_own_question(tmp_path: Path, lies: bool) -> None:
    loop = asyncio.get_running_loop()
    transport, _names = await loop.create_datagram_endpoint(
        lambda: Names(lies=lies), local_addr=("127.0.0.1", 0)
    )
    places = files(tmp_path, resolver="nameserver 127.0.0.1\n")
    (tmp_path / "routes").write_text("")
    port = transport.get_extra_info("sockname")[1]
    [names] = await reach(**places, domain=port, wait_s=0.3)
    transport.close()
    assert (names.what, names.ok) == ("names", not lies)


async def test_a_name_server_that_is_not_there_is_told_and_nothing_set_is_nothing_told(
    tmp_path: Path,
) -> None:
    places = files(tmp_path, resolver="nameserver 127.0.0.1\n")
    (tmp_path / "routes").write_text("")
    [names] = await reach(**places, domain=1, wait_s=0.3)
    assert not names.ok
    assert "does not answer" in names.text
    (tmp_path / "resolver").write_text("")
    assert await reach(**places, wait_s=0.1) == []
