"""The Transport header of SETUP (RFC 2326 section 12.39)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.media.errors import MalformedError

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Transport:
    """How a track travels; what a header did not say is None."""

    profile: str = "RTP/AVP"
    lower: str = "UDP"
    multicast: bool = False
    interleaved: Pair | None = None
    client_port: Pair | None = None
    server_port: Pair | None = None
    port: Pair | None = None
    destination: str | None = None
    source: str | None = None
    ttl: int | None = None
    ssrc: int | None = None
    mode: str | None = None

    def __str__(self) -> str:
        words = [f"{self.profile}/TCP" if self.lower == "TCP" else self.profile]
        words.append("multicast" if self.multicast else "unicast")
        pairs = ("interleaved", "client_port", "server_port", "port")
        for name in pairs:
            pair: Pair | None = getattr(self, name)
            if pair is not None:
                words.append(f"{name}={pair[0]}-{pair[1]}")
        for name in ("destination", "source", "ttl", "mode"):
            value: str | int | None = getattr(self, name)
            if value is not None:
                words.append(f"{name}={value}")
        if self.ssrc is not None:
            words.append(f"ssrc={self.ssrc:08X}")
        return ";".join(words)


def parse(value: str) -> list[Transport]:
    """Read a header: one offer for each comma.

    Blanks around everything, parameters in any order, missing "unicast", numbers that are none
    and SSRCs padded with blanks are accepted.  Raises `MalformedError` if nothing names a profile.
    """
    found = [_one(part) for part in value.split(",") if part.strip()]
    transports = [t for t in found if t is not None]
    if not transports:
        raise MalformedError(f"{value[:80]!r} names no transport")
    return transports


def _one(text: str) -> Transport | None:
    words = [word.strip() for word in text.split(";")]
    spec = words[0].upper().replace(" ", "").split("/")
    if len(spec) < 2 or not spec[0]:
        return None
    given: dict[str, str] = {}
    flags: set[str] = set()
    for word in words[1:]:
        name, equals, content = word.partition("=")
        if equals:
            given.setdefault(name.strip().lower(), content.strip().strip('"'))
        else:
            flags.add(name.strip().lower())
    return Transport(
        profile="/".join(spec[:2]),
        lower=spec[2] if len(spec) > 2 else "UDP",
        multicast="multicast" in flags,
        interleaved=_pair(given.get("interleaved"), 0xFF),
        client_port=_pair(given.get("client_port"), 0xFFFF),
        server_port=_pair(given.get("server_port"), 0xFFFF),
        port=_pair(given.get("port"), 0xFFFF),
        destination=given.get("destination") or None,
        source=given.get("source") or None,
        ttl=_number(given.get("ttl"), 10, 255),
        ssrc=_number(given.get("ssrc"), 16, 0xFFFF_FFFF),
        mode=given.get("mode") or None,
    )


def _pair(text: str | None, highest: int) -> Pair | None:
    found = re.match(r"\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?", text or "")
    if found is None:
        return None
    first = int(found[1])
    second = int(found[2]) if found[2] else min(first + 1, highest)
    return (first, second) if first <= highest and second <= highest else None


def _number(text: str | None, base: int, highest: int) -> int | None:
    digits = (text or "").strip()
    if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", digits):
        return None
    try:
        number = int(digits, base)
    except ValueError:
        return None
    return number if number <= highest else None
