"""Switching the computer off: asked of the service manager, which ends everything in order."""

from __future__ import annotations

import asyncio
import logging

_log = logging.getLogger(__name__)

SYSTEMCTL = "/usr/bin/systemctl"


async def power_off() -> None:
    """Ask for it; the recorders end as services of their own.  Never raises."""
    try:
        process = await asyncio.create_subprocess_exec(SYSTEMCTL, "--no-block", "poweroff")
        code = await process.wait()
    except OSError as error:
        _log.error("The computer could not be switched off: %s", error)
        return
    if code != 0:
        _log.error("The computer could not be switched off: systemctl ended with %d", code)
