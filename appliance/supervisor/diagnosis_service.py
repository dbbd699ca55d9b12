"""What the archive for a diagnosis has to know of secrets, to leave them out (D2-MT-44)."""

from __future__ import annotations

import hashlib
from typing import Any

from appliance.accounts.service import AccountService
from appliance.bus.errors import BusError
from appliance.bus.peers import PeerInfo
from appliance.bus.server import BusServer
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _

ROLES = frozenset({"jobs"})
LEAST_CHARACTERS = 4
"""A shorter secret looks like any word."""


class DiagnosisService:
    """``diagnosis.marks`` {salt} -> {marks}: 16 bits of a keyed digest of each secret there is.

    So short that they help nobody to guess a secret: some 1 in 65,536 words has the same one.
    """

    def __init__(self, bus: BusServer, settings: SettingsService, accounts: AccountService) -> None:
        self._settings = settings
        self._accounts = accounts.part
        bus.handle("diagnosis.marks", self._marks, roles=ROLES)

    async def _marks(self, params: dict[str, Any], _peer: PeerInfo) -> Any:
        try:
            salt = bytes.fromhex(str(params["salt"]))
        except (KeyError, ValueError):
            salt = b""
        if len(salt) != 16:
            raise BusError("diagnosis.bad_request", _("The salt is 16 bytes in hex."))

        def work() -> list[int]:
            secrets = [*self._settings.store.gather()["secrets"].values()]
            accounts = self._accounts.gather() or {"users": [], "onvif": []}
            factors = [user["factor"]["secret"] for user in accounts["users"] if user["factor"]]
            secrets += [*factors, *(user["password"] for user in accounts["onvif"])]
            known = {secret for secret in secrets if len(secret) >= LEAST_CHARACTERS}
            return sorted({_mark(secret, salt) for secret in known})

        return {"marks": await self._settings.run(work)}


def _mark(secret: str, salt: bytes) -> int:
    digest = hashlib.blake2b(secret.encode("utf-8", "replace"), key=salt, digest_size=16)
    return int.from_bytes(digest.digest()[:2], "big")
