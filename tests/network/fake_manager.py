"""NetworkManager's D-Bus face made of objects that were recorded from the real one.

It keeps profiles, puts them in force on its devices and undoes them by checkpoints, so that the
client meets the real object paths, types and errors without changing a computer.
"""

from __future__ import annotations

import asyncio
import copy
import ipaddress
import json
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

NM = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
RECORDED = Path(__file__).parent / "recorded"
POINTS = {
    "Office": (71, 0x188),
    "Guests": (48, 0),
}
"""Networks in the air: signal and RsnFlags (NM80211ApSecurityFlags)."""


def unpacked(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        plain = unpacked(value["value"])
        if value["type"] == "aay":
            return Variant("aay", [bytes(one) for one in plain])
        return Variant(value["type"], bytes(plain) if value["type"] == "ay" else plain)
    if isinstance(value, dict):
        return {key: unpacked(one) for key, one in value.items() if not is_former(one)}
    return [unpacked(one) for one in value] if isinstance(value, list) else value


def is_former(value: Any) -> bool:
    """Whether it is a property of NetworkManager 0.9 that nobody should read any more."""
    return isinstance(value, dict) and "(ay" in str(value.get("type", ""))


class Refusal(Exception):
    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class FakeManager:
    """Answers on a bus under NetworkManager's name.

    `calls` are the methods in their order; `refuse` names one that fails, with the text.
    """

    def __init__(self, recording: str = "networkmanager-1.42-two-veths.json") -> None:
        self.objects: dict[str, dict[str, Any]] = unpacked(
            json.loads((RECORDED / recording).read_text())
        )
        self.profiles: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, list[Any]]] = []
        self.refuse: dict[str, str] = {}
        self.checkpoints: dict[str, Any] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._number = 100
        self._bus: MessageBus | None = None
        for path in [p for p in self.objects if "/Settings/" in p]:
            del self.objects[path]

    async def start(self, address: str) -> None:
        self._bus = await MessageBus(address).connect()
        self._bus.add_message_handler(self._handle)
        await self._bus.request_name(NM)

    async def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._bus is not None:
            self._bus.disconnect()

    def device(self, name: str) -> tuple[str, dict[str, Any]]:
        for path, interfaces in self.objects.items():
            device = interfaces.get(f"{NM}.Device")
            if device is not None and device["Interface"].value == name:
                return path, interfaces
        raise LookupError(name)

    def plug(self, name: str, *, carrier: bool) -> None:
        _path, interfaces = self.device(name)
        interfaces[f"{NM}.Device.Wired"]["Carrier"] = Variant("b", carrier)
        interfaces[f"{NM}.Device"]["State"] = Variant("u", 100 if carrier else 20)

    def add_wifi(self) -> None:
        """Add a Wi-Fi interface; its properties are those of the D-Bus reference."""
        _path, wired = self.device("eth1")
        device = copy.deepcopy(wired[f"{NM}.Device"])
        device["Interface"] = Variant("s", "wlan0")
        device["DeviceType"] = Variant("u", 2)
        device["State"] = Variant("u", 30)
        device["Ip4Config"] = device["Ip6Config"] = Variant("o", "/")
        self.objects[f"{ROOT}/Devices/9"] = {
            f"{NM}.Device": device,
            f"{NM}.Device.Wireless": {
                "HwAddress": Variant("s", "52:54:00:00:00:09"),
                "ActiveAccessPoint": Variant("o", "/"),
                "Bitrate": Variant("u", 0),
            },
        }
        for number, (ssid, (strength, flags)) in enumerate(POINTS.items()):
            self.objects[f"{ROOT}/AccessPoint/{number}"] = {
                f"{NM}.AccessPoint": {
                    "Ssid": Variant("ay", ssid.encode()),
                    "Strength": Variant("y", strength),
                    "Flags": Variant("u", 1 if flags else 0),
                    "WpaFlags": Variant("u", 0),
                    "RsnFlags": Variant("u", flags),
                }
            }

    def _handle(self, message: Message) -> Message | bool:
        if message.message_type is not MessageType.METHOD_CALL or message.destination is None:
            return False
        if not (message.path or "").startswith(ROOT):
            return False
        try:
            signature, value = self._answer(message)
        except Refusal as refusal:
            return Message.new_error(message, refusal.name, str(refusal))
        return Message.new_method_return(message, signature, [value] if signature else [])

    def _answer(self, message: Message) -> tuple[str, Any]:
        path, member, body = str(message.path), str(message.member), message.body
        if member == "GetAll":
            found = self.objects.get(path, {}).get(body[0])
            if found is None:
                raise Refusal("org.freedesktop.DBus.Error.UnknownMethod", f"No object {path}")
            return "a{sv}", found
        self.calls.append((member, body))
        if member in self.refuse:
            raise Refusal(f"{NM}.Device.Failed", self.refuse[member])
        method = getattr(self, f"_{member}", None)
        if method is None:
            raise Refusal("org.freedesktop.DBus.Error.UnknownMethod", f"No {member}")
        answer: tuple[str, Any] = method(path, *body)
        return answer

    # -- NetworkManager's methods --------------------------------------------------------------

    def _GetDevices(self, _path: str) -> tuple[str, Any]:
        return "ao", sorted(p for p, i in self.objects.items() if f"{NM}.Device" in i)

    def _ListConnections(self, _path: str) -> tuple[str, Any]:
        return "ao", sorted(self.profiles)

    def _GetConnectionByUuid(self, _path: str, uuid: str) -> tuple[str, Any]:
        for path, profile in self.profiles.items():
            if profile["connection"]["uuid"].value == uuid:
                return "o", path
        raise Refusal(f"{NM}.Settings.InvalidConnection", "No connection with the UUID was found.")

    def _AddConnection2(self, _path: str, profile: Any, _flags: int, _more: Any) -> tuple[str, Any]:
        self._number += 1
        path = f"{ROOT}/Settings/{self._number}"
        self.profiles[path] = profile
        return "o", path

    def _GetSettings(self, path: str) -> tuple[str, Any]:
        return "a{sa{sv}}", self._profile(path)

    def _Update2(self, path: str, profile: Any, _flags: int, _more: Any) -> tuple[str, Any]:
        self._profile(path)
        self.profiles[path] = profile
        return "a{sv}", {}

    def _Delete(self, path: str) -> tuple[str, Any]:
        self._profile(path)
        del self.profiles[path]
        return "", None

    def _Reapply(self, path: str, _profile: Any, _version: int, _flags: int) -> tuple[str, Any]:
        active = self.objects[path][f"{NM}.Device"]["ActiveConnection"].value
        self._dress(path, self.objects[active][f"{NM}.Connection.Active"]["Connection"].value)
        return "", None

    def _ActivateConnection(
        self, _root: str, profile: str, device: str, _specific: str
    ) -> tuple[str, Any]:
        self._number += 1
        active = f"{ROOT}/ActiveConnection/{self._number}"
        if device == "/":
            device = self._virtual(profile)
        self.objects[active] = {f"{NM}.Connection.Active": {"Connection": Variant("o", profile)}}
        known = self.objects[device][f"{NM}.Device"]
        known["ActiveConnection"] = Variant("o", active)
        known["State"] = Variant("u", 100)
        self._dress(device, profile)
        return "o", active

    def _CheckpointCreate(
        self, _path: str, _devices: Any, timeout_s: int, flags: int
    ) -> tuple[str, Any]:
        assert flags == 6
        self._number += 1
        path = f"{ROOT}/Checkpoint/{self._number}"
        self.checkpoints[path] = copy.deepcopy((self.objects, self.profiles))
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(timeout_s, self._undo, path))
        return "o", path

    def _CheckpointDestroy(self, _path: str, checkpoint: str) -> tuple[str, Any]:
        if self.checkpoints.pop(checkpoint, None) is None:
            raise Refusal(f"{NM}.InvalidArguments", "checkpoint does not exist")
        return "", None

    def _CheckpointRollback(self, _path: str, checkpoint: str) -> tuple[str, Any]:
        if checkpoint not in self.checkpoints:
            raise Refusal(f"{NM}.InvalidArguments", "checkpoint does not exist")
        self._undo(checkpoint)
        return "a{su}", {}

    def _RequestScan(self, _path: str, _options: Any) -> tuple[str, Any]:
        return "", None

    def _GetAllAccessPoints(self, _path: str) -> tuple[str, Any]:
        return "ao", sorted(p for p in self.objects if "/AccessPoint/" in p)

    # -- what they do --------------------------------------------------------------------------

    def _undo(self, checkpoint: str) -> None:
        kept = self.checkpoints.pop(checkpoint, None)
        if kept is not None:
            self.objects, self.profiles = kept

    def _profile(self, path: str) -> dict[str, Any]:
        if path not in self.profiles:
            raise Refusal("org.freedesktop.DBus.Error.UnknownMethod", f"No object {path}")
        return self.profiles[path]

    def _virtual(self, profile: str) -> str:
        """Make the device of a bond."""
        _path, wired = self.device("eth1")
        device = copy.deepcopy(wired[f"{NM}.Device"])
        name = self.profiles[profile]["connection"]["interface-name"].value
        device["Interface"], device["DeviceType"] = Variant("s", name), Variant("u", 10)
        device["Ip4Config"] = device["Ip6Config"] = Variant("o", "/")
        self.objects[f"{ROOT}/Devices/8"] = {
            f"{NM}.Device": device,
            f"{NM}.Device.Bond": {
                "HwAddress": Variant("s", "52:54:00:00:00:08"),
                "Carrier": Variant("b", True),
                "Slaves": Variant("ao", []),
            },
        }
        return f"{ROOT}/Devices/8"

    def _dress(self, device: str, profile: str) -> None:
        """Give a device the fixed addresses of a profile."""
        settings = self._profile(profile)
        if "master" in settings["connection"]:
            bond = self.objects[f"{ROOT}/Devices/8"][f"{NM}.Device.Bond"]
            bond["Slaves"] = Variant("ao", [*bond["Slaves"].value, device])
            return
        ipv4 = settings["ipv4"]
        servers = [
            {"address": Variant("s", str(ipaddress.IPv4Address(n.to_bytes(4, "little"))))}
            for n in ipv4["dns"].value
        ]
        self._number += 1
        path = f"{ROOT}/IP4Config/{self._number}"
        self.objects[path] = {
            f"{NM}.IP4Config": {
                "AddressData": ipv4.get("address-data", Variant("aa{sv}", [])),
                "Gateway": ipv4.get("gateway", Variant("s", "")),
                "NameserverData": Variant("aa{sv}", servers),
            }
        }
        self.objects[device][f"{NM}.Device"]["Ip4Config"] = Variant("o", path)
