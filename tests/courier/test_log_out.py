"""The log sent to a server: by TLS, with a certificate that is checked; nothing lost on the way."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from courier_parts import Authority

from appliance.bus.errors import BusError
from appliance.courier import worker
from appliance.courier.syslog import LINE_BYTES, UDP_BYTES, framed, line

HEAD = re.compile(
    r"<131>1 2023-11-14T22:13:20\.\d{3}Z Front_office nvr - camera_offline "
    r'\[origin software="nvr" swVersion="[\d.]+"\]\[meta sequenceId="\d+"\] '
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RETRY_S", (0.05, 0.2))


async def test_lines_go_out_encrypted_in_order_and_as_the_standard_writes_them(
    bench: Any, authority: Any, log_server: Any, wait: Any
) -> None:
    """D2-AP-63; RFC 5424 section 6, RFC 5425 section 4.3."""
    bench.happen("before it was set")
    port = await log_server.start(authority.context("127.0.0.1"))
    ack = await bench.set(send=True, host="127.0.0.1", port=port)
    assert ack["applied"]
    for number in range(250):
        bench.happen(f"D1 Tür {number}\nsecond line")
    await wait(lambda: len(log_server.lines) == 250)
    assert log_server.texts == [
        f"Camera offline: D1 Tür {number} second line" for number in range(250)
    ]
    assert HEAD.match(log_server.lines[0].decode())
    assert log_server.connections == 1


@pytest.mark.parametrize("wrong", ["another authority", "another name"])
async def test_a_server_that_cannot_prove_itself_gets_nothing(
    bench: Any, authority: Any, log_server: Any, wait: Any, tmp_path: Path, wrong: str
) -> None:
    if wrong == "another authority":
        context = Authority(tmp_path / "foreign").context("127.0.0.1")
    else:
        context = authority.context("127.0.0.2")
    port = await log_server.start(context)
    await bench.set(send=True, host="127.0.0.1", port=port)
    bench.happen("secret of the house")
    await wait(lambda: bench.raised)
    assert bench.raised[0]["kind"] == "delivery_failed"
    assert "certificate" in bench.raised[0]["details"]["reason"]
    assert log_server.lines == []


async def test_what_happened_while_the_server_was_away_arrives_when_it_is_back(
    bench: Any, log_server: Any, wait: Any, free_port: Any
) -> None:
    port = free_port()
    await bench.set(send=True, host="127.0.0.1", port=port, transport="tcp")
    bench.happen("one")
    await wait(lambda: bench.raised)
    assert bench.raised[0]["key"] == "log"
    await bench.stop_courier()
    bench.happen("two")
    await bench.start_courier()
    await log_server.start(port=port)
    await wait(lambda: len(log_server.lines) == 2)
    assert [text.rpartition(" ")[2] for text in log_server.texts] == ["one", "two"]
    await wait(lambda: bench.kept.get("courier") == [])


async def test_a_connection_that_breaks_loses_no_line(
    bench: Any, log_server: Any, wait: Any
) -> None:
    port = await log_server.start()
    await bench.set(send=True, host="127.0.0.1", port=port, transport="tcp")
    bench.happen("first")
    await wait(lambda: log_server.lines)
    await log_server.stop()
    for number in range(50):
        bench.happen(f"later {number}")
    await log_server.start(port=port)
    await wait(lambda: any(text.endswith("later 49") for text in log_server.texts))
    told = [text.rpartition(": ")[2] for text in log_server.texts]
    assert list(dict.fromkeys(told)) == ["first", *(f"later {n}" for n in range(50))]


async def test_the_end_of_an_event_is_sent_and_what_is_less_than_wanted_is_not(
    bench: Any, log_server: Any, wait: Any
) -> None:
    port = await log_server.start()
    await bench.set(send=True, host="127.0.0.1", port=port, transport="tcp", least="warning")
    bench.happen("not wanted", severity="info")
    bench.happen("wanted", severity="warning")
    await wait(lambda: log_server.lines)
    event = {**bench.record[1], "end": 1_700_000_009_000}
    bench.bus.publish("event", {"change": "ended", "event": event})
    await wait(lambda: len(log_server.lines) == 2)
    assert log_server.texts == ["Camera offline: wanted", "Over: wanted"]


async def test_by_udp_each_line_is_a_datagram(bench: Any, wait: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        port = receiver.getsockname()[1]
        await bench.set(send=True, host="127.0.0.1", port=port, transport="udp")
        bench.happen("ä" * 5000)
        async with asyncio.timeout(10):
            got = await asyncio.get_running_loop().sock_recv(receiver, 65_536)
    assert UDP_BYTES - 1 <= len(got) <= UDP_BYTES
    assert got.decode().endswith("ä")


async def test_the_test_button_says_whether_it_works_and_why_not(
    bench: Any, authority: Any, log_server: Any, free_port: Any, wait: Any
) -> None:
    async def test() -> Any:
        return await bench.web.request("courier.test_log", {"actor": "anna"}, to="courier")

    with pytest.raises(BusError, match="Enter and save"):
        await test()
    port = await log_server.start(authority.context("localhost", "127.0.0.1"))
    await bench.set(send=False, host="127.0.0.1", port=port)
    assert await test() == {}
    await wait(lambda: log_server.texts == ["Test line of Front office, asked for by anna."])
    await bench.set(port=free_port())
    with pytest.raises(BusError, match="refused"):
        await test()


async def test_switching_it_off_drops_what_waits_and_later_does_not_send_the_past(
    bench: Any, log_server: Any, wait: Any, free_port: Any
) -> None:
    await bench.set(send=True, host="127.0.0.1", port=free_port(), transport="tcp")
    bench.happen("never wanted there")
    await wait(lambda: bench.raised)
    await bench.set(send=False)
    assert (await bench.status("log"))["waiting"] == 0
    bench.happen("while off")
    port = await log_server.start()
    await bench.set(send=True, port=port)
    bench.happen("now")
    await wait(lambda: log_server.texts)
    assert log_server.texts == ["Camera offline: now"]


def test_no_text_can_forge_a_line() -> None:
    entry = {"at": time.time_ns() // 1_000_000, "severity": "info", "kind": "x] evil",
             "text": "a\n<13>1 - - - - - forged\r\x00\x1b[31m"}  # fmt: skip
    one = line(entry, facility=16, host="räum 1\n", number=1)
    assert not re.search(rb"[\x00-\x1f]", one)
    assert one.split(b" ")[2] == b"r_um_1"
    assert framed(one).startswith(str(len(one)).encode() + b" <134>1 ")
    long = line({**entry, "text": "€" * LINE_BYTES}, facility=0, host="h", number=1)
    assert len(long) <= LINE_BYTES
    long.decode()
