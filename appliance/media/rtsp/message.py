"""RTSP requests and responses as bytes (RFC 2326 sections 4 to 7), tolerant in reading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from appliance.media.errors import LimitError, MalformedError

MAX_HEAD_BYTES = 64 << 10
"""Longest start line and headers of one message."""

MAX_BODY_BYTES = 96 << 10
"""Longest body; an SDP of a camera has 1-4 KB."""

MAX_HEADERS = 200

_STATUS_LINE = re.compile(r"(RTSP|HTTP)/(\d+(?:\.\d+)?)[ \t]+(\d{3})(?:[ \t]+(.*))?$", re.DOTALL)
_REQUEST_LINE = re.compile(r"([A-Z_]{3,20})[ \t]+(\S+)[ \t]+RTSP/\d+\.\d+[ \t]*$")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00\r\n]")


class Headers:
    """The headers of a message in order of appearance; names are compared without case."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = list(items)

    def add(self, name: str, value: str) -> None:
        """Append a header; one of that name that is there already stays."""
        self._items.append((name, value))

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, or None."""
        wanted = name.lower()
        return next((v for n, v in self._items if n.lower() == wanted), None)

    def all(self, name: str) -> list[str]:
        """Return every value of `name`, in order."""
        wanted = name.lower()
        return [v for n, v in self._items if n.lower() == wanted]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({[name for name, _ in self._items]!r})"


def _encode(start: str, headers: Headers, body: bytes) -> bytes:
    lines = [start]
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            raise MalformedError(f"{name!r} cannot be the name of a header")
        lines.append(f"{name}: {value}")
    if body and headers.get("Content-Length") is None:
        lines.append(f"Content-Length: {len(body)}")
    for line in lines:
        if _FORBIDDEN.search(line):
            raise MalformedError("a line break or NUL cannot be part of a header")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "replace") + body


@dataclass(slots=True)
class Request:
    """A request of a client, or one that a server sends to its client (RFC 2326 section 10)."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def cseq(self) -> int | None:
        """Number that its response repeats; None where missing or no number."""
        return _cseq(self.headers)

    def encode(self) -> bytes:
        """Return the bytes to send; `MalformedError` if a value holds a line break."""
        if not re.fullmatch(r"[A-Z_]{3,20}", self.method) or not re.fullmatch(r"\S+", self.uri):
            raise MalformedError("method and address of a request cannot hold spaces")
        return _encode(f"{self.method} {self.uri} RTSP/1.0", self.headers, self.body)


@dataclass(slots=True)
class Response:
    """An answer; `protocol` is "RTSP", or "HTTP" where a web server has the port."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    protocol: str = "RTSP"

    @property
    def cseq(self) -> int | None:
        """Number of the request it answers; None where missing or no number."""
        return _cseq(self.headers)

    @property
    def session(self) -> tuple[str, int | None] | None:
        """Session id and timeout in seconds where given (RFC 2326 section 12.37)."""
        value = self.headers.get("Session")
        if value is None:
            return None
        name, _, rest = value.partition(";")
        name = name.strip()
        if not name:
            return None
        found = re.search(r"timeout\s*=\s*\"?(\d{1,9})", rest, re.IGNORECASE)
        return name, int(found[1]) if found else None

    def encode(self) -> bytes:
        """Return the bytes to send; `MalformedError` if a value holds a line break."""
        start = f"{self.protocol}/1.0 {self.status} {self.reason}".rstrip()
        return _encode(start, self.headers, self.body)


Message = Request | Response


def _cseq(headers: Headers) -> int | None:
    found = re.match(r"\s*(\d{1,9})", headers.get("CSeq") or "")
    return int(found[1]) if found else None


def decode_head(data: bytes) -> Message:
    """Read a start line and its headers, without the empty line and the body.

    Tolerated as cameras send them: bare LF, blanks around names and values, continuation lines,
    lines without a colon, a missing reason.  Raises `MalformedError` where the start line is
    neither a request nor a status line, `LimitError` beyond `MAX_HEAD_BYTES`, `MAX_HEADERS`.
    """
    if len(data) > MAX_HEAD_BYTES:
        raise LimitError(f"headers of {len(data)} bytes; at most {MAX_HEAD_BYTES} are read")
    lines = data.decode("utf-8", "replace").lstrip("\r\n").replace("\r\n", "\n").split("\n")
    start = lines[0].strip()
    headers = _decode_headers(lines[1:])
    if status := _STATUS_LINE.match(start):
        return Response(int(status[3]), (status[4] or "").strip(), headers, protocol=status[1])
    if request := _REQUEST_LINE.match(start):
        return Request(request[1], request[2], headers)
    raise MalformedError(f"{start[:60]!r} is neither an RTSP request nor a response")


def _decode_headers(lines: list[str]) -> Headers:
    items: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and items:
            name, value = items[-1]
            items[-1] = (name, f"{value} {line.strip()}".strip())
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            continue
        if len(items) >= MAX_HEADERS:
            raise LimitError(f"more than {MAX_HEADERS} headers in one message")
        items.append((name.strip(), value.strip()))
    return Headers(items)


def body_length(headers: Headers) -> int:
    """Return the bytes that follow the headers; `LimitError` beyond `MAX_BODY_BYTES`.

    A Content-Length that is no number counts as 0.
    """
    found = re.match(r"\s*(\d{1,12})", headers.get("Content-Length") or "")
    length = int(found[1]) if found else 0
    if length > MAX_BODY_BYTES:
        raise LimitError(f"a body of {length} bytes; at most {MAX_BODY_BYTES} are read")
    return length
