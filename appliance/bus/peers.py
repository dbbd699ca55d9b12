"""Who is on the other side of a connection, and what that peer may do."""

from __future__ import annotations

import fnmatch
import os
import re
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_UCRED = struct.Struct("3i")
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,31}(@[0-9A-Za-z_.-]{1,32})?")


MAX_ACTOR = 128
"""Characters of who asked for something: a name of 32 and an IPv6 address with its interface."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the kernel says of a peer (SO_PEERCRED, unix(7)): it cannot be made up."""

    pid: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """A registered peer.  `name` is "role" or "role@which", such as "recorder@1"."""

    name: str
    instance: str
    code_version: str
    settings_version: int
    credentials: Credentials

    @property
    def role(self) -> str:
        """What kind of process it is: the name before the @."""
        return self.name.partition("@")[0]


def credentials_of(connection: socket.socket) -> Credentials:
    """Return who is at the other end of a connected Unix socket."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return Credentials(*_UCRED.unpack(raw))


@dataclass(frozen=True, slots=True)
class PeerPolicy:
    """Which user may register under which names, and which role may publish what.

    `names` maps a uid to name patterns ("recorder@*").  `publishers` maps a topic to the roles
    that may publish it; a topic that is not listed is open to every registered peer.
    """

    names: Mapping[int, Sequence[str]]
    publishers: Mapping[str, frozenset[str]]

    @classmethod
    def for_development(cls) -> PeerPolicy:
        """Everything runs as one user, who may register under any name; so may root."""
        return cls(names={os.getuid(): ("*",), 0: ("*",)}, publishers=PUBLISHERS)

    def admits(self, uid: int, name: str) -> bool:
        """Whether that user may call itself so."""
        if not _NAME.fullmatch(name) or name == "supervisor":
            return False
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names.get(uid, ()))

    def may_publish(self, role: str, topic: str) -> bool:
        """Whether peers of that role may publish on that topic."""
        allowed = self.publishers.get(topic)
        return allowed is None or role in allowed


_NOBODY: frozenset[str] = frozenset()
_RECORDER = frozenset({"recorder"})
_JOBS = frozenset({"jobs"})
_COURIER = frozenset({"courier"})

PUBLISHERS: Mapping[str, frozenset[str]] = {
    "settings.changed": _NOBODY,
    "event": _NOBODY,
    "log.grown": _NOBODY,
    "tags.changed": _NOBODY,
    "process.status": _NOBODY,
    "channel.status": _RECORDER,
    "volume.status": _RECORDER,
    "job.changed": _JOBS,
    "places.changed": _JOBS,
    "courier.delivered": _COURIER,
}
"""Topics that only one role (or only the supervisor itself) publishes."""


def actor_of(params: Mapping[str, object], peer: PeerInfo) -> str:
    """Return who asks, for the record of changes: `actor` of a request, else the process."""
    value = params.get("actor")
    return value[:MAX_ACTOR] if isinstance(value, str) and value else peer.name
