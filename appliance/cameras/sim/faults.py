"""Faults by name, as the control API takes them: {"fault": "stall", "seconds": 5}."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any

from appliance.cameras.sim.camera import Camera
from appliance.cameras.sim.errors import SpecError, UnknownNameError


class Fault(StrEnum):
    """What a simulated camera can be made to suffer."""

    REFUSE = "refuse"
    STALL = "stall"
    DROP = "drop"
    LOSE = "lose"
    REBOOT = "reboot"
    PASSWORD = "password"  # noqa: S105 - the name of a fault
    PARAMETERS = "parameters"
    CLOCK = "clock"
    JUMP = "jump"
    REPEAT = "repeat"
    REVERSE = "reverse"


_METHODS: dict[Fault, tuple[str, dict[str, tuple[type, ...]]]] = {
    Fault.REFUSE: ("refuse", {"on": (bool,)}),
    Fault.STALL: ("stall", {"seconds": (int, float, type(None)), "stream": (str,)}),
    Fault.DROP: ("drop", {}),
    Fault.LOSE: ("lose", {"percent": (int, float)}),
    Fault.REBOOT: ("reboot", {"seconds": (int, float)}),
    Fault.PASSWORD: ("change_password", {"password": (str,)}),
    Fault.PARAMETERS: ("change_parameters", {"every_s": (int, float), "stream": (str,)}),
    Fault.CLOCK: ("step_clock", {"seconds": (int, float)}),
    Fault.JUMP: ("jump_timestamps", {"seconds": (int, float)}),
    Fault.REPEAT: ("repeat_timestamps", {"units": (int,)}),
    Fault.REVERSE: ("reverse_timestamps", {"units": (int,)}),
}


async def apply_fault(camera: Camera, name: str, arguments: Mapping[str, Any]) -> None:
    """Bring a fault upon a camera; raises UnknownNameError or SpecError with all mistakes."""
    try:
        fault = Fault(name)
    except ValueError:
        known = ", ".join(item.value for item in Fault)
        raise UnknownNameError(f"Unknown fault {name}; there are: {known}.") from None
    method_name, types = _METHODS[fault]
    method: Callable[..., Awaitable[None] | None] = getattr(camera, method_name)
    mistakes = [f"{key}: unknown" for key in arguments if key not in types]
    mistakes += [
        f"{key}: must be {' or '.join(kind.__name__ for kind in types[key])}"
        for key, value in arguments.items()
        if key in types and not isinstance(value, types[key])
    ]
    for parameter in inspect.signature(method).parameters.values():
        if parameter.default is inspect.Parameter.empty and parameter.name not in arguments:
            mistakes.append(f"{parameter.name}: missing")
    if mistakes:
        raise SpecError(f"{fault}: {'; '.join(mistakes)}")
    result = method(**arguments)
    if inspect.isawaitable(result):
        await result
