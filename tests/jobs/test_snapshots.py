"""Pictures to a place: of the instants asked for, whole or none, whatever the place does."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av
import psutil
import pytest

from appliance.bus.errors import BusError
from appliance.export.names import folder_parts, picture_name
from appliance.jobs.errors import JobCancelled, JobError
from appliance.jobs.kinds import export_to_place, snapshots_to_place
from appliance.jobs.kinds.snapshots_to_place import PictureWriter
from appliance.jobs.reporting import PARTIAL, Report
from appliance.jobs.stills import Pick, decoded_units
from appliance.media.types import AccessUnit
from appliance.paths import Paths
from appliance.recording.hub import StreamHub
from appliance.recording.mediasock.server import MediaServer

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from made_footage import FPS, FRAME, MAIN, NS, T0, video

MS = 1_000_000
PICTURES = [("D1 Gate a.jpg", b"a" * 1000), ("D1 Gate b.jpg", b"b" * 2000)]


async def pictures(
    machine: Any, where: str, at_s: float, count: int = 1, folder: str = "Snapshots"
) -> Any:
    order = {
        "place": where, "streams": [[1, "main"]], "at": T0 // MS + round(at_s * 1000),
        "count": count, "folder": folder, "live": False, "requester": "anna@192.0.2.7",
    }  # fmt: skip
    return await machine.ask("jobs.start", kind="snapshots_to_place", by="anna", order=order)


def below(folder: Path) -> list[str]:
    """Return the files and folders anywhere below a place."""
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    return sorted(str(path) for path in found if path.parts[0] != "lost+found")


def luma(jpeg: Path) -> tuple[int, int, float]:
    """Return width, height and mean brightness (full range) of a picture."""
    with av.open(str(jpeg)) as picture:
        frame = next(picture.decode(video=0))
        plane = frame.to_ndarray(format="yuvj420p")[: frame.height]
    return frame.width, frame.height, float(plane.mean())


async def test_pictures_of_a_second_apart_lie_in_the_folder_that_was_named(
    machine: Any, tmp_path: Path
) -> None:
    where = await machine.place("usb")
    job = await machine.ended((await pictures(machine, where, 5, 3, "Case 12/Gate"))["id"])
    assert job["state"] == "done", job
    assert job["text"] == "3 pictures saved to usb, folder Case 12/Gate."
    folder = tmp_path / "usb" / "Case 12" / "Gate"
    assert sorted(path.name for path in folder.iterdir()) == job["result"]["pictures"]
    assert [luma(path)[:2] for path in folder.iterdir()] == [(320, 240)] * 3
    first_one, second, third = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert first_one == third != second  # what is filmed repeats every two seconds
    seconds = [name.rpartition(" ")[0][-6:] for name in job["result"]["pictures"]]
    first = int(seconds[0][:2])
    assert seconds == [f"{(first + n) % 60:02d}.000" for n in range(3)]
    query = {"kinds": ["exported"]}
    [event] = (await machine.ask("events.query", to="supervisor", **query))["events"]
    assert event["channel"] == 1
    assert "anna@192.0.2.7" in event["text"]
    assert "3 pictures saved to usb." in event["text"]
    again = await machine.ended((await pictures(machine, where, 5, 1, "Case 12/Gate"))["id"])
    [name] = again["result"]["pictures"]
    assert name == job["result"]["pictures"][0].removesuffix(".jpg") + " (2).jpg"
    assert len(list(folder.iterdir())) == 4


async def test_where_nothing_was_recorded_nothing_is_saved_and_it_is_said(
    machine: Any, tmp_path: Path
) -> None:
    where = await machine.place("usb")
    for at_s in (-60, 100):
        job = await machine.ended((await pictures(machine, where, at_s, 2))["id"])
        assert (job["state"], job["code"]) == ("failed", "no_footage"), job
        assert job["text"].startswith("D1: there is no picture of this time")
    assert below(tmp_path / "usb") == []
    job = await machine.ended((await pictures(machine, where, 38, 5))["id"])
    assert job["state"] == "done"
    assert len(job["result"]["pictures"]) == 3  # 38 s, 39 s, and the last one of the footage
    assert job["text"].endswith("5 were wanted; the camera gave no more at these times.")


async def test_a_stick_that_is_pulled_before_the_pictures_are_written_is_told(
    machine: Any, stick: Any
) -> None:
    process = psutil.Process((await machine.jobs_process())["pid"])
    where = await machine.place("STICK")
    starting = asyncio.create_task(pictures(machine, where, 5))
    child = await machine.child(process)
    child.suspend()
    job = await starting
    stick.pull()
    child.resume()
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "gone"), ended
    assert ended["text"].startswith("STICK is not there any more.")
    assert below(stick.folder) == []
    with pytest.raises(BusError) as refused:
        await pictures(machine, where, 5)
    assert refused.value.code == "jobs.no_place"


@pytest.mark.parametrize("count", [0, 6])
async def test_no_more_than_five_pictures_are_taken_at_once(machine: Any, count: int) -> None:
    with pytest.raises(BusError) as refused:
        await pictures(machine, await machine.place("usb"), 5, count)
    assert refused.value.code == "jobs.bad_order"


class Told(Report):
    """A report that calls `then` at a phase."""

    def __init__(self, results: Path, phase: str = "", then: Callable[[], None] | None = None):
        super().__init__(os.open(os.devnull, os.O_WRONLY), results)
        self._at, self._then = phase, then

    def progress(self, done: int, total: int, unit: str = "bytes", phase: str = "") -> None:
        if self._then is not None and phase == self._at:
            then, self._then = self._then, None
            then()
        super().progress(done, total, unit, phase)


def test_a_full_stick_is_told_before_anything_is_written(stick: Any, tmp_path: Path) -> None:
    filled = shutil.disk_usage(stick.folder).free - 500_000
    (stick.folder / "holiday.bin").write_bytes(bytes(filled))
    with pytest.raises(JobError) as failed:
        PictureWriter(stick.folder, ["Snapshots"], "STICK", Told(tmp_path)).write(PICTURES)
    assert failed.value.code == "no_room"
    assert "MB free, the pictures need 2 MB" in failed.value.text
    assert below(stick.folder) == ["holiday.bin"]


@pytest.mark.parametrize("stick", ["ext4", "vfat"], indirect=True)
@pytest.mark.parametrize("phase", ["writing", "verifying"])
def test_a_stick_pulled_half_way_holds_nothing_that_looks_whole(
    stick: Any, tmp_path: Path, phase: str
) -> None:
    report = Told(tmp_path, phase, stick.pull)
    with pytest.raises(JobError) as failed:
        PictureWriter(stick.folder, ["Snapshots"], "STICK", report).write(PICTURES)
    assert failed.value.code == "place_failed"
    assert failed.value.text.startswith("STICK is gone or failing")
    assert below(stick.folder) == []  # nothing went to the disk below the empty mount point
    stick.plug()
    assert all(PARTIAL in name for name in below(stick.folder) if name != "Snapshots")


@pytest.mark.parametrize("phase", ["writing", "verifying"])
def test_cancelled_pictures_leave_nothing_not_even_the_folder(tmp_path: Path, phase: str) -> None:
    place = tmp_path / "usb"
    place.mkdir()
    report = Told(tmp_path, phase)
    report._then = report.cancel
    with pytest.raises(JobCancelled):
        PictureWriter(place, ["Case 12", "Gate"], "usb", report).write(PICTURES)
    assert below(place) == []


def test_links_on_a_stick_lead_nowhere(tmp_path: Path) -> None:
    place, elsewhere = tmp_path / "usb", tmp_path / "elsewhere"
    place.mkdir()
    elsewhere.mkdir()
    (place / "Snapshots").symlink_to(elsewhere)
    (place / "away").symlink_to(tmp_path / "nowhere")
    (place / "file").touch()
    for name in ("Snapshots", "away", "file"):
        with pytest.raises(JobError) as failed:
            PictureWriter(place, [name], "usb", Told(tmp_path)).write(PICTURES)
        assert failed.value.code == "bad_order"
        assert failed.value.text.startswith(f"{name} on usb is no folder")
    assert below(elsewhere) == []


def live_units(start_ns: int, count: int = 20) -> list[AccessUnit]:
    """Return `count` frames from an instant on; frame n has the brightness 16 + 8 * n."""
    coded = video()
    made = []
    for number in range(count):
        data, _offset, key = coded.frames[number % len(coded.frames)]
        at = start_ns + number * NS // FPS
        made.append(AccessUnit(coded.format, 1, number * FRAME, number * FRAME, FRAME, at, 0, 0,
                               key, False, data))  # fmt: skip
    return made


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A camera that sends and is not recorded: when it began, and how to order pictures of it."""
    monkeypatch.setattr(resource, "setrlimit", lambda *_limits: None)
    monkeypatch.setattr(os, "umask", lambda _mask: 0)
    paths = Paths.below(tmp_path)
    for name, value in paths.environment().items():
        monkeypatch.setenv(name, value)
    place = tmp_path / "usb"
    place.mkdir()
    hub = StreamHub(MAIN)
    server = MediaServer(paths.media_socket(0), {MAIN: hub}, {})
    await server.start()
    start_ns = time.time_ns() // MS * MS - NS
    for unit in live_units(start_ns):
        hub.publish(unit)

    async def order(*after_ms: int) -> list[Path]:
        instants = [start_ns // MS + after for after in after_ms]
        order = {
            "streams": [[1, "main"]], "names": {"1": "Gate"}, "zone": "Europe/Berlin", "box": "NVR",
            "volumes": [], "by": "anna", "reason": "", "live": True, "instants": instants,
            "below": ["Snapshots"], "folder": str(place), "place": "usb",
            "fsid": os.statvfs(place).f_fsid,
        }  # fmt: skip
        outcome = await asyncio.to_thread(snapshots_to_place.run, order, Told(tmp_path))
        found = sorted((place / "Snapshots").iterdir())
        assert [path.name for path in found] == outcome.result["pictures"]
        return found

    yield order
    await server.stop()


@pytest.mark.parametrize(
    ("after_ms", "brightness"),
    [
        ((500, 1500), (56, 136)),
        ((-7000,), (16,)),  # the job began late: the first picture there is
    ],
)
async def test_a_camera_that_is_not_recorded_gives_pictures_of_what_it_sends(
    watched: Any, after_ms: tuple[int, ...], brightness: tuple[int, ...]
) -> None:
    found = await watched(*after_ms)
    for path, level in zip(found, brightness, strict=True):
        assert path.name.startswith("D1 Gate ")
        assert luma(path)[2] == pytest.approx((level - 16) * 255 / 219, abs=6)


def test_the_picture_of_an_instant_is_the_one_that_was_on_the_screen() -> None:
    frames = [(at * NS // 10, str(at)) for at in (0, 4, 9, 21, 60)]
    wanted = [NS // 2, 2 * NS, 4 * NS, 5 * NS + NS // 2, 9 * NS]
    pick = Pick(wanted)
    assert pick.look(frames) is False
    # 0.5 s: 0.4; 2 s: 0.9; 4 s: 2.1; 5.5 s: nothing for 2 s before, so 6.0; 9 s: nothing near it
    assert [picture for _at, picture in pick.frames] == ["4", "9", "21", "60"]
    assert pick.missing == [5 * NS + NS // 2, 9 * NS]
    assert pick.look([(10 * NS, "100"), (5 * NS, "stored")]) is True
    assert pick.missing == [9 * NS]
    assert [picture for _at, picture in pick.frames] == ["4", "9", "21", "stored", "100"]


def test_decoding_begins_at_a_key_frame_and_passes_over_what_is_damaged() -> None:
    units = live_units(T0, 40)
    assert [at for at, _frame in decoded_units(units[5:])] == [u.utc_ns for u in units[20:]]
    assert list(decoded_units([])) == []
    assert list(decoded_units(units[1:19])) == []


def test_who_exports_the_last_second_waits_until_it_is_stored(tmp_path: Path) -> None:
    now = [100.0]

    def clock() -> float:
        now[0] += 0.5
        return now[0]

    export_to_place.wait_until_stored(100_000, Told(tmp_path), clock)
    assert now[0] >= 103.0
    for long_ago_or_far_ahead in (50_000, 3_600_000):
        now[0] = 100.0
        export_to_place.wait_until_stored(long_ago_or_far_ahead, Told(tmp_path), clock)
        assert now[0] <= 101.0
    report = Told(tmp_path)
    report.cancel()
    now[0] = 100.0
    with pytest.raises(JobCancelled):
        export_to_place.wait_until_stored(100_000, report, clock)


@pytest.mark.parametrize(
    "wanted",
    ["", " / ", "a/b/c/d/e", "..", "../x", "a/..", ".hidden", "end.", "a:b", "a\\b", "x" * 61,
     "a\nb", "Case.partial"],
)  # fmt: skip
def test_folders_that_not_every_stick_can_have_are_refused_in_words(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        folder_parts(wanted)


def test_folders_may_lie_within_each_other() -> None:
    assert folder_parts(" Case 12 / Hof (Süd)/") == ["Case 12", "Hof (Süd)"]


def test_pictures_are_named_by_channel_and_time_to_the_millisecond() -> None:
    zone = ZoneInfo("Europe/Berlin")
    at = 1_790_000_000_480 * MS
    assert picture_name(3, "Yard/2", at, zone) == "D3 Yard_2 2026-09-21 16.13.20.480 +0200.jpg"
    assert picture_name(3, "", at, zone, stream="sub").startswith("D3 sub 2026-09-21 ")
