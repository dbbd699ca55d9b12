"""The ports: HTTPS for everybody, plain HTTP for this machine; each does without the other."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.text import _
from appliance.web.connections import Connections
from appliance.web.listener import Listener, PortError

RETRY_S = 5.0
LOOPBACK = ("127.0.0.1", "::1")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - the box is a server
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen."""

    host: str
    port: int
    tls: bool

    @property
    def optional(self) -> bool:
        """Whether nobody misses it: IPv6 where IPv4 is there."""
        return ":" in self.host


@dataclass(frozen=True, slots=True)
class Trouble:
    """A port that cannot be used, in words."""

    port: int
    code: str
    text: str


def places(https_port: int, http_port: int | None) -> frozenset[Place]:
    """Return where to listen; `http_port` None is no plain HTTP."""
    found = {Place(host, https_port, tls=True) for host in EVERYWHERE}
    if http_port is not None:
        found |= {Place(host, http_port, tls=False) for host in LOOPBACK}
    return frozenset(found)


class Servers:
    """Keeps listeners in line with what is wanted; tries again what could not be had."""

    def __init__(
        self,
        factory: Callable[[], asyncio.Protocol],
        connections: Connections,
        tls: Callable[[], ssl.SSLContext],
        tell: Callable[[list[Trouble]], Awaitable[None]],
    ) -> None:
        self._factory = factory
        self._connections = connections
        self._tls = tls
        self._tell = tell
        self._wanted: frozenset[Place] = frozenset()
        self._running: dict[Place, Listener] = {}
        self._troubles: dict[Place, PortError] = {}
        self._changed = asyncio.Event()

    @property
    def ports(self) -> dict[Place, int]:
        """The ports listened on; they differ from the wanted ones only where 0 was wanted."""
        return {place: listener.port for place, listener in self._running.items()}

    async def want(self, wanted: frozenset[Place]) -> None:
        """Listen there, and nowhere else; connections already made go on."""
        self._wanted = wanted
        await self._align()
        self._changed.set()

    async def run(self) -> None:
        """Try again every 5 s what could not be had, until cancelled."""
        while True:
            self._changed.clear()
            try:
                async with asyncio.timeout(RETRY_S if self._troubles else None):
                    await self._changed.wait()
            except TimeoutError:
                await self._align()

    async def close(self) -> None:
        """Stop listening everywhere."""
        self._wanted = frozenset()
        await self._align()

    async def _align(self) -> None:
        before = set(self._troubles)
        for place in set(self._running) - self._wanted:
            await self._running.pop(place).close()
        for place in set(self._troubles) - self._wanted:
            del self._troubles[place]
        for place in sorted(self._wanted - set(self._running), key=lambda p: (p.port, p.host)):
            await self._start(place)
        if set(self._troubles) != before:
            await self._tell(self.troubles())

    async def _start(self, place: Place) -> None:
        listener = Listener(self._factory, self._connections, tls=self._tls if place.tls else None)
        try:
            await listener.start(place.host, place.port)
        except PortError as error:
            if place.optional and not error.in_use:
                _log.info("No IPv6 on port %d: %s", place.port, error)
            elif place not in self._troubles:
                self._troubles[place] = error
                _log.error("%s", _trouble(error).text)
            return
        self._running[place] = listener
        if self._troubles.pop(place, None) is not None:
            _log.info("Port %d is free again and used", place.port)

    def troubles(self) -> list[Trouble]:
        """Return what is wrong, one entry a port."""
        found = {error.port: _trouble(error) for error in self._troubles.values()}
        return [found[port] for port in sorted(found)]


def _trouble(error: PortError) -> Trouble:
    if error.in_use:
        text = _(
            "Port {port} is used by another program on this machine. End it, or choose another "
            "port under Network, Web access. Recording is not affected; it is tried again."
        )
        return Trouble(error.port, "port_in_use", text.format(port=error.port))
    if error.forbidden:
        text = _(
            "Port {port} may not be used by this process. Choose a port above 1023 under "
            "Network, Web access. Recording is not affected."
        )
        return Trouble(error.port, "port_forbidden", text.format(port=error.port))
    text = _("Port {port} cannot be used: {why}. Recording is not affected; it is tried again.")
    return Trouble(error.port, "port_unusable", text.format(port=error.port, why=error))
