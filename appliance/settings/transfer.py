"""The export format of the settings: a JSON document, secrets sealed with a password or left out.

    {"format": "nvr-settings", "schema": 1, "version": 12, "device": "Front office",
     "exported": "2026-11-21T14:03:22+00:00", "pages": {page: values},
     "secrets": null | {"kdf": "scrypt", "n", "r", "p", "salt", "nonce", "sealed"}}

`pages` hold {"set": true} where a secret is.  `sealed` is AES-256-GCM over the JSON of {place:
clear}, places as in "channels/3/password"; the key is scrypt (RFC 7914) of the password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.settings.migrate import MIGRATIONS, SCHEMA, migrate
from appliance.settings.problems import FieldProblem, SettingsError
from appliance.text import _

FORMAT = "nvr-settings"
LEAST_PASSWORD = 8
_N, _R, _P = 1 << 14, 8, 5
"""16 MiB and some 0.2 s for each try (OWASP's choice for little memory)."""
_MOST_N, _MOST_R, _MOST_P = 1 << 15, 8, 16
_SALT_BYTES = 16
_NONCE_BYTES = 12


def check_password(password: str) -> None:
    """Raise SettingsError where secrets would be sealed with less than eight characters."""
    if len(password) < LEAST_PASSWORD:
        text = _("must have at least {n} characters").format(n=LEAST_PASSWORD)
        raise _wrong("password", "too_short", text)


def seal(secrets: Mapping[str, str], password: str) -> dict[str, Any]:
    """Return the part `secrets` of a document.  Takes some 0.2 s and 16 MiB."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    clear = json.dumps(dict(secrets), ensure_ascii=False).encode()
    sealed = AESGCM(_key(password, salt, _N, _R, _P)).encrypt(nonce, clear, FORMAT.encode())
    return {
        "kdf": "scrypt",
        "n": _N,
        "r": _R,
        "p": _P,
        "salt": _text(salt),
        "nonce": _text(nonce),
        "sealed": _text(sealed),
    }


def unseal(part: Mapping[str, Any], password: str) -> dict[str, str]:
    """Return the secrets by place; raise SettingsError at a wrong password or an altered file."""
    try:
        n, r, p = int(part["n"]), int(part["r"]), int(part["p"])
        salt, nonce, sealed = (
            base64.b64decode(part[name], validate=True) for name in ("salt", "nonce", "sealed")
        )
        if part["kdf"] != "scrypt" or not (1 < n <= _MOST_N and 0 < r <= _MOST_R):
            raise ValueError("kdf")
        if not 0 < p <= _MOST_P or len(nonce) != _NONCE_BYTES:
            raise ValueError("kdf")
        cipher = AESGCM(_key(password, salt, n, r, p))
        opened = json.loads(cipher.decrypt(nonce, sealed, FORMAT.encode()))
        if not isinstance(opened, dict):
            raise TypeError("no secrets by place")
    except InvalidTag:
        raise _wrong("password", "wrong", _("does not open the secrets of this file")) from None
    except (KeyError, TypeError, ValueError, binascii.Error):
        text = _("holds secrets in a form that is not known")
        raise _wrong("document.secrets", "malformed", text) from None
    return {str(place): str(clear) for place, clear in opened.items()}


def pages_of(document: Any) -> dict[str, Any]:
    """Return the pages of a document in the present shape; raise SettingsError."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _wrong("document", "format", _("is not a file of settings of such a recorder"))
    pages, schema = document.get("pages"), document.get("schema")
    if not isinstance(pages, dict) or not all(isinstance(v, dict) for v in pages.values()):
        raise _wrong("document.pages", "malformed", _("holds no pages of settings"))
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 0:
        raise _wrong("document.schema", "malformed", _("does not say its version"))
    if schema > SCHEMA:
        text = _("was written by newer software; update this recorder first")
        raise _wrong("document.schema", "newer", text)
    try:
        return migrate(pages, schema, target=SCHEMA, migrations=MIGRATIONS)
    except (LookupError, TypeError, ValueError, AttributeError):
        text = _("cannot be brought to the present version")
        raise _wrong("document.schema", "older", text) from None


def _key(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=64 * 1024 * 1024
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _wrong(path: str, code: str, text: str) -> SettingsError:
    problem = FieldProblem(tuple(path.split(".")), code, text)
    return SettingsError("settings.invalid", _("Nothing was changed."), [problem])
