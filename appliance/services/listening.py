"""What really listens on this computer, compared with what should (D2-SE-05)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import psutil

from appliance.firewall.plan import Protocol
from appliance.services.register import Wanted

State = Literal["on", "off", "silent", "open"]
"""`silent`: on, but nothing listens; `open`: off, yet something listens there."""
OWN = "appliance."


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for others; `local`: only this machine reaches it."""

    protocol: Protocol
    address: str
    port: int
    program: str

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True)
class Seen:
    """A service beside what listens for it."""

    wanted: Wanted
    state: State
    listeners: tuple[Listener, ...]


def listening() -> list[Listener]:
    """Return every listening socket of this network namespace.  Blocking; slow with many sockets.

    A TCP socket listens; a UDP socket waits for anybody unless it is connected to somebody.
    Programs of other users have no name for who is not root.
    """
    found = set()
    for connection in psutil.net_connections("inet"):
        if not connection.laddr:
            continue
        tcp = connection.type == socket.SOCK_STREAM
        if connection.raddr or (tcp and connection.status != psutil.CONN_LISTEN):
            continue
        name = _program(connection.pid)
        address, port = connection.laddr[0], int(connection.laddr[1])
        found.add(Listener("tcp" if tcp else "udp", address, port, name))
    return sorted(found, key=lambda each: (each.port, each.protocol, each.address))


def compare(
    wanted: Iterable[Wanted], listeners: Iterable[Listener]
) -> tuple[list[Seen], list[Listener]]:
    """Return each service with what listens for it, and what listens for none.

    A service for this machine alone does not account for a socket that others reach.
    """
    left = list(listeners)
    seen = []
    for each in wanted:
        mine = [found for found in left if _belongs(found, each)]
        if each.on or each.service.reach != "cameras":
            left = [found for found in left if found not in mine]
        state: State = "on" if each.on else "off"
        if each.service.reach == "cameras":
            mine = mine if each.on else []
        elif each.on and not mine:
            state = "silent"
        elif not each.on and mine:
            state = "open"
        seen.append(Seen(each, state, tuple(mine)))
    return seen, left


def _belongs(found: Listener, wanted: Wanted) -> bool:
    service = wanted.service
    if wanted.ports is None or found.port not in wanted.ports:
        return False
    if found.protocol != service.protocol:
        return False
    if service.programs and found.program and found.program not in service.programs:
        return False
    return service.reach != "this_machine" or found.local


def _program(pid: int | None) -> str:
    """Return the name of a program; our own processes by their part: "web", "recorder"."""
    if pid is None:
        return ""
    try:
        process = psutil.Process(pid)
        command = process.cmdline()
        if "-m" in command[:4]:
            module = str(command[command.index("-m") + 1])
            return module.removeprefix(OWN).partition(".")[0] if OWN in module else module
        return str(process.name())
    except (psutil.Error, IndexError, OSError):
        return ""
