"""What a back end of GPIO lines offers: claim a line, read it, write it, hear of its edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from board.errors import BoardError

Backend = Literal["rpi_gpio", "gpiod"]
Bias = Literal["none", "pull_up", "pull_down"]


@dataclass(frozen=True, slots=True)
class LineRef:
    """Where a line is: the GPIO chip's device and the line's offset on it (RPi.GPIO: BCM number).

    `active_low`: the line is active while it is electrically low.  `bias` concerns inputs only.
    """

    chip: str
    offset: int
    active_low: bool = False
    bias: Bias = "none"

    def __str__(self) -> str:
        return f"{self.chip} line {self.offset}"


class Edge(NamedTuple):
    """A change of an input: what it is now and since when (CLOCK_MONOTONIC, nanoseconds).

    `lost`: the kernel dropped changes before this one, so that `active` was read afresh.
    """

    active: bool
    at_ns: int
    lost: bool = False


EdgeListener = Callable[[Edge], None]


class LineError(BoardError):
    """A line cannot be had, read or written.  Codes: line.taken, line.missing, line.failed."""


def line_taken(ref: LineRef, wanted_by: str, owner: str) -> LineError:
    """Return the error for a line that somebody has already."""
    return LineError(
        "line.taken",
        "{user} cannot use {line}: {owner} has it. A line has one owner; "
        "end the other program, or give one of them another line in the board profile.",
        user=wanted_by,
        line=ref,
        owner=owner,
    )


def line_missing(ref: LineRef, wanted_by: str, reason: str) -> LineError:
    """Return the error for a line that this computer does not have."""
    return LineError(
        "line.missing",
        "{user} cannot use {line}: there is no such line ({reason}). "
        "The board profile does not fit this board.",
        user=wanted_by,
        line=ref,
        reason=reason,
    )


def line_failed(ref: LineRef, user: str, reason: object) -> LineError:
    """Return the error for a line that was there and does not work."""
    return LineError(
        "line.failed",
        "{line} of {user} does not work: {reason}",
        line=ref,
        user=user,
        reason=reason,
    )


class InputLine(Protocol):
    """A claimed input."""

    def read(self) -> bool:
        """Return whether it is active now.  Raises LineError."""

    def watch(self, listener: EdgeListener | None) -> None:
        """Call `listener` for every edge, on the loop; None stops that.  Raises LineError."""

    def release(self) -> None:
        """Give the line back; a second time does nothing."""


class OutputLine(Protocol):
    """A claimed output."""

    def write(self, *, active: bool) -> None:
        """Drive it.  Raises LineError."""

    def release(self) -> None:
        """Give the line back as it is; write the safe state first.  A second time does nothing."""


class LineBank(Protocol):
    """A back end.  Lines belong to one owner each: claiming one twice raises LineError."""

    def claim_input(self, ref: LineRef, owner: str) -> InputLine:
        """Take a line as an input; `owner` is the name in messages.  Raises LineError."""

    def claim_output(self, ref: LineRef, owner: str, *, active: bool = False) -> OutputLine:
        """Take a line as an output that is `active` from the first instant.  Raises LineError."""

    def close(self) -> None:
        """Release every line still claimed."""


class Owners:
    """Who has which line in this process; RPi.GPIO itself would hand one out twice."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, int], str] = {}

    def take(self, ref: LineRef, owner: str) -> None:
        """Note an owner.  Raises LineError where the line has one."""
        key = (ref.chip, ref.offset)
        if key in self._owners:
            raise line_taken(ref, owner, self._owners[key])
        self._owners[key] = owner

    def drop(self, ref: LineRef) -> None:
        """Note that the line is free."""
        self._owners.pop((ref.chip, ref.offset), None)
