"""How long to wait before a process that ended is started again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST_S = 0.5
LONGEST_S = 60.0
HEALTHY_S = 120.0
"""After so long without an end, former ends are forgotten."""

JITTER = 0.2


@dataclass(slots=True)
class Backoff:
    """0.5 s doubling to 60 s, each +-20 %, forgotten after two healthy minutes; never gives up."""

    source: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def ended(self, ran_s: float) -> float:
        """Note that the process ended after `ran_s`; return the seconds to wait."""
        if ran_s >= HEALTHY_S:
            self.failures = 0
        wait_s = min(FIRST_S * 2.0 ** min(self.failures, 16), LONGEST_S)
        self.failures += 1
        return wait_s * self.source.uniform(1 - JITTER, 1 + JITTER)

    def forget(self) -> None:
        """Start over: somebody asked for the restart."""
        self.failures = 0
