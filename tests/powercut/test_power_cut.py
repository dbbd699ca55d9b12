"""Power cuts by the model: nothing promised is lost, whatever the disk kept (D2-PW-05)."""

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from power_cuts import Broken, Workload

from appliance.storage.allocator import Allocator
from appliance.storage.boxes import box_head
from appliance.storage.commit import GroupCommit
from appliance.storage.writer import VolumeWriter


@pytest.fixture
def folder():
    """A folder in memory where there is one: thousands of small files are written."""
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def cut_many(folder, count, seed, **more):
    """Run workloads until so many cuts were made; the first seed that breaks is printed."""
    cuts = 0
    while cuts < count:
        run = folder / str(seed)
        workload = Workload(run, seed, **more)
        try:
            workload.run(80)
        except Broken:
            print(f"broken with seed {seed}")
            raise
        cuts += workload.cuts
        shutil.rmtree(run)
        seed += 1
    return cuts


def a_seed():
    seed = int(os.environ.get("NVR_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed} (repeat with NVR_SEED={seed})")
    return seed


def test_a_hundred_power_cuts_lose_nothing_that_was_promised(folder):
    assert cut_many(folder, 100, a_seed()) >= 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_thousand_power_cuts_lose_nothing_that_was_promised(folder):
    assert cut_many(folder, 2_000, a_seed()) >= 2_000


class FlippingCommit(GroupCommit):
    def sync(self):
        for block in self.work:
            for offset, box in block._staged_flips:
                block.files.pwrite(block.file, [box_head(b"uuid", box)], offset)
        return super().sync()


class FlipsBeforeTheSync(VolumeWriter):
    """Shows fragments to players in the same sync that makes them durable."""

    commit_class = FlippingCommit


class ForgetfulCommit(GroupCommit):
    def sync(self):
        files = self.hands.volume.files
        sync, files.sync_group = files.sync_group, lambda files: {}
        try:
            return super().sync()
        finally:
            files.sync_group = sync


class ForgetsTheSync(VolumeWriter):
    """Says that footage is durable when it was only written."""

    commit_class = ForgetfulCommit


class ErasesWithoutClaim(VolumeWriter):
    """Erases blocks for reuse before the claim on them is durable."""

    def __init__(self, volume, owner, **more):
        real = Allocator.save
        Allocator.save = lambda self, clean=False: None
        try:
            super().__init__(volume, owner, **more)
            self.allocator.save = lambda clean=False: None
        finally:
            Allocator.save = real


class ErasesTheWrongBlock(VolumeWriter):
    """Gives up footage that is locked."""

    def __init__(self, volume, owner, **more):
        super().__init__(volume, owner, **more)
        self.allocator._victim = self._any
        self.keeper.to_reuse = lambda limit: self.keeper.rows("state = 'closed'")

    def _any(self, row, taken):
        head = self.allocator._head(row.number)
        return None if row.number in taken or head is None else head.identity


@pytest.mark.parametrize(
    ("fault", "symptom"),
    [
        (FlipsBeforeTheSync, "is not whole|without record|header and record"),
        (ForgetsTheSync, "promised fragments are lost"),
        (ErasesWithoutClaim, "promised fragments are lost|differ|its index is gone"),
        (ErasesTheWrongBlock, "locked blocks were given up"),
    ],
)
def test_a_planted_fault_of_order_is_caught(folder, fault, symptom):
    with pytest.raises(Broken, match=symptom):
        cut_many(folder, 400, 1, writer_class=fault, cut_share=0.1)
