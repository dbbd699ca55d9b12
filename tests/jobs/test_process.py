"""The jobs process under a real supervisor: killed, stopped, adopted, cancelled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.cli.ports import choose_ports
from appliance.storage.volume import BLOCKS_FOLDER


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def test_a_volume_is_checked_and_the_result_says_so(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    job = await machine.ended((await machine.check_volume())["id"])
    assert (job["state"], job["problems"]) == ("done", 0), job
    assert job["text"].startswith("Everything is in order: ")
    assert job["expires"] - job["ended"] == 24 * 3_600_000


async def test_what_a_check_finds_is_told_in_words_and_in_the_report(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    volume = Path((await machine.volume())["path"])
    (volume / BLOCKS_FOLDER / "00000007.mp4").write_bytes(b"not a block" * 1000)
    job = await machine.ended((await machine.check_volume())["id"])
    assert (job["state"], job["problems"]) == ("done", 1), job
    assert job["text"].startswith("One problem: ")
    assert job["result"]["found"][0]["block"] == 7
    folder = machine.paths.state / "jobs" / job["id"]
    report = json.loads((folder / job["files"][0]).read_text())
    assert report["found"] == job["result"]["found"]


async def test_a_child_has_the_lowest_priority(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held()
    child.resume()
    async with asyncio.timeout(30):
        while child.is_running() and child.nice() != 19:
            await asyncio.sleep(0.005)
    child.suspend()
    assert child.nice() == 19
    async with asyncio.timeout(30):
        while child.ionice().ioclass != psutil.IOPRIO_CLASS_IDLE:
            child.resume()
            await asyncio.sleep(0.005)
            child.suspend()
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "done"


async def test_a_killed_jobs_process_takes_its_children_along_and_tells_what_was_interrupted(
    make_machine: Any,
) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held()
    process = await machine.jobs_process()
    os.kill(process["pid"], signal.SIGKILL)
    again = await machine.jobs_process(after=process["pid"])
    assert again["restarts"] == 1
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "interrupted")
    assert "Start it again" in ended["text"]
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert (await machine.ended((await machine.check_volume())["id"]))["state"] == "done"


async def test_a_killed_child_is_told_in_words_and_the_process_goes_on(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held()
    process = await machine.jobs_process()
    child.kill()
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "died")
    assert "SIGKILL" in ended["text"]
    assert (await machine.jobs_process())["pid"] == process["pid"]


async def test_a_running_job_is_cancelled(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held()
    await machine.ask("jobs.cancel", id=job["id"])
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "cancelled"


async def test_jobs_go_on_when_the_supervisor_is_killed(make_machine: Any) -> None:
    machine = make_machine()
    first = await machine.start()
    job, child = await machine.held()
    before = await machine.jobs_process()
    first.kill()
    await first.wait()
    await machine.start()
    again = await machine.jobs_process()
    assert (again["pid"], again["adopted"]) == (before["pid"], True)
    assert (await machine.job(job["id"]))["state"] == "running"
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "done"


async def test_jobs_go_on_when_the_web_server_dies(make_machine: Any) -> None:
    machine = make_machine()
    choose_ports(machine.paths, free_port(), free_port())
    await machine.start(web=True)
    web = await machine.running("web")
    job, child = await machine.held()
    os.kill(web["pid"], signal.SIGKILL)
    await machine.running("web", after=web["pid"])
    assert (await machine.job(job["id"]))["state"] == "running"
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "done"


async def test_a_restart_of_the_box_interrupts_what_runs_and_goes_on_with_what_waits(
    make_machine: Any,
) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held()
    second = await machine.check_volume()
    others = psutil.Process((await machine.jobs_process())["pid"]).children()
    waiting = await machine.check_volume()
    while (await machine.job(second["id"]))["state"] == "waiting":
        await asyncio.sleep(0.01)
    ending = asyncio.create_task(machine.end())
    async with asyncio.timeout(30):
        while (await machine.process_state("jobs")) not in (None, "stopping"):
            await asyncio.sleep(0.01)
    child.resume()
    await ending
    assert not any(other.is_running() for other in (child, *others))
    await machine.start()
    assert (await machine.ended(job["id"]))["code"] == "interrupted"
    assert (await machine.ended(waiting["id"]))["state"] == "done"


async def test_a_person_sees_and_cancels_only_what_is_theirs(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    job, child = await machine.held("anna")
    other = await machine.check_volume("bert")
    ids = [found["id"] for found in (await machine.ask("jobs.list", by="bert"))["jobs"]]
    assert ids == [other["id"]]
    for method in ("jobs.get", "jobs.cancel", "jobs.forget"):
        with pytest.raises(BusError) as refused:
            await machine.ask(method, id=job["id"], by="bert")
        assert refused.value.code == "jobs.not_found"
    everybody = (await machine.ask("jobs.list"))["jobs"]
    assert {found["by"] for found in everybody} == {"anna", "bert"}
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "done"


async def test_what_is_no_job_is_refused_in_words(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    for kind, order, by, code in (
        ("format_disk", {}, "anna", "unknown_kind"),
        ("check_volume", {}, "anna", "bad_order"),
        ("check_volume", [], "anna", "bad_order"),
        ("check_volume", {"volume": "x"}, "anna", "not_found"),
        ("check_volume", {"volume": "x"}, "", "bad_order"),
    ):
        with pytest.raises(BusError) as refused:
            await machine.ask("jobs.start", kind=kind, order=order, by=by)
        assert refused.value.code == f"jobs.{code}"
        assert refused.value.text.endswith(".")


async def test_only_those_who_know_people_may_ask(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    await machine.jobs_process()
    camera = BusClient(machine.paths.bus_socket, "cameras", "t")
    task = asyncio.create_task(camera.run())
    with pytest.raises(BusError) as refused:
        await camera.request("jobs.list", to="jobs")
    assert refused.value.code == "bus.forbidden"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_process_is_small_and_carries_no_codec(make_machine: Any) -> None:
    machine = make_machine()
    await machine.start()
    process = psutil.Process((await machine.jobs_process())["pid"])
    assert process.memory_info().rss < 60_000_000
    mapped = {Path(entry.path).name for entry in process.memory_maps()}
    for library in ("libav", "numpy", "_multiarray", "http_parser"):
        assert not any(library in name for name in mapped), library
