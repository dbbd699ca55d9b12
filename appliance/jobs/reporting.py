"""How a job tells its process how far it is; lines of JSON on a pipe."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.jobs.errors import JobCancelled

EVERY_S = 0.25
"""Progress is told no more often than this."""

PARTIAL = ".partial"
"""What is half written has a name that ends so."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended well.

    `text` says it in words, `result` in data; `files` are names of files below the job's result
    folder that can be fetched; `problems` counts what a check has found.
    """

    text: str
    result: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    problems: int = 0


class Report:
    """What the code of a job holds: its tongue and its ear.  Thread-safe."""

    def __init__(
        self, descriptor: int, results: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._descriptor = descriptor
        self._results = results
        self._clock = clock
        self._told = float("-inf")
        self._phase = ""
        self._lock = threading.Lock()
        self._cancelled = False

    @property
    def job(self) -> str:
        """The id of the job: the folder of its results is called so."""
        return self._results.name

    def cancel(self) -> None:
        """Somebody does not want it any more; safe in a signal handler."""
        self._cancelled = True

    def cancelled(self) -> bool:
        """Whether the job is to end now."""
        return self._cancelled

    def progress(self, done: int, total: int, unit: str = "bytes", phase: str = "") -> None:
        """Tell how far it is; raise JobCancelled if nobody wants it any more."""
        if self._cancelled:
            raise JobCancelled
        self.note(done, total, unit, phase)

    def note(self, done: int, total: int, unit: str = "bytes", phase: str = "") -> None:
        """Tell how far it is, where raising is not expected."""
        now = self._clock()
        if now - self._told < EVERY_S and phase == self._phase and done < total:
            return
        self._told, self._phase = now, phase
        self.tell({"progress": {"done": done, "total": total, "unit": unit, "phase": phase}})

    def writes(self, path: Path) -> None:
        """Say, before beginning, what will be half written: it is removed if this process dies.

        Raise ValueError for a name that does not end in ".partial".
        """
        if path.suffix != PARTIAL or not path.is_absolute():
            raise ValueError(f"{path} is not a partial file")
        self.tell({"partial": str(path)})

    def result_folder(self) -> Path:
        """Return the folder for files of the result, made on first use; raise OSError."""
        self._results.mkdir(mode=0o750, exist_ok=True)
        return self._results

    def tell(self, message: dict[str, Any]) -> None:
        """Send one message; a parent that has gone does not matter any more."""
        line = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except BrokenPipeError:
                return
