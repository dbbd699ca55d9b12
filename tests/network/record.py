"""Records the objects of a running NetworkManager for `fake_manager.py`.

python tests/network/record.py ADDRESS_OF_THE_BUS > tests/network/recorded/NAME.json
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

SERVICE = "org.freedesktop.NetworkManager"
KEPT = ("org.freedesktop.NetworkManager",)


def packed(value: Any) -> Any:
    if isinstance(value, Variant):
        return {"type": value.signature, "value": packed(value.value)}
    if isinstance(value, dict):
        return {key: packed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [packed(one) for one in value]
    return list(value) if isinstance(value, bytes) else value


async def main() -> None:
    bus = await MessageBus(sys.argv[1]).connect()
    answer = await bus.call(
        Message(
            destination=SERVICE,
            path="/org/freedesktop",
            interface="org.freedesktop.DBus.ObjectManager",
            member="GetManagedObjects",
        )
    )
    found = {
        path: {name: packed(p) for name, p in interfaces.items() if name.startswith(KEPT)}
        for path, interfaces in answer.body[0].items()
    }
    json.dump(found, sys.stdout, indent=1, sort_keys=True)


if __name__ == "__main__":
    asyncio.run(main())
