"""Shapes of what goes over the bus about jobs and places.  Times are ms UTC, sizes bytes.

The same shapes leave through the REST API and are described there from these classes.

Requests to `jobs`, of faces (web, cli, gui) and supervisor only, and what they answer:

    jobs.start {kind, by, order}          Job; `order` by kind, see appliance/jobs/orders.py
    jobs.list {by?}                       {jobs: [Job]}, the newest first
    jobs.get {id, by?}                    Job
    jobs.cancel {id, by?}                 Job: it may still run until it has ended in order
    jobs.forget {id, by?}                 {}: one that has ended leaves the list
    places.list {}                        {places: [Place]}
    places.eject {place, by}              Job: when it is done, the stick can be pulled
    places.where {place}                  {path, fsid, name}: to read what lies there; faces only

With `by` a job of somebody else is not there.  Codes of refusals begin with "jobs.".  Topics:

    job.changed       {job: Job}          jobs, on change and twice a second while it gets on
    places.changed    {places: [Place]}   jobs, when one comes, goes or turns read-only
"""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on only


class JobProgress(TypedDict):
    """How far a job is; `done` and `total` count `unit`: bytes, blocks, steps, or time (ms).

    `total` is 0, `rate` (units a second) and `remaining_s` null while they are not known.
    """

    done: int
    total: int
    unit: str
    phase: str
    rate: float | None
    remaining_s: float | None


class Job(TypedDict):
    """A job; `text` says in words how it ended, `code` is that of a failure.

    `channels`: those whose footage it takes along.

    `moved`: when it last got on; `expires`: until when it is kept and its `files` can be fetched.
    """

    id: str
    kind: str
    title: str
    by: str
    channels: list[int]
    place: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    created: int
    started: int | None
    ended: int | None
    moved: int | None
    progress: JobProgress | None
    code: str
    text: str
    result: dict[str, Any]
    files: list[str]
    problems: int
    expires: int | None


class Place(TypedDict):
    """A stick or folder an export can go to; `file_limit`: the largest file it can hold."""

    id: str
    name: str
    file_system: str
    total: int
    free: int
    writable: bool
    file_limit: int | None
