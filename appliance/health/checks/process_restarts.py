"""A process that is started again and again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from appliance.health.check import Check
from appliance.health.facts import Facts
from appliance.health.finding import Finding
from appliance.text import _

WINDOW_S = 1800.0
MANY = 4
MOST_KEPT = 32


class ProcessRestarts(Check):
    """Fires where a process was started again four times within half an hour."""

    slug = "process_restarts"
    title = _("Process restarts again and again")
    interval_s = 5.0

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._times: dict[str, deque[float]] = {}

    def look(self, facts: Facts) -> Iterable[Finding]:
        """Count restarts by the process table."""
        names = {process["name"] for process in facts.processes}
        for gone in self._counts.keys() - names:
            del self._counts[gone]
            self._times.pop(gone, None)
        for process in facts.processes:
            name, count = process["name"], process["restarts"]
            times = self._times.setdefault(name, deque(maxlen=MOST_KEPT))
            rise = count - self._counts.get(name, count)
            times.extend([facts.now_s] * min(max(rise, 0), MOST_KEPT))
            self._counts[name] = count
            while times and facts.now_s - times[0] > WINDOW_S:
                times.popleft()
            if len(times) < MANY:
                continue
            text = _(
                "The process {name} was started again {count} times in half an hour, the last "
                "time because: {reason}."
            ).format(name=name, count=len(times), reason=process["last_reason"] or "-")
            yield Finding(
                "process_restarts",
                "warning",
                text,
                "process",
                name,
                todo=_("Save the log for support; what it says there names the part that fails."),
            )
