"""Shapes of what the supervisor tells of the clock.  Times are ms UTC, differences seconds.

time.get {}                           TimeStatus; faces only
time.preview {utc}                    TimePreview: what setting the clock means; faces only
time.set {utc, by}                    TimeStatus; refused while a time server is followed
time.sync {}                          {}: the time servers are asked at once
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class TimeSource(TypedDict):
    """A time server.  `ahead_s`: how far its time is ahead of ours; `heard_s`: since its answer.

    `state`: used, combined with the used one, spare, wrong (outvoted), too_far (not followed),
    unsteady, silent, or unknown (its name leads nowhere).
    """

    name: str
    state: Literal["used", "combined", "spare", "wrong", "too_far", "unsteady", "silent", "unknown"]
    stratum: int
    ahead_s: float | None
    heard_s: float | None


class TimeStatus(TypedDict):
    """The clock and what is known of it.

    `trust`: who vouches for it: a time server, the battery-backed clock, a person, nobody.
    `fault`: why what is set is not in force, "" otherwise.  `simulated`: the computer's clock is
    not touched; `utc` is then that of the simulated computer.
    """

    utc: int
    zone: str
    changes: list[int]
    simulated: bool
    ntp: bool
    serving: bool
    running: bool
    synchronised: bool
    reference: str
    ahead_s: float
    error_s: float
    sources: list[TimeSource]
    trust: Literal["server", "battery", "person", "nobody"]
    fault: str


class TimePreview(TypedDict):
    """What setting the clock means, in sentences; `ahead_s`: how far it would be moved."""

    ahead_s: float
    meaning: list[str]
