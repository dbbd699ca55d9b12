"""Where the files of an export lie: a folder, or one film with its documents."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from appliance.export.check_movie import Bytes
from appliance.export.manifest import MANIFEST, SIGNATURE
from appliance.export.words import same_letters
from appliance.text import _

Told = Callable[[str, str, str], None]
"""Is told (file, code, words) of each problem."""

_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""What computers leave in every folder that somebody looks at."""

_APPLE_DOUBLE = b"\0\5\x16\7"
_MOST_LITTER = 1 << 20


class Files(Protocol):
    """The files of an export; whoever made them is a stranger."""

    single: bool
    """Whether one film alone was asked about, so that others need not be there."""

    def names(self) -> list[str]:
        """The files there are."""

    def open(self, name: str) -> contextlib.AbstractContextManager[Bytes]:
        """Open one.  Raises OSError, KeyError."""

    def size(self, name: str) -> int:
        """Its size in bytes."""

    def litter(self, name: str) -> bool:
        """Whether an operating system left it behind, and it is nothing that could be played."""


class Folder:
    """Files in a folder; with `only`, just that one and the documents.

    Links are not followed, and what is neither file nor litter of an operating system is told.
    """

    def __init__(self, path: Path, told: Told, only: str | None = None) -> None:
        self._path = path
        self._told = told
        self._only = only
        self._real: dict[str, str] = {}
        """What they are called on the disk."""
        self.single = only is not None

    def names(self) -> list[str]:
        """Plain files."""
        if self._only is not None:
            wanted = (self._only, MANIFEST, SIGNATURE)
            self._real = {same_letters(n): n for n in wanted if _is_file(self._path / n)}
            return list(self._real)
        with os.scandir(self._path) as entries:
            for entry in entries:
                if entry.is_symlink():
                    self._told(entry.name, "foreign", _("it is a link, not a file of an export"))
                elif entry.is_dir():
                    self._told(entry.name, "foreign", _("this folder is no part of the export"))
                elif entry.is_file() and (name := same_letters(entry.name)) not in self._real:
                    self._real[name] = entry.name
                elif entry.is_file():
                    self._told(entry.name, "duplicate", _("there are two files of this name"))
                else:
                    self._told(entry.name, "foreign", _("it is no file"))
        return sorted(self._real)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Bytes]:
        """Open one for reading."""
        descriptor = os.open(
            self._path / self._real[name],
            os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK,
        )
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            yield source

    def size(self, name: str) -> int:
        """Its size."""
        return (self._path / self._real[name]).lstat().st_size

    def litter(self, name: str) -> bool:
        """Known names of small files."""
        if self.size(name) > _MOST_LITTER:
            return False
        if name.startswith("._"):
            with self.open(name) as source:
                return source.read(len(_APPLE_DOUBLE)) == _APPLE_DOUBLE
        return name.casefold() in _LITTER


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
