"""Where a test goes: a name or an address, resolved once."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from appliance.jobs.errors import JobError
from appliance.text import _


@dataclass(frozen=True, slots=True)
class Target:
    """An address to test; `name` is what was entered."""

    name: str
    address: str
    family: socket.AddressFamily

    @property
    def is_v6(self) -> bool:
        """Whether it is an IPv6 address."""
        return self.family == socket.AF_INET6


def resolve(name: str) -> Target:
    """Return the first address of `name`; raise JobError (no_name) where there is none."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        text = _("The name {name} is not known. Check it, and the DNS servers of the box.")
        raise JobError("no_name", text.format(name=name)) from error
    family, _kind, _protocol, _name, address = found[0]
    return Target(name, str(address[0]), socket.AddressFamily(family))


def own_way(target: Target) -> str:
    """Return the address that packets to `target` leave from; raise JobError (no_route)."""
    with socket.socket(target.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target.address, 9))
        except OSError as error:
            text = _("There is no way to {name} ({address}): check address, mask and gateway.")
            raise JobError(
                "no_route", text.format(name=target.name, address=target.address)
            ) from error
        return str(probe.getsockname()[0])
