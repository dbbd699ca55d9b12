"""Switching the computer off and on again."""

from __future__ import annotations

from typing import ClassVar

from appliance.helper.contract import Done, Request


class SwitchOff(Request[Done]):
    """Write everything out and switch the power off; what still runs is ended in order."""

    verb: ClassVar[str] = "power.off"
    timeout_s: ClassVar[float] = 60.0


class Restart(Request[Done]):
    """Write everything out and start the computer again."""

    verb: ClassVar[str] = "power.restart"
    timeout_s: ClassVar[float] = 60.0
