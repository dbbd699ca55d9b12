"""The simulator as a process of its own: command line, standard output, control API."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from appliance.cameras.sim.__main__ import main
from appliance.cameras.sim.control import Control
from appliance.cameras.sim.quirks import Quirk

SMALL = '{"size":"192x128","fps":25,"gop":5,"loop":1,"sub":{"size":"96x64"}}'


@pytest.fixture
async def control(start_cameras, quick):
    """A control API over one quick camera: (session, simulator)."""
    simulator = await start_cameras(quick())
    server = Control(simulator)
    await server.start()
    async with aiohttp.ClientSession(server.url) as session:
        yield session, simulator
    await server.stop()


async def start_process(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cameras.sim", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_the_process_tells_its_progress_then_its_cameras_and_ends_on_sigint(
    tmp_path: Path, open_client
) -> None:
    process = await start_process("--camera", f"gate={SMALL}", "--cache", str(tmp_path))
    lines = []
    async with asyncio.timeout(30):
        while not lines or not lines[-1].get("ready"):
            lines.append(json.loads(await process.stdout.readline()))
    shares = [line["progress"] for line in lines[:-1]]
    assert shares == sorted(shares)
    assert shares[-1] <= 1.0
    [camera] = lines[-1]["cameras"]
    assert camera["name"] == "gate"
    assert camera["password"] not in camera["main_url"] + camera["sub_url"]
    async with aiohttp.ClientSession(lines[-1]["control"]) as session:
        listed = await (await session.get("/")).json()
    assert listed["cameras"] == lines[-1]["cameras"]
    client = await open_client(camera["sub_url"])
    client.user, client.password = camera["user"], camera["password"]
    assert (await client.play()).status == 200
    process.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert await process.stderr.read() == b""


async def test_sigterm_ends_the_process_while_it_encodes(tmp_path: Path) -> None:
    spec = '{"size":"1280x720","fps":25,"loop":600}'
    process = await start_process("--camera", f"gate={spec}", "--cache", str(tmp_path))
    async with asyncio.timeout(30):
        assert b"progress" in await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "No camera was asked for"),
        (("--camera", "a={"), "a: not JSON"),
        (("--camera", 'a={"size":"1x1","codec":"vp8","colour":1}'), "a.colour: unknown"),
        (("--camera", "a={}", "--camera", "a={}"), "Two cameras are called a"),
        (("--from-file", "/nowhere.mp4"), "/nowhere.mp4 does not exist"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(
    arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(list(arguments)) == 2
    told = capsys.readouterr()
    assert text in told.err
    assert json.loads(told.out)["error"].startswith("sim.")


async def test_sent_units_are_read_page_by_page(control, open_client) -> None:
    session, simulator = control
    client = await open_client(simulator.url("cam1"))
    await client.play()
    await client.rtp(30)
    first = await (await session.get("/cameras/cam1/main/sent?limit=5")).json()
    assert [unit["serial"] for unit in first["units"]] == [0, 1, 2, 3, 4]
    following = await (await session.get(f"/cameras/cam1/main/sent?after={first['next']}")).json()
    assert following["units"][0]["serial"] == 5
    assert following["forgotten"] == 0
    assert {"rtp_time", "utc_ns", "digest", "key", "kind"} <= following["units"][0].keys()


async def test_faults_and_quirks_come_and_go_over_http(control) -> None:
    session, simulator = control
    camera = simulator.camera("cam1")
    assert (await session.post("/cameras/cam1/faults/stall", json={"seconds": 60})).status == 200
    assert camera.silent()
    assert (await session.post("/cameras/cam1/faults/lose", json={"percent": 5})).status == 200
    assert (await session.put("/cameras/cam1/quirks", json=["no-rtcp"])).status == 200
    assert camera.quirks == {Quirk.NO_RTCP}
    assert (await session.delete("/cameras/cam1/faults")).status == 200
    assert not camera.silent()
    assert camera.lose_percent == 0
    assert not camera.quirks


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/cameras/none", None, 404),
        ("GET", "/cameras/cam1/third/sent", None, 404),
        ("GET", "/cameras/cam1/main/sent?after=x", None, 400),
        ("POST", "/cameras/cam1/faults/explode", {}, 404),
        ("POST", "/cameras/cam1/faults/reboot", {"seconds": "soon"}, 400),
        ("POST", "/cameras/cam1/faults/reboot", [1], 400),
        ("PUT", "/cameras/cam1/quirks", ["odd"], 404),
    ],
)
async def test_wrong_requests_are_told_what_is_wrong(control, method, path, body, status) -> None:
    session, _ = control
    reply = await session.request(method, path, json=body)
    assert reply.status == status
    answer = await reply.json()
    assert answer["code"].startswith("sim.")
    assert answer["text"]


async def test_web_pages_cannot_reach_the_control_api(control) -> None:
    session, _ = control
    assert (await session.get("/", headers={"Host": "evil.example"})).status == 403
    assert (await session.get("/", headers={"Origin": "http://evil.example"})).status == 403


async def test_the_process_ends_when_the_one_that_started_it_is_gone(tmp_path: Path) -> None:
    command = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'appliance.cameras.sim', '--with-parent',"
        f" '--camera', 'gate={SMALL}', '--cache', {str(tmp_path)!r}], stdout=subprocess.PIPE)\n"
        "while b'ready' not in child.stdout.readline(): pass\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    pid = int(await asyncio.wait_for(starter.stdout.readline(), 30))
    starter.kill()
    await starter.wait()

    def state() -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
        except OSError:
            return "gone"

    async with asyncio.timeout(10):
        while state() not in ("gone", "Z"):
            await asyncio.sleep(0.05)
