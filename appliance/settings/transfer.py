"""The file of a whole configuration: a readable head, and everything else sealed with a passphrase.

    {"format": "nvr-configuration", "version": 1,
     "about": {"device": "Front office", "board": "Recorder with 8 PoE ports", "software": "0.1.0",
               "schema": 1, "exported": "2026-11-21T14:03:22+00:00", "channels": 8},
     "kdf": {"name": "scrypt", "n": 16384, "r": 8, "p": 5, "salt": base64},
     "cipher": {"name": "aes-256-gcm", "nonce": base64},
     "sealed": base64}

`sealed` is AES-256-GCM (NIST SP 800-38D) over the zlib-packed JSON of the parts by name; the key is
scrypt (RFC 7914) of the passphrase.  All the rest of the file is authenticated with it, so that
nothing of the head can be altered either.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.settings.migrate import MIGRATIONS, SCHEMA, migrate
from appliance.settings.problems import FieldProblem, SettingsError
from appliance.text import _

FORMAT = "nvr-configuration"
VERSION = 1
LEAST_PASSPHRASE = 8
MOST_PASSPHRASE = 256
MOST_FILE_BYTES = 768 * 1024
"""So that it goes over the bus in one message; 64 channels whose weeks are full make 60 kB."""

MOST_CONTENT_BYTES = 16 << 20
_N, _R, _P = 1 << 14, 8, 5
"""16 MiB and some 0.2 s for each try (OWASP's choice for little memory)."""
_MOST_N, _MOST_R, _MOST_P = 1 << 15, 8, 16
_SALT_BYTES = 16
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Configuration:
    """An opened file: what it says of itself, and its parts by name, secrets in clear."""

    about: Mapping[str, Any]
    parts: Mapping[str, Any]


def check_passphrase(passphrase: str) -> None:
    """Raise SettingsError where a file would be sealed with less than eight characters."""
    if len(passphrase) < LEAST_PASSPHRASE:
        text = _("must have at least {n} characters").format(n=LEAST_PASSPHRASE)
        raise wrong("passphrase", "too_short", text)


def seal(parts: Mapping[str, Any], about: Mapping[str, Any], passphrase: str) -> str:
    """Return the file.  Takes some 0.2 s and 16 MiB.  Raises SettingsError."""
    check_passphrase(passphrase)
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    head = {
        "format": FORMAT,
        "version": VERSION,
        "about": dict(about),
        "kdf": {"name": "scrypt", "n": _N, "r": _R, "p": _P, "salt": _text(salt)},
        "cipher": {"name": "aes-256-gcm", "nonce": _text(nonce)},
    }
    clear = zlib.compress(json.dumps(dict(parts), ensure_ascii=False).encode(), 6)
    sealed = AESGCM(_key(passphrase, salt, _N, _R, _P)).encrypt(nonce, clear, _canonical(head))
    file = json.dumps({**head, "sealed": _text(sealed)}, ensure_ascii=False, indent=1)
    if len(file.encode()) > MOST_FILE_BYTES:
        raise SettingsError("settings.full", _("The configuration is too large for a file."))
    return file


def unseal(file: str, passphrase: str) -> Configuration:
    """Open a file; raise SettingsError naming what is wrong with it, in words.

    What newer software wrote is refused before the passphrase is tried.
    """
    document = _document(file)
    sealed = document.pop("sealed", None)
    try:
        kdf, cipher = document["kdf"], document["cipher"]
        about = document["about"]
        if kdf["name"] != "scrypt" or cipher["name"] != "aes-256-gcm":
            raise ValueError("not of this version")
        n, r, p = int(kdf["n"]), int(kdf["r"]), int(kdf["p"])
        if not (1 < n <= _MOST_N and 0 < r <= _MOST_R and 0 < p <= _MOST_P):
            raise ValueError("kdf")
        salt, nonce = _bytes(kdf["salt"]), _bytes(cipher["nonce"])
        if len(nonce) != _NONCE_BYTES or not isinstance(about, dict) or not isinstance(sealed, str):
            raise ValueError("cipher")
        cipher_text = _bytes(sealed)
        key = _key(passphrase, salt, n, r, p)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _damaged() from None
    try:
        clear = AESGCM(key).decrypt(nonce, cipher_text, _canonical(document))
    except InvalidTag:
        text = _("does not open this file, or the file was altered or damaged on its way")
        raise wrong("passphrase", "wrong", text) from None
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(clear, MOST_CONTENT_BYTES)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise ValueError("too large")
        parts = json.loads(content)
        if not isinstance(parts, dict):
            raise TypeError("no parts")
    except (zlib.error, TypeError, ValueError, RecursionError):
        raise _damaged() from None
    return Configuration(about, parts)


def pages_of(document: Any) -> dict[str, Any]:
    """Return the pages of the part `settings` in the present shape; raise SettingsError."""
    if not isinstance(document, dict):
        raise wrong("file", "malformed", _("holds no settings"))
    pages, schema = document.get("pages"), document.get("schema")
    if not isinstance(pages, dict) or not all(isinstance(v, dict) for v in pages.values()):
        raise wrong("file", "malformed", _("holds no settings"))
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
        raise wrong("file", "malformed", _("does not say its version"))
    if schema > SCHEMA:
        raise newer()
    try:
        return migrate(pages, schema, target=SCHEMA, migrations=MIGRATIONS)
    except (LookupError, TypeError, ValueError, AttributeError):
        text = _("cannot be brought to the present version")
        raise wrong("file", "older", text) from None


def newer() -> SettingsError:
    """Return the refusal of what newer software wrote."""
    return wrong("file", "newer", _("was written by newer software; update this recorder first"))


def wrong(path: str, code: str, text: str) -> SettingsError:
    """Return the refusal of a whole file, at one field of the request."""
    problem = FieldProblem(tuple(path.split(".")), code, text)
    return SettingsError("settings.invalid", _("Nothing was changed."), [problem])


def _document(file: str) -> dict[str, Any]:
    if len(file.encode()) > MOST_FILE_BYTES:
        raise wrong("file", "too_large", _("is larger than such a file can be"))
    try:
        document = json.loads(file)
    except (ValueError, RecursionError):
        if FORMAT in file[:200]:
            text = _("is cut off or damaged; copy it again from where it was saved")
            raise wrong("file", "cut_off", text) from None
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise wrong("file", "format", _("is not a configuration saved by such a recorder"))
    version, about = document.get("version"), document.get("about")
    schema = about.get("schema") if isinstance(about, dict) else None
    for number, known in ((version, VERSION), (schema, SCHEMA)):
        if isinstance(number, int) and number > known:
            raise newer()
    if version != VERSION:
        raise _damaged()
    return document


def _damaged() -> SettingsError:
    return wrong("file", "malformed", _("is cut off or damaged; copy it again from where it was "
                                        "saved"))  # fmt: skip


def _canonical(head: Mapping[str, Any]) -> bytes:
    """Return what is authenticated of the head: the same however the file was laid out."""
    return json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _key(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=64 * 1024 * 1024
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
