"""The book of jobs: what waits, runs and has ended, written down so that it survives everything."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from appliance.jobs.model import KEPT_MS, Job
from appliance.settings.files import make_folder, write_atomically

_log = logging.getLogger(__name__)

MAX_ENDED = 200
MAX_LEFTOVERS = 100
LEFTOVER_MS = 30 * 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something half written that could not be removed yet: its stick is not here.

    `path` lies on the file system `fsid`; `since` is ms UTC.
    """

    path: str
    fsid: int
    since: int


@dataclass(slots=True)
class Pages:
    """What the book holds."""

    jobs: list[Job] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)


class JobBook:
    """Files below one folder: `jobs.json`, and a folder for each result.  Blocking."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "jobs.json"

    def load(self) -> Pages:
        """Read what was written; what cannot be read is logged and forgotten.  Raise OSError."""
        make_folder(self.folder)
        try:
            raw = json.loads(self._file.read_bytes())
            entries, left = raw["jobs"], raw["leftovers"]
        except FileNotFoundError:
            return Pages()
        except (ValueError, KeyError, TypeError) as error:
            _log.error("The book of jobs is damaged and begun anew: %r", error)
            return Pages()
        pages = Pages()
        for entry in entries:
            try:
                pages.jobs.append(Job.from_stored(entry))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                _log.warning("A job of another version is forgotten: %r", error)
        for entry in left:
            try:
                pages.leftovers.append(Leftover(**entry))
            except TypeError as error:
                _log.warning("A leftover of another version is forgotten: %r", error)
        return pages

    def save(self, data: bytes) -> None:
        """Write down what `written` gave; raise OSError."""
        write_atomically(self._file, data)

    def result_folder(self, job: str) -> Path:
        """Return where a job puts the files of its result."""
        return self.folder / job

    def remove_results(self, keep: Iterable[str]) -> None:
        """Remove the results of all other jobs than `keep`."""
        kept = set(keep)
        try:
            for entry in self.folder.iterdir():
                if entry.is_dir() and entry.name not in kept:
                    shutil.rmtree(entry, ignore_errors=True)
        except OSError as error:
            _log.warning("Old results of jobs cannot be removed: %s", error)


def written(pages: Pages) -> bytes:
    """Return the pages as they are written down."""
    document = {
        "jobs": [job.stored() for job in pages.jobs],
        "leftovers": [asdict(leftover) for leftover in pages.leftovers],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def prune(pages: Pages, now_ms: int) -> bool:
    """Forget what has been kept long enough; return whether anything was forgotten."""
    before = (len(pages.jobs), len(pages.leftovers))
    ended = [job for job in pages.jobs if job.ended is not None]
    ended.sort(key=lambda job: job.ended or 0, reverse=True)
    kept = {job.id for job in ended[:MAX_ENDED] if now_ms - (job.ended or 0) < KEPT_MS}
    pages.jobs = [job for job in pages.jobs if job.ended is None or job.id in kept]
    fresh = [left for left in pages.leftovers if now_ms - left.since < LEFTOVER_MS]
    pages.leftovers = fresh[-MAX_LEFTOVERS:]
    return before != (len(pages.jobs), len(pages.leftovers))
