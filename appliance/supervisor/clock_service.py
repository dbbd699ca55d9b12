"""Jumps of the clock, each of them one event: seen here, or told by a recorder that outlived us."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.clock_watch import ClockWatch, Jump
from appliance.text import _

_log = logging.getLogger(__name__)

SAME_WITHIN_S = 5.0
"""Several processes notice one jump so far apart (CLOCK_MONOTONIC, which they share)."""

SAME_SIZE_S = 0.5
MAX_KNOWN = 64


class ClockService:
    """`tell(details)` records the event `clock_jump`."""

    def __init__(
        self,
        bus: BusServer,
        tell: Callable[[dict[str, Any]], None],
        watch: ClockWatch | None = None,
    ) -> None:
        self._watch = watch or ClockWatch()
        self._tell = tell
        self._known: deque[Jump] = deque(maxlen=MAX_KNOWN)
        bus.handle("clock.jumped", self._on_jumped, roles={"recorder"})

    def look(self) -> None:
        """Look at the clocks; to be called every second or so."""
        jump = self._watch.look()
        if jump is not None:
            self._record(jump)

    async def _on_jumped(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        """A recorder noticed a jump: before our look, or while there was no supervisor."""
        jump = Jump(_number(params, "seconds"), _number(params, "noticed_s"))
        self.look()
        new = not any(_same(jump, known) for known in self._known)
        if new:
            self._record(jump)
        return {"new": new}

    def _record(self, jump: Jump) -> None:
        self._known.append(jump)
        _log.warning("The clock jumped by %.1f s", jump.seconds)
        self._tell({"seconds": f"{jump.seconds:+.1f}"})


def _same(one: Jump, other: Jump) -> bool:
    near = abs(one.noticed_s - other.noticed_s) <= SAME_WITHIN_S
    return near and abs(one.seconds - other.seconds) <= SAME_SIZE_S


def _number(params: dict[str, Any], name: str) -> float:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BusError("clock.bad_request", _("A jump of the clock is told in seconds."))
    return float(value)
