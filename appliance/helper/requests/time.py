"""The computer's clock: time servers, cameras that ask us, the zone, setting it by hand."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from appliance.helper.contract import Answer, Done, Request
from appliance.timekeeping.chrony import SourceState
from appliance.timekeeping.page import (
    LONGEST_HOST,
    MOST_NETWORKS,
    MOST_SERVERS,
    HostText,
    NetworkText,
)

EARLIEST_S = 1_767_225_600.0
"""2026-01-01: this program is younger."""

LATEST_S = 4_102_444_800.0
"""2100-01-01."""


class Server(Answer):
    """A time server to ask."""

    host: Annotated[HostText, Field(max_length=LONGEST_HOST)]
    port: int = Field(ge=1, le=65535)


class ApplyTime(Request[Done]):
    """Have chrony do as planned, see `timekeeping.chrony.TimePlan`; and the system's zone.

    A configuration chronyd does not accept, or does not start with, changes nothing.
    """

    verb: ClassVar[str] = "time.apply"
    timeout_s: ClassVar[float] = 30.0
    servers: list[Server] = Field(max_length=MOST_SERVERS)
    interval_s: int = Field(ge=0, le=65535 * 60)
    largest_step_s: int | None = Field(ge=60, le=86_400)
    networks: list[NetworkText] = Field(max_length=MOST_NETWORKS)
    zone: str = Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")

    def shown(self) -> str:
        """All of it but the names."""
        return f"{len(self.servers)} servers, {len(self.networks)} networks, zone {self.zone}"


class SourceAnswer(Answer):
    """See `timekeeping.chrony.Source`."""

    name: str
    state: SourceState
    stratum: int
    ahead_s: float | None
    error_s: float | None
    heard_s: float | None


class TimeAnswer(Answer):
    """How the clock fares; without chrony `running` is false and the rest says nothing.

    `utc_s`: the computer's clock.  The rest: see `timekeeping.chrony.Tracking`.
    """

    utc_s: float
    running: bool
    synchronised: bool
    stratum: int
    reference: str
    ahead_s: float
    error_s: float
    sources: list[SourceAnswer]


class TimeStatus(Request[TimeAnswer]):
    """Ask chrony how it fares."""

    verb: ClassVar[str] = "time.status"
    alone: ClassVar[bool] = False


class SyncNow(Request[Done]):
    """Ask the time servers at once (D2-SY-24 "Manual Update")."""

    verb: ClassVar[str] = "time.sync"


class SetClock(Request[Done]):
    """Set the system's clock and the battery-backed one (D2-SY-20)."""

    verb: ClassVar[str] = "time.set"
    utc_s: float = Field(ge=EARLIEST_S, le=LATEST_S)

    def shown(self) -> str:
        """The time it is set to."""
        return f"to {self.utc_s:.0f}"
