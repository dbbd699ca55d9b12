"""One recorder under power cuts: a workload, cuts at any write or sync, and what must hold then."""

import hashlib
import random
import shutil
import sqlite3
from pathlib import Path

from crash_model import Disk
from made_fragments import MAIN, SUB, T0, Box, S, body_of, made_fragment, made_head

from appliance.storage.boxes import parse_box
from appliance.storage.check_volume import check_volume
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import FileOps
from appliance.storage.head import BlockHead, read_head
from appliance.storage.ledger import Ledger
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pieces import BUCKET_NS
from appliance.storage.rebuild import Rebuild
from appliance.storage.record import read_header
from appliance.storage.volume import BLOCKS_FOLDER, CATALOGUE_FILE, block_name, block_number
from appliance.storage.walk import matches
from appliance.storage.writer import VolumeWriter

BLOCK = 64 * 4096
STREAMS = (MAIN, SUB, StreamId(2, StreamName.MAIN))


class Broken(AssertionError):
    """An invariant does not hold."""


def require(holds, what):
    if not holds:
        raise Broken(what)


def sha(data):
    return hashlib.sha256(data).digest()


class Workload:
    """Records, restarts, locks and changes parameters; cuts the power at random operations."""

    def __init__(self, folder, seed, *, writer_class=VolumeWriter, cut_share=0.05, nested=True):
        self.rng = random.Random(seed)
        self.box = Box(folder / "live")
        self.folder = folder
        self.writer_class = writer_class
        self.cut_share = cut_share
        self.nested = nested
        self.cuts = 0
        to_next_bucket = -T0 % BUCKET_NS // S
        self.first = self.rng.choice((0, to_next_bucket - self.rng.randrange(80)))
        self.offered = {}
        self.promised = {}
        self.place = {}
        self.locked = set()
        self.unlocking = set()
        self.old_catalogue = None
        self.disk = Disk()
        self.box.create(blocks=16, block_bytes=BLOCK)
        self.heads = [made_head("a"), made_head("b")]

    def run(self, ticks):
        self.disk.on_operation = self._maybe_cut
        writer = self._open()
        for tick in range(ticks):
            if self.rng.random() < 0.03:
                writer.close()
                writer = self._open()
            self._tick(writer, tick)
            if self.rng.random() < 0.05:
                self._lock(writer, tick)
        writer.close()
        self.box.close()

    def _open(self):
        volume = self.box.volume(files=self.disk.files)
        return self.writer_class(volume, "recorder-0", background=False, slow_s=1e9)

    def _tick(self, writer, tick):
        batch = []
        for stream in STREAMS:
            if self.rng.random() < 0.9:
                for part in range(self.rng.choice((1, 1, 1, 2))):
                    head = self.heads[stream == MAIN and self.rng.random() < 0.1]
                    size = self.rng.randrange(200, 40_000)
                    second = self.first + tick + part / 2
                    kinds = self.rng.choice((RecordKind.GENERAL, RecordKind.MOTION))
                    batch.append(
                        made_fragment(second, stream, size, head, duration_ns=S // 2, kinds=kinds)
                    )
        for fragment in batch:
            self.offered[fragment.stream, fragment.utc_ns] = sha(body_of(fragment))
        report = writer.commit(batch)
        require(not report.faults, f"faults without cause: {report.faults}")
        for block in writer.open_blocks():
            for f in block.fragments:
                self.place[block.stream, f.utc_ns] = (block.number, block.sequence)
        for fragment in batch:
            key = (fragment.stream, fragment.utc_ns)
            self.promised[key] = self.offered[key]

    def _lock(self, writer, tick):
        stream = self.rng.choice(STREAMS)
        start = T0 + (self.first + self.rng.randrange(tick + 1)) * S
        span = ([stream], start, start + 3 * S)
        gone = retired(self.box)
        touched = {
            self.place[s, utc]
            for s, utc in self.promised
            if s == stream and start < utc + S // 2 and utc < start + 3 * S
        } - gone
        if self.rng.random() < 0.6 and len(self.locked | touched) < 5:
            report = writer.lock(*span)
            require(report.missed == 0, "a block in nobody's hands could not be locked")
            self.locked |= touched
        else:
            self.unlocking = set(self.locked)
            self.locked -= touched
            writer.unlock(*span)
            self.unlocking = set()

    def _maybe_cut(self, number, name):
        if self.rng.random() < self.cut_share:
            hook, self.disk.on_operation = self.disk.on_operation, None
            self.cuts += 1
            try:
                self.cut(f"operation {number}: {name}")
            finally:
                self.disk.on_operation = hook

    def cut(self, when):
        """Cut the power now and check everything about what is left."""
        root = self.folder / f"cut-{self.cuts}"
        box = Box(root)
        box.key = self.box.key
        torn = self.disk.image(self.box.root / "one", root / "one", self.rng)
        self._put_catalogue(root / "one")
        if self.box.ledger.path.exists():
            box.ledger.path.parent.mkdir(parents=True)
            shutil.copy(self.box.ledger.path, box.ledger.path)
        try:
            self._check(box, torn)
        except Exception as error:
            raise Broken(f"after a cut at {when} (torn: {torn}): {error!r}") from error
        finally:
            box.close()
        shutil.rmtree(root)

    def _put_catalogue(self, target):
        """The catalogue as SQLite left it, or an old copy, none at all, or a damaged one."""
        source = self.box.root / "one"
        fate = self.rng.random()
        files = [p for p in source.glob(CATALOGUE_FILE + "*") if not p.name.endswith("-shm")]
        if fate < 0.1:
            return
        if fate < 0.2 and self.old_catalogue is not None:
            (target / CATALOGUE_FILE).write_bytes(self.old_catalogue)
            return
        for path in files:
            shutil.copy(path, target / path.name)
        if fate < 0.3 and (target / CATALOGUE_FILE).exists():
            data = bytearray((target / CATALOGUE_FILE).read_bytes())
            for _ in range(3):
                at = self.rng.randrange(0, max(1, len(data) - 512))
                data[at : at + 512] = self.rng.randbytes(512)
            (target / CATALOGUE_FILE).write_bytes(data)
        elif self.rng.random() < 0.05:
            copy = target / "copy"
            with sqlite3.connect(target / CATALOGUE_FILE) as db:
                db.execute("VACUUM INTO ?", (str(copy),))
            db.close()
            self.old_catalogue = copy.read_bytes()
            copy.unlink()

    def _check(self, box, torn):
        gone = retired(self.box)
        require(not (self.locked & gone), f"locked blocks were given up: {self.locked & gone}")
        owed = {k: v for k, v in self.promised.items() if self.place[k] not in gone}
        for_players(box, torn)
        for number, sequence in self.locked:
            require(is_locked(box, number, sequence), f"the lock of block {number} is lost")
        if self.nested and self.rng.random() < 0.3:
            self._cut_again(box)
        writer = box.writer()
        gone = retired(box)  # an erasing that was cut off is finished
        require(not (self.locked & gone), f"locked blocks were given up: {self.locked & gone}")
        owed = {k: v for k, v in owed.items() if self.place[k] not in gone}
        reader = box.reader(writers=[writer])
        self._compare(reader, owed)
        same_as_rebuilt(box, writer)
        self._compare(reader, owed)
        self._go_on(box, writer, reader)
        writer.close()
        for_players(box, None)
        found = check_volume(box.root / "one", ledger=box.ledger, key=box.key.public)
        require(not found.problems, f"the check finds: {found.problems}")

    def _cut_again(self, box):
        """Cut the power once more, while the first cut is being mended."""
        disk = Disk()
        stop = self.rng.randrange(1, 30)

        class PowerIsGone(BaseException):
            pass

        def cut(number, name):
            if number >= stop:
                raise PowerIsGone

        disk.on_operation = cut
        try:
            volume = box.volume(files=disk.files)
            VolumeWriter(volume, "recorder-0", background=False).close()
        except PowerIsGone:
            disk.on_operation = None
            again = box.root / "again"
            disk.image(box.root / "one", again, self.rng)
            for path in (box.root / "one").glob(CATALOGUE_FILE + "*"):
                if not path.name.endswith("-shm"):
                    shutil.copy(path, again / path.name)
            shutil.rmtree(box.root / "one")
            again.rename(box.root / "one")

    def _compare(self, reader, owed):
        found = {}
        for stream in STREAMS:
            cursor = reader.seek(stream, 0)
            while cursor and (fragment := cursor.next()):
                found[stream, fragment.utc_ns] = sha(fragment.read())
        lost = set(owed) - set(found)
        require(
            not lost,
            f"{len(lost)} of {len(owed)} promised fragments are lost:"
            f" {sorted((self.place[k], k) for k in lost)}",
        )
        for key, digest in found.items():
            require(self.offered.get(key) == digest, f"fragment {key} is not what was recorded")

    def _go_on(self, box, writer, reader):
        for second in range(3):
            fragments = [made_fragment(100_000 + second, stream, 5_000) for stream in STREAMS]
            report = writer.commit(fragments)
            require(report.stored == 3 and not report.faults, f"recording did not go on: {report}")
        for stream in STREAMS:
            cursor = reader.seek(stream, T0 + 100_000 * S)
            bodies = []
            while fragment := cursor.next():
                bodies.append(fragment.read())
            require(
                bodies == [body_of(made_fragment(100_000 + s, stream, 5_000)) for s in range(3)],
                "what was recorded after the cut is not there",
            )


def retired(box):
    entries = box.ledger.entries()
    return {(e["block"], e["sequence"]) for e in entries if e["action"] == "retired"}


def is_locked(box, number, sequence):
    files = FileOps(box.root / "one")
    file = files.open(block_name(number))
    try:
        head = read_head(files, file)
        return (
            isinstance(head, BlockHead) and head.identity.sequence == sequence and head.flags.locked
        )
    finally:
        files.close(file)
        files.shut()


def for_players(box, torn):
    """A player on any computer: boxes fill the file, and every fragment it sees is whole."""
    files = FileOps(box.root / "one")
    try:
        for name in files.listdir(BLOCKS_FOLDER):
            if block_number(name) is not None:
                play(files, f"{BLOCKS_FOLDER}/{name}", torn)
    finally:
        files.shut()


def play(files, name, torn):
    file = files.open(name)
    size = files.size(file)
    try:
        at = 0
        while at < size:
            if torn == (name, at // 4096 * 4096):
                return
            box = parse_box(files.pread(file, 16, at))
            require(at + box.size <= size, f"{name}: {box} reaches beyond the file")
            page = read_header(files.pread(file, 512, at))
            if box.kind == b"uuid" and page.ours:
                require(page.record is not None, f"{name}: a fragment without record at {at}")
                require(page.flipped, f"{name}: header and record disagree at {at}")
                require(
                    matches(files, file, page.record, at, thorough=True),
                    f"{name}: fragment {page.record.index} at {at} is not whole",
                )
                at += page.record.total_bytes
                continue
            require(
                box.kind in (b"ftyp", b"moov", b"free", b"uuid", b"mfra"),
                f"{name}: {box} is not for players",
            )
            at += box.size
    except BlockFormatError as error:
        if (torn and torn[0] == name) or not has_head(files, file):
            return
        raise Broken(f"{name}: {error} at {at}") from error
    finally:
        files.close(file)


def has_head(files, file):
    """Without one the block is being begun or erased: it holds nothing to play."""
    try:
        return isinstance(read_head(files, file), BlockHead)
    except BlockFormatError:
        return False


def same_as_rebuilt(box, writer):
    """What the catalogue says equals what the blocks say."""
    before = writer.keeper.catalogue.dump()
    writer.keeper.catalogue.close()
    writer.keeper.catalogue = None
    Path(box.root / "one" / CATALOGUE_FILE).unlink()
    require(Rebuild(writer.volume, writer.keeper, writer.allocator).run(), "no rebuild")
    after = writer.keeper.catalogue.dump()
    for table in before:
        require(
            before[table] == after[table],
            f"{table} differ: catalogue {set(before[table]) - set(after[table])},"
            f" blocks {set(after[table]) - set(before[table])}",
        )


__all__ = ["Broken", "Ledger", "Workload"]
