"""Tags of a whole box: on its disk soon, on another box with the disk, whole whenever killed."""

import asyncio
import shutil
import time
from contextlib import suppress

import psutil
from the_box import Box

from appliance.storage.files import FileOps
from appliance.storage.tag_file import read_tags


def copies(volume):
    """Tags in the files of a volume by id; each of these files has to be whole."""
    files = FileOps(volume)
    try:
        found = read_tags(files)
        with suppress(FileNotFoundError):
            assert len(found) == sum(n.endswith(".json") for n in files.listdir("tags"))
    finally:
        files.shut()
    return {key: tag for tags in found.values() for key, tag in tags.items()}


async def until(condition):
    async with asyncio.timeout(40):
        while not (answer := condition()):
            await asyncio.sleep(0.05)
        return answer


async def mark(box, number, name):
    now = time.time_ns() // 1_000_000
    params = {"channel": number, "at": now, "name": name, "author": "anna"}
    return await box.bus.request("tags.add", params)


async def test_a_tag_of_now_is_soon_on_the_disk_and_moves_with_it_to_another_box(
    box, cameras, tmp_path_factory
):
    number = await box.add(cameras.camera("gate"))
    await box.recording(number)
    tag = await mark(box, number, "Lieferwagen")
    await until(lambda: tag["id"] in copies(box.volume))
    await box.stop()
    other = Box(tmp_path_factory.mktemp("o"))
    shutil.copytree(box.volume, other.volume)
    try:
        await other.start()
        await other.add(cameras.camera("yard"))
        tags = []
        async with asyncio.timeout(60):
            while not tags:
                tags = (await other.bus.request("tags.query", {}))["tags"]
                await asyncio.sleep(0.1)
        assert tags == [{**tag, "gone": None}]
    finally:
        await other.close()


async def test_a_recorder_killed_at_any_time_leaves_its_tags_whole_and_catches_up(box, cameras):
    number = await box.add(cameras.camera("gate"))
    await box.recording(number)
    tags, before = [], {}
    for kill in range(3):
        tags += [await mark(box, number, f"{kill}-{n}") for n in range(20)]
        await until(lambda before=before: len(copies(box.volume)) > len(before))
        tags += [await mark(box, number, f"{kill} late {n}") for n in range(20)]
        psutil.Process(box.recorder_pid()).kill()
        left = copies(box.volume)
        assert before.keys() <= left.keys()
        before = left
        await box.recording(number)
    await until(lambda: copies(box.volume).keys() == {tag["id"] for tag in tags})
