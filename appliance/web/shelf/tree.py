"""What lies on a place and can be played: folders, films, archives of exports.  Blocking.

Nothing is reached but what lies below the place, on the same file system: each part of a path is
opened by itself, links are not followed, and a path has no part that leads up.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from appliance.export.manifest import MANIFEST
from appliance.text import _
from appliance.web.shelf.window import Window

MAX_ENTRIES = 1_000
"""Entries of one folder that are shown; of a folder with more, the first by name are."""

MAX_LOOKED_AT = 20_000
"""Names of one folder that are read at all."""

MAX_DEPTH = 16
MAX_PATH = 1_024
MAX_DIRECTORY = 8 << 20
"""Bytes of an archive's directory; one of 16 channels and a month has 100 KB."""

_CONTAINERS = ".mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .ps"
_BARE = ".h264 .264 .h265 .265 .hevc"
FILMS = frozenset(f"{_CONTAINERS} {_BARE}".split())
"""Names of containers and bare streams that are tried; what is in one is looked at when opened."""

ARCHIVE = ".zip"
_LOCAL = 30
"""Bytes of the head of a file in an archive, before its name (APPNOTE 4.3.7)."""

Kind = Literal["folder", "film", "archive"]


class ShelfError(Exception):
    """A file of a place cannot be had: stable `code`, words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Root:
    """A place: its folder, and which file system has to be there (`f_fsid`)."""

    path: Path
    fsid: int
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder; `size` bytes, `modified` ms UTC; `export`: it has a manifest."""

    name: str
    kind: Kind
    size: int
    modified: int
    export: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder or archive; `more`: it has entries that are not shown."""

    entries: list[Entry]
    export: bool
    more: bool


class Film:
    """An open file, or a stretch of one: a film in an archive is stored there as it is."""

    def __init__(self, fd: int, offset: int, size: int, etag: str) -> None:
        self.fd = fd
        self.offset = offset
        self.size = size
        self.etag = etag

    def read(self, start: int, size: int) -> bytes:
        """Read from a place on; fewer bytes only at the end.  Raises OSError."""
        data = os.pread(self.fd, min(size, max(0, self.size - start)), self.offset + start)
        if not data and start < self.size and size > 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))  # shorter than it was
        return data

    def close(self) -> None:
        """Give the file back."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def parts_of(path: str) -> list[str]:
    """Return the parts of "a/b.mp4", [] for the place itself.  Raises ShelfError."""
    parts = [part for part in path.split("/") if part]
    bad = any(part in (".", "..") or "\0" in part for part in parts)
    if bad or len(parts) > MAX_DEPTH or len(os.fsencode(path)) > MAX_PATH:
        raise ShelfError("shelf.bad_path", _("This is no path of a file on the stick or folder."))
    return parts


def list_folder(root: Root, path: str) -> Listing:
    """Return what can be played in a folder or archive.  Raises ShelfError, OSError."""
    parts = parts_of(path)
    if parts and _is_archive(parts[-1]):
        with contextlib.suppress(IsADirectoryError), _opened(root, parts, os.O_RDONLY) as fd:
            return _list_archive(fd, parts[-1])
    with _opened(root, parts, os.O_RDONLY | os.O_DIRECTORY) as fd:
        return _list(fd)


def open_film(root: Root, path: str) -> Film:
    """Open a film, also one in an archive ("export.zip/film.mp4").  Raises ShelfError, OSError."""
    parts = parts_of(path)
    if not parts or Path(parts[-1]).suffix.lower() not in FILMS:
        text = _("Files of this type cannot be played here.")
        raise ShelfError("shelf.not_playable", text)
    inside = next((n for n, part in enumerate(parts[:-1], 1) if _is_archive(part)), 0)
    if inside:
        name = "/".join(parts[inside:])
        with (
            contextlib.suppress(IsADirectoryError),
            _opened(root, parts[:inside], os.O_RDONLY) as fd,
        ):
            return _open_member(fd, parts[inside - 1], name)
    try:
        with _opened(root, parts, os.O_RDONLY) as fd:
            return _film(fd, 0, os.fstat(fd).st_size)
    except IsADirectoryError as error:
        raise _no_file(root) from error


def _is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVE)


@contextlib.contextmanager
def _opened(root: Root, parts: list[str], flags: int) -> Iterator[int]:
    """Open what lies there, part by part; closed at the end.

    Raises ShelfError, IsADirectoryError where a file is wanted and a folder there, other OSError.
    """
    safe = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO is not waited for
    try:
        here = os.open(root.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _pulled(root) from error
    try:
        if os.fstatvfs(here).f_fsid != root.fsid:
            raise _pulled(root)
        device = os.fstat(here).st_dev
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            how = flags if last else os.O_RDONLY | os.O_DIRECTORY
            try:
                further = os.open(part, how | safe, dir_fd=here)
            except OSError as error:
                raise _unreachable(root, error) from error
            os.close(here)
            here = further
            facts = os.fstat(here)
            plain = stat.S_ISDIR(facts.st_mode) or stat.S_ISREG(facts.st_mode)
            if facts.st_dev != device or not plain:
                raise _no_file(root)
        if not flags & os.O_DIRECTORY and not stat.S_ISREG(os.fstat(here).st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        yield here
    finally:
        os.close(here)


def _unreachable(root: Root, error: OSError) -> Exception:
    """Links (ELOOP), what is not there and what is no folder read the same."""
    gone = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ENXIO)
    return _no_file(root) if error.errno in gone else error


def _list(fd: int) -> Listing:
    found: list[Entry] = []
    device, looked_at, export = os.fstat(fd).st_dev, 0, False
    with os.scandir(fd) as entries:
        for entry in entries:
            looked_at += 1
            if looked_at > MAX_LOOKED_AT:
                break
            export = export or entry.name == MANIFEST
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            shown = _entry(fd, entry, device)
            if shown is not None:
                found.append(shown)
    found.sort(key=lambda e: (e.kind != "folder", e.name.casefold(), e.name))
    more = len(found) > MAX_ENTRIES or looked_at > MAX_LOOKED_AT
    return Listing(found[:MAX_ENTRIES], export, more)


def _entry(fd: int, entry: os.DirEntry[str], device: int) -> Entry | None:
    suffix = Path(entry.name).suffix.lower()
    is_folder = entry.is_dir(follow_symlinks=False)
    if not is_folder and suffix != ARCHIVE and suffix not in FILMS:
        return None
    try:
        entry.name.encode()
        facts = os.stat(entry.name, dir_fd=fd, follow_symlinks=False)
    except (OSError, UnicodeEncodeError):
        return None  # gone meanwhile, or a name that no address can hold
    if facts.st_dev != device:
        return None
    modified = facts.st_mtime_ns // 1_000_000
    if is_folder:
        return Entry(entry.name, "folder", 0, modified, _has_manifest(fd, entry.name))
    if not stat.S_ISREG(facts.st_mode):
        return None
    return Entry(entry.name, "archive" if suffix == ARCHIVE else "film", facts.st_size, modified)


def _has_manifest(fd: int, folder: str) -> bool:
    try:
        facts = os.stat(f"{folder}/{MANIFEST}", dir_fd=fd, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode)


def _list_archive(fd: int, name: str) -> Listing:
    found, export = [], False
    for info in _members(fd, name):
        folder, _slash, plain = info.filename.rpartition("/")
        export = export or plain == MANIFEST
        suffix = Path(plain).suffix.lower()
        stored = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1
        if suffix in FILMS and stored and _is_plain(folder):
            modified = round(os.fstat(fd).st_mtime_ns / 1_000_000)
            found.append(Entry(info.filename, "film", info.file_size, modified))
    found.sort(key=lambda e: (e.name.casefold(), e.name))
    return Listing(found[:MAX_ENTRIES], export, len(found) > MAX_ENTRIES)


def _is_plain(folder: str) -> bool:
    return all(part not in ("", ".", "..") for part in folder.split("/")) if folder else True


def _open_member(fd: int, archive: str, name: str) -> Film:
    info = next((i for i in _members(fd, archive) if i.filename == name), None)
    if info is None:
        raise ShelfError("shelf.no_file", _("The archive holds no such film."))
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        text = _("This film was packed. Unpack the archive on a computer to play it.")
        raise ShelfError("shelf.packed", text)
    head = os.pread(fd, _LOCAL, info.header_offset)
    if len(head) < _LOCAL or head[:4] != b"PK\x03\x04":
        raise _damaged(archive)
    lengths = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    at = info.header_offset + _LOCAL + lengths
    if at + info.file_size > os.fstat(fd).st_size:
        raise _damaged(archive)
    return _film(fd, at, info.file_size)


def _members(fd: int, name: str) -> list[zipfile.ZipInfo]:
    size = os.fstat(fd).st_size
    with io.BufferedReader(Window(fd, 0, size, MAX_DIRECTORY)) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
            raise _damaged(name) from error


def _film(fd: int, offset: int, size: int) -> Film:
    facts = os.fstat(fd)
    etag = f"{facts.st_dev:x}-{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}-{offset:x}"
    return Film(os.dup(fd), offset, size, etag)


def _pulled(root: Root) -> ShelfError:
    text = _("{place} is not there any more: it was pulled or ejected. Plug it in again.")
    return ShelfError("shelf.pulled", text.format(place=root.name))


def _no_file(root: Root) -> ShelfError:
    text = _("There is no such file on {place} any more.")
    return ShelfError("shelf.no_file", text.format(place=root.name))


def _damaged(name: str) -> ShelfError:
    text = _("The archive {name} is damaged. Get it again.")
    return ShelfError("shelf.damaged", text.format(name=name))
