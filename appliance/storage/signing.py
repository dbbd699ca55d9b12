"""The device key: Ed25519 (RFC 8032) signatures under what this box recorded and retired."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

_CONTEXT = b"nvr-entry-1\0"


class DeviceKey:
    """The private key of this box; `public` (32 bytes as hex) is what others check against."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = raw.hex()
        self.name = hashlib.sha256(raw).hexdigest()[:16]

    @classmethod
    def new(cls) -> DeviceKey:
        """A fresh key, kept nowhere."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> DeviceKey:
        """Read the key file, or make it (mode 0600) where there is none.

        Several processes may call this at once: they all end with the same key.
        """
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
        except FileNotFoundError:
            _create(path)
        return cls(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))

    def sign(self, entry: dict[str, Any]) -> dict[str, Any]:
        """`entry` with the signer's public key and the signature over all else in it."""
        body = {**entry, "key": self.public}
        signature = self._private.sign(_message(body))
        return {**body, "signature": base64.b64encode(signature).decode()}


def fingerprint(key: str) -> str:
    """A public key (hex) as people compare it: the first 16 bytes of its SHA-256, in fours."""
    digest = hashlib.sha256(bytes.fromhex(key)).hexdigest()[:32]
    return " ".join(digest[at : at + 4] for at in range(0, 32, 4))


def verify(entry: dict[str, Any]) -> bool:
    """Whether an entry bears a valid signature of the key it names."""
    body = dict(entry)
    try:
        signature = base64.b64decode(body.pop("signature"), validate=True)
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(body["key"]))
        key.verify(signature, _message(body))
    except (KeyError, ValueError, TypeError, InvalidSignature):
        return False
    return True


def _message(body: dict[str, Any]) -> bytes:
    return _CONTEXT + json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = Ed25519PrivateKey.generate().private_bytes(
        Encoding.Raw, PrivateFormat.Raw, NoEncryption()
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, raw)
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        os.link(temporary, path)  # unlike a rename it never replaces a key made meanwhile
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
