"""What the child of an export needs of the rest of the box: blocks in hand, the signature."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from typing import Any

from appliance.bus.client import connected_client
from appliance.bus.errors import BusError
from appliance.jobs.errors import JobError
from appliance.paths import Paths
from appliance.recording.mediasock.client import MediaClient, RecorderAway, Refused
from appliance.storage.report import OpenBlock
from appliance.text import _

_log = logging.getLogger(__name__)

SIGN_S = 60.0
"""How long a supervisor that starts anew is waited for: the export is written by then."""


def open_blocks(paths: Paths) -> list[OpenBlock]:
    """Return what all recorders are writing now; one that is away is passed over.  Blocking."""
    return asyncio.run(_open_blocks(paths))


async def _open_blocks(paths: Paths) -> list[OpenBlock]:
    found: list[OpenBlock] = []
    for path in sorted(await asyncio.to_thread(lambda: list(paths.run.glob("media-*.sock")))):
        client = MediaClient(path)
        try:
            await client.open()
            found += await client.open_blocks()
        except (RecorderAway, Refused) as error:
            _log.warning("What %s writes now is not exported: %s", path.name, error)
        finally:
            await client.close()
    return found


class BusSigner:
    """Has the supervisor sign: the device key is its alone."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def sign(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return `entry` with key and signature; blocking.  Raises JobError (not_signed)."""
        try:
            return asyncio.run(self._ask(entry))
        except BusError as error:
            text = _("The export could not be signed: {why} Start it again.")
            raise JobError("not_signed", text.format(why=error.text)) from error

    async def _ask(self, entry: dict[str, Any]) -> dict[str, Any]:
        wish = {name: value for name, value in entry.items() if name != "action"}
        name, instance = f"jobs@{os.getpid()}", secrets.token_hex(8)
        async with connected_client(self._paths.bus_socket, name, instance) as bus:
            signed: dict[str, Any] = await bus.request("exports.sign", wish, timeout_s=SIGN_S)
            return signed
