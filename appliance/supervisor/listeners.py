"""Sockets of this computer that others on the network can reach, from /proc/net.  Blocks."""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from appliance.health.facts import Listener

PROC = Path("/proc")
_LISTENING = "0A"
_UNCONNECTED = "07"
_TABLES = (("tcp", "tcp", _LISTENING), ("tcp6", "tcp", _LISTENING),
           ("udp", "udp", _UNCONNECTED), ("udp6", "udp", _UNCONNECTED))  # fmt: skip


def open_sockets(pids: Collection[int] | None = None, proc: Path = PROC) -> set[Listener]:
    """Return what is open: of these processes only, or of the whole computer (None).

    Loopback is left out, and UDP ports of the ephemeral range: those are asking, not serving.
    Raises OSError where the kernel does not tell.
    """
    owners = None if pids is None else _sockets_of(pids, proc)
    low, high = _ephemeral(proc)
    found = set()
    for table, proto, state in _TABLES:
        for address, port, inode in _rows(proc / "net" / table, state):
            if address.is_loopback or (proto == "udp" and low <= port <= high):
                continue
            if owners is not None and inode not in owners:
                continue
            program = "" if owners is None else owners[inode]
            found.add(Listener(proto, port, str(address), program))
    return found


Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _rows(table: Path, state: str) -> Iterator[tuple[Address, int, int]]:
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:
        return  # no IPv6 on this computer
    for line in lines:
        fields = line.split()
        if len(fields) < 10 or fields[3] != state:
            continue
        place, _colon, port = fields[1].partition(":")
        yield _address(place), int(port, 16), int(fields[9])


def _address(text: str) -> Address:
    """Return an address of /proc/net: words of four bytes in the order of the processor."""
    raw = bytes.fromhex(text)
    plain = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    address = ipaddress.ip_address(plain)
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _ephemeral(proc: Path) -> tuple[int, int]:
    try:
        low, high = (proc / "sys/net/ipv4/ip_local_port_range").read_text().split()
        return int(low), int(high)
    except (OSError, ValueError):
        return 32768, 60999


def _sockets_of(pids: Collection[int], proc: Path) -> dict[int, str]:
    """Return the inodes of the sockets of some processes, each with the process's name."""
    found: dict[int, str] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            name = (proc / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
            for entry in (proc / str(pid) / "fd").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    target = os.fspath(entry.readlink())
                    if target.startswith("socket:["):
                        found[int(target[8:-1])] = name
    return found
