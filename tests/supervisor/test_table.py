"""Real processes are started, watched, taken over and ended."""

from __future__ import annotations

import os
import signal
from typing import Any


async def test_process_that_is_killed_is_started_again_and_the_reason_told(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("web"))
    first = await box.running("web")
    os.kill(first, signal.SIGKILL)
    second = await box.running("web", after=first)
    assert second != first
    assert box.restarts == [("web", "it was ended by signal SIGKILL")]
    status = box.status("web")
    assert (status["restarts"], status["last_reason"]) == (1, "it was ended by signal SIGKILL")


async def test_process_that_ends_at_once_is_tried_ever_more_rarely_and_never_given_up(
    box: Any,
) -> None:
    box.order("web", exit=7)
    await box.start()
    box.table.add(box.spec("web"))
    await box.until(lambda: box.status("web")["restarts"] >= 3)
    assert box.restarts[0] == ("web", "it ended with code 7")
    assert box.status("web")["state"] in ("waiting", "starting")
    box.order("web")
    await box.running("web")


async def test_process_without_progress_is_replaced_though_it_still_reports(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("web", stall_s=1.5))
    first = await box.running("web")
    box.order("web", stuck=True)
    await box.until(lambda: bool(box.restarts))
    box.order("web")
    await box.running("web", after=first)
    assert "no progress" in box.restarts[0][1]
    assert "count" in box.restarts[0][1]


async def test_process_that_is_frozen_is_replaced(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("web", stall_s=1.5))
    first = await box.running("web")
    os.kill(first, signal.SIGSTOP)
    await box.running("web", after=first)
    assert "has not reported" in box.restarts[0][1]


async def test_idle_process_is_left_alone(box: Any) -> None:
    box.order("web", stuck=True, idle=True)
    await box.start()
    box.table.add(box.spec("web", stall_s=0.5))
    pid = await box.running("web")
    box.table.add(box.spec("recorder@1", stall_s=1.0))
    box.order("recorder@1", stuck=True)
    await box.until(lambda: bool(box.restarts))
    box.order("recorder@1")
    assert [name for name, _reason in box.restarts] == ["recorder@1"]
    assert box.status("web")["pid"] == pid


async def test_process_that_never_reports_is_replaced(box: Any) -> None:
    box.order("web", mute=True)
    await box.start()
    box.table.add(box.spec("web", first_s=1.0))
    await box.until(lambda: bool(box.restarts))
    assert "did not report" in box.restarts[0][1]


async def test_recorder_outlives_its_supervisor_and_is_taken_over(box: Any, is_alive: Any) -> None:
    await box.start()
    box.table.add(box.spec("recorder@1"))
    box.table.add(box.spec("web"))
    recorder, web = await box.running("recorder@1"), await box.running("web")
    await box.die()
    assert is_alive(recorder)
    await box.start()
    box.table.add(box.spec("recorder@1"))
    box.table.add(box.spec("web"))
    assert await box.running("recorder@1") == recorder
    assert await box.running("web") == web
    assert box.status("recorder@1")["adopted"]
    assert box.restarts == []
    await box.until(lambda: box.status("recorder@1")["progress"].get("count", 0) > 0)
    assert box.pids("recorder@1") == [recorder]


async def test_taken_over_recorder_that_dies_is_started_again(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("recorder@1"))
    first = await box.running("recorder@1")
    await box.die()
    await box.start()
    box.table.add(box.spec("recorder@1"))
    await box.until(lambda: box.status("recorder@1")["adopted"])
    os.kill(first, signal.SIGKILL)
    assert await box.running("recorder@1", after=first) != first
    assert not box.status("recorder@1")["adopted"]


async def test_recorder_of_another_code_version_is_replaced(box: Any, is_alive: Any) -> None:
    await box.start("one")
    box.table.add(box.spec("recorder@1"))
    first = await box.running("recorder@1")
    await box.die()
    await box.start("two")
    box.table.add(box.spec("recorder@1"))
    await box.running("recorder@1", after=first)
    assert not is_alive(first)
    assert box.restarts == [("recorder@1", "it ran another version of the program")]


async def test_recorder_with_settings_that_are_gone_is_replaced(box: Any) -> None:
    box.order("recorder@1", settings_version=9)
    await box.start()
    box.table.add(box.spec("recorder@1"))
    first = await box.running("recorder@1")
    await box.die()
    await box.start()
    box.table.add(box.spec("recorder@1"))
    await box.running("recorder@1", after=first)
    assert box.restarts == [("recorder@1", "it ran with settings that are gone")]


async def test_silent_recorder_that_holds_the_lock_is_replaced_after_three_seconds(
    box: Any, is_alive: Any
) -> None:
    await box.start()
    box.order("recorder@1", mute=True)
    box.table.add(box.spec("recorder@1"))
    await box.until(lambda: (box.paths.run / "recorder@1.lock").exists())
    first = box.pids("recorder@1")[0]
    await box.die()
    assert is_alive(first)
    box.order("recorder@1")
    await box.start()
    box.table.add(box.spec("recorder@1"))
    await box.running("recorder@1", after=first)
    assert not is_alive(first)
    assert "did not register" in box.restarts[0][1]


async def test_process_that_ignores_every_request_to_end_is_killed(box: Any, is_alive: Any) -> None:
    box.order("web", deaf=True)
    await box.start()
    box.table.add(box.spec("web", stop_s=0.2))
    pid = await box.running("web")
    await box.stop()
    assert not is_alive(pid)


async def test_restart_on_request_replaces_the_process_in_order(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("web"))
    first = await box.running("web")
    box.table.restart("web", "admin asked for it")
    await box.running("web", after=first)
    assert box.restarts == [("web", "admin asked for it")]


async def test_removed_process_is_ended_and_not_started_again(box: Any, is_alive: Any) -> None:
    await box.start()
    box.table.add(box.spec("recorder@1"))
    pid = await box.running("recorder@1")
    box.table.remove("recorder@1", "its channels were removed")
    await box.until(lambda: not is_alive(pid))
    assert list(box.table.names) == []


async def test_memory_and_processor_of_each_process_are_measured(box: Any) -> None:
    await box.start()
    box.table.add(box.spec("web"))
    await box.running("web")
    await box.until(lambda: box.status("web")["rss"] is not None)
    assert 5_000_000 < box.status("web")["rss"] < 200_000_000
