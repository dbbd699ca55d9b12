"""The one-time code with which the first person proves to be at the box."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from appliance.accounts.files import write_private

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters without 0, 1, I and O, which people mistake for one another."""
GROUPS = 3
GROUP_LENGTH = 4
"""12 characters: 60 bits, so that a salted SHA-256 of it is no use to whoever reads the file."""


class SetupCode:
    """Kept as salt and hash in a private file; gone once used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def issue(self) -> str:
        """Make a new code, the former one ends; return it for showing at the box, nowhere else."""
        code = "-".join(
            "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
        )
        salt = secrets.token_bytes(16)
        document = {"salt": salt.hex(), "hash": _digest(salt, code).hex()}
        write_private(self._path, json.dumps(document).encode())
        return code

    def matches(self, code: str) -> bool:
        """Compare in constant time; small letters, blanks and missing dashes do not matter."""
        try:
            document = json.loads(self._path.read_bytes())
            salt, expected = bytes.fromhex(document["salt"]), bytes.fromhex(document["hash"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return hmac.compare_digest(_digest(salt, code), expected)

    def use_up(self) -> None:
        """Make the code worthless from now on."""
        self._path.unlink(missing_ok=True)


def _digest(salt: bytes, code: str) -> bytes:
    plain = "".join(c for c in code[:64].upper() if c in ALPHABET)
    return hashlib.sha256(salt + plain.encode()).digest()
