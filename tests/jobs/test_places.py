"""Places: folders and sticks that come, go, are read-only, are ejected."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from appliance.bus import job_messages as messages
from appliance.bus.errors import BusError
from appliance.export.file_system import file_system
from appliance.jobs.place_watch import PlaceWatch
from appliance.paths import Paths

MOUNTS = r"""
21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
40 21 8:17 / /media/USB\040STICK rw,nosuid shared:9 - vfat /dev/sdb1 rw,umask=022
41 21 0:30 / /media rw - tmpfs tmpfs rw
42 41 8:18 / /media/USB\040STICK rw master:1 - exfat /dev/sdb2 rw
bad line
""".splitlines()


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/media/USB STICK/x", "exfat"), ("/media/other", "tmpfs"), ("/mediator", "ext4")],
)
def test_the_file_system_is_that_of_the_last_mount_above(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def watch(root: Path, *places: Path) -> PlaceWatch:
    return PlaceWatch(Paths.below(root), lambda _places: None, os.pathsep.join(map(str, places)))


async def test_folders_that_are_named_and_those_of_the_state_are_places(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "state" / "places" / "usb1").mkdir(parents=True)
    (tmp_path / "a file").touch()
    seen = watch(tmp_path, tmp_path / "archive", tmp_path / "gone", tmp_path / "a file")
    places = await seen.places()
    assert [place.name for place in places] == ["archive", "usb1"]
    assert places[0].total > places[0].free > 0
    assert places[0].writable
    assert places[0].file_system
    assert places[0].shown().keys() == messages.Place.__required_keys__
    (tmp_path / "archive").rmdir()
    assert [place.name for place in await seen.places()] == ["usb1"]


async def test_a_stick_that_is_pulled_is_no_place_and_its_empty_mount_point_is_none_either(
    tmp_path: Path, stick: Any
) -> None:
    seen = watch(tmp_path, stick.folder)
    [place] = await seen.places()
    assert (place.file_system, place.writable) == ("ext4", True)
    assert place.total < 24 << 20
    stick.pull()
    assert stick.folder.is_dir()
    assert await seen.places() == []
    stick.plug()
    assert [again.id for again in await seen.places()] == [place.id]


async def test_a_write_protected_stick_is_shown_as_such(tmp_path: Path, stick: Any) -> None:
    stick.pull()
    stick.plug("ro")
    [place] = await watch(tmp_path, stick.folder).places()
    assert not place.writable


async def test_an_ejected_place_is_off_the_list_until_it_has_been_away(
    make_machine: Any, stick: Any
) -> None:
    machine = make_machine(stick.folder)
    await machine.start()
    [place] = (await machine.ask("places.list"))["places"]
    job = await machine.ask("places.eject", place=place["id"], by="anna")
    ended = await machine.ended(job["id"])
    assert (ended["state"], ended["text"]) == ("done", "STICK can be pulled now.")
    async with asyncio.timeout(20):
        while (await machine.ask("places.list"))["places"]:
            await asyncio.sleep(0.02)
    with pytest.raises(BusError) as refused:
        await machine.ask("places.eject", place=place["id"], by="anna")
    assert refused.value.code == "jobs.no_place"
    stick.pull()
    assert (await machine.ask("places.list"))["places"] == []
    stick.plug()
    assert len((await machine.ask("places.list"))["places"]) == 1


async def test_places_that_come_are_told(make_machine: Any, tmp_path: Path) -> None:
    folder = tmp_path / "late"
    machine = make_machine(folder)
    told: list[list[str]] = []
    machine.client.subscribe(
        "places.changed", lambda payload: told.append([p["name"] for p in payload["places"]])
    )
    await machine.start()
    await machine.jobs_process()
    folder.mkdir()
    async with asyncio.timeout(30):
        while ["late"] not in told:
            await asyncio.sleep(0.02)


async def test_those_who_ask_at_once_get_one_answer(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    seen = watch(tmp_path, tmp_path / "archive")
    answers = await asyncio.gather(*(seen.places() for _ in range(8)))
    assert [[place.name for place in places] for places in answers] == [["archive"]] * 8
