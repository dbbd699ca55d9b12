"""Logs of other devices: taken from allowed addresses only, parsed carefully, bounded."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from appliance.courier import inbox as inbox_module
from appliance.courier.inbox import BURST, Inbox, file_name
from appliance.courier.syslog_in import MOST_BYTES, StreamLines, parse
from appliance.log_files import LogFilter, read_lines
from appliance.settings.pages.log_server import LogServerPage


def page(port: int, by: str = "udp", senders: Any = None) -> LogServerPage:
    return LogServerPage(
        receive=True, receive_port=port, receive_by=by,
        senders=senders or [{"address": "127.0.0.1", "name": "Switch"}],
    )  # fmt: skip


async def lines_of(folder: Path, count: int) -> list[Any]:
    async with asyncio.timeout(10):
        while len(found := read_lines(folder, LogFilter(limit=1000))) < count:
            await asyncio.sleep(0.01)
        return found


@pytest.mark.parametrize("by", ["udp", "tcp"])
async def test_lines_of_an_allowed_device_stand_in_the_log_under_its_name(
    tmp_path: Path, free_port: Any, by: str
) -> None:
    """D2-AP-63: the other direction."""
    inbox = Inbox(tmp_path)
    port = free_port()
    assert await inbox.apply(page(port, by)) == ""
    sent = [
        b"<187>1 2026-11-21T10:00:00Z sw1 lldp 7 LINK - port 3 down",
        b"<30>Nov 21 10:00:00 cam login[12]: user viewer logged in",
    ]
    kind = socket.SOCK_DGRAM if by == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as sender:
        sender.connect(("127.0.0.1", port))
        if by == "udp":
            for one in sent:
                sender.send(one)
        else:
            sender.sendall(b"%d %s%s\n" % (len(sent[0]), *sent))
        found = await lines_of(tmp_path, 2)
    await inbox.close()
    by_text = {line.text: line for line in found}
    assert by_text["port 3 down"].level == "error"
    assert by_text["user viewer logged in"].level == "info"
    assert {line.process for line in found} == {"Switch"}
    assert by_text["port 3 down"].more["app"] == "lldp"
    assert inbox.status()["senders"][0]["lines"] == 2
    names = [path.name for path in tmp_path.iterdir()]
    assert names == [f"{file_name('127.0.0.1')}.jsonl"] == ["device-127-0-0-1.jsonl"]


async def test_a_stranger_is_refused_and_counted(tmp_path: Path, free_port: Any) -> None:
    inbox = Inbox(tmp_path)
    await inbox.apply(page(free_port(), "both", [{"address": "10.1.0.0/16"}]))
    inbox.take(b"<14>hello", "127.0.0.1")
    inbox.take(b"<14>hello", "10.1.2.3")
    inbox.take(b"<14>hello", "::ffff:10.1.2.4")
    port = inbox.ports[0][1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()
    await inbox.close()
    status = inbox.status()
    assert (status["foreign"], status["last_foreign"]) == (2, "127.0.0.1")
    assert {sender["address"] for sender in status["senders"]} == {"10.1.2.3", "10.1.2.4"}


async def test_it_listens_only_while_it_is_switched_on(tmp_path: Path, free_port: Any) -> None:
    inbox = Inbox(tmp_path)
    assert await inbox.apply(LogServerPage()) == ""
    assert inbox.ports == []
    await inbox.apply(page(free_port(), "both"))
    assert {name for name, _port in inbox.ports} == {"udp", "tcp"}
    await inbox.apply(LogServerPage())
    assert inbox.ports == []


async def test_a_change_of_how_it_listens_does_not_stand_in_its_own_way(
    tmp_path: Path, free_port: Any
) -> None:
    inbox, port = Inbox(tmp_path), free_port()
    for by in ("udp", "both", "udp", "tcp", "both"):
        assert await inbox.apply(page(port, by)) == ""
        assert {kind for kind, _port in inbox.ports} == ({"udp", "tcp"} if by == "both" else {by})
    await inbox.close()


async def test_a_port_in_use_is_said_in_words(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        fault = await inbox.apply(page(port))
    assert fault == f"Port {port} cannot be used: Address already in use."
    assert inbox.status()["fault"] == fault
    assert await inbox.apply(page(port)) == ""
    await inbox.close()


async def test_a_device_that_shouts_is_cut_off_and_hurts_no_other(
    tmp_path: Path, free_port: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "DEVICE_BYTES", 4096)
    inbox = Inbox(tmp_path)
    await inbox.apply(page(free_port(), senders=[{"address": "10.0.0.0/8"}]))
    for number in range(5000):
        inbox.take(b"<14>shout %d" % number, "10.0.0.1")
    inbox.take(b"<14>quiet", "10.0.0.2")
    for number in range(200):
        inbox.take(b"<14>many", f"10.0.1.{number}")
    await inbox.close()
    senders = {sender["address"]: sender for sender in inbox.status()["senders"]}
    assert senders["10.0.0.1"]["dropped"] >= 5000 - BURST - 100
    assert senders["10.0.0.2"]["lines"] == 1
    assert len(senders) == 64
    sizes = [path.stat().st_size for path in tmp_path.glob("device-10-0-0-1.*")]
    assert max(sizes) <= 4096 + 400


@pytest.mark.parametrize(
    ("raw", "text", "level"),
    [
        (b"", None, ""),
        (b"<14>", None, ""),
        (b"no priority at all", "no priority at all", "info"),
        (b"<999>out of range", "<999>out of range", "info"),
        (b"<0>kernel on fire", "kernel on fire", "critical"),
        (b'<165>1 - - - - - [x@1 a="\\"]"][y b="c"] text', "text", "info"),
        (b"<165>1 - - - - - [x@1 broken text", "[x@1 broken text", "info"),
        (b"<11>\xff\xfe bad bytes \x1b[31m\x00", "\ufffd\ufffd bad bytes  [31m", "error"),
        (b"<14>rtsp://admin:hunter2@10.0.0.5/live", "rtsp://[removed]@10.0.0.5/live", "info"),
        (b"<14>login password=hunter2 ok", "login password=[removed] ok", "info"),
    ],
)
def test_every_line_is_read_or_passed_over(raw: bytes, text: str | None, level: str) -> None:
    found = parse(raw)
    assert (found.text if found else None) == text
    if found:
        assert found.level == level


def test_nothing_that_is_sent_breaks_the_parsers() -> None:
    chance = random.Random(514)
    pieces = [b"<14>", b"1 ", b"- ", b"[a b=\"", b"\\", b"]", b"Nov 21 10:00:00 ", b"\xff", b"\n",
              b"9999 ", b"5 hello", b"\0", b"x" * 100]  # fmt: skip
    for _turn in range(2000):
        raw = b"".join(chance.choices(pieces, k=chance.randrange(12)))
        parse(raw)
        stream = StreamLines()
        try:
            for at in range(0, len(raw), 7):
                stream.take(raw[at : at + 7])
        except ValueError:
            continue


def test_a_stream_is_cut_where_its_lines_end_however_it_arrives() -> None:
    whole = b"5 <14>a7 <14>b c<14>plain\r\n<14>nul\x00"
    for step in range(1, len(whole)):
        stream, found = StreamLines(), []
        for at in range(0, len(whole), step):
            found += stream.take(whole[at : at + step])
        assert found == [b"<14>a", b"<14>b c", b"<14>plain", b"<14>nul"], step


def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    stream = StreamLines()
    found = stream.take(b"<14>" + b"x" * (3 * MOST_BYTES))
    found += stream.take(b"rest\n<14>next\n")
    assert [len(one) for one in found] == [MOST_BYTES, 8]
    with pytest.raises(ValueError, match="99999"):
        StreamLines().take(b"99999 <14>")


def test_the_file_of_a_device_is_json_lines(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    inbox._networks = [(__import__("ipaddress").ip_network("fe80::/10"), "")]
    inbox.take(b"<14>hello", "fe80::1%eth0")
    [path] = tmp_path.iterdir()
    assert path.name == "device-fe80__1.jsonl" or path.name.startswith("device-fe80")
    assert json.loads(path.read_text())["text"] == "hello"
