"""chrony: its configuration from a plan, and what chronyc says (chrony.conf(5), chronyc(1))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from appliance.timekeeping.page import is_address

NTP_PORT = 123
POLLS = (6, 17)
"""Shortest and longest interval chrony asks at, as powers of two in seconds."""

USUAL_POLLS = (6, 10)
STEP_S = 1.0
"""A difference larger than this is set at once at the start, a smaller one is slewed."""

LOCAL_STRATUM = 10
"""How far from a reference clock cameras are told to be while no time server answers us."""

MAX_SOURCES = 64

SourceState = Literal["used", "combined", "spare", "wrong", "unsteady", "silent"]
_STATES: dict[str, SourceState] = {
    "*": "used",
    "+": "combined",
    "-": "spare",
    "x": "wrong",
    "~": "unsteady",
    "?": "silent",
}


@dataclass(frozen=True, slots=True)
class TimePlan:
    """What chrony is to do.

    `servers`: host and port.  `interval_s`: how often they are asked, 0 for as needed.
    `largest_step_s`: a larger difference is not followed, None: any is.  `networks` get the time.
    """

    servers: tuple[tuple[str, int], ...] = ()
    interval_s: int = 0
    largest_step_s: int | None = None
    networks: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether chrony has to run at all."""
        return bool(self.servers or self.networks)


def config(plan: TimePlan) -> str:
    """Return the configuration file.

    A difference above `largest_step_s` is ignored for ever (`maxchange` with -1) rather than
    ending chronyd, so that it goes on looking and we go on telling.
    """
    shortest, longest = _polls(plan.interval_s)
    lines = ["# Made by the recorder from its page Time; changes here are lost."]
    for host, port in plan.servers:
        kind = "server" if is_address(host) else "pool"
        more = "" if kind == "server" else " maxsources 3"
        lines.append(f"{kind} {host} port {port} iburst minpoll {shortest} maxpoll {longest}{more}")
    lines += [f"makestep {STEP_S:g} 3", "driftfile /var/lib/chrony/chrony.drift", "rtcsync"]
    if plan.largest_step_s is not None:
        lines.append(f"maxchange {plan.largest_step_s} 0 -1")
    lines += [f"allow {network}" for network in plan.networks]
    if plan.networks:
        lines.append(f"local stratum {LOCAL_STRATUM}")
    lines += [f"port {NTP_PORT if plan.networks else 0}", "cmdport 0"]
    return "\n".join(lines) + "\n"


def _polls(interval_s: int) -> tuple[int, int]:
    if interval_s <= 0:
        return USUAL_POLLS
    least, most = POLLS
    power = min(max(interval_s.bit_length() - 1, least), most)
    return power, power


@dataclass(frozen=True, slots=True)
class Source:
    """A time server as chrony sees it.  `ahead_s`: how far its time is ahead of ours.

    `heard_s`: seconds since its last answer, None where it never answered.
    """

    name: str
    state: SourceState
    stratum: int
    ahead_s: float | None
    error_s: float | None
    heard_s: float | None


@dataclass(frozen=True, slots=True)
class Tracking:
    """Whether our clock follows one; that is `ahead_s` ahead of ours, give or take `error_s`."""

    synchronised: bool
    stratum: int
    reference: str
    ahead_s: float
    error_s: float


class ChronyError(ValueError):
    """chronyc said what it never says."""


def read_tracking(text: str) -> Tracking:
    """Read `chronyc -c tracking`; raise ChronyError."""
    fields = text.strip().split(",")
    try:
        if len(fields) != 14:
            raise ValueError(len(fields))
        # System time is how much ours is slow of the NTP time (positive: the server is ahead).
        return Tracking(
            synchronised=fields[13] != "Not synchronised" and int(fields[2]) > 0,
            stratum=int(fields[2]),
            reference=fields[1],
            ahead_s=float(fields[4]),
            error_s=abs(float(fields[10])) / 2 + abs(float(fields[11])),
        )
    except ValueError as error:
        raise ChronyError(f"tracking: {text[:80]!r}") from error


def read_sources(text: str) -> list[Source]:
    """Read `chronyc -c -N sources`; raise ChronyError."""
    lines: Sequence[str] = [line for line in text.splitlines() if line]
    found = []
    for line in lines[:MAX_SOURCES]:
        fields = line.split(",")
        try:
            if len(fields) != 10 or fields[0] not in "^=#":
                raise ValueError(len(fields))
            reach = int(fields[5], 8)
            heard = int(fields[6])
            # chronyc's offset is positive where our clock is ahead of the source.
            found.append(
                Source(
                    name=fields[2],
                    state=_STATES[fields[1]] if heard < 1 << 31 else "silent",
                    stratum=int(fields[3]),
                    ahead_s=-float(fields[8]) if heard < 1 << 31 else None,
                    error_s=float(fields[9]) if heard < 1 << 31 else None,
                    heard_s=float(heard) if heard < 1 << 31 else None,
                )
                if reach or heard < 1 << 31
                else Source(fields[2], "silent", 0, None, None, None)
            )
        except (ValueError, KeyError) as error:
            raise ChronyError(f"sources: {line[:80]!r}") from error
    return found
