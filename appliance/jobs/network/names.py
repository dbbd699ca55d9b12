"""Asking DNS servers for a name, each by itself (RFC 1035), to see which of them answers."""

from __future__ import annotations

import os
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.text import _

RESOLV_CONF = Path("/etc/resolv.conf")
MOST_SERVERS = 3
PORT = 53
_TYPES = {socket.AF_INET: 1, socket.AF_INET6: 28}
_CODES = {
    2: _("the server failed"),
    3: _("the name does not exist"),
    5: _("the server refuses"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a server answered: how long it took (None: not at all), how many addresses, words."""

    server: str
    delay_ms: float | None
    answers: int
    text: str


def servers(path: Path = RESOLV_CONF) -> list[str]:
    """Return the DNS servers of this computer."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    found = [entry[1] for entry in words if len(entry) > 1 and entry[0] == "nameserver"]
    return found[:MOST_SERVERS]


def ask(server: str, name: str, *, timeout_s: float = 3.0, port: int = PORT) -> Asked:
    """Ask one server for the IPv4 addresses of a name by UDP.  Blocking."""
    try:
        query, number = _query(name)
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as link:
            link.settimeout(timeout_s)
            sent = time.monotonic()
            link.connect((server, port))
            link.send(query)
            while True:
                answer = link.recv(4096)
                if len(answer) >= 12 and answer[:2] == number and answer[2] & 0x80:
                    break
            delay_ms = (time.monotonic() - sent) * 1000
    except TimeoutError:
        return Asked(server, None, 0, _("no answer"))
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Asked(server, None, 0, why)
    code, count = answer[3] & 15, struct.unpack("!H", answer[6:8])[0]
    if code:
        return Asked(server, delay_ms, 0, _CODES.get(code, _("the server reports an error")))
    text = _("answers") if count else _("there is no address of this name")
    return Asked(server, delay_ms, int(count), text)


def _query(name: str) -> tuple[bytes, bytes]:
    """Return a question and its number; raise UnicodeError for what is no name."""
    number = os.urandom(2)
    labels = name.rstrip(".").encode("idna").split(b".")
    if not all(0 < len(label) < 64 for label in labels):
        raise UnicodeError(_("this is no name"))
    question = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = number + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)
    return head + question + struct.pack("!HH", _TYPES[socket.AF_INET], 1), number
