"""Shapes of what the supervisor tells of PoE ports and sockets: `poe.get`, `poe.history`.

Watts, volts, amperes, degrees Celsius, seconds; reasons are codes with a text beside them.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

PoePriority = Literal["critical", "high", "low"]


class SocketStatus(TypedDict):
    """A socket of the box: where it sits (from 1), its link, and who is behind it.

    `rx`, `tx` are bytes since the box started; `errors` frames that were damaged.
    """

    number: int
    label: str
    column: int
    row: int
    netdev: str
    uplink: bool
    poe: int | None
    enhancement: bool
    link: bool
    speed_mbps: int | None
    full_duplex: bool | None
    rx: int
    tx: int
    errors: int
    behind: list[str]
    other_switch: bool


class PoePortStatus(TypedDict):
    """A PoE port; see board.poe.model.PortSnapshot.

    `channel`: whose camera is on it; `camera`: "", or a code of what is done about that camera
    because it does not answer, with `camera_text` in words; `alone_s`: not restarted for so long.
    """

    number: int
    state: str
    reason: str
    text: str
    since_s: float
    retry_s: float
    priority: PoePriority
    enabled: bool
    detection: str
    pd_class: int | None
    volts: float
    amps: float
    watts: float
    booked_w: float
    limit_w: float | None
    learned_w: float | None
    energy_wh: float
    recoveries_today: int
    alone_s: float
    channel: int | None
    camera: str
    camera_text: str


class PoeChipStatus(TypedDict):
    """A PSE chip; `failure` is "" while it works."""

    name: str
    chip: str
    failure: str
    supply_v: float
    temperature_c: float | None
    ports: list[int]


class PoeStatus(TypedDict):
    """All of it; without PoE `fitted` is false and the lists are empty."""

    fitted: bool
    board: str
    budget_w: float
    most_w: float
    guard_w: float
    booked_w: float
    measured_w: float
    temperature_c: float | None
    derated: bool
    ports: list[PoePortStatus]
    chips: list[PoeChipStatus]
    sockets: list[SocketStatus]


class PoeHistory(TypedDict):
    """Watts of a port: means and peaks of steps of `step_s`, the last step ends now."""

    port: int
    span: Literal["minutes", "day", "week"]
    step_s: float
    mean_w: list[float]
    most_w: list[float]
