"""A process without a supervisor: how long it goes on by itself."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

CHECK_S = 5.0
CHILD_S = 30.0
"""Processes that are of no use alone end after so long, and so leave no port taken.

A supervisor that was killed is back within seconds and takes them over.
"""

VARIABLE = "NVR_ALONE_S"
"""Another length of that time in seconds."""


def child_s() -> float:
    """Return how long this process goes on alone."""
    try:
        return max(0.1, float(os.environ.get(VARIABLE, CHILD_S)))
    except ValueError:
        return CHILD_S


async def orphaned(
    connected: asyncio.Event, limit_s: float | None = None, busy: Callable[[], bool] = lambda: False
) -> None:
    """Return once there was no supervisor (`BusClient.connected`) for `limit_s` (`child_s`).

    While `busy()` nobody counts as alone.
    """
    limit_s = child_s() if limit_s is None else limit_s
    alone_since = time.monotonic()
    while time.monotonic() - alone_since <= limit_s:
        await asyncio.sleep(min(CHECK_S, limit_s))
        if connected.is_set() or busy():
            alone_since = time.monotonic()
