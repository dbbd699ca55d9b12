"""Debouncing as a pure function of edges and time: what a contact means, and from when on."""

from __future__ import annotations

from typing import NamedTuple

from board.timing import MS

CEILING_NS = 150 * MS
"""A contact that has not come to rest for so long counts as alarm: 200 ms are promised from the
first edge to the relay (D1-PL-02), however badly it chatters."""


class Settled(NamedTuple):
    """The contact changed: what it is, the first edge of the change, when that was decided.

    `chattering`: it has not come to rest, and counts as alarm until it does.
    """

    level: bool
    first_edge_ns: int
    at_ns: int
    chattering: bool = False


class Debouncer:
    """A level counts once it has been there for `debounce_ns` without a break.

    While it does not come to rest it keeps what it was, but becomes `alarm_level` after
    CEILING_NS.  So no level that lasts is missed, and none is ever late by more than that.
    """

    def __init__(self, level: bool, *, debounce_ns: int, alarm_level: bool) -> None:
        self.level = level
        self.alarm_level = alarm_level
        self.debounce_ns = debounce_ns
        self._raw = level
        self._raw_since_ns = 0
        self._restless_since_ns: int | None = None

    @property
    def raw(self) -> bool:
        """The level of the last edge."""
        return self._raw

    @property
    def resting(self) -> bool:
        """Whether nothing is to be decided."""
        return self._restless_since_ns is None

    def edge(self, level: bool, at_ns: int) -> None:
        """Take an edge, or a level that was read and differs from the last."""
        if self._restless_since_ns is None:
            self._restless_since_ns = at_ns
        self._raw = level
        self._raw_since_ns = at_ns

    def due_ns(self) -> int | None:
        """Return when to call `decide`, None while it rests."""
        if self._restless_since_ns is None:
            return None
        due = self._raw_since_ns + self.debounce_ns
        if self.level != self.alarm_level:
            due = min(due, self._restless_since_ns + CEILING_NS)
        return due

    def decide(self, now_ns: int) -> Settled | None:
        """Return what changed by now, if anything did."""
        first = self._restless_since_ns
        if first is None:
            return None
        if now_ns >= self._raw_since_ns + self.debounce_ns:
            self._restless_since_ns = None
            if self._raw == self.level:
                return None
            self.level = self._raw
            return Settled(self.level, first, now_ns)
        if self.level != self.alarm_level and now_ns >= first + CEILING_NS:
            return self.alarm(now_ns)
        return None

    def alarm(self, now_ns: int) -> Settled | None:
        """Count as alarm without waiting any longer; None where it does already."""
        if self.level == self.alarm_level:
            return None
        first = now_ns if self._restless_since_ns is None else self._restless_since_ns
        self.level = self.alarm_level
        return Settled(self.level, first, now_ns, chattering=True)
