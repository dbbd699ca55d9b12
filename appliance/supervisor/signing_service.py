"""Signing for processes that must not have the device key: the web process and the jobs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from appliance.bus.errors import BusError
from appliance.bus.server import BusServer, plain
from appliance.storage.signing import DeviceKey, fingerprint
from appliance.text import _

ROLES = frozenset({"web", "jobs"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


class SigningService:
    """What the supervisor answers about its key.

    - ``exports.sign`` {manifest_sha256, manifest_bytes} -> the signed statement of an export
    - ``exports.key`` {} -> {key, fingerprint}: the public key, and as people compare it

    Nothing else is signed for anybody: a closing or a retirement of footage cannot be had here.
    """

    def __init__(self, bus: BusServer, key_file: Path) -> None:
        self._key_file = key_file
        bus.handle("exports.sign", plain(self._sign), roles=ROLES)
        bus.handle("exports.key", plain(self._tell_key))

    async def _sign(self, params: dict[str, Any]) -> dict[str, Any]:
        digest, size = params.get("manifest_sha256"), params.get("manifest_bytes")
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise BusError("exports.bad_request", _("The SHA-256 of a manifest is missing."))
        if not isinstance(size, int) or not 0 < size < 1 << 32:
            raise BusError("exports.bad_request", _("The size of a manifest is missing."))
        entry = {"action": "exported", "manifest_bytes": size, "manifest_sha256": digest}
        return (await self._key()).sign(entry)

    async def _tell_key(self, _params: dict[str, Any]) -> dict[str, str]:
        public = (await self._key()).public
        return {"key": public, "fingerprint": fingerprint(public)}

    async def _key(self) -> DeviceKey:
        try:
            return await asyncio.to_thread(DeviceKey.load, self._key_file)
        except (OSError, ValueError) as error:
            text = _("The key of the recorder cannot be read: {reason}.")
            raise BusError("exports.no_key", text.format(reason=error)) from error
