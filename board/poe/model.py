"""What the PoE controller is told and tells: settings, states, snapshots, changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from board.errors import BoardError
from board.poe.budget import Priority
from board.pse.contract import Detection

PortState = Literal[
    "disabled", "searching", "no_pd", "waiting", "starting", "on", "fault", "cycling", "unreachable"
]
"""`searching`: nothing is plugged in.  `no_pd`: something is, and it is no PD.  `waiting`: a PD
that gets no power yet.  `unreachable`: the chip does not answer; its power stays as it is."""

PortReason = Literal[
    "",
    "budget",
    "measured",
    "priority",
    "retry",
    "overload",
    "short_circuit",
    "inrush",
    "start_timeout",
    "over_limit",
    "bad_class",
    "mosfet",
    "signature_short",
    "signature_low",
    "signature_high",
    "capacitance",
    "operator",
    "camera",
    "bus",
]
"""Why a port is in its state: a stable code; the product has the words."""

CYCLE_OFF_S = 5.0
LIMIT_RANGE_W = (4.0, 30.0)


class PoeError(BoardError):
    """A request to the PoE ports that cannot be met; `text` says why."""


@dataclass(frozen=True, slots=True)
class PortSettings:
    """What the operator wants of a port: `limit_w` None: as its class says."""

    enabled: bool = True
    priority: Priority = "high"
    limit_w: float | None = None


@dataclass(frozen=True, slots=True)
class PoeSettings:
    """What the operator wants: `learn`: book learned peaks in the place of classes."""

    ports: Mapping[int, PortSettings] = field(default_factory=dict)
    learn: bool = False
    recovery: bool = True

    def port(self, number: int) -> PortSettings:
        """Return a port's; what was never set is the default."""
        return self.ports.get(number, _DEFAULT)


_DEFAULT = PortSettings()


@dataclass(frozen=True, slots=True)
class PortSnapshot:
    """A port now.  `since_s`: seconds in this state; `retry_s`: until it is tried again.

    `unplugs`: how often its cable was pulled since the program started; `alone_s`: so long it is
    restarted for no dead camera.
    """

    number: int
    state: PortState
    reason: PortReason
    since_s: float
    retry_s: float
    priority: Priority
    detection: Detection
    pd_class: int | None
    volts: float
    amps: float
    watts: float
    booked_w: float
    limit_w: float | None
    learned_w: float | None
    energy_wh: float
    recoveries_today: int
    unplugs: int
    alone_s: float


@dataclass(frozen=True, slots=True)
class ChipSnapshot:
    """A PSE chip; `failure` is None while it works."""

    name: str
    chip: str
    failure: BoardError | None
    supply_v: float
    temperature_c: float | None
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PoeSnapshot:
    """Everything, in watts and degrees Celsius; `derated`: below the budget of a cool board."""

    budget_w: float
    most_w: float
    guard_w: float
    booked_w: float
    measured_w: float
    temperature_c: float | None
    derated: bool
    ports: tuple[PortSnapshot, ...]
    chips: tuple[ChipSnapshot, ...]


@dataclass(frozen=True, slots=True)
class PortChange:
    """A port went from one state (or reason) to another."""

    before: PortState
    before_reason: PortReason
    now: PortSnapshot


@dataclass(frozen=True, slots=True)
class ChipChange:
    """A chip failed, or works again (`failure` None)."""

    now: ChipSnapshot


@dataclass(frozen=True, slots=True)
class BudgetChange:
    """The temperature changed the budget."""

    before_w: float
    now_w: float
    most_w: float
    temperature_c: float | None


Change = PortChange | ChipChange | BudgetChange
