"""Bad input ends in words, in the log and in the page, and everything else keeps running."""

import asyncio
import json
import shutil
import socket
import subprocess
from contextlib import asynccontextmanager, contextmanager

import pytest
import pytest_asyncio
from flooding_camera import FloodingCamera
from the_box import Box, missing, small_camera

from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.simulator import Simulator
from appliance.storage.identity import IDENTITY_FILE
from appliance.storage.volume import Volume

pytestmark = pytest.mark.asyncio(loop_scope="module")
module = pytest_asyncio.fixture(scope="module", loop_scope="module")
each = pytest_asyncio.fixture(loop_scope="module")

# What a person enters: (fault, words of it), by what is wrong.
WRONG = {
    "an absurd bit rate": ("absurd_bitrate", "Set its bit rate"),
    "a port nobody listens on": ("connection_refused", "Check that the camera has started"),
    "a path the camera does not know": ("not_found", "Check the path of the address"),
    "a wrong password": ("password_refused", "correct them, then try again"),
    "a web server on the port": ("web_server", "Use the camera's RTSP port"),
    "a camera that sends garbage": ("not_rtsp", "does not speak RTSP"),
    "an absurd resolution": ("absurd_resolution", "Choose"),
}
NAMES = ("good", "password", "web", "garbage", "size")


@module
async def sim(tmp_path_factory):
    specs = [small_camera(name, sub=None) for name in NAMES]
    async with Simulator(specs, cache=tmp_path_factory.mktemp("loops")) as made:
        made.camera("web").set_quirks([Quirk.WEB_SERVER])
        made.camera("garbage").set_quirks([Quirk.GARBAGE])
        made.camera("size").set_quirks([Quirk.ABSURD_RESOLUTION, Quirk.NO_SPROP])
        yield made


@module
async def flooding():
    made = FloodingCamera()
    await made.start()
    yield made
    await made.stop()


@asynccontextmanager
async def recording_box(folder, camera):
    """A box that records one good camera: to the end, without a frame missing in one life."""
    box = Box(folder, web=True, log=True)
    try:
        await box.start()
        box.good = await box.add(camera)
        await box.recording(box.good)
        yield box
        await box.recording(box.good)
        await box.stop()
        if box.lives == 1:
            assert missing(camera, box, box.good) == 0
    finally:
        await box.close()


@module
async def full_of_bad_cameras(tmp_path_factory, sim, flooding):
    """A box with one good camera and all the bad ones at once."""
    good = sim.camera("good")
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    nobody = f"rtsp://127.0.0.1:{free}/main"
    async with recording_box(tmp_path_factory.mktemp("b"), good) as box:
        pid = box.recorder_pid()
        path = good.url("main", credentials=False).replace("/main", "/nothing")
        channels = {
            "a port nobody listens on": await box.add(good, main_url=nobody, name="Nobody"),
            "a path the camera does not know": await box.add(good, main_url=path, name="Path"),
            "a wrong password": await box.add(sim.camera("password"), password="wrong"),
            "a web server on the port": await box.add(sim.camera("web")),
            "a camera that sends garbage": await box.add(sim.camera("garbage")),
            "an absurd resolution": await box.add(sim.camera("size")),
            "an absurd bit rate": await box.add(good, main_url=flooding.url, name="Flood"),
        }
        async with box.page() as get:
            yield box, channels, get
        assert box.recorder_pid() == pid


@pytest.mark.parametrize("what", WRONG)
async def test_a_bad_camera_is_told_in_words_everywhere_and_the_others_are_recorded(
    full_of_bad_cameras, flooding, what
):
    box, channels, get = full_of_bad_cameras
    number = channels[what]
    code, words = WRONG[what]

    def told():
        fault = box.channel(number).get("fault")
        return fault if fault and fault["code"] == code else None

    fault = await box.until(told)
    assert words in fault["text"]
    kind = "password_refused" if code == "password_refused" else "camera_offline"
    event = await box.until(lambda: event_of(box, kind, number))
    assert f"D{number}" in event["text"]
    await shown(box, get, number, words)
    assert any(f"D{number} " in line and words in line for line in lines(box))
    await box.recording(box.good)
    flooding.calm |= code == "absurd_bitrate"


def event_of(box, kind, channel=None):
    for change in box.events:
        event = change["event"]
        if (event["kind"], event["channel"]) == (kind, channel) and change["change"] == "raised":
            return event
    return None


def lines(box):
    return box.log_path.read_text().splitlines()


async def shown(box, get, number, words):
    """The page has it: at the tile, in the health sentence's list and among the events."""
    channel = next(c for c in await get("channels") if c["id"] == number)
    assert words in channel["fault"]["text"]
    items = (await get("status"))["health"]["items"]
    assert any(item["id"] == number and words in item["text"] for item in items)
    listed = (await get(f"events?channels={number}"))["events"]
    assert any(event["severity"] == "error" for event in listed)


TEN_MISTAKES = {
    ("general", "zone"): "Europe/Atlantis",
    ("general", "name"): "",
    ("general", "colour"): "red",
    ("web", "session_minutes"): -1,
    ("web", "session_hours"): "long",
    ("web", "host_names"): "*",
    ("storage", "when_full"): "explode",
    ("storage", "expiry_days"): 1e9,
    ("storage", "wanted_days"): [],
    ("storage", "block_mib"): 77,
}


@module
async def badly_started(tmp_path_factory, sim):
    """A box in its second life: its settings were damaged and its port taken meanwhile."""
    async with recording_box(tmp_path_factory.mktemp("b"), sim.camera("good")) as box:
        await box.stop()
        path = box.paths.state / "settings" / "settings.json"
        box.damaged = json.loads(path.read_text())
        for (page, field), value in TEN_MISTAKES.items():
            box.damaged["pages"][page][field] = value
        path.write_text(json.dumps(box.damaged))
        box.port = int(box.https.rpartition(":")[2])
        box.other_program = socket.create_server(("0.0.0.0", box.port))
        try:
            await box.start()
            yield box
        finally:
            box.other_program.close()


async def test_a_settings_file_with_ten_mistakes_is_mended_told_and_recorded_with(badly_started):
    box = badly_started
    await box.recording(box.good)
    async with box.page(box.http) as get:
        (event,) = (await get("events?kinds=settings_mended"))["events"]
        for page, field in TEN_MISTAKES:
            assert f"{page}.{field}" in event["text"]
            assert f"{page}.{field}" in box.log_path.read_text()
        assert (await get("settings/general"))["values"]["zone"] != "Europe/Atlantis"
    folder = box.paths.state / "settings"
    kept = [json.loads(file.read_text()) for file in folder.glob("settings.json.broken-*")]
    assert kept == [box.damaged]


async def test_bad_volumes_are_told_in_words_untouched_and_the_good_one_is_recorded_to(
    badly_started,
):
    """A volume of a newer version, two with one identity, a folder that holds other things."""
    box = badly_started
    volumes = box.paths.volumes
    for name in ("newer", "twin", "photos"):
        (volumes / name).mkdir()
    (volumes / "photos" / "cat.jpg").write_text("a cat")
    Volume.create(volumes / "newer", capacity_bytes=100 << 20, name="Newer")
    identity = json.loads((volumes / "newer" / IDENTITY_FILE).read_text())
    (volumes / "newer" / IDENTITY_FILE).write_text(json.dumps(identity | {"format": 2}))
    Volume.create(volumes / "twin", capacity_bytes=100 << 20, name="Twin")
    shutil.copytree(volumes / "twin", volumes / "copy")
    before = contents(volumes, "newer", "copy", "photos")
    for name in ("newer", "twin", "copy", "photos"):
        await add_volume(box, name, volumes / name)
    words = {
        "newer": "made by a newer version of this software (format 2). Update",
        "twin": "one is a copy. Remove one of them",
        "copy": "one is a copy. Remove one of them",
        "photos": "is not empty (it holds cat.jpg). Choose an empty folder",
    }
    async with box.page(box.http) as get:
        for name, told in words.items():
            volume = await until_told(box, get, name, told)
            assert volume["state"] == "refused"
            assert str(volumes / name) in volume["fault"]["text"]
        listed = (await get("events?kinds=volume_refused"))["events"]
        assert len(listed) == len(words)
    twin = contents(volumes, "twin")  # it was in use until its copy came
    await box.recording(box.good)
    assert contents(volumes, "newer", "copy", "photos") == before
    assert contents(volumes, "twin") == twin


async def test_a_port_in_use_at_start_is_told_the_other_serves_and_it_is_taken_when_free(
    badly_started,
):
    box = badly_started
    words = f"Port {box.port} is used by another program"
    event = await box.event("port_unusable")
    assert words in event["event"]["text"]
    assert "choose another port" in event["event"]["text"]
    assert words in box.log_path.read_text()
    async with box.page(box.http) as get:
        (listed,) = (await get("events?kinds=port_unusable"))["events"]
        assert listed["end"] is None
    await box.recording(box.good)
    box.other_program.close()
    await box.event("port_unusable", "ended")
    async with box.page(box.https) as get:
        await get("status")


@contextmanager
def small_disk(folder, megabytes):
    """A file system of its own that is soon full."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True)
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def add_volume(box, name, path, size_limit_gb=0.1):
    values = {"id": name, "name": name, "path": str(path), "size_limit_gb": size_limit_gb}
    await box.bus.request("settings.add", {"page": "storage", "values": values})


def contents(folder, *names):
    """What the files hold, but for the marks that SQLite's readers leave in shared memory."""
    paths = [path for name in names for path in (folder / name).rglob("*") if path.is_file()]
    return {path: path.read_bytes() for path in paths if not path.name.endswith("-shm")}


async def until_told(box, get, name, words):
    """Wait until the status, its health and the log say it of a volume; returns its status."""
    async with asyncio.timeout(20):
        while True:
            status = await get("status")
            volume = next((v for v in status["volumes"] if v["name"] == name), None)
            if volume and volume.get("fault") and words in volume["fault"]["text"]:
                text = volume["fault"]["text"]
                assert any(text in item["text"] for item in status["health"]["items"])
                assert text in box.log_path.read_text()
                return volume
            await asyncio.sleep(0.1)


async def test_a_recording_disk_full_of_other_files_at_start_is_told_and_used_when_there_is_room(
    tmp_path_factory, sim
):
    folder = tmp_path_factory.mktemp("b")
    with small_disk(folder / "volumes", 8) as disk:
        box = Box(folder, web=True, log=True)
        try:
            (disk / "films").write_bytes(bytes(7_900_000))
            await box.start()
            number = await box.add(sim.camera("good"))
            async with box.page() as get:
                volume = await until_told(box, get, "Disk 1", "no free space: other files")
                assert volume["state"] == "full"
                event = await box.event("volume_full")
                assert "Disk 1" in event["event"]["text"]
                (disk / "films").unlink()
                await box.recording(number)
        finally:
            await box.close()


async def test_a_full_system_disk_at_start_is_told_and_recording_goes_on(tmp_path_factory, sim):
    folder = tmp_path_factory.mktemp("b")
    with small_disk(folder / "state", 8) as disk:
        async with recording_box(folder, sim.camera("good")) as box:
            async with box.page() as get:
                await get("status")
            await box.stop()
            fill(disk)
            await box.start()
            await box.recording(box.good)
            async with box.page() as get:
                items = (await get("status"))["health"]["items"]
                assert any("The system disk is nearly full" in item["text"] for item in items)
            (disk / "filler").unlink()


def fill(disk):
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return
