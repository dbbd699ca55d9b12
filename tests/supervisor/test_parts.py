"""Backoff, progress, watchdog messages, life mark, clock: pure parts of the supervisor."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest

from appliance.supervisor.backoff import Backoff
from appliance.supervisor.lifemark import LifeMark
from appliance.supervisor.locks import FileLock, LockHeldError, is_held
from appliance.supervisor.notify import Notifier
from appliance.supervisor.progress import ProgressWatch
from appliance.supervisor.spec import groups_of


def test_backoff_doubles_from_half_a_second_to_a_minute_and_is_forgotten() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.ended(1.0) for _number in range(12)]
    for wait, ideal in zip(waits, [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60], strict=True):
        assert 0.8 * ideal <= wait <= 1.2 * ideal
    assert len(set(waits)) == 12
    assert backoff.ended(121.0) <= 0.6
    assert 0.8 <= backoff.ended(119.0) <= 1.2


def test_progress_is_any_number_that_rises() -> None:
    watch = ProgressWatch.begin(0.0, limit_s=10, first_s=30)
    assert watch.verdict(29.0) is None
    assert watch.verdict(31.0) is not None
    watch.beat(31.0, {"progress": {"packets": 5, "bytes": 7}})
    assert watch.verdict(40.0) is None
    watch.beat(40.0, {"progress": {"packets": 5, "bytes": 8}})
    watch.beat(49.0, {"progress": {"packets": 5, "bytes": 8}})
    assert watch.verdict(49.0) is None
    watch.beat(50.5, {"progress": {"packets": 4, "bytes": 8}})
    assert watch.verdict(50.5) == "it made no progress for 10 s (bytes, packets)"


def test_idle_process_needs_no_progress_but_has_to_report() -> None:
    watch = ProgressWatch.begin(0.0, limit_s=10, first_s=30)
    for second in range(60):
        watch.beat(float(second), {"progress": {"packets": 1}, "idle": True})
    assert watch.verdict(60.0) is None
    assert watch.verdict(70.0) == "it has not reported for 11 s"


@pytest.mark.parametrize(
    "heartbeat", [{}, {"progress": "all"}, {"progress": {"a": "1", "b": float("nan")}}]
)
def test_heartbeat_of_nonsense_is_no_progress(heartbeat: dict[str, object]) -> None:
    watch = ProgressWatch.begin(0.0, limit_s=10, first_s=30)
    for second in range(20):
        watch.beat(float(second), heartbeat)
    assert watch.verdict(19.0) is not None


def test_nobody_is_blamed_for_the_time_we_stood_still_ourselves() -> None:
    watch = ProgressWatch.begin(0.0, limit_s=10, first_s=30)
    watch.beat(1.0, {"progress": {"a": 1}})
    watch.forgive(500.0)
    assert watch.verdict(505.0) is None
    assert watch.verdict(511.0) is not None


def test_systemd_is_told_ready_status_once_and_alive(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000000"})
        assert notifier.watchdog_s == 10.0
        notifier.ready()
        notifier.status("8 of 8\nrecording")
        notifier.status("8 of 8\nrecording")
        notifier.alive()
        notifier.stopping()
        received = [receiver.recv(4096) for _number in range(4)]
    assert received == [b"READY=1", b"STATUS=8 of 8 recording", b"WATCHDOG=1", b"STOPPING=1"]


def test_without_systemd_nothing_is_told_and_nothing_fails() -> None:
    notifier = Notifier({})
    notifier.ready()
    notifier.alive()
    assert notifier.watchdog_s is None
    assert Notifier({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}).watchdog_s is None


def test_power_cut_crash_and_orderly_end_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "running.json"
    assert LifeMark(path, "boot 1").begin().ending == "none"
    assert LifeMark(path, "boot 1").begin().ending == "crashed"
    assert LifeMark(path, "boot 1").begin().crashes == 2
    assert LifeMark(path, "boot 2").begin().ending == "power"
    LifeMark(path, "boot 2").end()
    assert LifeMark(path, "boot 3").begin().ending == "clean"
    path.write_text("{")
    assert LifeMark(path, "boot 3").begin().ending == "power"


def test_lock_is_held_by_one_only_and_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    lock = FileLock(path)
    lock.acquire()
    assert is_held(path)
    with pytest.raises(LockHeldError):
        FileLock(path).acquire()
    lock.release()
    assert not is_held(path)


def test_each_eight_channels_have_a_recorder_and_the_first_is_always_there() -> None:
    assert groups_of([]) == [1]
    assert groups_of([1, 8]) == [1]
    assert groups_of([9]) == [1, 2]
    assert groups_of([64]) == [1, 8]
