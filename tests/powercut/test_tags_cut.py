"""A power cut while the tags of a volume are written leaves them as before, or as wanted."""

import random
import shutil

import pytest
from crash_model import CrashFiles, Disk

from appliance.events.tags import Tag
from appliance.storage.files import FileOps
from appliance.storage.tag_file import read_tags, write_tags


class RenamingFiles(CrashFiles):
    """Renames too may or may not have reached the disk until their folder is synced.

    `renamed` keeps what stood under the new name before.
    """

    renamed = None

    def rename(self, old, new):
        before = self.read_file(new) if self.exists(new) else None
        super().rename(old, new)
        if old in self._disk.pending:  # contents that were never synced
            self._disk.pending[new] = self._disk.pending.pop(old)
        self._disk.unsynced_entries.discard(old)
        self.renamed = (new, before)
        self._disk.step(f"rename {old} {new}")

    def fsync_dir(self, name="."):
        super().fsync_dir(name)
        if self.renamed and self.renamed[0].startswith(f"{name}/"):
            self.renamed = None


def tags(count, start=0):
    return [Tag.new(1, 1_000 + n, f"tag {n} " + "x" * 40, "anna", n) for n in range(start, count)]


def after_cut(root, target, disk, files, rng):
    disk.image(root, target, rng)
    if files.renamed and rng.random() < 0.5:
        name, before = files.renamed
        if before is None:
            (target / name).unlink()
        else:
            (target / name).write_bytes(before)
    ops = FileOps(target)
    try:
        return read_tags(ops).get("recorder1", {})
    finally:
        ops.shut()
        shutil.rmtree(target)


@pytest.mark.parametrize("seed", range(20))
def test_at_every_instant_of_a_write_the_tags_are_as_before_or_as_wanted(tmp_path, seed):
    root = tmp_path / "volume"
    root.mkdir()
    disk = Disk()
    files = RenamingFiles(root, disk)
    rng = random.Random(seed)
    before: dict = {}
    cuts = 0
    for round_number in range(4):
        wanted = {tag.id: tag for tag in [*before.values(), *tags(30)]}
        allowed = (before, wanted)

        def cut(_count, _what, allowed=allowed):
            nonlocal cuts
            found = after_cut(root, tmp_path / "image", disk, files, rng)
            assert found in allowed, f"{len(found)} tags"
            cuts += 1

        disk.on_operation = cut
        write_tags(files, "recorder1", wanted.values())
        disk.on_operation = None
        found = after_cut(root, tmp_path / "image", disk, files, rng)
        assert found == wanted, f"round {round_number}: not durable when it returned"
        before = wanted
    assert cuts >= 16
    files.shut()


def test_the_model_finds_a_write_that_is_not_synced_before_it_is_renamed(tmp_path):
    class Careless(RenamingFiles):
        def fsync(self, file):
            return

    root = tmp_path / "volume"
    root.mkdir()
    broken = 0
    for seed in range(30):
        disk = Disk()
        files = Careless(root, disk)
        wanted = {tag.id: tag for tag in tags(60)}
        write_tags(files, "recorder1", wanted.values())
        found = after_cut(root, tmp_path / "image", disk, files, random.Random(seed))
        broken += found != wanted
        files.shut()
    assert broken
