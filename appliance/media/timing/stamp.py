"""What a clock says of a frame: its run, its place in it, its UTC, and by which source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClockBreak(StrEnum):
    """Why a new run began."""

    START = "start"
    RTP_JUMP = "rtp_jump"
    CAMERA_STEP = "camera_step"
    BOX_STEP = "box_step"


class ClockSource(StrEnum):
    """Where the time of a track's frames comes from."""

    CAMERA = "camera"
    """Sender reports, exactly."""
    CORRECTED = "corrected"
    """Sender reports of a camera whose clock is off, brought to the box's clock."""
    ARRIVAL = "arrival"
    """Media time by arrival: no reports, or none to believe."""
    ARRIVAL_ONLY = "arrival_only"
    """Arrival alone: the RTP time makes no sense."""


@dataclass(slots=True)
class Stamp:
    """When a frame was taken.

    `ticks` counts in the track's timescale from the start of run `run`; `utc_ns` is the same
    instant on the box's time line.  `began` is set on the first frame of a new run (of whichever
    track): then reset every track's `DtsGenerator`.
    """

    run: int
    ticks: int
    utc_ns: int
    began: ClockBreak | None
