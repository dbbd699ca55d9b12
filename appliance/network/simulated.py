"""A simulated computer's network: for a developer's machine, whose own is never touched."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from appliance.network.host import NetworkError
from appliance.network.plan import InterfacePlan, Kind, Plan
from appliance.network.state import InterfaceState, NetworkState, WifiSite
from appliance.text import _

LEASE = "192.168.1.64/24"
"""What the simulated DHCP server gives the first interface; the next gets the next one."""
ROUTER = "192.168.1.1"
ROUTER_MAC = "52:54:00:00:00:01"
PRINTER = "192.168.1.20"
PRINTER_MAC = "52:54:00:00:00:20"
SITES = (("Office", 71, True), ("Guests", 48, False), ("Neighbour", 22, True))
SPEED_MBPS = 1000


@dataclass
class Wire:
    """What is plugged into one simulated interface."""

    kind: Kind
    mac: str
    link: bool = True


@dataclass
class SimulatedHost:
    """Behaves as NetworkManager does, in memory: leases, a router, a neighbour, checkpoints.

    `neighbours` are the devices in the segment: address to hardware addresses that answer for it.
    `wires` may be unplugged by tests.
    """

    clock: Callable[[], float] = lambda: 0.0
    simulated: bool = True
    wires: dict[str, Wire] = field(
        default_factory=lambda: {
            "uplink": Wire("ethernet", "52:54:00:12:34:01"),
            "eth1": Wire("ethernet", "52:54:00:12:34:02", link=False),
            "wlan0": Wire("wifi", "52:54:00:12:34:03", link=False),
        }
    )
    neighbours: dict[str, list[str]] = field(
        default_factory=lambda: {ROUTER: [ROUTER_MAC], PRINTER: [PRINTER_MAC]}
    )
    bound: dict[str, str] = field(default_factory=dict)
    plan: Plan = field(default_factory=lambda: Plan(interfaces=()))
    refuse: str = ""
    """Why the next change fails; "" lets it through."""
    _before: dict[str, tuple[Plan, float]] = field(default_factory=dict)

    async def read(self) -> NetworkState:
        """Return what there is."""
        self._expire()
        states = [
            InterfaceState(
                name=name,
                kind=wire.kind,
                mac=wire.mac,
                link=self._link(name, wire),
                medium="radio" if wire.kind == "wifi" else "copper",
                condition="off" if self._link(name, wire) else "unplugged",
            )
            for name, wire in self.wires.items()
        ]
        known = {state.name: state for state in states}
        for number, one in enumerate(self.plan.interfaces):
            state = known.get(one.name)
            if one.kind == "bond":
                state = self._bond(one)
                states.append(state)
            if state is not None:
                self._dress(state, one, number)
        return NetworkState(interfaces=states, wifi=True, dot1x=True)

    async def apply(self, plan: Plan, rollback_s: int) -> str:
        """Make it so."""
        self._expire()
        if self.refuse:
            why, self.refuse = self.refuse, ""
            raise NetworkError("network.failed", why)
        before, self.plan = self.plan, plan
        if not rollback_s:
            return ""
        handle = secrets.token_hex(8)
        self._before[handle] = (before, self.clock() + rollback_s)
        return handle

    async def keep(self, handle: str) -> None:
        """Let what was applied hold."""
        self._expire()
        if handle and self._before.pop(handle, None) is None:
            raise NetworkError("network.no_trial", _("The change was taken back already."))

    async def revert(self, handle: str) -> None:
        """Undo what was applied."""
        found = self._before.pop(handle, None)
        if found is not None:
            self.plan = found[0]

    async def who_has(self, interface: str, address: str) -> list[str]:
        """Return who answers in the simulated segment."""
        wire = self.wires.get(interface)
        linked = wire is not None and wire.link
        return list(self.neighbours.get(address, ())) if linked or wire is None else []

    async def bind(self, interface: str, address: str, mac: str) -> None:
        """Note the binding."""
        del interface
        if mac:
            self.bound[address] = mac
        else:
            self.bound.pop(address, None)

    async def scan(self, interface: str) -> list[WifiSite]:
        """Return the networks in the simulated air."""
        wire = self.wires.get(interface)
        if wire is None or wire.kind != "wifi":
            raise NetworkError("network.no_wifi", _("This interface has no Wi-Fi."))
        joined = {one.wifi.ssid for one in self.plan.interfaces if one.wifi is not None}
        return [
            WifiSite(ssid=ssid, signal_percent=signal, secure=secure, connected=ssid in joined)
            for ssid, signal, secure in SITES
        ]

    async def counters(self) -> Mapping[str, tuple[int, int]]:
        """Return no traffic: nothing is carried."""
        return {one.name: (0, 0) for one in (await self.read()).interfaces}

    def _expire(self) -> None:
        """Undo what nobody kept in time, as NetworkManager's checkpoints do."""
        for handle, (before, until) in list(self._before.items()):
            if self.clock() >= until:
                del self._before[handle]
                self.plan = before

    def _link(self, name: str, wire: Wire) -> bool:
        """Whether there is a link: of Wi-Fi once it is told to join a network there is."""
        if wire.kind != "wifi":
            return wire.link
        joined = [one.wifi for one in self.plan.interfaces if one.name == name and one.wifi]
        return any(wifi.ssid in {site[0] for site in SITES} for wifi in joined)

    def _bond(self, one: InterfacePlan) -> InterfaceState:
        ports = [i for i in self.plan.interfaces if i.bond == one.name and i.name in self.wires]
        link = any(self.wires[port.name].link for port in ports)
        mac = self.wires[ports[0].name].mac if ports else ""
        return InterfaceState(name=one.name, kind="bond", mac=mac, link=link)

    def _dress(self, state: InterfaceState, one: InterfacePlan, number: int) -> None:
        """Give an interface what its plan brings about."""
        state.mtu, state.bond = one.mtu, one.bond
        state.condition = "connected" if state.link else "unplugged"
        if not state.link:
            return
        ports = [i for i in self.plan.interfaces if i.bond == one.name]
        carrying = [port for port in ports if self.wires[port.name].link]
        share = len(carrying) if one.mode == "balance" else 1
        state.speed_mbps = 150 if one.kind == "wifi" else SPEED_MBPS * max(1, share)
        if one.wifi is not None:
            state.ssid = one.wifi.ssid
            state.signal_percent = next((s for name, s, _ in SITES if name == state.ssid), None)
        if one.bond:
            return
        if one.ipv4.method == "dhcp":
            lease = ipaddress.ip_interface(LEASE)
            state.addresses.append(f"{lease.ip + number}/{lease.network.prefixlen}")
            state.gateway = ROUTER
        elif one.ipv4.method == "manual":
            state.addresses += one.ipv4.addresses
            state.gateway = one.ipv4.gateway or ""
        if one.ipv6.method == "manual":
            state.addresses += one.ipv6.addresses
            state.gateway6 = one.ipv6.gateway or ""
        elif one.ipv6.method != "off":
            state.addresses.append(f"fe80::5054:ff:fe12:{0x3400 + number:x}/64")
        state.dns = [*one.ipv4.dns, *one.ipv6.dns]
        if one.ipv4.auto_dns and one.ipv4.method == "dhcp":
            state.dns.append(ROUTER)
