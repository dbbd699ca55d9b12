"""The small parts: back-off, the watch over a session, faults, statistics."""

from __future__ import annotations

import ast
import inspect
import ssl

import pytest

from appliance.recording.ingest import fault
from appliance.recording.ingest.backoff import Backoff
from appliance.recording.ingest.config import Limits, SourceConfig
from appliance.recording.ingest.state import Fault, IngestError
from appliance.recording.ingest.statistics import IngestStatistics
from appliance.recording.ingest.tls import client_context
from appliance.recording.ingest.watch import Watch


def test_waits_double_with_jitter_from_half_a_second_to_half_a_minute() -> None:
    lowest = Backoff(0.5, 30.0, lambda: 0.0)
    highest = Backoff(0.5, 30.0, lambda: 1.0)
    low = [lowest.next() for _ in range(9)]
    high = [highest.next() for _ in range(9)]
    assert low == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0]
    assert high == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0, 30.0]
    highest.reset()
    assert highest.next() == 1.0


def watched(**limits: float) -> tuple[Watch, IngestStatistics]:
    figures = IngestStatistics()
    return Watch(figures, Limits(**limits), 0.0, udp=False), figures  # type: ignore[arg-type]


def test_silence_before_the_first_packet_is_borne_longer_than_later() -> None:
    watch, _figures = watched(first_packet_s=10, silence_s=5)
    watch.tick(0.0, 7)
    watch.tick(9.9, 7)
    watch.tick(10.0, 8)
    watch.tick(14.9, 8)
    with pytest.raises(IngestError) as raised:
        watch.tick(15.1, 8)
    assert raised.value.fault.code == "silent"


def test_a_burst_is_no_absurd_bit_rate_and_a_flood_is() -> None:
    watch, figures = watched(bitrate_bps=1_000_000, bitrate_over_s=3, first_key_frame_s=1e9)
    figures.bytes = 1
    watch.tick(0, 0)
    figures.bytes += 200_000
    watch.tick(1, 1)
    for second in range(2, 12):
        watch.tick(second, second)
    with pytest.raises(IngestError) as raised:
        for second in range(12, 30):
            figures.bytes += 500_000
            watch.tick(second, second)
    assert raised.value.fault.code == "absurd_bitrate"


def test_rates_are_means_of_the_last_seconds() -> None:
    watch, figures = watched(first_key_frame_s=1e9)
    figures.bytes = 1
    for second in range(10):
        watch.tick(second, second)
        figures.bytes += 125_000
        figures.units += 25
    assert figures.bitrate_bps == pytest.approx(1_000_000)
    assert figures.fps == pytest.approx(25)


def every_fault() -> list[Fault]:
    found = []
    for _name, make in inspect.getmembers(fault, inspect.isfunction):
        if make.__module__ != fault.__name__ or inspect.signature(make).return_annotation not in (
            "Fault", Fault,
        ):  # fmt: skip
            continue
        samples = {
            "host": "192.168.1.64", "port": 554, "error": OSError(113, "No route to host"),
            "method": "SETUP", "seconds": 5.0, "udp": False, "ever": True, "start": b"SSH-2.0",
            "why": "too long", "offered": "digest X", "location": "rtsp://a:b@h/x", "code": 418,
            "reason": "Teapot", "expected": "a" * 64, "seen": "b" * 64, "name": "VP8",
            "frames": True, "bps": 3e8, "width": 99_999, "height": 9,
        }  # fmt: skip
        wanted = inspect.signature(make).parameters.values()
        positional = [samples[p.name] for p in wanted if p.kind is not p.KEYWORD_ONLY]
        named = {p.name: samples[p.name] for p in wanted if p.kind is p.KEYWORD_ONLY}
        found.append(make(*positional, **named))
    return found


def test_every_fault_says_what_happened_and_what_to_do() -> None:
    faults = every_fault()
    assert len(faults) > 20
    for one in faults:
        assert one.code.replace("_", "").isalpha()
        assert one.text.endswith(".")
        assert "{" not in one.text
        assert len(one.text.split()) >= 8, one.text
        assert "a:b@" not in one.text


def test_people_read_texts_that_can_be_translated() -> None:
    tree = ast.parse(inspect.getsource(fault))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    texts = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "_"]
    assert len(texts) > 25
    assert all(isinstance(c.args[0], ast.Constant) for c in texts)


def test_the_password_is_in_no_representation() -> None:
    assert "hunter2" not in repr(SourceConfig("rtsp://h/", "u", "hunter2"))


def test_old_and_broken_encryption_is_not_spoken() -> None:
    context = client_context()
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
