"""RTP packets that UDP delivered out of order, twice or not at all, put back in sequence."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

_MAX_JUMP = 3000
"""Packets; a larger step of the sequence number is a restart (MAX_DROPOUT of RFC 3550 A.1)."""


class InOrder(NamedTuple, Generic[T]):
    """A packet whose turn has come, and how many packets are missing before it."""

    packet: T
    missing: int


class ReorderBuffer(Generic[T]):
    """Holds packets back until those before them came, or until that takes too long.

    A gap is waited for until `max_packets` packets are held or the oldest of them has waited
    `max_wait_ms`, whichever comes first; then it is reported as missing before the packet behind
    it.  Without loss and disorder nothing is held.  The caller gives the time in nanoseconds of
    any clock that does not go back, and calls `poll` when `deadline_ns` has passed.  `lost`,
    `late` (came after its gap was given up), `duplicates` and `restarts` count.
    """

    def __init__(self, max_packets: int = 64, max_wait_ms: float = 100.0) -> None:
        if not 1 <= max_packets <= _MAX_JUMP:
            raise ValueError(f"max_packets must be 1 to {_MAX_JUMP}")
        self._max_packets = max_packets
        self._max_wait_ns = int(max_wait_ms * 1_000_000)
        self._next = -1  # unwrapped
        self._held: dict[int, tuple[T, int]] = {}
        self._restart_at = -1
        self.lost = 0
        self.late = 0
        self.duplicates = 0
        self.restarts = 0

    @property
    def deadline_ns(self) -> int | None:
        """When `poll` has something to give even if no packet comes; None while nothing waits."""
        if not self._held:
            return None
        return min(arrival for _, arrival in self._held.values()) + self._max_wait_ns

    def push(self, sequence: int, packet: T, now_ns: int) -> list[InOrder[T]]:
        """Take a packet and return those whose turn has come."""
        if self._next < 0:
            self._next = sequence
        # The sequence number nearest to the one expected, unwrapped.
        ahead = ((sequence - self._next + 0x8000) & 0xFFFF) - 0x8000
        if ahead == 0 and not self._held:
            self._next += 1
            self._restart_at = -1
            return [InOrder(packet, 0)]
        if abs(ahead) > _MAX_JUMP:
            return self._jumped(sequence, packet, now_ns)
        self._restart_at = -1
        number = self._next + ahead
        if ahead < 0:
            self.late += 1
            return self.poll(now_ns)
        if number in self._held:
            self.duplicates += 1
            return self.poll(now_ns)
        self._held[number] = (packet, now_ns)
        ready = self._take(0)
        while len(self._held) >= self._max_packets:
            ready += self._skip_gap()
        return ready + self.poll(now_ns)

    def poll(self, now_ns: int) -> list[InOrder[T]]:
        """Return what has waited long enough for the packets before it."""
        ready: list[InOrder[T]] = []
        while (deadline := self.deadline_ns) is not None and deadline <= now_ns:
            ready += self._skip_gap()
        return ready

    def flush(self) -> list[InOrder[T]]:
        """Return all that is held, in order."""
        ready: list[InOrder[T]] = []
        while self._held:
            ready += self._skip_gap()
        return ready

    def _jumped(self, sequence: int, packet: T, now_ns: int) -> list[InOrder[T]]:
        """Take a large step for a restart of the camera only when the next packet confirms it."""
        if sequence != self._restart_at:
            self._restart_at = (sequence + 1) & 0xFFFF
            self.lost += 1
            return self.poll(now_ns)
        ready = self.flush()
        self.restarts += 1
        self._restart_at = -1
        self._next = sequence + 1
        return [*ready, InOrder(packet, 1)]

    def _take(self, missing: int) -> list[InOrder[T]]:
        """Return the run of packets that begins at the one expected."""
        ready: list[InOrder[T]] = []
        while (entry := self._held.pop(self._next, None)) is not None:
            ready.append(InOrder(entry[0], missing))
            missing = 0
            self._next += 1
        return ready

    def _skip_gap(self) -> list[InOrder[T]]:
        first = min(self._held)
        missing = first - self._next
        self.lost += missing
        self._next = first
        return self._take(missing)
