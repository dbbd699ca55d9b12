"""The supervisor's own entry in the list of processes."""

from __future__ import annotations

import time

import psutil

from appliance.bus.status_messages import ProcessStatus

CPU_S = 2.0
"""The share of a core is reckoned over at least this long."""


class OwnStatus:
    """`restarts` counts unasked ends since the computer was started; `reason` tells of the last."""

    def __init__(self) -> None:
        self.restarts = 0
        self.reason = ""
        self._process = psutil.Process()
        self._since_ms = round(self._process.create_time() * 1000)
        self._spent = self._spent_s()
        self._at = time.monotonic()
        self._cpu: float | None = None

    def get(self) -> ProcessStatus:
        """Return the entry; reads a few files of /proc."""
        now = time.monotonic()
        if now - self._at >= CPU_S:
            spent = self._spent_s()
            self._cpu = round((spent - self._spent) / (now - self._at), 4)
            self._spent, self._at = spent, now
        return ProcessStatus(
            name="supervisor",
            state="running",
            pid=self._process.pid,
            since=self._since_ms,
            restarts=self.restarts,
            last_reason=self.reason,
            retry_s=0.0,
            adopted=False,
            rss=int(self._process.memory_info().rss),
            cpu=self._cpu,
            progress={},
            dropped=0,
        )

    def _spent_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
