"""A disk that fails: said in words, survived where it can be, and nothing is claimed stored."""

import errno
import shutil
import subprocess
from contextlib import contextmanager

import pytest
from faulty_files import FaultyFiles
from made_fragments import MAIN, SUB, Box, body_of, made_fragment, stored

from appliance.storage.errors import ReadOnlyVolumeError, VolumeError
from appliance.storage.writer import VolumeWriter


@pytest.fixture
def writer(box):
    box.create()
    return box.writer(files=FaultyFiles)


def files_of(writer):
    return writer.volume.files


def bodies(box, writer, stream=MAIN):
    return [body for _f, body in stored(box.reader(writers=[writer]), stream)]


def test_a_failed_sync_leaves_the_block_and_stores_the_footage_in_a_new_one(box, writer):
    writer.commit([made_fragment(0)])
    (first,) = writer.open_blocks()
    files_of(writer).fail("fdatasync", times=1)
    report = writer.commit([made_fragment(1)])
    assert report.suspect == [first.number]
    assert report.results[MAIN].stored == 1
    assert [f.code for f in report.faults] == ["volume_io"]
    assert report.fault is None
    assert first.number not in [b.number for b in writer.open_blocks()]
    assert bodies(box, writer) == [body_of(made_fragment(n)) for n in (0, 1)]


def test_a_suspect_block_is_never_written_again_and_says_so_itself(box, writer):
    writer.commit([made_fragment(0)])
    files_of(writer).fail("fdatasync", times=1)
    (number,) = writer.commit([made_fragment(1)]).suspect
    (row,) = writer.keeper.rows("state = 'suspect'")
    assert row.number == number
    assert row.fragments == 1
    before = (writer.volume.path / f"blocks/{number:08d}.mp4").read_bytes()
    for second in range(2, 30):
        writer.commit([made_fragment(second)])
    assert (writer.volume.path / f"blocks/{number:08d}.mp4").read_bytes() == before
    writer.close()
    again = box.writer()
    assert number not in again.allocator.book.blocks
    assert [r.number for r in again.keeper.rows("state = 'suspect'")] == [number]


def test_other_streams_are_stored_although_one_block_fails(writer):
    report = writer.commit([made_fragment(0), made_fragment(0, SUB)])
    bad = writer.open_blocks()[0]
    files_of(writer).fail("pwrite", on=bad.path.name, times=1)
    report = writer.commit([made_fragment(1), made_fragment(1, SUB)])
    assert report.suspect == [bad.number]
    assert report.stored == 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.EIO, "volume_io"),
        (errno.EROFS, "volume_read_only"),
        (errno.ENODEV, "volume_vanished"),
        (errno.ENOSPC, "volume_full"),
    ],
)
def test_a_volume_that_fails_altogether_ends_the_writer_with_the_reason(writer, code, expected):
    writer.commit([made_fragment(0)])
    files_of(writer).fail("pwrite", code)
    report = writer.commit([made_fragment(1)])
    assert report.stored == 0
    assert report.results[MAIN].failed == [made_fragment(1)]
    assert report.results[MAIN].fault.code == expected
    if code != errno.ENOSPC:
        assert report.fault.code == expected
        assert writer.commit([made_fragment(2)]).fault.code == expected


def test_recording_goes_on_when_the_volume_is_opened_again_after_its_fault(box, writer):
    writer.commit([made_fragment(0)])
    files_of(writer).fail("pwrite", errno.EIO, on="")
    writer.commit([made_fragment(1)])
    writer.close()
    files_of(writer).heal()
    again = box.writer()
    again.commit([made_fragment(2)])
    assert bodies(box, again) == [body_of(made_fragment(n)) for n in (0, 2)]


def test_a_writer_that_could_not_start_leaves_the_place_to_the_next(box):
    box.create()
    box.writer().close()
    volume = box.volume(files=FaultyFiles)
    volume.files.fail("fdatasync", on="claims", times=1)
    with pytest.raises(VolumeError):
        VolumeWriter(volume, "recorder-0", background=False)
    VolumeWriter(volume, "recorder-0", background=False).close()


def test_a_volume_that_vanished_is_noticed_at_the_next_commit(writer):
    writer.commit([made_fragment(0)])
    files_of(writer).here = False
    report = writer.commit([made_fragment(1)])
    assert report.fault.code == "volume_vanished"
    assert report.stored == 0


def test_a_folder_that_was_deleted_is_not_written_to(box, writer):
    writer.commit([made_fragment(0)])
    shutil.rmtree(box.root / "one")
    report = writer.commit([made_fragment(1)])
    assert report.fault.code == "volume_vanished"
    writer.close()
    assert not (box.root / "one").exists()


def test_a_deleted_block_file_does_not_swallow_footage(box, writer):
    writer.commit([made_fragment(0)])
    (block,) = writer.open_blocks()
    block.path.unlink()
    report = writer.commit([made_fragment(1)])
    assert report.suspect == [block.number]
    assert bodies(box, writer) == [body_of(made_fragment(1))]


def test_a_slow_sync_is_reported(box):
    box.create()
    volume = box.volume(files=FaultyFiles)
    writer = VolumeWriter(volume, "r", background=False, clock=volume.files.clock)
    assert not writer.commit([made_fragment(0)]).slow
    volume.files.sync_takes_s = 0.9
    report = writer.commit([made_fragment(1)])
    assert report.slow
    assert report.stored == 1
    assert [f.code for f in report.faults] == ["volume_slow"]
    writer.close()


def test_a_disk_without_the_room_its_limit_allows_is_used_as_far_as_it_goes(box, writer):
    files_of(writer).fail("fallocate", errno.ENOSPC)
    for second in range(200):
        report = writer.commit([made_fragment(second)])
    assert report.stored + len(report.results[MAIN].failed) == 1
    files_of(writer).heal()


def test_a_catalogue_that_fails_never_stops_recording(box, writer):
    writer.commit([made_fragment(0)])
    writer.keeper.catalogue._db.close()
    for second in range(1, 120):
        assert writer.commit([made_fragment(second)]).stored == 1
    assert len(bodies(box, writer)) == 120


@contextmanager
def mounted(folder, options):
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount here: {done.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_real_file_system_that_fills_is_used_to_its_end_and_then_overwritten(tmp_path):
    with mounted(tmp_path / "one", "size=12m"):
        box = Box(tmp_path)
        box.create(blocks=64)  # the limit promises more than the disk has
        writer = box.writer()
        for second in range(900):
            assert writer.commit([made_fragment(second)]).stored == 1
        assert writer.allocator.reused > 5
        assert not writer.commit([]).faults
        box.close()


def test_a_real_file_system_full_of_other_files_at_start_is_said_to_be_full(tmp_path):
    with mounted(tmp_path / "one", "size=4m") as disk:
        box = Box(tmp_path)
        box.create()
        (disk / "filler").write_bytes(bytes(3_500_000))
        writer = box.writer()
        report = writer.commit([made_fragment(0)])
        assert report.results[MAIN].fault.code == "volume_full"
        assert "other files take it up" in report.results[MAIN].fault.text
        (disk / "filler").unlink()
        writer.set_policy(writer.policy)  # ask again at once
        assert writer.commit([made_fragment(1)]).stored == 1
        box.close()


def test_a_real_file_system_that_turns_read_only_is_refused_in_words(tmp_path):
    with mounted(tmp_path / "one", "size=12m") as disk:
        box = Box(tmp_path)
        box.create()
        box.writer().close()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(ReadOnlyVolumeError, match="read-only"):
            box.writer()
        box.close()


def test_every_fault_names_the_volume_and_what_to_do(writer):
    for code in (errno.EIO, errno.EROFS, errno.ENODEV, errno.ENOSPC):
        error = writer.volume.error(OSError(code, "reason"))
        assert isinstance(error, VolumeError)
        assert "one" in error.text
        assert len(error.text.split(". ")) > 1
