"""Shapes of what the supervisor tells of power: `power.get`, `power.leave`, `power.postpone`.

    power.get {}                          PowerStatus; faces only
    power.leave {how, by, reason}         {}: the recorder ends in order within seconds
    power.postpone {by}                   PowerStatus: the next planned restart is left out

Times are milliseconds since 1970 (UTC).
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from appliance.bus.io_messages import StartStatus

How = Literal["off", "restart"]


class Interrupted(TypedDict):
    """What a stop now would interrupt.

    `recording` and `channels`: channels that are recorded of all there are; `jobs`: titles of those
    that run or wait; `viewers`: who watches or plays back; `downloads`: files on their way.
    `unknown`: parts that did not answer, so that nothing is known of them.
    """

    recording: int
    channels: int
    jobs: list[str]
    viewers: int
    downloads: int
    unknown: list[str]


class LastOrder(TypedDict):
    """Who had the recorder switched off or started again the last time, and why ("": not told)."""

    how: How
    by: str
    reason: str
    at: int


class PowerStatus(TypedDict):
    """What a stop would interrupt, when the next planned restart is, why it started before.

    `leaving` is "stay" or what has been ordered; `planned` is None without a plan.
    """

    leaving: Literal["stay", "off", "restart"]
    interrupts: Interrupted
    planned: int | None
    last_order: LastOrder | None
    starts: list[StartStatus]
