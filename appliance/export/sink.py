"""Writing an export into a folder: a stick, a mounted disk, a share."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.export.errors import ExportError
from appliance.export.file_system import file_limit, file_system
from appliance.export.manifest import Signer
from appliance.export.movie import Movie, MovieReader
from appliance.export.names import distinct
from appliance.export.package import Package
from appliance.export.plan import ExportPlan
from appliance.export.verify import verify_export
from appliance.storage.errors import FootageGoneError
from appliance.text import _

PARTIAL = ".partial"
CHUNK = 1 << 20
SYNC_BYTES = 32 << 20
"""How much may wait in memory for a slow stick: so progress and cancel mean something."""

_SLACK = 1 << 20
_TRIES = 20
_GONE = frozenset(
    {errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOENT, errno.ESTALE, errno.ENOTCONN}
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, in bytes of `phase`."""

    done_bytes: int
    total_bytes: int
    phase: Literal["writing", "verifying"]


def write_to_folder(
    plan: ExportPlan,
    folder: Path,
    *,
    signer: Signer,
    progress: Callable[[Progress], None] = lambda _progress: None,
    cancelled: Callable[[], bool] = lambda: False,
    begins: Callable[[Path], None] = lambda _partial: None,
    job: str = "",
) -> Path:
    """Write an export below `folder`; returns the folder it lies in; blocking.

    It is written under a name ending in ".partial", synced, read back from the disk and verified,
    then renamed: what does not end in ".partial" is whole.  Whatever fails, the partial folder is
    removed if the place is still there.  `begins` is told its name before it is made; it holds
    `job` (anything else where that is empty), so that no two jobs write under one name.
    Raises ExportError (no_room, file_too_large, place_failed, gone, volume_failed, changed,
    cancelled).
    """
    job = job or secrets.token_hex(4)
    return _Writing(Package(plan), folder, progress, cancelled, begins, job).run(signer)


class _Writing:
    def __init__(
        self,
        package: Package,
        folder: Path,
        progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        begins: Callable[[Path], None],
        job: str,
    ) -> None:
        self._begins = begins
        self._job = job
        self._package = package
        self._folder = folder
        self._progress = progress
        self._cancelled = cancelled
        self._done = 0

    def run(self, signer: Signer) -> Path:
        with _place_errors(self._folder):
            self._check_room()
            partial = partial_path(self._folder, self._package.plan.name, self._job)
            self._begins(partial)
            partial.mkdir()
        try:
            with _place_errors(self._folder), MovieReader() as reader:
                for movie in self._package.plan.movies:
                    self._write_movie(movie, reader, partial)
                with _source_errors():
                    self._package.seal_with(signer, reader)
                for name in self._package.document_sizes:
                    self._write(partial / name, self._package.document(name))
                _sync_folder(partial)
            self._verify(partial)
            with _place_errors(self._folder):
                target = take_name(partial, self._package.plan.name)
                _sync_folder(self._folder)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(partial)
            raise
        return target

    def _check_room(self) -> None:
        largest = max(movie.size for movie in self._package.plan.movies)
        limit = file_limit(file_system(self._folder.resolve()))
        if limit is not None and largest > limit:
            text = _(
                "{place} is formatted as FAT32, which cannot hold a file of {gib} GiB. Choose a "
                "shorter time, or format it as exFAT."
            )
            raise ExportError(
                "file_too_large", text.format(place=self._folder, gib=f"{largest / 2**30:.1f}")
            )
        needed = self._package.total_bytes + _SLACK
        free = shutil.disk_usage(self._folder).free
        if free < needed:
            raise _no_room(self._folder, needed, free)

    def _write_movie(self, movie: Movie, reader: MovieReader, partial: Path) -> None:
        running = self._package.running[movie.name]
        with (partial / movie.name).open("xb", buffering=0) as out:
            for at in range(0, movie.size, CHUNK):
                self._stop_if_cancelled()
                with _source_errors():
                    data = reader.read(movie, at, min(at + CHUNK, movie.size))
                running.feed(at, data)
                _write_all(out.fileno(), data)
                if (at + CHUNK) % SYNC_BYTES == 0:
                    os.fdatasync(out.fileno())
                self._tell(len(data), "writing")
            os.fsync(out.fileno())

    def _write(self, path: Path, data: bytes) -> None:
        with path.open("xb", buffering=0) as out:
            _write_all(out.fileno(), data)
            os.fsync(out.fileno())
        self._tell(len(data), "writing")

    def _verify(self, partial: Path) -> None:
        """Read back what the disk has, not what memory remembers of it."""
        self._done = 0
        for name in self._package.names:
            with _place_errors(self._folder), (partial / name).open("rb") as written:
                os.posix_fadvise(written.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

        def told(done: int, total: int) -> None:
            self._stop_if_cancelled()
            self._progress(Progress(done, total, "verifying"))

        try:
            report = verify_export(partial, progress=told)
        except ExportError as error:
            if error.code == "cancelled":
                raise
            raise ExportError("place_failed", error.text) from error
        if report.problems:
            worst = report.problems[0]
            text = _(
                "What was written to {place} reads back differently: {file}: {text}. The stick or "
                "disk is failing; use another one."
            )
            text = text.format(place=self._folder, file=worst.file, text=worst.text)
            raise ExportError("changed", text)

    def _tell(self, part: int, phase: Literal["writing", "verifying"]) -> None:
        self._done += part
        self._progress(Progress(self._done, self._package.total_bytes, phase))

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise ExportError("cancelled", _("The export was cancelled; nothing of it is left."))


def partial_path(folder: Path, name: str, job: str) -> Path:
    """Return what a half written export of a job is called."""
    return folder / f"{name}.{job}{PARTIAL}"


def take_name(partial: Path, wanted: str) -> Path:
    """Give what is whole its name, with a number where that is taken; return it.  Raises OSError.

    A folder with something in it is never replaced by another one (rename(2)); an empty one of
    that name, or a file, counts as taken too.
    """
    for left in reversed(range(_TRIES)):
        taken = [path.name + "." for path in partial.parent.iterdir()]
        target = partial.with_name(distinct([*taken, wanted + "."])[-1].removesuffix("."))
        try:
            partial.rename(target)
        except OSError as error:
            if left and error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                continue  # somebody else took it just now
            raise
        return target
    raise AssertionError


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextlib.contextmanager
def _place_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(folder, 0, 0) from error
        if error.errno == errno.EFBIG:
            text = _("{place} cannot hold so large a file. Choose a shorter time.")
            raise ExportError("file_too_large", text.format(place=folder)) from error
        text = _("{place} cannot be written: {reason}. The export was not made.")
        if error.errno in _GONE:
            text = _("{place} is gone or failing ({reason}). The export was not made.")
        raise ExportError(
            "place_failed", text.format(place=folder, reason=error.strerror or error)
        ) from error


@contextlib.contextmanager
def _source_errors() -> Iterator[None]:
    try:
        yield
    except FootageGoneError as error:
        text = _("Footage of this time was overwritten while it was exported. Choose a later time.")
        raise ExportError("gone", text) from error
    except OSError as error:
        text = _("The footage cannot be read: {reason}. Look at the page Storage.")
        raise ExportError("volume_failed", text.format(reason=error.strerror or error)) from error


def _no_room(folder: Path, needed: int, free: int) -> ExportError:
    text = _("{place} is full. Remove something from it, or choose a shorter time.")
    if needed:
        text = _("{place} has {free} MB free, the export needs {needed} MB.")
    values = {"free": free // 1_000_000, "needed": -(-needed // 1_000_000)}
    return ExportError("no_room", text.format(place=folder, **values))
