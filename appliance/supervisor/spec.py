"""Which processes there are, how each is started and how long it may stand still."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.paths import Paths

CHANNELS_PER_GROUP = 8
"""Channels of one recorder; group n has the channels 8n-7 to 8n."""

RECORDER_PREFIX = "recorder@"
"""Names of recorders begin with it; the number of their group follows."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """How to run one process.

    `outlives` says that it goes on when the supervisor ends (recorders).  `lock` is held by it
    while it lives.  `stall_s`: longest time without progress; `first_s`: time for its first
    heartbeat; `stop_s`: time to end in order before it is killed.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    outlives: bool = False
    lock: Path | None = None
    stall_s: float = 15.0
    first_s: float = 30.0
    stop_s: float = 5.0


def recorder_spec(paths: Paths, group: int) -> ProcessSpec:
    """Return the recorder of a group of channels."""
    return ProcessSpec(
        name=f"{RECORDER_PREFIX}{group}",
        module="appliance.recorder",
        arguments=("--group", str(group)),
        outlives=True,
        lock=paths.recorder_lock(group),
        stop_s=10.0,
    )


def web_spec() -> ProcessSpec:
    """Return the web server."""
    return ProcessSpec(name="web", module="appliance.web", stall_s=20.0)


def jobs_spec() -> ProcessSpec:
    """Return the process of the jobs; it ends its children in order, which may take a while."""
    return ProcessSpec(name="jobs", module="appliance.jobs", stall_s=20.0, stop_s=20.0)


def helper_spec() -> ProcessSpec:
    """Return the helper of the simulated computer; on the box it is a service of root's own."""
    return ProcessSpec(name="helper", module="appliance.helper")


def courier_spec() -> ProcessSpec:
    """Return what delivers everything outside and takes the logs of other devices."""
    return ProcessSpec(name="courier", module="appliance.courier", stall_s=20.0)


def groups_of(channels: Iterable[int]) -> Collection[int]:
    """Return the recorder groups that these channels need; the first is always there."""
    return sorted({1} | {(channel - 1) // CHANNELS_PER_GROUP + 1 for channel in channels})
