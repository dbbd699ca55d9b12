"""The seam to the computer: a domain reaches what it declared, and the simulation nothing real."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.helper import verbs
from appliance.helper.contract import HelperError
from appliance.helper.domain import Domain
from appliance.helper.host import Host
from appliance.helper.real_system import RealSystem
from appliance.helper.registry import load_domains, modules_of
from appliance.helper.server import Tasks
from appliance.helper.sim_system import Machine, SimulatedSystem, load_programs


@pytest.fixture
def real(tmp_path: Path) -> Host:
    files = (f"{tmp_path}/one.conf", f"{tmp_path}/many/*.conf")
    programs = {"python": sys.executable, "gone": "/nowhere/gone"}
    system = RealSystem(spool=tmp_path / "spool")
    return Host(system, Tasks(), "test", programs, files)


async def test_runs_a_program_without_a_shell_and_keeps_so_much_of_its_output(real: Host) -> None:
    code = "import sys; print(sys.argv[1]); print(sys.stdin.read()*100, file=sys.stderr); exit(3)"
    done = await real.run("python", "-c", code, "$(id); *", stdin=b"x", most=5)
    assert (done.code, done.out, done.cut) == (3, b"$(id)", True)
    assert done.complaint == "x" * 100


async def test_a_program_that_writes_while_it_reads_does_not_stand_still(real: Host) -> None:
    code = "import sys\nfor line in sys.stdin.buffer: sys.stdout.buffer.write(line)"
    data = (b"x" * 99 + b"\n") * 10_000
    done = await real.run("python", "-c", code, stdin=data, timeout_s=20.0)
    assert done.out == data


async def test_a_program_over_its_time_is_ended_with_its_children(
    real: Host, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess,sys,pathlib;"
        "p=subprocess.Popen([sys.executable,'-c','import time;time.sleep(60)']);"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(p.pid));p.wait()"
    )
    with pytest.raises(HelperError) as caught:
        await real.run("python", "-c", code, timeout_s=1.5)
    assert caught.value.code == "helper.timeout"
    child = Path(f"/proc/{pid_file.read_text()}/stat")
    async with asyncio.timeout(10):
        while child.exists() and child.read_text().split()[2] != "Z":
            await asyncio.sleep(0.01)


async def test_a_missing_program_is_named(real: Host) -> None:
    with pytest.raises(HelperError) as caught:
        await real.run("gone")
    assert caught.value.code == "helper.no_program"
    assert "/nowhere/gone" in caught.value.text


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "{0}/two.conf", "{0}/many/../one.conf", "{0}/many/a/b.conf", "one.conf",
     "{0}/many/x\0.conf", "{0}//one.conf"],
)  # fmt: skip
async def test_files_off_the_list_are_refused(real: Host, tmp_path: Path, path: str) -> None:
    with pytest.raises(HelperError, match="may not touch"):
        await real.write_file(path.format(tmp_path), b"")


async def test_a_file_is_replaced_whole_with_its_mode(real: Host, tmp_path: Path) -> None:
    path = f"{tmp_path}/many/a.conf"
    assert await real.read_file(path) is None
    await real.write_file(path, b"one", mode=0o600)
    await real.write_file(path, b"two", mode=0o640)
    assert await real.read_file(path) == b"two"
    assert Path(path).stat().st_mode & 0o777 == 0o640
    assert [p.name for p in Path(path).parent.iterdir()] == ["a.conf"]
    assert await real.remove_file(path)
    assert not await real.remove_file(path)


async def test_a_file_too_large_is_not_read(real: Host, tmp_path: Path) -> None:
    await real.write_file(f"{tmp_path}/one.conf", b"x" * 100)
    with pytest.raises(HelperError, match="larger"):
        await real.read_file(f"{tmp_path}/one.conf", most=99)


async def test_work_goes_on_after_the_answer_until_it_is_dropped(real: Host) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def later() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    real.keep(later(), "rollback")
    await began.wait()
    assert real.drop("rollback")
    async with asyncio.timeout(5):
        await ended.wait()
    assert not real.drop("rollback")


async def test_the_simulated_computer_changes_nothing_real(tmp_path: Path) -> None:
    system = SimulatedSystem(Machine(tmp_path / "computer"))
    await system.write_file("/etc/hostname", b"nvr", 0o644)
    await system.link("/etc/localtime", "/usr/share/zoneinfo/Europe/Berlin")
    await system.set_clock(1_000_000.0)
    assert abs(system.utc_s() - 1_000_000.0) < 60
    assert (tmp_path / "computer/files/etc/hostname").read_bytes() == b"nvr"
    done = await system.run("/usr/bin/systemctl", ["poweroff"], stdin=b"", timeout_s=1, most=10)
    assert done.code == 0
    assert system.machine.state("systemd")["power"] == "poweroff"
    with pytest.raises(HelperError, match="not simulated"):
        await system.run("/bin/sh", ["-c", "true"], stdin=b"", timeout_s=1, most=10)


def test_every_module_of_verbs_registers_and_every_program_is_simulated() -> None:
    domains = load_domains()
    assert len(domains) == sum(1 for _module in modules_of(verbs))
    wanted = {path for domain in domains for path in domain.programs.values()}
    assert wanted <= set(load_programs())
    assert all(domain.verbs for domain in domains)


def test_a_domain_that_would_reach_too_far_cannot_be_declared(requests: Any) -> None:
    with pytest.raises(ValueError, match="not absolute"):
        Domain("x", programs={"sh": "sh"})
    with pytest.raises(ValueError, match="not absolute"):
        Domain("x", files=("/etc/../root/x",))
    with pytest.raises(ValueError, match="no new verb"):
        Domain("x").verb(requests["Echo"])
