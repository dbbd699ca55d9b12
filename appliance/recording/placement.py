"""Which volume each stream is recorded to, so that all volumes reach back about equally far.

How far a volume reaches back is its size over the bit rate it is given; the volume that reaches
back least decides what the user can rely on.  So a stream goes where that is hurt least.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.storage.model import StreamId, StreamName

USUAL_BYTES_PER_S = {
    StreamName.MAIN: 500_000.0,
    StreamName.SUB: 64_000.0,
    StreamName.THIRD: 32_000.0,
}
"""What a stream is taken to bring as long as it has not been measured."""

LEAST_BYTES_PER_S = 1_000.0
WORTHWHILE = 1.25
"""A stream moves only if the fuller of the two volumes then reaches back so much further."""

TOGETHER = 1.1
"""The streams of a channel stay together where that costs no more than this."""

PLAN_EVERY_S = 60.0
SETTLED_S = 20.0
"""A volume is given other volumes' streams only after it has worked for so long."""

MEASURED_AFTER_S = 20.0
_NEW_SHARE = 0.3


class _Loads:
    """How much each volume is given; pressure is the inverse of how far back it reaches."""

    def __init__(
        self, rates: Mapping[StreamId, float], sizes: Mapping[str, int], at: Mapping[StreamId, str]
    ) -> None:
        self.at = dict(at)
        self._rates = rates
        self._sizes = sizes
        self._loads = dict.fromkeys(sizes, 0.0)
        for stream, volume in at.items():
            self._loads[volume] += rates[stream]

    def pressure(self, volume: str, more: float = 0.0) -> float:
        return (self._loads[volume] + more) / max(1, self._sizes[volume])

    def fullest(self) -> str:
        return max(self._sizes, key=lambda v: (self.pressure(v), v))

    def best_for(self, stream: StreamId) -> str:
        """The volume that one more stream hurts least, if possible beside the channel's others."""
        rate = self._rates[stream]
        best = min(self._sizes, key=lambda v: (self.pressure(v, rate), v))
        enough = TOGETHER * self.pressure(best, rate)
        beside = sorted({v for s, v in self.at.items() if s.channel == stream.channel})
        return next((v for v in beside if self.pressure(v, rate) <= enough), best)

    def put(self, stream: StreamId, volume: str) -> None:
        before = self.at.get(stream)
        if before is not None:
            self._loads[before] -= self._rates[stream]
        self.at[stream] = volume
        self._loads[volume] += self._rates[stream]

    def best_move(self) -> tuple[float, StreamId, str] | None:
        """What takes most off the fullest volume: (the worse pressure then, stream, volume)."""
        fullest = self.fullest()
        moves = [
            (max(self.pressure(fullest, -rate), self.pressure(volume, rate)), stream, volume)
            for stream in sorted(self.at, key=lambda s: (s.channel, s.stream.value))
            for volume in sorted(self._sizes)
            if self.at[stream] == fullest != volume and (rate := self._rates[stream])
        ]
        return min(moves, key=lambda move: move[0]) if moves else None


def spread(
    rates: Mapping[StreamId, float], sizes: Mapping[str, int], now: Mapping[StreamId, str]
) -> dict[StreamId, str]:
    """Return where the streams should be, by bytes/s of each and bytes of each volume.

    A stream stays where it is `now` unless moving it is worth while.  Empty without volumes.
    """
    if not sizes:
        return {}
    loads = _Loads(rates, sizes, {s: v for s, v in now.items() if s in rates and v in sizes})
    for stream in sorted(rates.keys() - loads.at.keys(), key=lambda s: (-rates[s], s.channel)):
        loads.put(stream, loads.best_for(stream))
    for _round in range(4 * len(rates)):
        move = loads.best_move()
        if move is None or move[0] * WORTHWHILE > loads.pressure(loads.fullest()):
            break
        loads.put(move[1], move[2])
    return loads.at


@dataclass(slots=True)
class _Rate:
    """Bytes a second of a stream; 0 until it has been measured."""

    since_s: float
    gathered: int = 0
    bytes_per_s: float = 0.0


@dataclass(slots=True)
class Placement:
    """Keeps where streams are and where they are to go; `mono_s` are monotonic seconds."""

    at: dict[StreamId, str] = field(default_factory=dict)
    target: dict[StreamId, str] = field(default_factory=dict)
    """Other volumes that streams go to with their next block."""

    _rates: dict[StreamId, _Rate] = field(default_factory=dict)
    _planned: tuple[float, dict[str, int]] = (0.0, {})

    def count(self, stream: StreamId, size: int, mono_s: float) -> None:
        """Note that a stream brought so many bytes."""
        rate = self._rates.setdefault(stream, _Rate(mono_s))
        rate.gathered += size
        span = mono_s - rate.since_s
        if span < (PLAN_EVERY_S if rate.bytes_per_s else MEASURED_AFTER_S):
            return
        fresh = max(LEAST_BYTES_PER_S, rate.gathered / span)
        old = rate.bytes_per_s or fresh
        rate.bytes_per_s = old + _NEW_SHARE * (fresh - old)
        rate.since_s, rate.gathered = mono_s, 0

    def _rate(self, stream: StreamId) -> float:
        known = self._rates.get(stream)
        measured = known.bytes_per_s if known else 0.0
        return measured or USUAL_BYTES_PER_S[stream.stream]

    def put(self, stream: StreamId, sizes: Mapping[str, int]) -> str | None:
        """Place a stream that has no volume, or whose volume takes nothing; None without any."""
        others = {s: v for s, v in self.at.items() if s != stream and v in sizes}
        if not sizes:
            return None
        rates = {s: self._rate(s) for s in (*others, stream)}
        here = _Loads(rates, sizes, others).best_for(stream)
        self.move(stream, here)
        return here

    def move(self, stream: StreamId, volume: str) -> None:
        """Note that a stream is recorded there from now on."""
        self.at[stream] = volume
        if self.target.get(stream) == volume:
            del self.target[stream]

    def plan(self, sizes: Mapping[str, int], mono_s: float) -> bool:
        """Think over where streams should be: at once when volumes changed, else now and then.

        Return whether it was thought over.
        """
        last_s, last_sizes = self._planned
        if sizes == last_sizes and mono_s - last_s < PLAN_EVERY_S:
            return False
        self._planned = (mono_s, dict(sizes))
        settled = {s: v for s, v in self.at.items() if v in sizes}
        wanted = spread({s: self._rate(s) for s in settled}, sizes, settled)
        self.target = {s: v for s, v in wanted.items() if v != self.at[s]}
        return True

    def keep_only(self, streams: frozenset[StreamId]) -> None:
        """Forget all other streams."""
        for known in (self.at, self.target, self._rates):
            for stream in known.keys() - streams:
                del known[stream]
