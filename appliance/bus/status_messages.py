"""Shapes of the status of the whole box: the answer of `status.get`, and `process.status`.

Times are milliseconds since 1970 (UTC).  What recorders report is in `messages`.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict  # pydantic reads that of typing from Python 3.12 on only

from appliance.bus.messages import ChannelStatus, Severity, VolumeStatus


class ProcessStatus(TypedDict):
    """A process of the table.  `rss` bytes, `cpu` share of one core (0.01 is 1 %)."""

    name: str
    state: Literal["starting", "running", "waiting", "stalled", "stopping", "stopped"]
    pid: int | None
    since: int
    restarts: int
    last_reason: str
    retry_s: float
    adopted: bool
    rss: int | None
    cpu: float | None
    progress: dict[str, float]
    dropped: int


class FixOffer(TypedDict):
    """A button at a finding: `confirm` is asked first ("" for nothing), `permission` is needed."""

    slug: str
    title: str
    confirm: str
    done: str
    permission: str


class SnoozeStatus(TypedDict):
    """A finding is put aside until `until`, by whom and why."""

    until: int
    by: str
    reason: str


class PingStatus(TypedDict):
    """The call to who watches from outside: when it last arrived, and what is in the way."""

    called: bool
    last: int | None
    failure: str


class HealthItem(TypedDict):
    """One finding; `what` is channel, volume, process, host, board, settings, account, network...

    `finding` is its id in addresses, `todo` says what to do.  `channels` are those that `text`
    names, and `plain` is the text without their names, "" where there is no other.
    """

    level: Severity
    what: str
    id: int | str | None
    code: str
    text: str
    since: int | None
    finding: str
    todo: str
    channels: list[int]
    plain: str
    fixes: list[FixOffer]
    snoozed: SnoozeStatus | None


class Health(TypedDict):
    """The health sentence and what is behind it; `aside` are findings that are put aside."""

    level: Literal["ok", "warning", "error"]
    sentence: str
    items: list[HealthItem]
    aside: list[HealthItem]


class BoxInfo(TypedDict):
    """The box.  `time` is now; `zone` an IANA name."""

    name: str
    time: int
    zone: str
    version: str
    uptime_s: float


class HostStatus(TypedDict):
    """The computer: shares in percent, bytes, degrees Celsius; None where it cannot be known."""

    cpu_percent: float
    cores: int
    memory_total: int
    memory_available: int
    temperature_c: float | None
    load: float
    uptime_s: float


class IncomingStatus(TypedDict):
    """What all cameras send together and the limit set for it, in bits per second.

    `exceeded`: it has been more for a while.
    """

    bps: int
    limit_bps: int
    exceeded: bool


class BoxStatus(TypedDict):
    """Answer of status.get."""

    box: BoxInfo
    health: Health
    processes: list[ProcessStatus]
    volumes: list[VolumeStatus]
    channels: list[ChannelStatus]
    host: HostStatus
    incoming: IncomingStatus
    events: dict[str, int]
