"""What checks look at: one picture of the box, made by the supervisor, replaced by tests.

Times are ms UTC unless they end in `_s`; None says that something cannot be known here (or not
yet), and a check that needs it then finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.bus.messages import ChannelStatus, VolumeStatus
from appliance.bus.status_messages import HostStatus, IncomingStatus, ProcessStatus
from appliance.events.record import EventRecord

Damage = Callable[[int, str], tuple[float, int]]
"""Share of packets lost and pictures damaged in the last minute, by channel and stream."""


def _no_damage(_channel: int, _stream: str) -> tuple[float, int]:
    return 0.0, 0


@dataclass(frozen=True, slots=True)
class PoeFacts:
    """Watts that may be drawn and that are given away, and the ports that give power."""

    budget_w: float
    booked_w: float
    powered: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Accounts and the ways back in; `passwords` maps accounts to when theirs was set (s UTC)."""

    initialised: bool = True
    damaged: bool = False
    recovery: bool = True
    """Whether a lost password may be set anew at all."""
    file: bool = True
    questions: int = 0
    hint: bool = False
    passwords: Mapping[str, int] = field(default_factory=dict)
    renew_days: int = 0


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate: what people call it, when it ends, since when it is valid.

    `warn_days`: so long before its end it is a warning.  `ours`: made and renewed by the box.
    """

    name: str
    ends: int
    starts: int = 0
    warn_days: int = 7
    ours: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """An open socket others can reach; `proto` tcp or udp, `program` "" where it is not known."""

    proto: str
    port: int
    address: str
    program: str = ""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """`rtc_ahead_s`: how far the system's clock is ahead of the battery-backed one.

    `time_server`: one is set up; `synchronised`: it answers (None: not known); `server_ahead_s`:
    how far it is ahead of us.
    """

    rtc_ahead_s: float | None = None
    time_server: bool = False
    synchronised: bool | None = None
    server_ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The last check of the log's chain: places where it is broken."""

    broken: int
    checked: int


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A stick or folder exports go to, in bytes."""

    name: str
    total: int
    free: int
    writable: bool = True


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """What a disk says of itself (SMART); `worn` percent of its life used, None: not known."""

    name: str
    passed: bool | None = None
    bad_sectors: int | None = None
    worn: int | None = None


@dataclass(frozen=True, slots=True)
class FirmwareFacts:
    """The firmware: when it was built, and the version of a newer one, "" if none is known."""

    version: str
    built: int | None = None
    newer: str = ""


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """What was chosen at the set-up, and how far it is."""

    zone: str = "Etc/Somewhere"
    zone_chosen: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it.  `now` is ms UTC, `now_s` the monotonic clock."""

    now: int = 0
    now_s: float = 0.0
    channels: Sequence[ChannelStatus] = ()
    volumes: Sequence[VolumeStatus] = ()
    volumes_set_up: int = 1
    processes: Sequence[ProcessStatus] = ()
    host: HostStatus | None = None
    free_state_bytes: int | None = None
    incoming: IncomingStatus | None = None
    damage: Damage = _no_damage
    events: Sequence[EventRecord] = ()
    """Those that last."""
    poe: PoeFacts | None = None
    clock: ClockFacts | None = None
    accounts: AccountFacts | None = None
    weak_cameras: Sequence[int] = ()
    """Channels whose camera has a password everybody tries first."""
    certificates: Sequence[CertificateFacts] = ()
    listeners: Sequence[Listener] | None = None
    """Sockets that are open to others, without those that are declared."""
    ssh: bool | None = None
    mended: Sequence[str] = ()
    """What was mended when the settings were read, in sentences."""
    log: LogFacts | None = None
    places: Sequence[PlaceFacts] = ()
    disks: Sequence[DiskFacts] = ()
    firmware: FirmwareFacts | None = None
    setup: SetupFacts | None = None
