"""Is an address free? Asked before it is applied, and when a person presses Test (D2-NW-07)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from appliance.bus.errors import BusError
from appliance.network.addresses import parse4
from appliance.network.host import NetworkError, NetworkHost
from appliance.network.page_interface import Interface
from appliance.network.plan import Plan
from appliance.settings.mend import check
from appliance.supervisor.network_watch import NetworkWatch
from appliance.text import _

PROBED_S = 10.0
"""So long an address that was found free counts as free."""


class FreeAddresses:
    """Asks the segment of an interface; `page` returns the values of the page TCP/IP."""

    def __init__(
        self, host: NetworkHost, watch: NetworkWatch, page: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._host = host
        self._watch = watch
        self._page = page
        self._probed: dict[tuple[str, str], float] = {}

    async def test(self, interface: str, address: str) -> list[str]:
        """Return who answers for an address; raise BusError where nobody can be asked."""
        if parse4(address) is None:
            text = _("must be an address such as 192.168.1.108")
            fields = [{"path": "address", "code": "address", "text": text}]
            raise BusError("network.no_address", _("One field is wrong."), fields=fields)
        state = self._watch.state.find(interface)
        if state is None:
            raise BusError("network.no_interface", _("There is no such interface."))
        if not state.link:
            text = _("{interface} has no link, so nobody can be asked.")
            raise BusError("network.no_link", text.format(interface=interface))
        return await self._used_by(interface, address)

    async def check(self, item: str, changes: Mapping[str, Any]) -> None:
        """Raise BusError, the field named, where the address that is to be set is in use."""
        entry = next((one for one in self._page()["items"] if one["id"] == item), None)
        wanted = {**(entry or {}), **changes}
        address = str(wanted.get("address", "")).strip()
        if wanted.get("ipv4") != "manual" or parse4(address) is None or address in self._own():
            return
        if users := await self._used_by(item, address):
            fields = [{"path": "address", "code": "in_use", "text": _("is in use already")}]
            # What is wrong besides is named as well: nobody has to come back field by field.
            _valid, others = check(Interface, {**wanted, **Interface.tidy(dict(changes))})
            fields += [other.as_dict() for other in others]
            raise BusError("network.address_in_use", in_use(address, users), fields=fields)
        self._probed[(item, address)] = time.monotonic()

    async def first_taken(self, plan: Plan) -> str | None:
        """Return in words the first new address that somebody else bears already.

        Raise NetworkError.
        """
        own = self._own()
        for name, addresses in plan.addresses().items():
            for address in addresses:
                free = time.monotonic() - self._probed.get((name, address), -PROBED_S) < PROBED_S
                if address in own or free:
                    continue
                if users := await self._ask(_port_of(plan, name), address):
                    return in_use(address, users)
        return None

    def _own(self) -> set[str]:
        return {address for _name, address in self._watch.state.own_addresses()}

    async def _used_by(self, interface: str, address: str) -> list[str]:
        try:
            return await self._ask(interface, address)
        except NetworkError as error:
            raise BusError(error.code, error.text) from None

    async def _ask(self, interface: str, address: str) -> list[str]:
        state = self._watch.state.find(interface)
        if state is None or not state.link:
            return []
        return await self._host.who_has(interface, address)


def in_use(address: str, users: list[str]) -> str:
    """Say that an address is taken, and by whom."""
    text = _("{address} is in use by another device ({macs}); choose another address.")
    return text.format(address=address, macs=", ".join(users))


def _port_of(plan: Plan, name: str) -> str:
    """Return an interface that is there to be asked: of a bond yet to be made, its first."""
    return next((one.name for one in plan.interfaces if one.bond == name), name)
