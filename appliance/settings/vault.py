"""Seals secrets with the device key: AES-256-GCM, bound to the field they belong to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.settings.files import make_folder, write_atomically

KEY_BYTES = 32
NONCE_BYTES = 12
_PREFIX = "v1:"


class VaultError(Exception):
    """A secret cannot be opened: another key, another field, or it was altered."""


class Vault:
    """The device key and what can be done with it.

    A sealed text is "v1:" and base64 of nonce (12 bytes), ciphertext and tag (16 bytes).  `place`
    ("channels/3/password") is authenticated with it (NIST SP 800-38D), so that a sealed text
    copied to another field does not open there.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise VaultError("The device key has not the length of a key.")
        self._cipher = AESGCM(key)
        self._key = key

    def derive(self, label: str) -> bytes:
        """Return a key of 32 bytes for another use, different for each label."""
        return hmac.digest(self._key, label.encode(), hashlib.sha256)

    @classmethod
    def open(cls, path: Path) -> Vault:
        """Read the key, or make one at the first start.  The file is its owner's only (0600).

        A damaged key file is kept aside and a new key made: sealed secrets are then lost and
        reported field by field, everything else stays.
        """
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            return cls(_new_key(path))
        if len(key) != KEY_BYTES:
            path.replace(path.with_suffix(".broken"))
            return cls(_new_key(path))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return cls(key)

    def seal(self, clear: str, place: str) -> str:
        """Return the sealed text of `clear`, valid for `place` only."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, clear.encode(), place.encode())
        return _PREFIX + base64.b64encode(nonce + sealed).decode()

    def open_sealed(self, sealed: str, place: str) -> str:
        """Return the clear text; raise VaultError if it was not sealed here for `place`."""
        try:
            raw = base64.b64decode(sealed.removeprefix(_PREFIX), validate=True)
            nonce, body = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
            if not sealed.startswith(_PREFIX) or len(body) < 16:
                raise VaultError(f"The secret of {place} is malformed.")
            return self._cipher.decrypt(nonce, body, place.encode()).decode()
        except (binascii.Error, ValueError, InvalidTag):
            raise VaultError(f"The secret of {place} was not sealed by this box.") from None


def _new_key(path: Path) -> bytes:
    key = AESGCM.generate_key(KEY_BYTES * 8)
    make_folder(path.parent)
    write_atomically(path, key)
    return key
