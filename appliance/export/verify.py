"""Verifying an export without the recorder: a folder, a ZIP archive, or a single MP4.

Says in words what is right, or which file, fragment and time was changed.  Whoever made it may be
an enemy: whatever it holds, it ends with words and never takes more memory than a large document.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from appliance.export.archive import Zipped
from appliance.export.check_movie import CHUNK, check_alone, check_movie
from appliance.export.entries import FileEntry, read_entries
from appliance.export.errors import ExportError
from appliance.export.files import Files, Folder
from appliance.export.manifest import (
    FORMAT,
    MANIFEST,
    MOST_MANIFEST,
    SIGNATURE,
    signature_text,
    statement,
)
from appliance.export.page import PAGE_NAME, bare_page
from appliance.export.report import Report
from appliance.export.words import plain
from appliance.storage.signing import fingerprint, verify
from appliance.text import _

MOST_PAGE = 96 << 20
"""The page holds the manifest in Base64."""

MOST_SIGNATURE = 1 << 16
_DOCUMENTS = (MANIFEST, SIGNATURE, PAGE_NAME)
_KEY = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")

Progress = Callable[[int, int], None]
"""Is told (bytes read, bytes in all)."""


class _Counted:
    """Adds up what was read and tells how much of all that is."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def __call__(self, part: int) -> None:
        self._done += part
        self._progress(min(self._done, self._total), self._total)


def verify_export(
    path: Path,
    *,
    key: str | None = None,
    own: str | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Report:
    """Verify what lies at `path`; blocking.

    `key` is that of the recorder that should have signed: its public key in hex or its
    fingerprint; None accepts any, and the report says whose it is.  `own` is the public key of
    this box.  Raises ExportError (not_found, not_an_export, unreadable, bad_key) where there is
    nothing to verify.
    """
    expected = None if key is None else _wanted_key(key)
    report = Report()
    path = Path(os.path.realpath(path))
    try:
        if path.is_file() and path.name in _DOCUMENTS:
            path = path.parent
        if path.is_dir():
            _Verifying(Folder(path, report.problem), report, expected, own, progress).run()
        elif path.suffix.lower() == ".zip" and path.is_file():
            files = Zipped(path, report.problem)
            work = _Verifying(files, report, expected, own, progress)
            work.run()
            files.check(report, _Counted(progress, path.stat().st_size))
        elif path.is_file():
            alone = Folder(path.parent, report.problem, path.name)
            _Verifying(alone, report, expected, own, progress).run()
        else:
            text = _("There is nothing at {path}.").format(path=plain(path))
            raise ExportError("not_found", text)
    except OSError as error:
        text = _("{path} cannot be read: {reason}.")
        where = plain(error.filename or path)
        why = error.strerror or plain(error)
        raise ExportError("unreadable", text.format(path=where, reason=why)) from error
    except MemoryError:
        text = _("it is too large to be verified with the memory there is: use another computer")
        report.problem(path.name, "too_large", text)
    except (RecursionError, OverflowError):
        report.problem(path.name, "manifest", _("it was changed: it cannot be read any more"))
    return report


def _wanted_key(key: str) -> str:
    """Return a public key or fingerprint without what people put between; raise ExportError."""
    wanted = re.sub(r"[\s:-]", "", key).lower()
    if not _KEY.fullmatch(wanted) and not _FINGERPRINT.fullmatch(wanted):
        text = _("A key has 64 hexadecimal digits, a fingerprint 32. Give one of them.")
        raise ExportError("bad_key", text)
    return wanted


class _Verifying:
    """One run over the files of an export."""

    def __init__(
        self, files: Files, report: Report, expected: str | None, own: str | None,
        progress: Progress,
    ) -> None:  # fmt: skip
        self._files = files
        self._report = report
        self._expected = expected
        self._own = own
        self._progress = progress

    def run(self) -> None:
        """Verify all of them.  Raises ExportError, OSError."""
        names = self._files.names()
        if MANIFEST not in names:
            self._without_manifest(names)
            return
        text = self._document(MANIFEST, MOST_MANIFEST)
        if text is None:
            return
        signature = self._document(SIGNATURE, MOST_SIGNATURE) if SIGNATURE in names else b""
        if signature is not None:
            self._check_signature(text, signature)
        entries = self._read_manifest(text)
        if entries is None:
            return
        chosen = {entry.name: entry for entry in entries if entry.name in names}
        read = _Counted(self._progress, sum(map(self._files.size, chosen)))
        for entry in entries:
            if entry.name in chosen:
                self._report.checked.append(entry.name)
                told = partial(self._report.problem, entry.name)
                with self._files.open(entry.name) as source:
                    self._report.fragments += check_movie(source, entry, told, read)
            elif not self._files.single:
                self._report.problem(entry.name, "missing", _("it is missing"))
        if PAGE_NAME in names:
            self._check_page(text, signature or b"")
        elif not self._files.single:
            self._report.problem(PAGE_NAME, "missing", _("it is missing"))
        self._check_foreign([name for name in names if name not in chosen])

    def _document(self, name: str, most: int) -> bytes | None:
        """Return a document; None and a problem where it is larger than any."""
        parts, size = [], 0
        with self._files.open(name) as source:
            while size <= most and (part := source.read(min(CHUNK, most + 1 - size))):
                parts.append(part)
                size += len(part)
        if size <= most:
            return b"".join(parts)
        text = _("it is larger than any such file of an export ({most} bytes)")
        self._report.problem(name, "too_large", text.format(most=most))
        return None

    def _check_signature(self, text: bytes, signature: bytes) -> None:
        report = self._report
        if not signature:
            words = _("it is missing: nobody vouches for this export")
            report.problem(SIGNATURE, "missing", words)
            return
        signed = _signed(signature)
        if signed is None:
            report.problem(SIGNATURE, "signature", _("the signature was changed, or is none"))
            return
        if any(signed.get(name) != value for name, value in statement(text).items()):
            words = _("the manifest was changed: the signature does not fit it")
            report.problem(MANIFEST, "signature", words)
            return
        report.key = str(signed["key"])
        if self._expected in (report.key, fingerprint(report.key).replace(" ", "")):
            report.signer = "given"
        elif self._expected is not None:
            report.signer = "unknown"
            words = _("another recorder signed (fingerprint {fingerprint})")
            words = words.format(fingerprint=report.fingerprint)
            report.problem(SIGNATURE, "other_key", words)
        else:
            report.signer = "unknown"
        if report.key == self._own:
            report.signer = "own"

    def _read_manifest(self, text: bytes) -> list[FileEntry] | None:
        try:
            manifest: dict[str, Any] = json.loads(text)
            if manifest["format"] != "nvr-export" or type(manifest["version"]) is not int:
                raise ValueError("format")
            if manifest["version"] > FORMAT:
                words = _("a newer version of this program made it: verify it with that one")
                self._report.problem(MANIFEST, "newer", words)
                return None
            entries = read_entries(manifest)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            words = _("it was changed: it cannot be read any more")
            self._report.problem(MANIFEST, "manifest", words)
            return None
        self._report.manifest = manifest
        return entries

    def _check_page(self, text: bytes, signature: bytes) -> None:
        page = self._document(PAGE_NAME, MOST_PAGE)
        if page is None:
            return
        bare = bare_page(page, text, signature)
        expected = (self._report.manifest or {}).get("page_sha256")
        if bare is None or hashlib.sha256(bare).hexdigest() != expected:
            words = _("the page was changed: do not trust what it says")
            self._report.problem(PAGE_NAME, "changed", words)

    def _check_foreign(self, rest: list[str]) -> None:
        """Tell what the manifest does not name: somebody could take it for a part of the export."""
        for name in rest:
            if name in _DOCUMENTS:
                continue
            if self._files.litter(name):
                self._report.note(
                    _("{name} was left by an operating system.").format(name=plain(name))
                )
            else:
                words = _("it does not belong to the export: the manifest does not name it")
                self._report.problem(name, "foreign", words)

    def _without_manifest(self, names: list[str]) -> None:
        movies = [name for name in names if name.lower().endswith(".mp4")]
        if not movies:
            text = _("This is no export of a recorder of this kind: there is no {name}.")
            raise ExportError("not_an_export", text.format(name=MANIFEST))
        export = not self._files.single and any(name in _DOCUMENTS for name in names)
        if export or self._expected is not None:
            words = _("it is missing, so nothing says that a recorder exported these files")
            self._report.problem(MANIFEST, "missing", words)
        read = _Counted(self._progress, sum(map(self._files.size, movies)))
        for name in movies:
            self._report.checked.append(name)
            told = partial(self._report.problem, name)
            with self._files.open(name) as source:
                self._report.fragments += check_alone(source, told, read)
        self._report.note(
            _(
                "There is no {name}, so only the chain within the file was checked: it does not "
                "tell who exported it, nor whether something before or behind is missing."
            ).format(name=MANIFEST)
        )


def _signed(signature: bytes) -> dict[str, Any] | None:
    """Return a signed statement if its signature is valid."""
    try:
        signed = json.loads(signature)
        if isinstance(signed, dict) and signature == signature_text(signed):
            key = signed.get("key")
            if isinstance(key, str) and _KEY.fullmatch(key) and verify(signed):
                return signed
    except (ValueError, RecursionError):
        return None
    return None
