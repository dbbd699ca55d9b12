"""NetworkManager's D-Bus objects as plain calls: one place that knows their names.

Source: NetworkManager D-Bus API reference, 1.42 to 1.52.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError, InvalidAddressError

from appliance.network.host import NetworkError
from appliance.text import _

SERVICE = "org.freedesktop.NetworkManager"
ROOT = "/org/freedesktop/NetworkManager"
SETTINGS = "/org/freedesktop/NetworkManager/Settings"
NOTHING = "/"
CALL_S = 10.0


class NmBus:
    """A connection to the system bus on which NetworkManager is; made when first needed.

    `address` is another bus's, for tests; "" is the system's.
    """

    def __init__(self, address: str = "") -> None:
        self._address = address
        self._bus: MessageBus | None = None
        self._opening = asyncio.Lock()

    async def call(
        self, path: str, interface: str, member: str, signature: str = "", *body: Any
    ) -> Any:
        """Call a method below `SERVICE`'s name and return its first value.  Raise NetworkError."""
        name = f"{SERVICE}.{interface}" if interface else SERVICE
        return await self._send(path, name, member, signature, body)

    async def get_all(self, path: str, interface: str) -> dict[str, Any]:
        """Return the properties of an object, values unpacked.  Raise NetworkError."""
        name = f"{SERVICE}.{interface}" if interface else SERVICE
        found = await self._send(path, "org.freedesktop.DBus.Properties", "GetAll", "s", (name,))
        return {key: plain(value) for key, value in found.items()}

    async def close(self) -> None:
        """Leave the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.disconnect()

    async def _send(
        self, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]
    ) -> Any:
        bus = await self._connected()
        message = Message(
            destination=SERVICE,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        try:
            async with asyncio.timeout(CALL_S):
                answer = await bus.call(message)
        except (TimeoutError, DBusError, OSError, EOFError) as error:
            self._bus = None
            raise NetworkError("network.away", _("NetworkManager does not answer.")) from error
        if answer is None or answer.message_type is MessageType.ERROR:
            raise refused(answer)
        return answer.body[0] if answer.body else None

    async def _connected(self) -> MessageBus:
        async with self._opening:
            if self._bus is not None and self._bus.connected:
                return self._bus
            try:
                bus = MessageBus(self._address or None, bus_type=BusType.SYSTEM)
                async with asyncio.timeout(CALL_S):
                    self._bus = await bus.connect()
            except (OSError, DBusError, InvalidAddressError, TimeoutError, EOFError) as error:
                text = _("The system bus cannot be reached, so the network cannot be set.")
                raise NetworkError("network.away", text) from error
            return self._bus


def refused(answer: Message | None) -> NetworkError:
    """Return the error for what NetworkManager refused, with its own words."""
    name = "" if answer is None else answer.error_name or ""
    told = str(answer.body[0]) if answer is not None and answer.body else name
    if name.endswith(("ServiceUnknown", "NameHasNoOwner", "NoReply")):
        return NetworkError("network.away", _("NetworkManager does not run."))
    code = "network.gone" if name.endswith(("UnknownMethod", "UnknownObject")) else "network.failed"
    text = _("NetworkManager refused: {reason}").format(reason=told.rstrip(".") + ".")
    return NetworkError(code, text)


def plain(value: Any) -> Any:
    """Return a value without the envelopes of D-Bus."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value
