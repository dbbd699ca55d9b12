"""The supervisor as a process: starts, is killed, comes back, ends in order."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.paths import Paths
from appliance.supervisor.in_short import in_short

REPOSITORY = Path(__file__).resolve().parents[2]


class Machine:
    """One box: real supervisor, real recorder, no web server."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths.below(root)
        self.process: asyncio.subprocess.Process | None = None
        self.client = BusClient(self.paths.bus_socket, "cli@test", "t")
        self.task = asyncio.create_task(self.client.run())

    async def start(self, *arguments: str, web: bool = False) -> asyncio.subprocess.Process:
        log = (self.paths.run.parent / "log").open("a")  # no pipe: recorders would hold it open
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "appliance.supervisor",
            *([] if web else ["--no-web"]),
            *arguments,
            cwd=REPOSITORY,
            env={**os.environ, **self.paths.environment()},
            stderr=log,
        )
        log.close()
        return self.process

    async def ask(self, method: str, params: dict[str, Any] | None = None) -> Any:
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self.client.request(method, params)
                except BusError as error:
                    if error.code not in ("bus.disconnected", "bus.timeout"):
                        raise

    async def recorder(self, *, after: int = 0) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while True:
                for process in (await self.ask("status.get"))["processes"]:
                    beats = process["state"] == "running" and process["progress"]
                    if process["name"] == "recorder@1" and beats and process["pid"] != after:
                        found: dict[str, Any] = process
                        return found
                await asyncio.sleep(0.02)

    async def end(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            return await self.process.wait()


def environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.task.cancel()
    await asyncio.gather(machine.task, return_exceptions=True)
    if machine.process is not None and machine.process.returncode is None:
        await machine.end()
    for process in psutil.process_iter():
        try:
            if process.environ().get("NVR_RUN") == str(machine.paths.run):
                process.kill()
        except psutil.Error:
            continue


async def test_killed_supervisor_comes_back_and_the_recorder_never_stopped(
    machine: Any, is_alive: Any
) -> None:
    first = await machine.start("--development")
    recorder = await machine.recorder()
    first.kill()
    await first.wait()
    second = await machine.start("--development")
    again = await machine.recorder()
    assert (again["pid"], again["adopted"]) == (recorder["pid"], True)
    kinds = [e["kind"] for e in (await machine.ask("events.query"))["events"]]
    assert kinds.count("process_restarted") == 1
    processes = (await machine.ask("status.get"))["processes"]
    [own] = [process for process in processes if process["name"] == "supervisor"]
    assert (own["pid"], own["restarts"]) == (second.pid, 1)
    assert own["last_reason"]
    assert own["rss"] > 1_000_000
    assert await machine.end() == 0
    assert not is_alive(recorder["pid"])


async def test_a_restart_closes_what_is_recorded_then_asks_for_the_power_then_comes_back(
    machine: Any, is_alive: Any
) -> None:
    await machine.start("--development", "--board", "simulated")
    recorder = await machine.recorder()
    order = {"how": "restart", "by": "eva", "reason": "new camera"}
    await machine.ask("power.leave", order)
    async with asyncio.timeout(30):
        assert await machine.process.wait() == 4  # to be started again
    assert not is_alive(recorder["pid"])
    computer = machine.paths.state / "simulated-computer"
    assert json.loads((computer / "systemd.json").read_text())["power"] == "reboot"
    assert json.loads((machine.paths.state / "running.json").read_text())["running"] is False
    await machine.start("--development", "--board", "simulated")
    status = await machine.ask("power.get")
    assert (status["leaving"], status["last_order"]["reason"]) == ("stay", "new camera")
    kinds = [e["kind"] for e in (await machine.ask("events.query"))["events"]]
    assert kinds.count("restart_ordered") == 1
    assert "unclean_shutdown" not in kinds


FAILING_START = """
import sys
from appliance.events.book import EventError
from appliance.supervisor import __main__ as main
from appliance.supervisor.board_service import BoardService
from appliance.supervisor.handle import find_processes
from appliance.paths import Paths
import asyncio

async def start(self, ending):
    run = str(Paths.from_environment().run)
    while not all(find_processes(m, [], run) for m in ("appliance.jobs", "appliance.helper")):
        await asyncio.sleep(0.05)
    raise EventError("event.unknown_kind", "as ordered")

BoardService.start = start
sys.exit(main.main(["--no-web", "--development"]))
"""


async def test_a_start_that_fails_leaves_nobody_behind_but_recorders(
    machine: Any, is_alive: Any
) -> None:
    log = (machine.paths.run.parent / "log").open("a")
    failing = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        FAILING_START,
        cwd=REPOSITORY,
        env={**os.environ, **machine.paths.environment()},
        stderr=log,
    )
    log.close()
    async with asyncio.timeout(40):
        assert await failing.wait() == 1
    left = {
        part
        for process in psutil.process_iter()
        if environment_of(process).get("NVR_RUN") == str(machine.paths.run)
        for part in ["appliance.jobs", "appliance.helper", "appliance.courier", "appliance.web"]
        if part in process.cmdline()
    }
    assert left == set()
    assert "as ordered" in (machine.paths.run.parent / "log").read_text()
    await machine.start("--development")  # nothing stands in the way of the next one
    await machine.recorder()


async def test_children_of_a_killed_supervisor_end_where_none_comes_back(
    machine: Any, is_alive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVR_ALONE_S", "0.5")
    supervisor = await machine.start("--development", web=True)
    async with asyncio.timeout(40):
        while True:
            processes = (await machine.ask("status.get"))["processes"]
            running = {p["name"]: p["pid"] for p in processes if p["progress"]}
            if {"web", "helper", "courier", "recorder@1"} <= running.keys():
                break
            await asyncio.sleep(0.05)
    supervisor.kill()
    await supervisor.wait()
    async with asyncio.timeout(20):
        while any(is_alive(running[name]) for name in ("web", "helper", "courier")):
            await asyncio.sleep(0.05)
    assert is_alive(running["recorder@1"])


async def test_on_the_box_recorders_go_on_when_the_supervisor_is_stopped(
    machine: Any, is_alive: Any
) -> None:
    await machine.start()
    recorder = await machine.recorder()
    assert await machine.end() == 0
    assert is_alive(recorder["pid"])
    await machine.start("--development")
    assert (await machine.recorder())["pid"] == recorder["pid"]


async def test_supervisor_is_small_and_carries_neither_codec_nor_web_server(machine: Any) -> None:
    process = await machine.start("--development")
    await machine.recorder()
    assert psutil.Process(process.pid).memory_info().rss < 80_000_000
    mapped = {Path(entry.path).name for entry in psutil.Process(process.pid).memory_maps()}
    for library in ("libav", "numpy", "_multiarray", "http_parser"):
        assert not any(library in name for name in mapped), library


async def test_settings_file_full_of_mistakes_is_told_and_the_box_runs(machine: Any) -> None:
    folder = machine.paths.state / "settings"
    folder.mkdir(parents=True)
    document = {
        "schema": 1,
        "version": 4,
        "pages": {"general": {"zone": "Mars/Olympus", "name": ""}, "web": {"https_port": 70000}},
    }
    (folder / "settings.json").write_text(json.dumps(document))
    await machine.start("--development")
    problems = (await machine.ask("settings.problems"))["problems"]
    assert {(p["page"], p["path"]) for p in problems} == {
        ("general", "zone"),
        ("general", "name"),
        ("web", "https_port"),
    }
    events = (await machine.ask("events.query", {"kinds": ["settings_mended"]}))["events"]
    assert "general.zone" in events[0]["text"]
    assert list(folder.glob("settings.json.broken-*"))


def test_more_mistakes_than_an_event_holds_are_counted() -> None:
    sentences = [f"channels.{number}.mode must be one of the choices." for number in range(64)]
    assert in_short(sentences[:10]) == " ".join(sentences[:10])
    told = in_short(sentences)
    assert len(told) < 2_000
    named = sum(sentence in told for sentence in sentences)
    assert told.endswith(f"The log names {64 - named} more.")


async def test_second_supervisor_on_the_same_folders_is_refused_in_words(machine: Any) -> None:
    first = await machine.start("--development")
    await machine.ask("status.get")
    second = await machine.start()
    async with asyncio.timeout(20):
        assert await second.wait() == 3
    said = (machine.paths.run.parent / "log").read_text()
    assert f"runs from {machine.paths.run} already (process {first.pid})" in said
    machine.process = first


async def test_first_start_offers_a_code_and_a_volume(machine: Any) -> None:
    await machine.start("--development")
    code = (await machine.ask("setup.code"))["code"]
    assert len(code.replace("-", "")) >= 12
    storage = await machine.ask("settings.get", {"page": "storage"})
    [volume] = storage["values"]["volumes"]
    assert volume["path"].startswith(str(machine.paths.volumes))
    assert volume["size_limit_gb"] >= 0.3


async def test_channels_of_a_second_group_get_a_recorder_of_their_own(machine: Any) -> None:
    await machine.start("--development")
    added = {"page": "channels", "values": {"id": 9, "main_url": "rtsp://127.0.0.1:1/x"}}
    await machine.ask("settings.add", added)
    status = await machine.ask("status.get")
    names = [p["name"] for p in status["processes"]]
    assert sorted(names) == ["courier", "helper", "jobs", "recorder@1", "recorder@2", "supervisor"]
    assert [c["id"] for c in status["channels"]] == [9]
    fault = {"kind": "camera_offline", "key": "D9", "channel": 9, "source": "recorder@2"}
    await machine.ask("events.raise", fault)
    await machine.ask("settings.remove", {"page": "channels", "item": 9})
    status = await machine.ask("status.get")
    names = [p["name"] for p in status["processes"]]
    assert sorted(names) == ["courier", "helper", "jobs", "recorder@1", "supervisor"]
    async with asyncio.timeout(20):  # nobody is left who would end them
        while (await machine.ask("events.query", {"channels": [9], "open": True}))["events"]:
            await asyncio.sleep(0.05)


async def test_a_mistyped_volume_is_refused_at_its_field_and_nothing_is_made(
    machine: Machine, tmp_path: Path
) -> None:
    await machine.start("--development")
    values = {"path": str(tmp_path / "mistyped" / "a"), "size_limit_gb": 1.0}
    with pytest.raises(BusError) as caught:
        await machine.ask("settings.add", {"page": "storage", "values": values})
    assert caught.value.code == "settings.invalid"
    [field] = caught.value.fields
    assert field["path"] == "path"
    assert f"there is no folder {tmp_path}/mistyped" in field["text"]
    assert not (tmp_path / "mistyped").exists()
    await machine.end()


async def test_a_reset_erases_footage_where_that_is_wanted_and_recording_begins_anew(
    machine: Any,
) -> None:
    """D2-MT-34: defaults, with footage kept or erased by choice."""
    await machine.start("--development")
    first = await machine.recorder()
    volume = (await machine.ask("settings.get", {"page": "storage"}))["values"]["volumes"][0]
    identity = Path(volume["path"]) / "nvr-volume.json"
    async with asyncio.timeout(20):
        while not identity.exists():
            await asyncio.sleep(0.05)
    before = identity.read_bytes()
    await machine.ask("settings.reset", {"scope": "but_network_and_users", "actor": "anna"})
    assert identity.read_bytes() == before
    wish = {"scope": "but_network_and_users", "footage": "erased", "actor": "anna"}
    preview = await machine.ask("settings.reset_preview", wish)
    assert preview["beyond"] == ["All footage of Disk 1 is erased"]
    await machine.client.request("settings.reset", wish, timeout_s=30)
    events = (await machine.ask("events.query", {"kinds": ["footage_deleted"]}))["events"]
    assert [event["details"]["volume"] for event in events] == ["Disk 1"]
    assert (await machine.recorder(after=first["pid"]))["pid"] != first["pid"]
    async with asyncio.timeout(20):
        while not identity.exists() or identity.read_bytes() == before:
            await asyncio.sleep(0.05)
