"""A GPIO chip without a chip: levels that the bench drives and the program reads or writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from board.sim.kept_levels import KeptLevels

Pull = Literal["none", "up", "down"]
MOST_HISTORY = 10_000


class Change(NamedTuple):
    """An electrical change of a line."""

    offset: int
    high: bool
    at_ns: int


Watcher = Callable[[Change], None]


class SimChip:
    """`lines` lines.  Whoever drives a line wins over its pull; nobody and no pull reads low.

    `now_ns` stamps changes.  `broken` maps offsets to the error that touching them raises.
    `history` holds what the program wrote lately, with its time: the tests' oscilloscope.
    `kept` keeps the levels of outputs beyond the death of the program.
    """

    def __init__(
        self,
        path: str,
        lines: int,
        now_ns: Callable[[], int],
        kept: KeptLevels | None = None,
    ) -> None:
        self.kept = kept
        self.path = path
        self.lines = lines
        self.broken: dict[int, OSError] = {}
        self.history: deque[Change] = deque(maxlen=MOST_HISTORY)
        self._now_ns = now_ns
        self._driven: dict[int, bool] = {}
        self._written: dict[int, bool] = {}
        self._written_ns: dict[int, int] = {}
        self._pulls: dict[int, Pull] = {}
        self._owners: dict[int, str] = {}
        self._watchers: dict[int, Watcher] = {}
        self._listeners: list[Watcher] = []

    # -- the bench's side ----------------------------------------------------------------------

    def drive(self, offset: int, high: bool | None) -> None:
        """Put a level on a line from outside; None lets go of it."""
        before = self.high(offset)
        if high is None:
            self._driven.pop(offset, None)
        else:
            self._driven[offset] = high
        after = self.high(offset)
        if after != before and offset in self._watchers:
            self._watchers[offset](Change(offset, after, self._now_ns()))

    def listen(self, listener: Watcher) -> None:
        """Call `listener` for what the program writes."""
        self._listeners.append(listener)

    def take_elsewhere(self, offset: int) -> None:
        """Let another program have the line."""
        self._owners[offset] = "elsewhere"

    def high(self, offset: int) -> bool:
        """Return the level of a line."""
        if offset in self._written:
            return self._written[offset]
        return self._driven.get(offset, self._pulls.get(offset, "none") == "up")

    def written_ns(self, offset: int) -> int:
        """Return when the program last changed a line, 0 for never."""
        return self._written_ns.get(offset, 0)

    @property
    def owned(self) -> set[int]:
        """Lines that somebody has."""
        return set(self._owners)

    # -- the program's side, through gpiod's or RPi.GPIO's calls --------------------------------

    def own(self, offset: int, owner: str) -> bool:
        """Take a line; False where somebody has it."""
        if self.kept is not None and offset not in self._owners and not self.kept.take(offset):
            return False
        return self._owners.setdefault(offset, owner) is owner

    def disown(self, offset: int) -> None:
        """Let go of a line: an input without a pull, as after a reset."""
        if self._owners.pop(offset, None) is not None and self.kept is not None:
            self.kept.give(offset)
        self._watchers.pop(offset, None)
        self._pulls.pop(offset, None)
        self._written.pop(offset, None)

    def pull(self, offset: int, pull: Pull) -> None:
        """Switch a pull resistor."""
        self._pulls[offset] = pull

    def write(self, offset: int, *, high: bool) -> None:
        """Drive a line as an output; raises what `broken` says."""
        self.check(offset)
        if self._written.get(offset) == high:
            return
        self._written[offset] = high
        if self.kept is not None:
            self.kept.write(offset, high=high)
        change = Change(offset, high, self._now_ns())
        self._written_ns[offset] = change.at_ns
        self.history.append(change)
        for listener in self._listeners:
            listener(change)

    def read(self, offset: int) -> bool:
        """Return the level; raises what `broken` says."""
        self.check(offset)
        return self.high(offset)

    def watch(self, offset: int, watcher: Watcher | None) -> None:
        """Hear of changes of an input; None: no longer."""
        if watcher is None:
            self._watchers.pop(offset, None)
        else:
            self._watchers[offset] = watcher

    def check(self, offset: int) -> None:
        """Raise what `broken` says about a line."""
        if offset in self.broken:
            raise self.broken[offset]
