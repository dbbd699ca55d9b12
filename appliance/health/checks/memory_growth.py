"""A process that takes more and more memory."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

SAMPLE_S = 60.0
HOUR = 60
HOURS = 6
LEAST_BYTES = 60 << 20
LEAST_SHARE = 0.3


class MemoryGrowth(Check):
    """Fires where the least memory of each hour was above that of the hour before, for six hours.

    The least of an hour leaves out what comes and goes; caches that fill stop to grow.  It has to
    have grown by 60 MB and by 30 % of what it was.
    """

    slug = "memory_growth"
    title = _("Process takes more and more memory")
    interval_s = SAMPLE_S

    def __init__(self) -> None:
        self._samples: dict[tuple[str, int], deque[int]] = {}

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Take a sample of each process and look back."""
        here = {(p["name"], p["pid"] or 0): p["rss"] or 0 for p in facts.processes if p["rss"]}
        for gone in self._samples.keys() - here.keys():
            del self._samples[gone]
        for (name, pid), rss in here.items():
            kept = self._samples.setdefault((name, pid), deque(maxlen=HOUR * HOURS))
            kept.append(rss)
            if len(kept) < HOUR * HOURS or not _grows(kept):
                continue
            text = _("The process {name} takes more and more memory: {now} MB now.").format(
                name=name, now=rss >> 20
            )
            yield Finding(
                "memory_growing",
                "warning",
                text,
                "process",
                name,
                todo=_("Start it again at a quiet moment, and save the log for support."),
                fixes=("restart_process",),
            )


def _grows(kept: deque[int]) -> bool:
    samples = list(kept)
    least = [min(samples[start : start + HOUR]) for start in range(0, len(samples), HOUR)]
    rises = all(later > earlier for earlier, later in itertools.pairwise(least))
    grown = least[-1] - least[0]
    return rises and grown >= LEAST_BYTES and grown >= least[0] * LEAST_SHARE
