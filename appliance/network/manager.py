"""NetworkManager: what there is, profiles in, checkpoints that undo a change by themselves."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Container, Mapping
from typing import Any

from appliance.network.host import NetworkError
from appliance.network.nm_bus import NOTHING, ROOT, SETTINGS, NmBus
from appliance.network.plan import InterfacePlan, Kind, Plan
from appliance.network.profiles import Files, profile_of, profile_uuid
from appliance.network.state import Condition, InterfaceState, Medium, NetworkState, WifiSite
from appliance.text import _

KINDS: Mapping[int, Kind] = {1: "ethernet", 2: "wifi", 10: "bond", 20: "ethernet"}
"""NMDeviceType; 20 is a veth, Ethernet in a container."""
ACTIVATED, DISCONNECTED, UNAVAILABLE, UNMANAGED, FAILED = 100, 30, 20, 10, 120
"""NMDeviceState."""
TO_DISK = 0x1
"""NMSettingsUpdate2Flags, NMSettingsAddConnection2Flags."""
DELETE_NEW, DISCONNECT_NEW = 0x02, 0x04
"""NMCheckpointCreateFlags: profiles and devices that came since go again."""
_PARTS: Mapping[Kind, str] = {
    "ethernet": "Device.Wired",
    "wifi": "Device.Wireless",
    "bond": "Device.Bond",
}


class NetworkManager:
    """What the privileged side does with NetworkManager.

    `ignored` are net devices that are not the recorder's to set, such as the camera ports' own;
    `files_for` writes certificates and key of an interface and returns their paths.
    """

    def __init__(
        self,
        bus: NmBus,
        *,
        ignored: Container[str] = (),
        files_for: Callable[[InterfacePlan], Files] = lambda _one: {},
        medium_of: Callable[[str], Medium] = lambda _name: "unknown",
    ) -> None:
        self._bus = bus
        self._ignored = ignored
        self._files_for = files_for
        self._medium_of = medium_of

    async def read(self) -> NetworkState:
        """Return what there is.  Raise NetworkError."""
        devices = await self._devices()
        state = NetworkState(dot1x=True)
        ports: dict[str, str] = {}
        for path, device in devices.items():
            kind = KINDS[device["DeviceType"]]
            part = await self._bus.get_all(path, _PARTS[kind])
            one = InterfaceState(
                name=device["Interface"],
                kind=kind,
                mac=str(part.get("HwAddress") or device.get("HwAddress", "")).lower(),
                mtu=device["Mtu"],
                condition=_condition(device, part),
                link=bool(part.get("Carrier", device["State"] == ACTIVATED)),
                medium="radio" if kind == "wifi" else self._medium_of(device["Interface"]),
            )
            await self._addresses(device, one)
            if kind == "wifi":
                state.wifi = True
                await self._signal(part, one)
            if kind == "bond":
                ports |= dict.fromkeys(part.get("Slaves", ()), one.name)
            speed = part.get("Speed", 0) or part.get("Bitrate", 0) // 1000
            one.speed_mbps = speed if speed and one.link else None
            state.interfaces.append(one)
        for (path, _device), one in zip(devices.items(), state.interfaces, strict=True):
            one.bond = ports.get(path, "")
        return state

    async def apply(self, plan: Plan, rollback_s: int) -> str:
        """Make it so: profiles first, then each interface.  Return the checkpoint, "" with 0.

        A failure half way undoes what was done.  Raise NetworkError.
        """
        devices = await self._devices()
        checkpoint = await self._bus.call(
            ROOT, "", "CheckpointCreate", "aouu", [], rollback_s, DELETE_NEW | DISCONNECT_NEW
        ) if rollback_s else ""  # fmt: skip
        try:
            changed = [one for one in _bonds_first(plan) if await self._save(one)]
            gone = await self._remove_others(plan)
            for one in changed:
                await self._activate(one, devices, anew=bool(gone))
        except NetworkError:
            if checkpoint:
                await self.revert(checkpoint)
            raise
        return str(checkpoint)

    async def keep(self, handle: str) -> None:
        """Let what was applied hold.  Raise NetworkError where it was undone already."""
        if handle:
            await self._checkpoint("CheckpointDestroy", handle)

    async def revert(self, handle: str) -> None:
        """Undo what was applied.  Raise NetworkError."""
        await self._checkpoint("CheckpointRollback", handle)

    async def scan(self, interface: str) -> list[WifiSite]:
        """Return the Wi-Fi networks in reach.  Raise NetworkError."""
        path = next(
            (
                path
                for path, device in (await self._devices()).items()
                if device["Interface"] == interface and KINDS[device["DeviceType"]] == "wifi"
            ),
            None,
        )
        if path is None:
            raise NetworkError("network.no_wifi", _("This interface has no Wi-Fi."))
        try:
            await self._bus.call(path, "Device.Wireless", "RequestScan", "a{sv}", {})
        except NetworkError as error:
            if error.code != "network.failed":
                raise  # refused where it scanned a moment ago: what it found then is shown
        part = await self._bus.get_all(path, "Device.Wireless")
        found: dict[str, WifiSite] = {}
        for point in await self._bus.call(path, "Device.Wireless", "GetAllAccessPoints"):
            site = await self._site(point, part.get("ActiveAccessPoint", NOTHING))
            known = found.get(site.ssid)
            if site.ssid and (known is None or known.signal_percent < site.signal_percent):
                found[site.ssid] = site
        return sorted(found.values(), key=lambda site: -site.signal_percent)

    # -- inside --------------------------------------------------------------------------------

    async def _devices(self) -> dict[str, dict[str, Any]]:
        """Return the properties of the interfaces that are the recorder's, by object path."""
        found: dict[str, dict[str, Any]] = {}
        for path in await self._bus.call(ROOT, "", "GetDevices"):
            try:
                device = await self._bus.get_all(path, "Device")
            except NetworkError as error:
                if error.code == "network.gone":
                    continue  # unplugged this moment
                raise
            if device["DeviceType"] in KINDS and device["Interface"] not in self._ignored:
                found[path] = device
        return dict(sorted(found.items(), key=lambda item: _order(item[1])))

    async def _addresses(self, device: Mapping[str, Any], one: InterfaceState) -> None:
        for family, path in (
            ("IP4Config", device["Ip4Config"]),
            ("IP6Config", device["Ip6Config"]),
        ):
            if path == NOTHING:
                continue
            config = await self._bus.get_all(path, family)
            one.addresses += [f"{a['address']}/{a['prefix']}" for a in config["AddressData"]]
            if family == "IP4Config":
                one.gateway = config.get("Gateway", "")
                one.dns += [str(server["address"]) for server in config.get("NameserverData", ())]
            else:
                one.gateway6 = config.get("Gateway", "")
                one.dns += [str(ipaddress.IPv6Address(bytes(s))) for s in config["Nameservers"]]

    async def _signal(self, part: Mapping[str, Any], one: InterfaceState) -> None:
        point = part.get("ActiveAccessPoint", NOTHING)
        if point != NOTHING:
            site = await self._site(point, point)
            one.ssid, one.signal_percent, one.link = site.ssid, site.signal_percent, True

    async def _site(self, point: str, active: str) -> WifiSite:
        found = await self._bus.get_all(point, "AccessPoint")
        secure = bool(found["Flags"] & 1 or found["WpaFlags"] or found["RsnFlags"])
        return WifiSite(
            ssid=bytes(found["Ssid"]).decode(errors="replace"),
            signal_percent=found["Strength"],
            secure=secure,
            connected=point == active,
        )

    async def _save(self, one: InterfacePlan) -> bool:
        """Store a profile; return whether it differs from the one there was."""
        profile = profile_of(one, self._files_for(one) if one.dot1x else None)
        path = await self._profile(one.name)
        if path is None:
            await self._bus.call(
                SETTINGS, "Settings", "AddConnection2", "a{sa{sv}}ua{sv}", profile, TO_DISK, {}
            )
            return True
        before = await self._bus.call(path, "Settings.Connection", "GetSettings")
        await self._bus.call(
            path, "Settings.Connection", "Update2", "a{sa{sv}}ua{sv}", profile, TO_DISK, {}
        )
        after = await self._bus.call(path, "Settings.Connection", "GetSettings")
        secrets = "802-1x" in profile or "802-11-wireless-security" in profile
        return secrets or _comparable(before) != _comparable(after)

    async def _profile(self, name: str) -> str | None:
        try:
            path = await self._bus.call(
                SETTINGS, "Settings", "GetConnectionByUuid", "s", profile_uuid(name)
            )
        except NetworkError as error:
            if error.code == "network.away":
                raise
            return None
        return str(path)

    async def _remove_others(self, plan: Plan) -> list[str]:
        """Take our profiles away that the plan does not know any more; return their interfaces."""
        wanted = {profile_uuid(one.name) for one in plan.interfaces}
        gone = []
        for path in await self._bus.call(SETTINGS, "Settings", "ListConnections"):
            found = await self._bus.call(path, "Settings.Connection", "GetSettings")
            connection = found["connection"]
            name = connection["interface-name"].value if "interface-name" in connection else ""
            if connection["uuid"].value == profile_uuid(name) not in wanted:
                await self._bus.call(path, "Settings.Connection", "Delete")
                gone.append(str(name))
        return gone

    async def _activate(
        self, one: InterfacePlan, devices: Mapping[str, Mapping[str, Any]], *, anew: bool
    ) -> None:
        """Put a profile in force, without taking the link down where that can be."""
        path = next((p for p, d in devices.items() if d["Interface"] == one.name), None)
        device = devices.get(path, {}) if path else {}
        if path is None and one.kind != "bond":
            return
        if path and device["State"] < DISCONNECTED and one.kind != "bond":
            return  # no cable: NetworkManager puts it in force when there is one
        profile = await self._profile(one.name)
        if device.get("State") == ACTIVATED and not anew and not one.bond and one.kind != "wifi":
            active = device.get("ActiveConnection", NOTHING)
            known = (
                await self._bus.get_all(active, "Connection.Active") if active != NOTHING else {}
            )
            if known.get("Connection") == profile and path is not None:
                try:
                    await self._bus.call(path, "Device", "Reapply", "a{sa{sv}}tu", {}, 0, 0)
                except NetworkError as error:
                    if error.code == "network.away":
                        raise
                else:
                    return
        await self._bus.call(
            ROOT, "", "ActivateConnection", "ooo", profile, path or NOTHING, NOTHING
        )

    async def _checkpoint(self, method: str, handle: str) -> None:
        try:
            await self._bus.call(ROOT, "", method, "o", handle)
        except NetworkError as error:
            if error.code == "network.away":
                raise
            text = _("The change was taken back already.")
            raise NetworkError("network.no_trial", text) from error


def _bonds_first(plan: Plan) -> list[InterfacePlan]:
    return sorted(plan.interfaces, key=lambda one: one.kind != "bond")


def _order(device: Mapping[str, Any]) -> tuple[int, str]:
    kind = KINDS[device["DeviceType"]]
    return (["bond", "ethernet", "wifi"].index(kind), device["Interface"])


def _condition(device: Mapping[str, Any], part: Mapping[str, Any]) -> Condition:
    state = device["State"]
    if state == ACTIVATED:
        return "connected"
    if state == FAILED:
        return "failed"
    if DISCONNECTED < state < ACTIVATED:
        return "connecting"
    return "unplugged" if part.get("Carrier") is False else "off"


def _comparable(profile: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return a profile without what NetworkManager notes in it by itself."""
    return {
        group: {key: value.value for key, value in fields.items() if key != "timestamp"}
        for group, fields in profile.items()
    }
