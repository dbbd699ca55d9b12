"""Network tests from the box: pings, names, the way, ports; on loopback only."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.jobs.errors import JobCancelled, JobError
from appliance.jobs.kinds import network_test
from appliance.jobs.network import names
from appliance.jobs.network.echo import _is_answer
from appliance.jobs.reporting import Report


@pytest.fixture
def report(tmp_path: Path) -> Report:
    _reading, writing = os.pipe()
    os.set_blocking(writing, False)
    return Report(writing, tmp_path / "results")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_test, "INTERVAL_S", 0.01)


@pytest.mark.parametrize("target", ["127.0.0.1", "::1"])
def test_pings_tell_delay_and_loss(report: Report, target: str) -> None:
    """D2-MT-23: mean delay, packet loss, a verdict."""
    outcome = network_test.run({"test": "ping", "target": target, "count": 5}, report)
    assert outcome.problems == 0
    assert (outcome.result["sent"], outcome.result["lost"]) == (5, 0)
    assert 0 <= outcome.result["least_ms"] <= outcome.result["mean_ms"]
    assert outcome.result["mean_ms"] <= outcome.result["most_ms"] < 2000
    assert len(outcome.result["series"]) == 5
    assert outcome.text.startswith(f"{target} ({target}) answers: mean delay ")


def test_who_does_not_answer_is_lost_and_so_said(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_test, "TIMEOUT_S", 0.02)
    monkeypatch.setattr("appliance.jobs.network.echo._is_answer", lambda *_a: False)
    outcome = network_test.run({"test": "ping", "target": "127.0.0.1", "count": 3}, report)
    assert (outcome.result["lost"], outcome.result["loss_percent"]) == (3, 100.0)
    assert outcome.problems == 1
    assert "does not answer" in outcome.text


def test_answers_to_others_are_not_taken() -> None:
    mark = b"12345678"
    ours = b"\0\0\0\0\0\0\0\x05" + mark + b"\0" * 8
    assert _is_answer(ours, 4, 5, mark)
    assert not _is_answer(ours, 4, 6, mark)
    assert not _is_answer(ours, 4, 5, b"87654321")
    assert not _is_answer(b"\x08" + ours[1:], 4, 5, mark)
    assert not _is_answer(b"", 4, 5, mark)
    assert _is_answer(b"\x45" + b"\0" * 19 + ours, 4, 5, mark)


def test_the_way_to_this_computer_is_one_hop(report: Report) -> None:
    outcome = network_test.run({"test": "route", "target": "127.0.0.1"}, report)
    assert [hop["arrived"] for hop in outcome.result["hops"]] == [True]
    assert outcome.text == "127.0.0.1 (127.0.0.1) is reached directly."


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_ports_are_open_or_refused(report: Report, listener: int) -> None:
    order = {"test": "port", "target": "127.0.0.1", "port": listener}
    outcome = network_test.run(order, report)
    assert (outcome.result["state"], outcome.problems) == ("open", 0)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    outcome = network_test.run({**order, "port": free}, report)
    assert (outcome.result["state"], outcome.problems) == ("refused", 1)


def test_an_unknown_name_is_said_in_words(report: Report) -> None:
    with pytest.raises(JobError, match=r"no-such-host\.invalid is not known"):
        network_test.run({"test": "ping", "target": "no-such-host.invalid", "count": 1}, report)
    outcome = network_test.run({"test": "dns", "target": "no-such-host.invalid"}, report)
    assert outcome.result["addresses"] == []
    assert outcome.problems == 1


def test_a_test_that_nobody_wants_any_more_ends(report: Report) -> None:
    report.cancel()
    with pytest.raises(JobCancelled):
        network_test.run({"test": "ping", "target": "127.0.0.1", "count": 50}, report)


class Server(threading.Thread):
    """A DNS server that answers as told."""

    def __init__(self, flags: bytes, answers: int) -> None:
        super().__init__(daemon=True)
        self._link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._link.bind(("127.0.0.1", 0))
        self.port = self._link.getsockname()[1]
        self._flags, self._answers = flags, answers

    def run(self) -> None:
        query, peer = self._link.recvfrom(4096)
        self._link.sendto(b"\0\0 not ours", peer)
        head = query[:2] + self._flags + query[4:6] + bytes([0, self._answers, 0, 0, 0, 0])
        self._link.sendto(head + query[12:], peer)
        self._link.close()


@pytest.mark.parametrize(
    ("flags", "answers", "text"),
    [
        (b"\x81\x80", 2, "answers"),
        (b"\x81\x80", 0, "there is no address of this name"),
        (b"\x81\x83", 0, "the name does not exist"),
        (b"\x81\x85", 0, "the server refuses"),
        (b"\x81\x8f", 0, "the server reports an error"),
    ],
)
def test_each_dns_server_is_asked_by_itself(flags: bytes, answers: int, text: str) -> None:
    server = Server(flags, answers)
    server.start()
    asked = names.ask("127.0.0.1", "camera.example.org", port=server.port)
    assert (asked.answers, asked.text) == (answers, text)
    assert asked.delay_ms is not None


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, "x." * 200])
def test_what_is_no_name_is_no_question(name: Any) -> None:
    assert names.ask("127.0.0.1", name, timeout_s=0.05).delay_ms is None


def test_dns_servers_are_those_of_the_computer(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# x\nnameserver 10.0.0.1\nsearch lan\nnameserver fd00::1\nnameserver\n")
    assert names.servers(file) == ["10.0.0.1", "fd00::1"]
    assert names.servers(tmp_path / "none") == []
