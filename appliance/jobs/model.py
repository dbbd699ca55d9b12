"""A job as it is kept, shown and written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

KEPT_MS = 24 * 3_600_000
"""How long an ended job and its result are kept."""


class JobState(StrEnum):
    """Where a job is in its life; the last three are its ends."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self in _ENDS


_ENDS = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


@dataclass(slots=True)
class Progress:
    """How far a job is.

    `done` and `total` count `unit` (bytes, blocks, files); `total` is 0 while it is not known.
    `rate` is units a second, `remaining_s` seconds; both None while they cannot be told.  `phase`
    is a slug for what is done now (write, verify, ...), "" where there is only one.
    """

    done: int = 0
    total: int = 0
    unit: str = "bytes"
    phase: str = ""
    rate: float | None = None
    remaining_s: float | None = None


@dataclass(slots=True)
class Job:
    """One job.  Times are ms UTC; `moved` is when it last got on.

    `order` is what the child is told, `partial` what it has begun to write (paths that end in
    ".partial"); neither is shown.  `place` is the id of the place it uses, "" where it uses none.
    `problems` counts what a job that checks something has found.
    """

    id: str
    kind: str
    title: str
    by: str
    created: int
    order: dict[str, Any]
    place: str = ""
    state: JobState = JobState.WAITING
    started: int | None = None
    ended: int | None = None
    moved: int | None = None
    progress: Progress | None = None
    code: str = ""
    text: str = ""
    result: dict[str, Any] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    problems: int = 0
    partial: list[str] = field(default_factory=list)
    pid: int | None = None
    pid_started: float = 0.0

    def shown(self) -> dict[str, Any]:
        """Return what people and programs see of it (messages.Job)."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "by": self.by,
            "channels": sorted({int(channel) for channel, _name in self.order.get("streams", [])}),
            "place": self.place,
            "state": self.state.value,
            "created": self.created,
            "started": self.started,
            "ended": self.ended,
            "moved": self.moved,
            "progress": asdict(self.progress) if self.progress else None,
            "code": self.code,
            "text": self.text,
            "result": self.result,
            "files": list(self.files),
            "problems": self.problems,
            "expires": None if self.ended is None else self.ended + KEPT_MS,
        }

    def stored(self) -> dict[str, Any]:
        """Return what is written down."""
        return asdict(self)

    @classmethod
    def from_stored(cls, raw: dict[str, Any]) -> Job:
        """Read what `stored` gave; raise KeyError, TypeError or ValueError."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in raw.items() if name in known}
        values["state"] = JobState(values["state"])
        if values.get("progress") is not None:
            values["progress"] = Progress(**values["progress"])
        return cls(**values)
