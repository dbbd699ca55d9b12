"""Reads what other devices send as syslog: RFC 5424, RFC 3164, and what only resembles them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.redaction import redacted

MOST_BYTES = 8192
"""Longest line taken (RFC 5424 section 6.1 asks for 2048); the rest of it is cut off."""

_PRIORITY = re.compile(r"<(\d{1,3})>")
_NEW = re.compile(
    r"1 (?P<at>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<process>\S{1,128}) "
    r"(?P<id>\S{1,32}) (?P<rest>.*)",
    re.S,
)
_OLD = re.compile(
    r"(?P<at>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d) "
    r"(?:(?P<host>[^\s:\[\]]{1,255}) )?(?:(?P<app>[^\s:\[\]]{1,48})(?:\[[^\]]{0,64}\])?: )?"
    r"(?P<rest>.*)",
    re.S,
)
_ELEMENT = re.compile(r"\[[^\s=\]\"]{1,32}(?: [^\s=\]\"]{1,32}=\"(?:[^\"\\]|\\.)*\")*\]")
_LEVELS = ("critical", "critical", "critical", "error", "warning", "info", "info", "debug")
_NOTICE = 13


@dataclass(frozen=True, slots=True)
class Received:
    """A line: `level` as our own logs have it; `sent` is the sender's stamp as it wrote it."""

    level: str
    facility: int
    text: str
    host: str = ""
    app: str = ""
    sent: str = ""


def parse(raw: bytes) -> Received | None:
    """Return what a line says, None for an empty one.  Nothing makes it fail.

    Without a priority it counts as user.notice (RFC 3164 section 4.3.3).  Control characters
    become spaces, and what looks like a password is taken out.
    """
    text = raw[:MOST_BYTES].decode("utf-8", "replace").replace("\ufeff", "")
    found = _PRIORITY.match(text)
    known = found is not None and int(found[1]) <= 191
    priority = int(found[1]) if found and known else _NOTICE
    rest = text[found.end() :] if found and known else text
    level, facility = _LEVELS[priority & 7], priority >> 3
    new = _NEW.fullmatch(rest)
    if new is not None:
        body = _without_data(new["rest"])
        return _made(level, facility, body, new["host"], new["app"], new["at"])
    old = _OLD.fullmatch(rest)
    if old is not None:
        return _made(level, facility, old["rest"], old["host"] or "", old["app"] or "", old["at"])
    return _made(level, facility, rest, "", "", "")


def _without_data(rest: str) -> str:
    """Take structured data off the front of a message."""
    if rest.startswith("-"):
        return rest[1:]
    at = 0
    while (element := _ELEMENT.match(rest, at)) is not None:
        at = element.end()
    return rest[at:]


def _made(level: str, facility: int, text: str, host: str, app: str, sent: str) -> Received | None:
    words = _plain(redacted(text)).strip()
    if not words:
        return None
    return Received(level, facility, words, *(_nothing(part) for part in (host, app, sent)))


def _nothing(part: str) -> str:
    return "" if part == "-" else _plain(part)


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


class StreamLines:
    """Cuts a TCP stream into lines: by length where a line begins so, else at its end (RFC 6587).

    Raises ValueError where a length cannot be; what is longer than 8 KiB without an end is cut.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._skipping = False

    def take(self, data: bytes) -> list[bytes]:
        """Return the lines that are whole now."""
        self._rest += data
        found: list[bytes] = []
        while self._rest:
            one = self._counted() if 0x30 <= self._rest[0] <= 0x39 else self._ended()
            if one is None:
                break
            if one:
                found.append(one)
        return found

    def _counted(self) -> bytes | None:
        space = self._rest.find(b" ", 0, 7)
        if space < 0:
            if len(self._rest) >= 7:
                return self._ended()
            return None
        digits = bytes(self._rest[:space])
        if not digits.isdigit():
            return self._ended()
        length = int(digits)
        if not 0 < length <= MOST_BYTES:
            raise ValueError(f"a line of {length} bytes")
        if len(self._rest) < space + 1 + length:
            return None
        one = bytes(self._rest[space + 1 : space + 1 + length])
        del self._rest[: space + 1 + length]
        return one

    def _ended(self) -> bytes | None:
        ends = [at for at in (self._rest.find(b"\n"), self._rest.find(b"\0")) if at >= 0]
        if not ends:
            if len(self._rest) < MOST_BYTES:
                return None
            one, skipped = bytes(self._rest[:MOST_BYTES]), self._skipping
            self._rest.clear()
            self._skipping = True
            return b"" if skipped else one
        one = bytes(self._rest[: min(ends)]).rstrip(b"\r")
        del self._rest[: min(ends) + 1]
        if self._skipping:
            self._skipping = False
            return b""
        return one
