"""The one door to footage: every open, write and sync of a volume's files goes through here.

Tests replace `FileOps` by one that loses unsynced sectors, or that fails on demand.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.storage.model import Buffer

_IOV_MAX = 512
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(eq=False, slots=True)
class File:
    """An open file of a volume: its name below the root and its descriptor."""

    name: str
    fd: int


class FileOps:
    """File operations below one root folder, relative to a descriptor of it.

    The descriptor stays with the file system that was mounted when it was taken, so that nothing
    is ever written to what lies below a mount point that lost its disk.
    All methods raise OSError and may be called from any thread.
    """

    def __init__(self, root: Path, *, group_sync: str = "fdatasync") -> None:
        self.root = root
        self._group_sync = group_sync
        self._root_fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def shut(self) -> None:
        """Give back the descriptor of the root."""
        if self._root_fd >= 0:
            os.close(self._root_fd)
            self._root_fd = -1

    def open(self, name: str, *, create: bool = False, writable: bool = True) -> File:
        """Open `name`; `create` makes it if it is not there."""
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC
        if create:
            flags |= os.O_CREAT
        return File(name, os.open(name, flags, 0o644, dir_fd=self._root_fd))

    def close(self, file: File) -> None:
        """Close; closing twice is harmless."""
        if file.fd >= 0:
            fd, file.fd = file.fd, -1
            os.close(fd)

    def pread(self, file: File, length: int, offset: int) -> bytes:
        """Read up to `length` bytes; fewer only at the end of the file."""
        data = os.pread(file.fd, length, offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        got = len(data)
        while got < length and (more := os.pread(file.fd, length - got, offset + got)):
            parts.append(more)
            got += len(more)
        return b"".join(parts)

    def pwrite(self, file: File, buffers: Sequence[Buffer], offset: int) -> None:
        """Write all `buffers` one behind the other from `offset` on."""
        queue = list(buffers)
        start = 0
        while start < len(queue):
            window = queue[start : start + _IOV_MAX]
            wanted = sum(map(len, window))
            written = os.pwritev(file.fd, window, offset)
            offset += written
            if written == wanted:
                start += len(window)
                continue
            if written == 0:
                raise OSError(errno.EIO, os.strerror(errno.EIO), file.name)
            while written >= len(queue[start]):
                written -= len(queue[start])
                start += 1
            queue[start] = memoryview(queue[start])[written:]

    def fdatasync(self, file: File) -> None:
        """Make the contents of one file durable."""
        os.fdatasync(file.fd)

    def syncfs(self) -> None:
        """Make everything written to this file system durable."""
        if _libc.syncfs(self._root_fd) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(self.root))

    def sync_group(self, files: Iterable[File]) -> dict[File, OSError]:
        """Make many files durable at once; returns those that failed and why.

        A file that failed here has lost writes: the kernel forgets the error once told
        (docs/design/blocks.md), so nobody may try again on the same file.
        """
        files = list(files)
        failed: dict[File, OSError] = {}
        if self._group_sync == "syncfs" and len(files) > 1:
            try:
                self.syncfs()
            except OSError as error:
                failed = dict.fromkeys(files, error)
            return failed
        if len(files) > 1:
            for file in files:  # start them all, so that the disk sees one queue
                self.start_writeback(file)
        for file in files:
            try:
                self.fdatasync(file)
            except OSError as error:
                failed[file] = error
        return failed

    def start_writeback(self, file: File) -> None:
        """Let the kernel begin writing without waiting; errors show up at the sync."""
        _libc.sync_file_range(
            file.fd, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(_SYNC_FILE_RANGE_WRITE)
        )

    def linked(self, file: File) -> bool:
        """Whether the open file still has a name: what is written to it is not lost."""
        return os.fstat(file.fd).st_nlink > 0

    def forget_cached(self, file: File) -> None:
        """Drop clean cached pages, so that what is read next is what the disk holds."""
        os.posix_fadvise(file.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def expect_random(self, file: File) -> None:
        """Tell the kernel not to read ahead."""
        os.posix_fadvise(file.fd, 0, 0, os.POSIX_FADV_RANDOM)

    def will_need(self, file: File, offset: int, size: int) -> None:
        """Let the kernel begin to read ahead; who reads a whole block waits less for the disk."""
        os.posix_fadvise(file.fd, offset, size, os.POSIX_FADV_WILLNEED)

    def fallocate(self, file: File, size: int) -> None:
        """Reserve the room of a whole file, so that later writes find it."""
        os.posix_fallocate(file.fd, 0, size)

    def size(self, file: File) -> int:
        """Length of the file in bytes."""
        return os.fstat(file.fd).st_size

    def fsync(self, file: File) -> None:
        """Make contents and size of one file durable."""
        os.fsync(file.fd)

    def fsync_dir(self, name: str = ".") -> None:
        """Make the entries of a folder durable."""
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._root_fd)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, old: str, new: str) -> None:
        """Replace `new` by `old`."""
        os.rename(old, new, src_dir_fd=self._root_fd, dst_dir_fd=self._root_fd)

    def unlink(self, name: str) -> None:
        """Remove one entry."""
        os.unlink(name, dir_fd=self._root_fd)

    def mkdir(self, name: str) -> None:
        """Make a folder if it is not there."""
        try:
            os.mkdir(name, 0o755, dir_fd=self._root_fd)
        except FileExistsError:
            return

    def listdir(self, name: str = ".") -> list[str]:
        """Names in a folder, in no order."""
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._root_fd)
        try:
            return os.listdir(fd)  # noqa: PTH208
        finally:
            os.close(fd)

    def exists(self, name: str) -> bool:
        """Whether there is such an entry."""
        try:
            os.stat(name, dir_fd=self._root_fd)
        except FileNotFoundError:
            return False
        return True

    def read_file(self, name: str, limit: int = 1 << 20) -> bytes:
        """The first `limit` bytes of a small file."""
        file = self.open(name, writable=False)
        try:
            return self.pread(file, limit, 0)
        finally:
            self.close(file)

    def free_bytes(self) -> int:
        """Room that unprivileged writers have left on the file system."""
        stat = os.fstatvfs(self._root_fd)
        return stat.f_bavail * stat.f_frsize

    def lock(self, file: File, *, wait: bool) -> bool:
        """Take the exclusive lock of a file; False if another process has it."""
        try:
            fcntl.flock(file.fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def unlock(self, file: File) -> None:
        """Give the lock back."""
        fcntl.flock(file.fd, fcntl.LOCK_UN)

    def still_mounted(self) -> bool:
        """Whether the path still leads to the folder that was opened."""
        try:
            here, held = self.root.stat(), os.fstat(self._root_fd)
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (held.st_dev, held.st_ino) and held.st_nlink > 0


_SYNC_FILE_RANGE_WRITE = 2
