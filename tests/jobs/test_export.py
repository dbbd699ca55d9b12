"""Exports to places: whole or nothing, whatever happens to stick, child, process and web."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from appliance.bus.errors import BusError
from appliance.export.verify import verify_export
from appliance.storage.signing import fingerprint

sys.path.insert(0, str(Path(__file__).parents[1] / "export"))

from evidence import make
from made_footage import T0

SECONDS = 40
MEGABYTE = 1_000_000
each_stick = pytest.mark.parametrize("stick", ["ext4", "vfat"], indirect=True)


async def place(machine: Any, name: str) -> str:
    return str(await machine.place(name))


async def export(machine: Any, where: str, *, seconds: float = SECONDS, by: str = "anna") -> Any:
    order = {
        "place": where,
        "streams": [[1, "main"]],
        "from": T0 // 1_000_000,
        "to": T0 // 1_000_000 + round(seconds * 1000),
        "reason": "theft in the yard",
        "combine": False,
        "requester": f"{by}@192.0.2.7",
    }
    return await machine.ask("jobs.start", kind="export_to_place", by=by, order=order)


async def half_written(machine: Any, to: str) -> tuple[Any, psutil.Process]:
    """Start an export and stop its child once it has written some of it; return both."""
    process = psutil.Process((await machine.jobs_process())["pid"])
    wanted = await place(machine, to)
    starting = asyncio.create_task(export(machine, wanted, seconds=20))
    child = await machine.child(process)
    child.suspend()
    job = await starting
    async with asyncio.timeout(60):
        while True:
            job = await machine.job(job["id"])
            assert job["ended"] is None, job
            progress = job["progress"]
            if progress and progress["phase"] == "writing" and progress["done"] >= MEGABYTE:
                return job, child
            child.resume()
            await asyncio.sleep(0.005)
            child.suspend()


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "lost+found")


async def test_an_export_lies_on_the_place_whole_verified_and_signed(
    machine: Any, tmp_path: Path
) -> None:
    job = await machine.ended((await export(machine, await place(machine, "usb")))["id"])
    assert job["state"] == "done", job
    assert job["text"].startswith("Saved to usb as ")
    assert left(tmp_path / "usb") == [job["result"]["folder"]]
    report = verify_export(tmp_path / "usb" / job["result"]["folder"])
    assert report.problems == []
    assert report.key
    assert report.manifest is not None
    assert (report.manifest["by"], report.manifest["reason"]) == (
        "anna@192.0.2.7",
        "theft in the yard",
    )
    query = {"kinds": ["exported"]}
    events = (await machine.ask("events.query", to="supervisor", **query))["events"]
    assert [event["channel"] for event in events] == [1]
    assert "anna@192.0.2.7" in events[0]["text"]
    verifying = await machine.ask(
        "jobs.start", kind="verify_export", by="anna",
        order={"place": await place(machine, "usb"), "name": job["result"]["folder"]},
    )  # fmt: skip
    verified = await machine.ended(verifying["id"])
    assert (verified["state"], verified["problems"]) == ("done", 0), verified
    assert "is as it was exported by this recorder (fingerprint " in verified["text"]
    assert verified["result"]["signer"] == "own"


async def test_a_changed_byte_is_found_by_the_job_that_verifies(
    machine: Any, tmp_path: Path
) -> None:
    job = await machine.ended((await export(machine, await place(machine, "usb"), seconds=5))["id"])
    folder = tmp_path / "usb" / job["result"]["folder"]
    film = next(folder.glob("*.mp4"))
    data = bytearray(film.read_bytes())
    data[len(data) // 2] ^= 1
    film.write_bytes(data)
    verifying = await machine.ask(
        "jobs.start", kind="verify_export", by="anna",
        order={"place": await place(machine, "usb"), "name": folder.name},
    )  # fmt: skip
    verified = await machine.ended(verifying["id"])
    assert verified["state"] == "done"
    assert verified["problems"] >= 1
    assert film.name in verified["text"]


async def verified(machine: Any, name: str, **more: Any) -> Any:
    order = {"place": await place(machine, "usb"), "name": name, **more}
    job = await machine.ask("jobs.start", kind="verify_export", by="anna", order=order)
    return await machine.ended(job["id"])


async def test_an_export_of_another_box_is_not_called_genuine_unless_its_key_is_given(
    machine: Any, tmp_path: Path
) -> None:
    other = make(tmp_path / "other")
    shutil.copytree(other.folder, tmp_path / "usb" / "theirs")
    job = await verified(machine, "theirs")
    assert (job["state"], job["problems"], job["result"]["signer"]) == ("done", 0, "unknown"), job
    assert f"the key is not known here (fingerprint {fingerprint(other.key)})" in job["text"]
    assert "as it was exported" not in job["text"]
    for key in (other.key, fingerprint(other.key)):
        job = await verified(machine, "theirs", key=key)
        assert job["result"]["signer"] == "given"
        assert "by the recorder whose key was given" in job["text"]
    job = await verified(machine, "theirs", key="00" * 32)
    assert "another recorder signed" in job["text"]
    assert job["problems"] == 1
    job = await verified(machine, "theirs", key="x")
    assert (job["state"], job["code"]) == ("failed", "bad_key")


async def test_a_hostile_stick_does_not_stall_the_jobs(machine: Any, tmp_path: Path) -> None:
    place_folder = tmp_path / "usb"
    hostile = make(tmp_path / "hostile")
    hostile.forge(b'{"a":' * 100_000)
    name = "\x1b[31m\u202e" + "\U0001f4fc" * 50
    for number in range(300):
        (hostile.folder / os.fsdecode(name.encode() + b"\xff\xfe%d.mp4" % number)).touch()
    shutil.copytree(hostile.folder, place_folder / name)
    (place_folder / "away").symlink_to("/etc")
    for _n in range(3):
        job = await verified(machine, name)
        assert (job["state"], job["problems"] > 0) == ("done", True), job
        assert job["text"].isprintable()
        assert all(one["file"].isprintable() for one in job["result"]["found"])
    (place_folder / name / "signature.json").unlink()
    os.truncate(place_folder / name / "manifest.json", 1 << 30)
    job = await verified(machine, name)
    assert job["problems"] > 0
    job = await verified(machine, "away")
    assert (job["state"], job["code"]) == ("failed", "bad_order"), job
    assert len((await machine.ask("jobs.list"))["jobs"]) == 5


async def test_a_foreign_film_is_a_problem_of_the_job(machine: Any, tmp_path: Path) -> None:
    folder = shutil.copytree(make(tmp_path / "other").folder, tmp_path / "usb" / "theirs")
    (folder / "other.mp4").write_bytes(b"x")
    job = await verified(machine, "theirs")
    assert job["problems"] == 1
    assert "theirs is not as it was exported. other.mp4: it does not belong" in job["text"]
    assert [one["file"] for one in job["result"]["found"]] == ["other.mp4"]


@each_stick
async def test_a_killed_child_leaves_nothing_on_the_stick(machine: Any, stick: Any) -> None:
    job, child = await half_written(machine, "STICK")
    assert left(stick.folder)[0].endswith(f".{job['id']}.partial")
    child.kill()
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "died")
    assert left(stick.folder) == []


async def test_a_killed_jobs_process_leaves_nothing_on_the_stick(machine: Any, stick: Any) -> None:
    job, _child = await half_written(machine, "STICK")
    process = await machine.jobs_process()
    os.kill(process["pid"], signal.SIGKILL)
    await machine.jobs_process(after=process["pid"])
    assert (await machine.ended(job["id"]))["code"] == "interrupted"
    assert left(stick.folder) == []


@each_stick
async def test_a_cancelled_export_leaves_nothing_on_the_stick(machine: Any, stick: Any) -> None:
    job, child = await half_written(machine, "STICK")
    await machine.ask("jobs.cancel", id=job["id"])
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "cancelled"
    assert left(stick.folder) == []
    query = {"kinds": ["export_ended_early"]}
    async with asyncio.timeout(20):
        while not (await machine.ask("events.query", to="supervisor", **query))["events"]:
            await asyncio.sleep(0.05)


@each_stick
async def test_a_stick_pulled_half_way_fails_in_words_and_is_cleaned_when_it_is_back(
    machine: Any, stick: Any
) -> None:
    known_by = os.statvfs(stick.folder).f_fsid
    job, child = await half_written(machine, "STICK")
    stick.pull()
    child.resume()
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "place_failed"), ended
    assert ended["text"].startswith("STICK is gone or failing")
    assert left(stick.folder) == []  # nothing went to the disk below the empty mount point
    stick.plug()
    assert all(name.endswith(".partial") for name in left(stick.folder))
    again = await machine.ended(
        (await export(machine, await place(machine, "STICK"), seconds=5))["id"]
    )
    assert again["state"] == "done"
    if os.statvfs(stick.folder).f_fsid != known_by:
        return  # FAT is known by its device only: on another one nothing of it is removed
    async with asyncio.timeout(60):
        while left(stick.folder) != [again["result"]["folder"]]:
            await asyncio.sleep(0.1)


async def test_a_folder_that_vanishes_half_way_fails_in_words(machine: Any, tmp_path: Path) -> None:
    job, child = await half_written(machine, "usb")
    shutil.rmtree(tmp_path / "usb")
    child.resume()
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "place_failed"), ended
    assert not (tmp_path / "usb").exists()


@each_stick
async def test_a_stick_too_small_is_told_before_anything_is_written(
    machine: Any, stick: Any
) -> None:
    (stick.folder / "holiday.bin").write_bytes(bytes(16 * MEGABYTE))
    job = await machine.ended((await export(machine, await place(machine, "STICK")))["id"])
    assert (job["state"], job["code"]) == ("failed", "no_room"), job
    assert "MB free, the export needs" in job["text"]
    assert left(stick.folder) == ["holiday.bin"]


async def test_a_write_protected_or_missing_stick_is_refused_at_once(
    machine: Any, stick: Any
) -> None:
    wanted = await place(machine, "STICK")
    stick.pull()
    stick.plug("ro")
    with pytest.raises(BusError) as refused:
        await export(machine, await place(machine, "STICK"))
    assert refused.value.code == "jobs.place_read_only"
    stick.pull()
    with pytest.raises(BusError) as refused:
        await machine.ask("places.eject", place=wanted, by="anna")
    assert refused.value.code == "jobs.no_place"


async def test_a_place_in_use_is_not_ejected(machine: Any, stick: Any) -> None:
    job, child = await half_written(machine, "STICK")
    with pytest.raises(BusError) as refused:
        await machine.ask("places.eject", place=await place(machine, "STICK"), by="bert")
    assert refused.value.code == "jobs.place_busy"
    assert "Save D1 to STICK" in refused.value.text
    child.resume()
    assert (await machine.ended(job["id"]))["state"] == "done"


async def test_two_people_export_to_one_place_at_once(machine: Any, tmp_path: Path) -> None:
    jobs = [
        await export(machine, await place(machine, "usb"), by=by, seconds=10)
        for by in ("anna", "bert")
    ]
    ended = [await machine.ended(job["id"]) for job in jobs]
    assert [job["state"] for job in ended] == ["done", "done"], ended
    folders = {job["result"]["folder"] for job in ended}
    assert len(folders) == 2
    assert sorted(folders) == left(tmp_path / "usb")


async def test_a_time_without_footage_is_told_in_words(machine: Any) -> None:
    order = {
        "place": await place(machine, "usb"), "streams": [[1, "main"]], "from": 1000, "to": 2000,
        "reason": "", "combine": False, "requester": "anna@192.0.2.7",
    }  # fmt: skip
    job = await machine.ask("jobs.start", kind="export_to_place", by="anna", order=order)
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["code"]) == ("failed", "no_footage")


async def test_films_coded_anew_show_the_time_and_lie_on_the_place_whole(
    machine: Any, tmp_path: Path
) -> None:
    order = {
        "place": await place(machine, "usb"), "streams": [[1, "main"]],
        "from": T0 // 1_000_000 + 1500, "to": T0 // 1_000_000 + 5500, "reason": "", "combine": True,
        "requester": "anna@192.0.2.7", "clock": True, "text": "Case 12/26", "sound": True,
        "masks": [[1, 0.5, 0.5, 0.5, 0.5]],
    }  # fmt: skip
    job = await machine.ask("jobs.start", kind="reencode", by="anna", order=order)
    ended = await machine.ended(job["id"])
    assert ended["state"] == "done", ended
    [name] = left(tmp_path / "usb")
    folder = tmp_path / "usb" / name
    [film] = folder.glob("*.mp4")
    assert "do not prove themselves" in (folder / "README.txt").read_text()
    with av.open(str(film)) as made:
        pictures = [frame.to_ndarray(format="yuv420p") for frame in made.decode(video=0)]
        length_s = float(made.duration / av.time_base)
        kinds = [stream.type for stream in made.streams]
    assert len(pictures) == 40
    assert 3.8 <= length_s <= 4.2
    assert kinds == ["video", "audio"]
    for picture in (pictures[0], pictures[-1]):
        assert picture[130:230, 170:310].max() < 40  # the mask
        assert picture[2:40, 4:200].max() > 200  # the text
        assert picture[60:110, 20:140].std() > 10  # the picture
