"""Volumes of a recorder: made when told, left when they fail, taken up again."""

import asyncio
import shutil
from pathlib import Path

import pytest
from made_units import video

from appliance.recording.config import VolumeConfig
from appliance.recording.fragmenter import Fragmenter
from appliance.recording.volume_place import VolumePlace
from appliance.recording.volume_set import VolumeSet
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.errors import ForeignVolumeError
from appliance.storage.ledger import Ledger
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.policy import VolumePolicy
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import peek_identity

LIMIT = 64 << 20


class Desk:
    """A volume set on real folders, and what it was told."""

    def __init__(self, root):
        self.root = root
        self.key = DeviceKey.new()
        self.ledger = Ledger(root / "ledger")
        self.stored, self.lost, self.refused = [], [], []
        self.changed = asyncio.Event()
        self.set = VolumeSet(
            self.worker,
            on_stored=self._note(self.stored),
            on_lost=lambda fragment, fault: self._note(self.lost)((fragment, fault)),
            on_refused=self._note(self.refused),
        )

    def _note(self, where):
        def note(what):
            where.append(what)
            self.changed.set()

        return note

    def _reported(self, worker, batch, report):
        self.set.reported(worker, batch, report)
        self.changed.set()

    def worker(self, config):
        return VolumeWorker(
            config,
            owner="recorder1",
            device_key=self.key,
            ledger=self.ledger,
            uuid_file=self.root / "uuids" / config.id,
            block_bytes=1 << 20,
            on_report=self._reported,
            on_change=lambda worker: self.changed.set(),
        )

    def config(self, name, limit=LIMIT, enabled=True):
        return VolumeConfig(name, name, str(self.root / name), limit, enabled)

    async def until(self, condition):
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def ready(self, *names):
        await self.set.apply([self.config(name) for name in names])
        await self.until(lambda: all(worker.ready for worker in self.set))


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    monkeypatch.setattr("appliance.recording.volume_worker.REOPEN_S", 0.05)
    made = Desk(tmp_path)
    yield made
    await made.set.close()


def fragments(channel=1, count=1, run=1):
    maker = Fragmenter(StreamId(channel, StreamName.MAIN))
    for n in range(10 * count):
        maker.add(video(n, run=run), RecordKind.GENERAL)
        if n % 10 == 9:
            yield from maker.take()


async def test_an_empty_folder_with_a_limit_becomes_a_volume_and_takes_footage(desk):
    await desk.ready("one")
    batch = list(fragments(count=3))
    desk.set.submit(batch)
    await desk.until(lambda: len(desk.stored) == 3)
    assert desk.stored == batch
    assert desk.set.waiting_bytes == 0


async def test_nothing_is_written_where_a_disk_should_be_mounted_and_is_not(desk):
    """Footage never lands on the system disk."""
    (desk.root / "disk").mkdir()
    await desk.set.apply([desk.config("disk", limit=None)])
    await desk.until(lambda: next(iter(desk.set)).fault.code == "volume_foreign")
    assert "No disk is mounted" in desk.set.fault().text
    assert list((desk.root / "disk").iterdir()) == []


async def test_a_folder_that_holds_other_things_is_not_touched(desk):
    (desk.root / "photos").mkdir()
    (desk.root / "photos" / "a.jpg").write_text("x")
    await desk.set.apply([desk.config("photos")])
    await desk.until(lambda: next(iter(desk.set)).fault.code == "volume_foreign")
    assert [p.name for p in (desk.root / "photos").iterdir()] == ["a.jpg"]


async def test_another_volume_in_the_place_of_the_known_one_is_refused(desk):
    await desk.ready("one", "two")
    await desk.set.apply([])
    shutil.rmtree(desk.root / "one")
    (desk.root / "two").rename(desk.root / "one")
    await desk.set.apply([desk.config("one")])
    await desk.until(lambda: next(iter(desk.set)).fault.code == "volume_swapped")


async def test_channels_are_spread_over_the_volumes(desk):
    await desk.ready("one", "two")
    places = [desk.set.worker_of(channel).config.id for channel in (1, 2, 3, 4)]
    assert sorted(places) == ["one", "one", "two", "two"]
    assert desk.set.worker_of(1).config.id == places[0]


async def test_when_a_volume_vanishes_recording_goes_on_on_the_other(desk):
    """Pain 4: within seconds, and said in words."""
    await desk.ready("one", "two")
    gone = desk.set.worker_of(1)
    shutil.rmtree(gone.config.path)
    batch = list(fragments(count=3))
    desk.set.submit(batch[:1])
    await desk.until(lambda: not gone.ready)
    desk.set.submit(batch[1:])
    await desk.until(lambda: len(desk.stored) == 3)
    assert desk.stored == batch
    assert not desk.lost
    assert "is gone" in gone.fault.text
    assert desk.set.worker_of(1).config.id != gone.config.id


async def test_without_a_volume_the_oldest_footage_is_given_up_and_counted(desk, monkeypatch):
    batch = list(fragments(count=5))
    size = sum(map(len, batch[0].body))
    monkeypatch.setattr("appliance.recording.volume_set.HELD_BYTES", 3 * size + 100)
    desk.set.submit(batch)
    assert [fragment for fragment, _ in desk.lost] == batch[:2]
    assert desk.lost[0][1].code == "no_volume"


async def test_footage_held_while_no_volume_was_ready_is_stored_when_one_is(desk):
    batch = list(fragments(count=5))
    desk.set.submit(batch)
    await desk.ready("one")
    desk.set.submit([])
    await desk.until(lambda: len(desk.stored) == 5)
    assert desk.stored == batch
    assert not desk.lost


async def test_a_volume_set_to_stop_is_left_when_full_and_says_so(desk):
    """D2-ST-01, N8.3."""
    await desk.set.apply([desk.config("small", limit=4 << 20)])
    await desk.until(lambda: all(worker.ready for worker in desk.set))
    worker = next(iter(desk.set))
    worker.set_policy(VolumePolicy(when_full="stop"))
    maker = Fragmenter(StreamId(1, StreamName.MAIN))
    sent = []
    for n in range(1200):
        maker.add(video(n, size=9_000), RecordKind.GENERAL)
        if n % 10 == 9:
            sent += maker.take()
            desk.set.submit(sent[-1:])
            await desk.until(lambda: worker.waiting_bytes == 0)
        if not worker.ready:
            break
    assert not worker.ready
    assert worker.current_fault().code == "volume_full"
    assert "set to stop" in desk.set.fault().text
    assert desk.stored == sent[: len(desk.stored)]
    worker._full_until = 0.0  # time to try again: still full until it has stored something
    assert worker.ready
    assert desk.set.fault().code == "volume_full"
    worker.set_policy(VolumePolicy(when_full="overwrite"))
    stored = len(desk.stored)
    desk.set.submit([])
    await desk.until(lambda: len(desk.stored) > stored)
    assert worker.current_fault() is None
    assert desk.set.fault() is None


async def test_a_mistake_of_ours_in_a_commit_is_survived_and_told(desk, monkeypatch, caplog):
    await desk.ready("one")
    worker = next(iter(desk.set))
    monkeypatch.setattr(worker.writer, "commit", lambda batch: 1 // 0)
    batch = list(fragments(count=2))
    desk.set.submit(batch)
    await desk.until(lambda: worker.fault)
    assert worker.fault.code == "volume_internal"
    assert "ZeroDivisionError" in caplog.text
    await desk.until(lambda: worker.ready)
    desk.set.submit([])
    await desk.until(lambda: len(desk.stored) == 2)
    assert desk.stored == batch


async def test_a_mistake_of_ours_while_opening_is_survived_and_told(desk, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        patch.setattr(VolumePlace, "open_writer", lambda place, policy: 1 // 0)
        await desk.set.apply([desk.config("one")])
        worker = next(iter(desk.set))
        await desk.until(lambda: worker.fault.code == "volume_internal")
    assert "ZeroDivisionError" in caplog.text
    await desk.until(lambda: worker.ready)


async def test_a_full_system_disk_does_not_keep_a_volume_from_recording(desk, caplog):
    (desk.root / "uuids" / "one.new").mkdir(parents=True)  # nothing can be noted there
    await desk.ready("one")
    assert "could not be noted" in caplog.text
    desk.set.submit(list(fragments()))
    await desk.until(lambda: len(desk.stored) == 1)


async def test_closing_stores_what_was_handed_over(desk):
    await desk.ready("one")
    desk.set.submit(list(fragments(count=4)))
    await desk.set.close()
    await desk.until(lambda: len(desk.stored) == 4)


async def test_two_volumes_with_one_identity_are_both_left_alone_and_named(desk, caplog):
    await desk.ready("one")
    await desk.set.apply([])
    shutil.copytree(desk.root / "one", desk.root / "copy")
    before = {p: p.stat().st_mtime_ns for p in (desk.root / "copy").rglob("*.mp4")}
    await desk.set.apply([desk.config("one"), desk.config("copy")])
    assert list(desk.set) == []
    assert desk.set.fault().code == "volume_cloned"
    assert str(desk.root / "copy") in desk.set.fault().text
    assert caplog.text.count("one is a copy") == 1
    assert {p: p.stat().st_mtime_ns for p in (desk.root / "copy").rglob("*.mp4")} == before
    await desk.ready("one")


@pytest.mark.parametrize(
    ("limit", "wanted", "given"),
    [
        (20 << 30, 256 << 20, 32 << 20),
        (20 << 30, 16 << 20, 16 << 20),
        (1 << 40, 256 << 20, 256 << 20),
        (1 << 30, 256 << 20, 4 << 20),
        (64 << 20, 256 << 20, 1 << 20),
    ],
)
def test_blocks_are_as_wanted_or_smaller_on_a_small_volume(
    tmp_path, monkeypatch, limit, wanted, given
):
    usage = shutil.disk_usage(tmp_path)._replace(total=4 << 40)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    key, ledger = DeviceKey.new(), Ledger(tmp_path / "ledger")
    config = VolumeConfig("one", "one", str(tmp_path / "one"), limit, True)
    place = VolumePlace(config, "recorder1", key, ledger, tmp_path / "uuid", wanted)
    place._create_if_told(Path(config.path), None)
    assert peek_identity(Path(config.path)).block_bytes == given


@pytest.mark.parametrize(
    ("path", "limit", "disks_only", "words"),
    [
        ("nothing/a/b", 1 << 30, False, "there is no folder {root}/nothing. Plug the disk in"),
        ("file/a", 1 << 30, False, "{root}/file is no folder"),
        ("one", None, False, "give the folder a size limit"),
        ("one", 1 << 30, True, "No disk is mounted at {root}/one"),
        ("films", 1 << 30, False, "is not empty (it holds film.mkv). Choose an empty folder"),
    ],
)
def test_a_volume_is_made_nowhere_but_where_it_is_meant_to_be(
    tmp_path, path, limit, disks_only, words
):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "film.mkv").write_bytes(b"x")
    before = sorted(tmp_path.rglob("*"))
    key, ledger = DeviceKey.new(), Ledger(tmp_path.parent / f"{tmp_path.name}.ledger")
    config = VolumeConfig("one", "one", str(tmp_path / path), limit, True)
    uuid_file = tmp_path.parent / f"{tmp_path.name}.uuid"
    place = VolumePlace(config, "recorder1", key, ledger, uuid_file, 1 << 20, disks_only)
    with pytest.raises(ForeignVolumeError) as caught:
        place.open_writer(VolumePolicy())
    assert words.format(root=tmp_path) in caught.value.text
    assert sorted(tmp_path.rglob("*")) == before


def test_a_freshly_formatted_disk_becomes_a_volume(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda path: True)
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    config = VolumeConfig("one", "one", str(tmp_path / "disk"), None, True)
    key, ledger = DeviceKey.new(), Ledger(tmp_path / "ledger")
    place = VolumePlace(config, "recorder1", key, ledger, tmp_path / "uuid", 1 << 20)
    place._create_if_told(tmp_path / "disk", None)
    assert peek_identity(tmp_path / "disk").name == "one"


@pytest.mark.parametrize("limit", [None, 1 << 40])
def test_a_small_disk_gets_small_blocks_whatever_the_limit(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(Path, "is_mount", lambda path: True)
    usage = shutil.disk_usage(tmp_path)._replace(total=20 << 30)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    (tmp_path / "disk").mkdir()
    config = VolumeConfig("one", "one", str(tmp_path / "disk"), limit, True)
    key, ledger = DeviceKey.new(), Ledger(tmp_path / "ledger")
    place = VolumePlace(config, "recorder1", key, ledger, tmp_path / "uuid", 256 << 20)
    place._create_if_told(tmp_path / "disk", None)
    assert peek_identity(tmp_path / "disk").block_bytes == 32 << 20


async def test_a_key_frame_too_large_for_a_block_is_lost_alone_and_told(desk):
    """High bit rate on small blocks: the run goes on, what is lost is counted and has a reason."""
    await desk.ready("one")
    assert desk.set.fragment_bytes == (1 << 20) // 4
    maker = Fragmenter(StreamId(1, StreamName.MAIN))
    maker.most_bytes = desk.set.fragment_bytes
    sizes = {0: 400_000, 10: 600_000}  # the first is beyond a quarter of a block, but fits
    for n in range(20):
        maker.add(video(n, size=sizes.get(n, 50_000)), RecordKind.GENERAL)
    batch = maker.take()
    desk.set.submit(batch)
    await desk.until(lambda: len(desk.stored) + len(desk.lost) == len(batch))
    ((lost, fault),) = desk.lost
    assert (lost.utc_ns, lost.duration_ns) == (video(10).utc_ns, 100_000_000)
    assert "too large" in fault.text
    assert desk.stored == [fragment for fragment in batch if fragment is not lost]


async def test_footage_of_a_high_bit_rate_fits_into_small_blocks(desk):
    await desk.ready("one")
    maker = Fragmenter(StreamId(1, StreamName.MAIN))
    maker.most_bytes = desk.set.fragment_bytes
    for n in range(30):
        maker.add(video(n, fps=30, gop=30, size=100_000), RecordKind.GENERAL)
    batch = maker.take()
    desk.set.submit(batch)
    await desk.until(lambda: len(desk.stored) + len(desk.lost) == len(batch))
    assert not desk.lost


async def test_fragments_fit_the_smallest_blocks_of_all_open_volumes(desk):
    assert desk.set.fragment_bytes is None
    await desk.ready("one")
    small = desk.config("small", limit=20 << 20)
    await desk.set.apply([desk.config("one"), small])
    await desk.until(lambda: all(worker.ready for worker in desk.set))
    assert desk.set.fragment_bytes == (256 << 10) // 4
