"""The last step of an orderly end: the power, when everything else is closed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from appliance.helper.contract import HelperError
from appliance.helper.requests.power import Restart, SwitchOff
from appliance.supervisor.helper_service import HelperService

_log = logging.getLogger(__name__)

Leaving = Literal["stay", "off", "restart"]
"""What becomes of the computer when the supervisor has ended."""


async def leave(helper: HelperService, leaving: Leaving) -> None:
    """Have the computer switched off or started again; never raises.

    If that fails, the supervisor still ends: its service is started again, and records.
    """
    if leaving == "stay":
        return
    try:
        await helper.call(SwitchOff() if leaving == "off" else Restart())
    except HelperError as error:
        _log.error("The computer could not be switched off: %s", error.text)


async def in_turn(steps: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Do one step after the other, each even if one before it failed."""
    for step in steps:
        try:
            await step()
        except Exception:  # noqa: BLE001 - what follows has to be ended all the same
            _log.exception("A part of the supervisor did not end as it should")
