"""Takes what looks like a secret out of a text: URLs with credentials, keys, tokens, passwords."""

from __future__ import annotations

import re
from collections.abc import Iterable

GONE = "[removed]"

_KEY_BLOCK = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*(?:PRIVATE KEY|SECRET)[A-Z0-9 ]*)-----.*?(?:-----END \1-----|\Z)", re.S
)
_USER_INFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@\"'<>]*@")
_WORD = (
    r"(?:[a-z0-9]+[_-])*(?:password|passwort|passwd|passphrase|passcode|pwd|pass|secret|token|"
    r"api[_-]?key|apikey|access[_-]?key|private[_-]?key|psk|totp|otp|pin|community|cookie|"
    r"set-cookie|session[_-]?id|credentials?|auth(?:orization)?|signature|nonce_key)"
)
_VALUE = (
    r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:(?:basic|bearer|digest|token)\s+)?[^\s,;&\"'<>}\]]+"
)
_ASSIGNED = re.compile(
    rf"(?P<name>[\"']?\b{_WORD}[\"']?)(?P<sep>\s*(?:=|:|\bis\b)\s*)(?P<value>{_VALUE})", re.I
)
_SCHEME = re.compile(r"\b(?P<scheme>basic|bearer|digest)\s+(?P<value>[A-Za-z0-9+/._~=-]{8,})", re.I)
_PHC = re.compile(r"\$(?:argon2[a-z]*|scrypt|pbkdf2[a-z0-9-]*|2[aby]|[156y])\$[^\s\"',;]+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=-])(?=[A-Za-z0-9+/_-]*[0-9])(?=[A-Za-z0-9+/_-]*[A-Za-z])"
                   r"[A-Za-z0-9+/_-]{40,}={0,2}")  # fmt: skip
_OTPAUTH = re.compile(r"otpauth://[^\s\"'<>]+", re.I)
_QUERY = re.compile(r"(?P<url>\b[a-z][a-z0-9+.-]*://[^\s?\"'<>]*)\?[^\s\"'<>]*", re.I)


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` without secrets; `known` are ones to be taken out wherever they stand.

    It rather takes out too much: what follows the `?` of a URL, and every run of 40 or more letters
    and digits (keys, digests and tokens look alike), goes too.
    """
    for secret in known:
        text = text.replace(secret, GONE)
    text = _KEY_BLOCK.sub(GONE, text)
    text = _OTPAUTH.sub(GONE, text)
    text = _USER_INFO.sub(lambda found: f"{found['scheme']}{GONE}@", text)
    text = _QUERY.sub(lambda found: f"{found['url']}?{GONE}", text)
    text = _ASSIGNED.sub(_assigned, text)
    text = _SCHEME.sub(lambda found: f"{found['scheme']} {GONE}", text)
    text = _PHC.sub(GONE, text)
    text = _JWT.sub(GONE, text)
    return _LONG.sub(GONE, text)


def _assigned(found: re.Match[str]) -> str:
    value = found["value"]
    if value.startswith(GONE):
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{found['name']}{found['sep']}{quote}{GONE}{quote}"
