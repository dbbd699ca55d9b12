"""Looks at the network all the time: links, load, address conflicts, the gateway's address."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from appliance.events.book import EventBook
from appliance.network.host import NetworkError, NetworkHost
from appliance.network.load import LoadHistory
from appliance.network.page_checks import BOND
from appliance.network.plan import bond_members
from appliance.network.state import NetworkState, is_offline, way_out

_log = logging.getLogger(__name__)

STATE_S = 3.0
LOAD_S = 1.0
PROBE_S = 60.0
"""How often the own addresses and the gateway are asked for: 1.2 s and three frames each."""
SOURCE = "network"
SETTLE_READINGS = 3
"""Readings without a link until it counts: a switch that negotiates takes a moment."""


class NetworkWatch:
    """What there is, kept up to date; `page` returns the values of the page TCP/IP.

    `found` is awaited where an interface is there that was not before; `learned` with the hardware
    address of a gateway that is to be bound and was not known yet.  `back` is called where the
    network can be set again: what was applied may be lost with whoever had applied it.
    """

    def __init__(
        self,
        host: NetworkHost,
        events: EventBook,
        page: Callable[[], Mapping[str, Any]],
        *,
        found: Callable[[], Awaitable[None]],
        learned: Callable[[str], Awaitable[None]],
        back: Callable[[], None],
    ) -> None:
        self._host = host
        self._events = events
        self._page = page
        self._found = found
        self._learned = learned
        self._back = back
        self.state = NetworkState()
        self.fault = ""
        self.loads: dict[str, LoadHistory] = {}
        self.conflicts: dict[str, str] = {}
        self._bound: tuple[str, str, str] | None = None
        self._down: dict[str, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look."""
        self._events.sync(SOURCE, [])
        for work, every_s in (
            (self.look, STATE_S),
            (self.count, LOAD_S),
            (self.probe, PROBE_S),
        ):
            self._tasks.append(asyncio.create_task(self._again(work, every_s)))

    async def close(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> None:
        """Read what there is, and tell what changed for the worse.  Raise NetworkError."""
        before = {one.name for one in self.state.interfaces}
        self.state = await self._host.read()
        self._tell_links()
        if {one.name for one in self.state.interfaces if one.name != BOND} - before:
            await self._found()

    async def count(self) -> None:
        """Read the counters of every interface.  Raise NetworkError."""
        for name, (received, sent) in (await self._host.counters()).items():
            if self.state.find(name) is not None:
                load = self.loads.setdefault(name, LoadHistory())
                load.add(time.monotonic(), received, sent)

    async def probe(self) -> None:
        """Ask for the own addresses and the gateway.  Raise NetworkError."""
        conflicts = {}
        for name, address in self.state.own_addresses():
            others = await self._host.who_has(name, address)
            if others:
                conflicts[address] = others[0]
                details = {"address": address, "interface": name, "mac": ", ".join(others)}
                self._tell("network_ip_conflict", address, details)
        for address in self.conflicts.keys() - conflicts.keys():
            self._events.end_event("network_ip_conflict", address)
        self.conflicts = conflicts
        await self.guard_gateway()

    async def after_change(self) -> None:
        """Look at once, not in a while; what cannot be seen now is seen then."""
        try:
            await self.look()
            await self.guard_gateway()
        except NetworkError as error:
            _log.info("The changed network cannot be looked at yet: %s", error.text)

    async def guard_gateway(self) -> None:
        """Bind the gateway as the page asks, and tell who else answers.  Raise NetworkError."""
        page = self._page()
        out = way_out(self.state, page["default_interface"])
        wanted = None
        if page["bind_gateway"] and out is not None:
            answering = await self._host.who_has(out.name, out.gateway)
            mac = page["gateway_mac"]
            if not mac and len(answering) == 1:
                mac = answering[0]
                await self._learned(mac)
            wanted = (out.name, out.gateway, mac) if mac else None
            self._tell_gateway(out.gateway, mac, [one for one in answering if one != mac])
        else:
            self._events.end_event("network_gateway", "gateway")
        if wanted == self._bound:
            return
        if self._bound is not None:
            await self._host.bind(self._bound[0], self._bound[1], "")
            self._bound = None
        if wanted is not None:
            await self._host.bind(*wanted)
            self._bound = wanted

    def _tell_gateway(self, address: str, bound: str, others: list[str]) -> None:
        if bound and others:
            details = {"address": address, "bound": bound, "mac": ", ".join(others)}
            self._tell("network_gateway", "gateway", details)
        else:
            self._events.end_event("network_gateway", "gateway")

    def offline(self) -> bool:
        """Whether the recorder counts as offline (D2-NW-01..03)."""
        page = self._page()
        members = bond_members(page, {one.name: one.kind for one in self.state.interfaces})
        return is_offline(
            self.state, mode=page["mode"], members=members, default=page["default_interface"]
        )

    def _tell_links(self) -> None:
        page = self._page()
        kinds = {one.name: one.kind for one in self.state.interfaces}
        members = bond_members(page, kinds)
        wired = [name for name, kind in kinds.items() if kind == "ethernet"]
        concerned = members or ([page["default_interface"]] if page["default_interface"] else wired)
        if self._lasts("offline", bad=bool(concerned) and self.offline()):
            details = {"interfaces": ", ".join(concerned)}
            self._tell("network_offline", "offline", details)
        else:
            self._events.end_event("network_offline", "offline")
        for name in wired:
            one = self.state.find(name)
            down = name in members and one is not None and not one.link and not self.offline()
            if self._lasts(name, bad=down):
                self._tell("network_interface_down", name, {"interface": name, "bond": BOND})
            else:
                self._events.end_event("network_interface_down", name)

    def _lasts(self, what: str, *, bad: bool) -> bool:
        """Whether something has been wrong for some readings now."""
        self._down[what] = self._down.get(what, 0) + 1 if bad else 0
        return self._down[what] >= SETTLE_READINGS

    def _tell(self, kind: str, key: str, details: Mapping[str, Any]) -> None:
        self._events.raise_event(kind, key=key, source=SOURCE, details=details)

    async def _again(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Do it again and again; what the host refuses is told once, on the edge."""
        told = ""
        while True:
            try:
                await work()
            except NetworkError as error:
                if error.code == "network.away":
                    self._away(error.text)
                elif error.text != told:
                    told = error.text
                    _log.warning("The network cannot be looked at: %s", told)
            else:
                told = ""
                if work == self.look:
                    self._away("")
            await asyncio.sleep(every_s)

    def _away(self, why: str) -> None:
        if why == self.fault:
            return
        self.fault = why
        if why:
            _log.warning("The network cannot be set: %s", why)
            self._tell("network_away", "away", {"reason": why})
        else:
            self._events.end_event("network_away", "away")
            self._bound = None
            self._back()
