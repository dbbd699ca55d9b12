"""Takes what looks like a secret out of a text: URLs with credentials, keys, tokens, passwords."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

GONE = "[removed]"

_KEY_BLOCK = re.compile(
    r"-----BEGIN ([A-Z0-9 ]*(?:PRIVATE KEY|SECRET)[A-Z0-9 ]*)-----.*?(?:-----END \1-----|\Z)", re.S
)
_USER_INFO = re.compile(r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{0,20}://)[^\s/@\"'<>]{0,128}@")
_WORD = (
    r"(?:[a-z0-9]{1,24}[_-]){0,3}(?:password|passwort|passwd|passphrase|passcode|pwd|pass|secret|token|"
    r"api[_-]?key|apikey|access[_-]?key|private[_-]?key|psk|totp|otp|pin|community|cookie|"
    r"set-cookie|session[_-]?id|credentials?|auth(?:orization)?|signature|nonce_key)"
)
_QUOTE = r"\\{0,4}[\"']"
_VALUE = (
    r"\\{1,4}\"[^\"]{0,512}\"|\\{1,4}'[^']{0,512}'|"
    r"\"(?:[^\"\\]|\\.){0,512}\"|'(?:[^'\\]|\\.){0,512}'|"
    r"(?:(?:basic|bearer|digest|token)\s+)?[^\s,;&\"'<>}\]]+"
)
_ASSIGNED = re.compile(
    rf"(?P<name>(?:{_QUOTE})?\b{_WORD}(?:{_QUOTE})?)(?P<sep>\s*(?:=|:|\bis\b)\s*)(?P<value>{_VALUE})",
    re.I,
)
_QUOTED = re.compile(
    rf"(?P<name>\b{_WORD})(?P<sep>\s+)(?P<value>{_QUOTE}[^\"']{{0,512}}[\"'])", re.I
)
_NAMED = re.compile(_WORD, re.I)
_SCHEME = re.compile(r"\b(?P<scheme>basic|bearer|digest)\s+(?P<value>[A-Za-z0-9+/._~=-]{8,})", re.I)
_PHC = re.compile(r"\$(?:argon2[a-z]*|scrypt|pbkdf2[a-z0-9-]*|2[aby]|[156y])\$[^\s\"']+")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")
_LONG = re.compile(
    r"(?<![A-Za-z0-9+/_=-])(?=[A-Za-z+/_-]*[0-9])(?=[A-Z0-9+/_-]*[a-z])(?=[a-z0-9+/_-]*[A-Z])"
    r"[A-Za-z0-9+/_-]{40,}={0,2}"
)
_OTPAUTH = re.compile(r"otpauth://[^\s\"'<>]+", re.I)
_QUERY = re.compile(r"(?P<url>\b[a-z][a-z0-9+.-]{0,20}://[^\s?\"'<>]{0,256})\?[^\s\"'<>]*", re.I)


def redacted(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` without secrets; `known` are ones to be taken out wherever they stand.

    It rather takes out too much: what follows the `?` of a URL goes, and so does every long run of
    letters and digits (keys, digests and tokens look alike).
    """
    for secret in known:
        text = text.replace(secret, GONE)
    text = _KEY_BLOCK.sub(GONE, text)
    text = _OTPAUTH.sub(GONE, text)
    text = _USER_INFO.sub(lambda found: f"{found['scheme']}{GONE}@", text)
    text = _QUERY.sub(lambda found: f"{found['url']}?{GONE}", text)
    text = _PHC.sub(GONE, text)
    text = _ASSIGNED.sub(_assigned, text)
    text = _QUOTED.sub(_assigned, text)
    text = _SCHEME.sub(lambda found: f"{found['scheme']} {GONE}", text)
    text = _JWT.sub(GONE, text)
    text = _HEX.sub(GONE, text)
    return _LONG.sub(GONE, text)


def redacted_value(value: Any, clean: Callable[[str], str] = redacted) -> Any:
    """Return JSON with every text of it cleaned; what a secret's name stands before goes whole."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {
            clean(str(name)): GONE
            if isinstance(inner, str) and inner and _NAMED.fullmatch(str(name))
            else redacted_value(inner, clean)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_value(inner, clean) for inner in value]
    return value


def _assigned(found: re.Match[str]) -> str:
    value = found["value"]
    if value.startswith(GONE):
        return found[0]
    quote = found["value"][-1] if value[-1] in "\"'" else ""
    opening = value[: value.index(quote) + 1] if quote else ""
    closing = "\\" * (len(opening) - 1) + quote
    return f"{found['name']}{found['sep']}{opening}{GONE}{closing}"
