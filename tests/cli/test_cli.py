"""The command line: places, ports, tables, and the whole thing in a terminal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import main as cli
from appliance.cli.place import paths_for
from appliance.cli.ports import choose_ports, user_of
from appliance.cli.status import lines_of
from appliance.paths import Paths
from appliance.settings.problems import SettingsError
from appliance.supervisor.locks import is_held
from appliance.version import VERSION

REPOSITORY = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("NVR_")}


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=cwd,
        env={**environment(), "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out == f"{VERSION}\n"


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    listed = capsys.readouterr().out
    for command in ("run", "status", "check", "version"):
        assert command in listed


def test_status_of_a_box_that_does_not_run_says_how_to_start_it(tmp_path: Path) -> None:
    result = run("status", "--folder", str(tmp_path / "var"), cwd=tmp_path)
    assert result.returncode == 3
    assert "nvr run" in result.stderr


def test_place_is_the_folder_given_else_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NVR_STATE", str(tmp_path / "s"))
    assert paths_for(None).state == tmp_path / "s"
    assert paths_for(tmp_path / "var") == Paths.below(tmp_path / "var")


def test_sockets_move_where_the_folder_s_name_is_too_long_for_them(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    paths = paths_for(deep)
    assert paths.state == deep / "state"
    assert len(str(paths.media_socket(64))) < 100
    assert paths == paths_for(deep)
    paths.run.rmdir()


def test_port_in_use_is_told_with_its_user() -> None:
    port = free_port()
    assert user_of(port) is None
    with socket.create_server(("127.0.0.1", port)):
        assert f"process {os.getpid()}" in (user_of(port) or "")


def test_chosen_ports_are_kept_and_nonsense_is_refused(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    assert choose_ports(paths, None, None).url == "http://localhost:8080/"
    assert choose_ports(paths, 9001, 9002).https == 9001
    assert choose_ports(paths, None, None).url == "http://localhost:9002/"
    for wrong in (0, 70000, 9002):
        with pytest.raises(SettingsError):
            choose_ports(paths, wrong, None)
    assert choose_ports(paths, None, None).https == 9001


def test_busy_port_ends_the_start_with_what_to_do(tmp_path: Path) -> None:
    port, other = free_port(), free_port()
    with socket.create_server(("127.0.0.1", port)):
        result = run(
            "run", "--folder", "var", "--https-port", str(port), "--http-port", str(other),
            cwd=tmp_path,
        )  # fmt: skip
    assert result.returncode == 2
    assert f"Port {port} is used by another program" in result.stderr
    assert "--https-port" in result.stderr


def test_table_shows_channels_volumes_processes_and_what_is_wrong() -> None:
    status: dict[str, Any] = {
        "box": {"name": "Shop", "time": 1_700_000_000_000, "zone": "Europe/Berlin", "version": "1"},
        "health": {
            "level": "error",
            "sentence": "1 of 2 recording",
            "items": [
                {
                    "level": "error",
                    "text": "D2 Yard: no answer.",
                    "since": 1_700_000_000_000,
                }
            ],
        },
        "channels": [
            {
                "id": 1,
                "name": "Door",
                "state": "playing",
                "recording": True,
                "kinds": ["general"],
                "streams": {
                    "main": {
                        "codec": "h264",
                        "width": 1920,
                        "height": 1080,
                        "fps": 25.0,
                        "bitrate_bps": 4e6,
                    }
                },
            },
            {"id": 2, "name": "Yard", "state": "waiting", "recording": False, "streams": {}},
        ],
        "volumes": [
            {
                "name": "Disk",
                "path": "/a",
                "state": "ok",
                "used": 5e9,
                "size": 2e12,
                "oldest": None,
            }
        ],
        "processes": [
            {
                "name": "web",
                "state": "running",
                "pid": 7,
                "rss": 5e7,
                "cpu": 0.01,
                "restarts": 0,
                "last_reason": "",
            }
        ],
        "host": {
            "cpu_percent": 5.0,
            "cores": 4,
            "memory_available": 4e9,
            "memory_total": 8e9,
            "temperature_c": 51.0,
        },
    }
    text = "\n".join(lines_of(status))
    for part in (
        "Shop  2023-11-14 23:13:20 Europe/Berlin",
        "D2 Yard: no answer. (2023-11-14 23:13:20)",
        "main h264 1920x1080 25/s 4.0 Mbit/s",
        "5 GB",
        "2 TB",
        "51.0 °C",
    ):
        assert part in text
    assert json.dumps(status)


def test_check_is_handed_to_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    class Check:
        @staticmethod
        def main(arguments: list[str]) -> int:
            seen.append(arguments)
            return 4

    monkeypatch.setitem(sys.modules, "appliance.cli.check", Check)
    assert cli.main(["check", "/srv/volumes/a", "--json"]) == 4
    assert seen == [["/srv/volumes/a", "--json"]]


def test_run_prints_one_address_and_the_code_stops_clean_and_goes_on(tmp_path: Path) -> None:
    http = free_port()
    options = ["--https-port", str(free_port()), "--http-port", str(http)]
    codes = []
    for life in (1, 2):
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli.main", "run", "--folder", "var", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**environment(), "PYTHONPATH": str(REPOSITORY)},
        )
        assert process.stdout is not None
        lines = []
        deadline = time.monotonic() + 50
        while time.monotonic() < deadline:
            lines.append(process.stdout.readline())
            if "Ctrl-C" in lines[-1] or not lines[-1]:
                break
        said = "".join(lines)
        assert said.count("http") == 1, said
        assert f"http://localhost:{http}/" in said
        codes += [line for line in lines if line.startswith("One-time code: ")]
        if life == 1:
            second = run("run", "--folder", "var", cwd=tmp_path)
            assert second.returncode == 3
            assert "runs here already" in second.stderr
            status = run("status", "--folder", "var", "--json", cwd=tmp_path)
            names = [entry["name"] for entry in json.loads(status.stdout)["processes"]]
            assert sorted(names) == ["courier", "helper", "jobs", "recorder@1", "supervisor", "web"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()
        assert not list((tmp_path / "var" / "run").glob("*.sock"))
        options = []
    assert len(codes) == 2


def test_nothing_is_left_running_when_the_terminal_s_command_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", "run", "--folder", "var", "--no-web"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(REPOSITORY)},
    )
    assert process.stdout is not None
    while "Ctrl-C" not in (line := process.stdout.readline()) and line:
        pass
    run_folder = tmp_path / "var" / "run"
    locks = [run_folder / "supervisor.lock", run_folder / "recorder-1.lock"]
    wait_for(lambda: all(is_held(lock) for lock in locks))
    process.kill()
    process.wait(10)
    process.stdout.close()
    wait_for(lambda: not any(is_held(lock) for lock in locks))
