"""Files of a disk that fails on demand."""

import errno
import os

from appliance.storage.files import FileOps


class FaultyFiles(FileOps):
    """Raises what it is told to, for operations on files whose name contains a text."""

    def __init__(self, root):
        super().__init__(root)
        self.faults = {}
        self.sync_takes_s = 0.0
        self.time = 0.0
        self.here = True

    def fail(self, operation, code=errno.EIO, on="blocks/", times=10**9):
        self.faults[operation] = [code, on, times]

    def heal(self):
        self.faults.clear()

    def clock(self):
        return self.time

    def _may_fail(self, operation, name):
        fault = self.faults.get(operation)
        if fault and fault[1] in name and fault[2] > 0:
            fault[2] -= 1
            raise OSError(fault[0], os.strerror(fault[0]), name)

    def open(self, name, **more):
        self._may_fail("open", name)
        return super().open(name, **more)

    def pwrite(self, file, buffers, offset):
        self._may_fail("pwrite", file.name)
        super().pwrite(file, buffers, offset)

    def pread(self, file, length, offset):
        self._may_fail("pread", file.name)
        return super().pread(file, length, offset)

    def fdatasync(self, file):
        self.time += self.sync_takes_s
        self._may_fail("fdatasync", file.name)
        super().fdatasync(file)

    def fallocate(self, file, size):
        self._may_fail("fallocate", file.name)
        super().fallocate(file, size)

    def still_mounted(self):
        return self.here and super().still_mounted()
