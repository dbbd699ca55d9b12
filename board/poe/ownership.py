"""Whether the camera that does not answer is the device on a port: what was seen while it played.

A port must never be switched off and on for a camera that hangs elsewhere: somebody else's device
would be restarted, again and again.  So there has to be evidence from the time the camera played.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Owner = Literal[
    "same", "unknown", "elsewhere", "not_powered_by_it", "other_switch", "other_device", "replugged"
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a port was while a camera sent pictures, or is now.

    `mac`: the camera's Ethernet address, "" where the kernel does not know it (a router lies
    between, or it is reached by name); `mac_elsewhere`: that address was seen behind another
    socket.  `behind`: addresses seen behind this port; `link` None: this board has no switch.
    """

    powered: bool
    unplugs: int
    link: bool | None = None
    behind: tuple[str, ...] = ()
    other_switch: bool = False
    mac: str = ""
    mac_elsewhere: bool = False


def owner_of(played: Evidence | None, now: Evidence, *, certain: bool) -> Owner:
    """Return whose the device on the port is.

    `played`: the last evidence from while the camera played, None: it has not since the program
    started.  `certain`: a person said that this camera is on this port, so that no evidence is
    needed; what speaks against it counts all the same.
    """
    if now.other_switch or (played is not None and played.other_switch):
        return "other_switch"
    if now.mac_elsewhere or (played is not None and played.mac_elsewhere):
        return "elsewhere"
    if played is None:
        return "same" if certain else "unknown"
    if not played.powered:
        return "not_powered_by_it"
    if played.link is False:
        return "elsewhere"
    mine = {*played.behind, played.mac} - {""}
    if now.behind and mine and not mine.intersection(now.behind):
        return "other_device"
    if now.unplugs != played.unplugs and not mine.intersection(now.behind):
        return "replugged"
    return "same"
