"""The calls of gpiod v2 on the file of a chip that another process simulates: see kept_levels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from board.sim.gpiod import LineSettings, SimGpiod, SimRequest
from board.sim.kept_levels import KeptLevels
from board.sim.wires import SimChip

__all__ = ["LineSettings", "line", "request_lines"]

line = SimGpiod.line
_chips: dict[str, SimChip] = {}
"""One a file: a second descriptor of the process would take the locks of the first with it."""


def request_lines(
    path: str,
    config: Mapping[int, Any],
    consumer: str | None = None,
    event_buffer_size: int | None = None,
) -> SimRequest:
    """gpiod.request_lines; `path` is the file.  Raises OSError as the kernel does."""
    if path not in _chips:
        file = Path(path)
        lines = file.stat().st_size
        _chips[path] = SimChip(path, lines, time.monotonic_ns, KeptLevels(file, lines))
    return SimGpiod([_chips[path]]).request_lines(path, config, consumer, event_buffer_size)
