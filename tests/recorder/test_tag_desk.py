"""Tags reach the volumes that hold their footage, and move with them to another box."""

import asyncio
import shutil
import threading
from zoneinfo import ZoneInfo

import pytest
from made_units import START_UTC_NS, video

from appliance.bus.client import BusClient
from appliance.bus.server import BusServer
from appliance.events import tags_book
from appliance.events.book import EventBook
from appliance.events.query import EventFilter
from appliance.events.tags import Tag, TagError
from appliance.events.tags_book import TagBook
from appliance.events.tags_query import TagFilter
from appliance.paths import Paths
from appliance.recorder import tag_desk, volume_tags
from appliance.recorder.group import GroupRecorder
from appliance.recorder.tag_desk import TagDesk
from appliance.recording.config import RecorderConfig, VolumeConfig
from appliance.recording.fragmenter import Fragmenter
from appliance.storage.files import FileOps
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.signing import DeviceKey
from appliance.storage.tag_file import read_tags, write_tags
from appliance.storage.volume import Volume
from appliance.supervisor.tags_service import TagsService

NS_MS = 1_000_000


class TagBox:
    """The supervisor's tags and one recorder of one box, on folders of their own."""

    def __init__(self, root):
        self.paths = Paths.below(root)
        self.paths.state.mkdir(parents=True)
        self.paths.run.mkdir()
        self.now = 0.0
        self.path = root / "events.db"
        self.events = None

    async def start(self, *volumes, size=64 << 20):
        await self.start_supervisor()
        self.client = BusClient(self.paths.bus_socket, "recorder@1", "x")
        self.running = asyncio.create_task(self.client.run())
        self.group = GroupRecorder(self.paths, 1)
        self.desk = TagDesk(self.group, self.client, clock=lambda: self.now)
        configs = tuple(VolumeConfig(str(p.name), p.name, str(p), size, True) for p in volumes)
        await self.group.apply(
            RecorderConfig(1, ZoneInfo("UTC"), (), configs, "overwrite", 1 << 20, 10**9)
        )
        async with asyncio.timeout(10):
            await self.client.connected.wait()
        return self

    async def start_supervisor(self):
        self.events = EventBook(self.path)
        await self.events.start()
        self.server = BusServer(self.paths.bus_socket, instance="s")
        self.tags = TagBook(self.events)
        TagsService(self.server, self.tags)
        await self.server.start()

    async def stop_supervisor(self):
        await self.server.close()
        await self.events.close()
        self.events = None

    async def stop(self):
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.group.stop()
        if self.events is not None:
            await self.stop_supervisor()

    async def ready(self):
        async with asyncio.timeout(20):
            while not self.group.volumes.ready:
                await asyncio.sleep(0.01)

    async def record(self, channel=1, seconds=2):
        """Store footage; return its first instant in ms."""
        await self.ready()
        maker = Fragmenter(StreamId(channel, StreamName.MAIN))
        for n in range(10 * seconds):
            maker.add(video(n), RecordKind.GENERAL)
        self.group.volumes.submit(maker.take())
        async with asyncio.timeout(20):
            while self.group.units_stored == 0:
                await asyncio.sleep(0.01)
        return START_UTC_NS // NS_MS

    async def settled(self, condition):
        """Let the desk do its turns until something holds; its clock goes on with each."""
        async with asyncio.timeout(20):
            while not condition():
                await self.desk.settle()
                self.now += 5
                await asyncio.sleep(0.01)

    async def known(self):
        tags, _next = await self.tags.query(TagFilter())
        return {tag.id: tag for tag in tags}


def put(path, owner, tags):
    files = FileOps(path)
    try:
        write_tags(files, owner, tags)
    finally:
        files.shut()


def copies(path):
    files = FileOps(path)
    try:
        return {key: tag for tags in read_tags(files).values() for key, tag in tags.items()}
    finally:
        files.shut()


@pytest.fixture
async def box(tmp_path):
    made = TagBox(tmp_path / "one")
    yield made
    await made.stop()


async def test_a_tag_is_copied_to_the_volume_that_holds_its_footage(box, tmp_path):
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    tag = await box.tags.add(1, at + 500, "Van", "anna")
    await box.settled(lambda: copies(disk) == {tag.id: tag})
    renamed = await box.tags.rename(tag.id, "Blue van")
    await box.settled(lambda: copies(disk) == {tag.id: renamed})
    await box.tags.delete([tag.id])
    await box.settled(lambda: copies(disk)[tag.id].deleted)
    assert copies(disk)[tag.id].name == ""


async def test_a_tag_goes_only_where_its_footage_is(box, tmp_path):
    disk, other = tmp_path / "disk", tmp_path / "other"
    await box.start(disk, other)
    async with asyncio.timeout(20):
        while not all(worker.ready for worker in box.group.volumes):
            await asyncio.sleep(0.01)
    at = await box.record()
    tag = await box.tags.add(1, at + 500, "Van", "")
    await box.tags.add(1, at - 3_600_000, "an hour before anything was recorded", "")
    holder = box.group.volumes.worker_of(1).config.path
    await box.settled(lambda: copies(disk) or copies(other))
    for _ in range(3):
        await box.desk.settle()
        box.now += 5
    found = {str(path): set(copies(path)) for path in (disk, other)}
    assert found.pop(holder) == {tag.id}
    assert list(found.values()) == [set()]


async def test_tags_move_with_the_disk_to_another_box(box, tmp_path):
    """The other box does not write to it, since it never made it, and learns its tags."""
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    tag = await box.tags.add(1, at + 500, "Van", "anna")
    gone = await box.tags.add(1, at + 600, "Mistake", "anna")
    await box.settled(lambda: set(copies(disk)) == {tag.id, gone.id})
    await box.tags.delete([gone.id])
    await box.settled(lambda: copies(disk)[gone.id].deleted)
    await box.group.stop()
    moved = tmp_path / "two" / "disk"
    moved.parent.mkdir()
    shutil.copytree(disk, moved)
    other = await TagBox(tmp_path / "two" / "box").start(moved)
    try:
        async with asyncio.timeout(20):
            while not await other.known():
                await other.desk.settle()
                other.now += 30
                await asyncio.sleep(0.01)
        assert await other.known() == {tag.id: tag}
    finally:
        await other.stop()


async def test_a_volume_of_another_box_is_read_again_only_when_its_tags_changed(
    box, tmp_path, monkeypatch
):
    disk, reads = tmp_path / "disk", []
    read = volume_tags.read_tags
    monkeypatch.setattr(volume_tags, "read_tags", lambda files: reads.append(1) or read(files))
    Volume.create(disk, capacity_bytes=64 << 20, name="theirs", device_key=DeviceKey.new())
    theirs = [Tag.new(1, 1_000, name, "bert", 1) for name in ("one", "two")]
    put(disk, "recorder1", theirs[:1])
    await box.start(disk)
    await box.settled(lambda: reads)
    for _ in range(3):
        await box.desk.settle()
        box.now += 30
    assert await box.known() == {theirs[0].id: theirs[0]}
    assert len(reads) == 1
    put(disk, "recorder1", theirs)
    await box.settled(lambda: len(reads) == 2)
    assert (await box.known()).keys() == {tag.id for tag in theirs}
    assert copies(disk) == {tag.id: tag for tag in theirs}  # nobody wrote to it


@pytest.mark.parametrize("code", ["tags.not_stored", "tags.bad_request"])
async def test_copies_are_written_although_what_came_with_the_disk_is_not_taken(
    box, tmp_path, monkeypatch, code
):
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()

    async def refuse(_tags):
        raise TagError(code, "Not now.")

    monkeypatch.setattr(box.tags, "merge", refuse)
    theirs = Tag.new(20, 1_000, "of another recorder", "", 1)
    put(disk, "recorder3", [theirs])
    tag = await box.tags.add(1, at + 500, "Van", "")
    await box.settled(lambda: copies(disk) == {tag.id: tag, theirs.id: theirs})


async def test_a_disk_that_was_away_takes_over_what_changed_meanwhile(box, tmp_path):
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    kept = await box.tags.add(1, at + 100, "kept", "")
    gone = await box.tags.add(1, at + 200, "gone", "")
    await box.settled(lambda: len(copies(disk)) == 2)
    disk.rename(tmp_path / "shelf")
    renamed = await box.tags.rename(kept.id, "renamed")
    await box.tags.delete([gone.id])
    await box.desk.settle()
    box.group.volumes.submit([])
    (tmp_path / "shelf").rename(disk)
    await box.settled(lambda: copies(disk)[gone.id].deleted)
    assert copies(disk)[kept.id] == renamed
    assert await box.known() == {kept.id: renamed}


async def test_a_new_table_of_tags_is_filled_from_the_volumes(box, tmp_path):
    """The system disk was lost; the recorder goes on and gives back what it has."""
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    tag = await box.tags.add(1, at + 500, "Van", "anna")
    await box.settled(lambda: tag.id in copies(disk))
    await box.stop_supervisor()
    for path in box.path.parent.glob("events.db*"):
        path.unlink()
    await box.start_supervisor()
    async with asyncio.timeout(20):
        await box.client.connected.wait()
        while not await box.known():
            if box.client.connected.is_set():
                await box.desk.settle()
            box.now += 5
            await asyncio.sleep(0.01)
    assert await box.known() == {tag.id: tag}


async def test_a_full_volume_gets_its_copy_when_there_is_room_again(box, tmp_path, monkeypatch):
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    full = True
    write = volume_tags.write_tags

    def no_room(*args):
        if full:
            raise OSError(28, "No space left on device")
        write(*args)

    monkeypatch.setattr(volume_tags, "write_tags", no_room)
    tag = await box.tags.add(1, at + 500, "Van", "")
    for _ in range(5):
        await box.desk.settle()
        box.now += 30
    assert copies(disk) == {}
    assert await box.known() == {tag.id: tag}
    full = False
    await box.settled(lambda: copies(disk) == {tag.id: tag})


async def test_a_tag_without_footage_is_marked_then_removed_also_from_the_disk(
    box, tmp_path, monkeypatch
):
    """As after its footage was overwritten: the disk's file has the tag, its catalogue nothing."""
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    kept = await box.tags.add(1, at + 500, "Van", "")
    bare = Tag.new(1, at - 3_600_000, "Overwritten", "anna", at)
    await box.settled(lambda: kept.id in copies(disk))
    put(disk, "recorder1", [kept, bare])
    for state in box.desk._volumes.values():
        state.forget()
    while bare.id not in await box.known():
        await box.desk.settle()
        box.now += 5

    async def marked():
        return set(await box.tags.gone_since([kept.id, bare.id]))

    async with asyncio.timeout(20):
        while await marked() != {bare.id}:
            await box.desk.settle()
            box.now += 5
    assert set(copies(disk)) == {kept.id, bare.id}  # for a day
    monkeypatch.setattr(tags_book, "KEPT_MS", 0)
    await box.settled(lambda: set(copies(disk)) == {kept.id})
    assert set(await box.known()) == {kept.id}
    events = [e for e in (await box.events.query(EventFilter()))[0] if e.kind == "tags_removed"]
    assert "Overwritten" in events[0].details["tags"]


async def test_no_tag_counts_as_without_footage_while_a_volume_is_away(box, tmp_path):
    disk, away = tmp_path / "disk", tmp_path / "away"
    await box.start(disk, away)
    async with asyncio.timeout(20):
        while not all(worker.ready for worker in box.group.volumes):
            await asyncio.sleep(0.01)
    await box.record()
    if box.group.volumes.worker_of(1).config.path == str(away):
        disk, away = away, disk
    bare = await box.tags.add(1, 1_000, "on the disk that is away", "")
    away.rename(tmp_path / "shelf")
    for _ in range(30):
        await box.desk.settle()
        box.now += 40
    assert await box.tags.gone_since([bare.id]) == {}
    (tmp_path / "shelf").rename(away)
    async with asyncio.timeout(20):
        while not await box.tags.gone_since([bare.id]):
            await box.desk.settle()
            box.now += 40


async def test_another_volume_at_the_same_place_is_left_alone(box, tmp_path):
    disk = tmp_path / "disk"
    await box.start(disk)
    at = await box.record()
    with pytest.raises(Exception, match="Another volume"):
        volume_tags.write_volume(disk, "0" * 32, "recorder1", [Tag.new(1, at, "a", "", 1)])
    assert copies(disk) == {}


async def test_a_disk_that_does_not_answer_holds_up_neither_recording_nor_other_disks(
    box, tmp_path, monkeypatch
):
    disk, stuck = tmp_path / "disk", tmp_path / "a-stuck"
    monkeypatch.setattr(tag_desk, "PATIENCE_S", 0.05)
    free, channel = threading.Event(), 1
    read = tag_desk.read_volume

    def reading(path, known):
        if path == stuck:
            free.wait(30)
        return read(path, known)

    monkeypatch.setattr(tag_desk, "read_volume", reading)
    await box.start(stuck, disk)
    try:
        async with asyncio.timeout(20):
            while not all(worker.ready for worker in box.group.volumes):
                await asyncio.sleep(0.01)
        while box.group.volumes.worker_of(channel).config.path != str(disk):
            channel += 1
        at = await box.record(channel)
        tag = await box.tags.add(channel, at + 500, "Van", "")
        await box.settled(lambda: tag.id in copies(disk))
    finally:
        free.set()
