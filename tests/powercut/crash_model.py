"""A disk that loses power: any subset of unsynced 512-byte sectors stays, in any order.

`CrashFiles` works on a real folder and remembers, for every sector, what it held at the last sync
and every version written since.  `image` copies the folder as a power cut would leave it: each
unsynced sector takes any of these versions, and one 4 KiB page among the unsynced may be garbage.
"""

import shutil

from appliance.storage.files import FileOps

SECTOR = 512
PAGE = 4096


class Disk:
    """What is not durable yet; shared by all FileOps of one folder."""

    def __init__(self):
        self.pending = {}
        self.unsynced_size = {}
        self.unsynced_entries = set()
        self.operations = 0
        self.on_operation = None

    def files(self, root):
        return CrashFiles(root, self)

    def step(self, name):
        self.operations += 1
        if self.on_operation is not None:
            self.on_operation(self.operations, name)

    def image(self, root, target, rng, garbage=True):
        """Copy the folder as it is after a cut now; returns the garbage page (name, offset)."""
        shutil.copytree(root, target, ignore=shutil.ignore_patterns("*.sqlite*"))
        torn = None
        pages = sorted(
            {
                (name, sector * SECTOR // PAGE * PAGE)
                for name, s in self.pending.items()
                for sector in s
            }
        )
        if garbage and pages and rng.random() < 0.6:
            torn = rng.choice(pages)
        habit = rng.choice(("old", "new", "any"))
        for name, sectors in self.pending.items():
            with (target / name).open("r+b") as file:
                for sector, versions in sectors.items():
                    kept = versions[{"old": 0, "new": -1}.get(habit, rng.randrange(len(versions)))]
                    if habit != "any" and rng.random() < 0.1:
                        kept = rng.choice(versions)
                    file.seek(sector * SECTOR)
                    file.write(kept)
                if torn is not None and torn[0] == name:
                    file.seek(torn[1])
                    file.write(rng.randbytes(PAGE))
        for name, size in self.unsynced_size.items():
            if rng.random() < 0.5 and (target / name).exists():
                with (target / name).open("r+b") as file:
                    file.truncate(size)
        for name in self.unsynced_entries:
            if rng.random() < 0.5:
                (target / name).unlink(missing_ok=True)
        return torn


class CrashFiles(FileOps):
    """FileOps that tell a Disk what they do."""

    def __init__(self, root, disk):
        super().__init__(root)
        self._disk = disk

    def open(self, name, *, create=False, writable=True):
        if create and not self.exists(name):
            self._disk.unsynced_entries.add(name)
        return super().open(name, create=create, writable=writable)

    def pwrite(self, file, buffers, offset):
        data = b"".join(bytes(b) for b in buffers)
        first, last = offset // SECTOR, (offset + len(data) - 1) // SECTOR
        before = super().pread(file, (last - first + 1) * SECTOR, first * SECTOR)
        super().pwrite(file, [data], offset)
        after = super().pread(file, (last - first + 1) * SECTOR, first * SECTOR)
        sectors = self._disk.pending.setdefault(file.name, {})
        for n in range(first, last + 1):
            at = (n - first) * SECTOR
            sectors.setdefault(n, [before[at : at + SECTOR]]).append(after[at : at + SECTOR])
        self._disk.step(f"pwrite {file.name} {offset} {len(data)}")

    def _synced(self, file):
        self._disk.pending.pop(file.name, None)
        self._disk.unsynced_size.pop(file.name, None)

    def fdatasync(self, file):
        self._disk.step(f"fdatasync {file.name}")
        self._synced(file)

    def fsync(self, file):
        self._disk.step(f"fsync {file.name}")
        self._synced(file)

    def syncfs(self):
        self._disk.step("syncfs")
        self._disk.pending.clear()
        self._disk.unsynced_size.clear()
        self._disk.unsynced_entries.clear()

    def start_writeback(self, file):
        return

    def fallocate(self, file, size):
        before = self.size(file)
        with open(file.fd, "r+b", closefd=False) as raw:
            raw.truncate(max(before, size))
        self._disk.unsynced_size.setdefault(file.name, before)
        self._disk.step(f"fallocate {file.name}")

    def fsync_dir(self, name="."):
        self._disk.step(f"fsync_dir {name}")
        prefix = "" if name == "." else f"{name}/"
        self._disk.unsynced_entries = {
            n for n in self._disk.unsynced_entries if n.rpartition("/")[0] + "/" != (prefix or "/")
        }

    def forget_cached(self, file):
        return
