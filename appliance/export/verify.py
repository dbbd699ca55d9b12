"""Verifying an export without the recorder: a folder, a ZIP archive, or a single MP4.

Says in words what is right, or which file, fragment and time was changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from appliance.export.check_movie import Bytes, check_alone, check_movie
from appliance.export.errors import ExportError
from appliance.export.manifest import (
    FORMAT,
    MANIFEST,
    SIGNATURE,
    signature_text,
    statement,
)
from appliance.export.page import PAGE_NAME, bare_page
from appliance.export.zip import Archive, Entry, Made
from appliance.storage.signing import fingerprint, verify
from appliance.text import _

MOST_DOCUMENT = 64 << 20
Progress = Callable[[int, int], None]
"""Is told (bytes read, bytes in all)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file of an export: stable `code`, words that name what and when."""

    file: str
    code: str
    text: str


@dataclass(slots=True)
class Report:
    """What was found.

    `key` is the public key (hex) that signed, empty where there is no valid signature; `manifest`
    is what it says, None for a movie without one.  `checked` names the files that were read,
    `fragments` counts those that are as they were recorded.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    fragments: int = 0
    key: str = ""
    manifest: dict[str, Any] | None = None

    @property
    def fingerprint(self) -> str:
        """The key as people compare it; empty where nobody signed."""
        return fingerprint(self.key) if self.key else ""

    def problem(self, file: str, code: str, text: str) -> None:
        """Note one."""
        self.problems.append(Problem(file, code, text))


class Files(Protocol):
    """Where the files of an export lie."""

    def names(self) -> list[str]:
        """The files there are."""

    def open(self, name: str) -> contextlib.AbstractContextManager[Bytes]:
        """Open one.  Raises OSError, KeyError."""

    def size(self, name: str) -> int:
        """Its size in bytes."""


class Folder:
    """Files in a folder; with `only`, just that one and the documents."""

    def __init__(self, path: Path, only: str | None = None) -> None:
        self._path = path
        self._only = only

    @property
    def single(self) -> bool:
        """Whether one movie alone was asked about, so that others need not be there."""
        return self._only is not None

    def names(self) -> list[str]:
        """Plain files, hidden ones left out."""
        found = [p.name for p in self._path.iterdir() if p.is_file() and p.name[:1] != "."]
        if self._only is None:
            return sorted(found)
        return [n for n in found if n in (self._only, MANIFEST, SIGNATURE)]

    def open(self, name: str) -> contextlib.AbstractContextManager[Bytes]:
        """Open one for reading."""
        return (self._path / name).open("rb")

    def size(self, name: str) -> int:
        """Its size."""
        return (self._path / name).stat().st_size


class Zipped:
    """Files of an archive that this program made; all its bytes are looked at.

    Its directory is made anew and compared: `crcs` are those of what was read whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        for info in members:
            if info.compress_type != zipfile.ZIP_STORED:
                text = _("{path} was packed anew. Unpack it and verify the folder.")
                raise ExportError("not_an_export", text.format(path=path))
        entries = [
            Entry(info.filename, info.file_size, datetime(*info.date_time))  # noqa: DTZ001
            for info in members
        ]
        self._numbers = {e.name.rpartition("/")[2]: n for n, e in enumerate(entries)}
        self._sizes = [entry.size for entry in entries]
        self.crcs: dict[int, int] = {}
        self.made = Archive(entries, self.crcs.__getitem__)

    def names(self) -> list[str]:
        """Without the folder they lie in."""
        return list(self._numbers)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Bytes]:
        """Open one; its CRC is taken while it is read."""
        number = self._numbers[name]
        with self._path.open("rb") as file:
            file.seek(self.made.contents_at(number))
            yield _Contents(file, self._sizes[number], self.crcs, number)

    def size(self, name: str) -> int:
        """Its size."""
        return self._sizes[self._numbers[name]]

    def check(self, report: Report) -> None:
        """Compare what lies between the files with what this program writes there."""
        for name, number in self._numbers.items():
            if number not in self.crcs:
                with self.open(name) as rest:
                    while rest.read(1 << 20):
                        pass
        at = 0
        with self._path.open("rb") as source:
            for span in self.made.spans(0, self.made.size):
                if isinstance(span, Made):
                    source.seek(at)
                    if source.read(len(span.data)) != span.data:
                        where = _("the archive was changed between its files, behind byte {at}")
                        report.problem(self._path.name, "archive", where.format(at=at))
                    at += len(span.data)
                else:
                    at += span.end - span.start
        size = self._path.stat().st_size
        if size != self.made.size:
            text = _("the archive has {is_bytes} bytes instead of {bytes}")
            report.problem(
                self._path.name, "size", text.format(is_bytes=size, bytes=self.made.size)
            )


class _Contents:
    """The contents of one entry; takes their CRC-32."""

    def __init__(self, source: Bytes, size: int, sums: dict[int, int], number: int) -> None:
        self._source = source
        self._left = size
        self._sums = sums
        self._number = number
        sums[number] = 0

    def read(self, size: int, /) -> bytes:
        """Read on."""
        data = self._source.read(min(size, self._left))
        self._left -= len(data)
        self._sums[self._number] = zlib.crc32(data, self._sums[self._number])
        return data


class _Counted:
    """Adds up what was read and tells how much of all that is."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, part: int) -> None:
        self._done += part
        self._progress(self._done, self._total)


def verify_export(
    path: Path, *, key: str | None = None, progress: Progress = lambda _done, _all: None
) -> Report:
    """Verify what lies at `path`; blocking.

    `key` (hex) is that of the recorder that should have signed; None accepts any.
    Raises ExportError (not_found, not_an_export, unreadable) where there is nothing to verify.
    """
    report = Report()
    try:
        if path.is_dir():
            _verify(Folder(path), report, key, progress)
        elif path.suffix.lower() == ".zip" and path.is_file():
            files = Zipped(path)
            _verify(files, report, key, progress)
            files.check(report)
        elif path.is_file():
            _verify(Folder(path.parent, path.name), report, key, progress)
        else:
            text = _("There is nothing at {path}.").format(path=path)
            raise ExportError("not_found", text)
    except OSError as error:
        text = _("{path} cannot be read: {reason}.")
        raise ExportError(
            "unreadable", text.format(path=error.filename or path, reason=error.strerror or error)
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        text = _("The archive {path} is damaged: {reason}. Get it again.")
        raise ExportError("unreadable", text.format(path=path, reason=error)) from error
    return report


def _verify(files: Files, report: Report, key: str | None, progress: Progress) -> None:
    names = files.names()
    if MANIFEST not in names:
        if key is not None:
            text_ = _("it is missing, so nothing says that this recorder exported these files")
            report.problem(MANIFEST, "missing", text_)
        _without_manifest(files, [n for n in names if n.endswith(".mp4")], report, progress)
        return
    text = _document(files, MANIFEST)
    signature = _document(files, SIGNATURE) if SIGNATURE in names else b""
    _check_signature(text, signature, report, key)
    entries = _read_manifest(text, report)
    if entries is None:
        return
    chosen = [entry for entry in entries if entry["name"] in names]
    single = isinstance(files, Folder) and files.single
    read = _Counted(progress, sum(files.size(entry["name"]) for entry in chosen))
    for entry in entries:
        name = entry["name"]
        if name in names:
            report.checked.append(name)
            _check_file(files, entry, report, read)
        elif not single:
            report.problem(name, "missing", _("it is missing"))
    if PAGE_NAME in names:
        _check_page(_document(files, PAGE_NAME), text, signature, report)
    elif not single:
        report.problem(PAGE_NAME, "missing", _("it is missing"))
    known = {entry["name"] for entry in entries} | {MANIFEST, SIGNATURE, PAGE_NAME}
    for name in names:
        if name not in known:
            report.notes.append(_("{name} does not belong to the export.").format(name=name))


def _document(files: Files, name: str) -> bytes:
    with files.open(name) as source:
        return source.read(MOST_DOCUMENT)


def _check_signature(text: bytes, signature: bytes, report: Report, key: str | None) -> None:
    if not signature:
        report.problem(SIGNATURE, "missing", _("it is missing: nobody vouches for this export"))
        return
    try:
        signed = json.loads(signature)
        plain = isinstance(signed, dict) and signature == signature_text(signed)
    except ValueError:
        plain = False
    if not plain or not verify(signed):
        report.problem(SIGNATURE, "signature", _("the signature was changed, or is none"))
        return
    if any(signed.get(name) != value for name, value in statement(text).items()):
        report.problem(
            MANIFEST, "signature", _("the manifest was changed: the signature does not fit it")
        )
        return
    report.key = str(signed["key"])
    if key is not None and report.key != key:
        text_ = _("another recorder signed (fingerprint {fingerprint})")
        report.problem(SIGNATURE, "other_key", text_.format(fingerprint=report.fingerprint))


def _read_manifest(text: bytes, report: Report) -> list[dict[str, Any]] | None:
    try:
        manifest = json.loads(text)
        if manifest["format"] != "nvr-export":
            raise ValueError("format")
        if manifest["version"] > FORMAT:
            newer = _("it was made by a newer version of this program: use that one to verify it")
            report.problem(MANIFEST, "newer", newer)
            return None
        entries = manifest["files"]
        if not all(isinstance(entry["name"], str) for entry in entries):
            raise ValueError("files")
    except (ValueError, KeyError, TypeError):
        report.problem(MANIFEST, "manifest", _("it was changed: it cannot be read any more"))
        return None
    report.manifest = manifest
    return list(entries)


def _check_file(
    files: Files, entry: Mapping[str, Any], report: Report, read: Callable[[int], None]
) -> None:
    name = str(entry["name"])
    try:
        with files.open(name) as source:
            report.fragments += check_movie(source, entry, partial(report.problem, name), read)
    except (KeyError, TypeError, ValueError):
        report.problem(name, "manifest", _("its entry in the manifest was changed"))


def _check_page(page: bytes, text: bytes, signature: bytes, report: Report) -> None:
    bare = bare_page(page, text, signature)
    expected = (report.manifest or {}).get("page_sha256")
    if bare is None or hashlib.sha256(bare).hexdigest() != expected:
        report.problem(PAGE_NAME, "changed", _("the page was changed: do not trust what it says"))


def _without_manifest(files: Files, movies: list[str], report: Report, progress: Progress) -> None:
    if not movies:
        text = _("This is no export of a recorder of this kind: there is no {name}.")
        raise ExportError("not_an_export", text.format(name=MANIFEST))
    read = _Counted(progress, sum(map(files.size, movies)))
    for name in movies:
        report.checked.append(name)
        with files.open(name) as source:
            report.fragments += check_alone(source, partial(report.problem, name), read)
    report.notes.append(
        _(
            "There is no {name}, so only the chain within the file was checked: it does not tell "
            "who exported it, nor whether something before or behind is missing."
        ).format(name=MANIFEST)
    )
