"""How a listening service declares itself: what, where, why, its switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from appliance.firewall.plan import Protocol
from appliance.firewall.source import Ports

Reach = Literal["everybody", "cameras", "this_machine"]
Read = Callable[[str], Mapping[str, Any]]
"""Returns the values of a settings page by name."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What turns a service on and off: a field of a settings page, or, without one, `how`.

    `how` says in words why there is no switch, or where it is.
    """

    page: str = ""
    field: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that listens.

    `ports` (None: none is set) and `on` are asked with the settings.  `programs` are the names of
    processes that may listen for it; none: any.  `risky`: better off where it is not needed
    (T5-70 of the reference manual).  `default`: whether it is on at first.
    """

    slug: str
    title: str
    why: str
    protocol: Protocol
    ports: Callable[[Read], Ports | None]
    on: Callable[[Read], bool]
    switch: Switch
    default: bool
    reach: Reach = "everybody"
    programs: tuple[str, ...] = ()
    risky: bool = False
    requirements: tuple[str, ...] = ()
