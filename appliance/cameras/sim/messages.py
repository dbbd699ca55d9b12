"""RTSP requests and answers as the simulated camera reads and writes them (RFC 2326)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
    405: "Method Not Allowed", 454: "Session Not Found", 455: "Method Not Valid In This State",
    461: "Unsupported Transport", 501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip
_LARGEST_HEAD = 65_536


class MessageError(Exception):
    """What came is not RTSP."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def sequence(self) -> str:
        """CSeq as sent, "0" if missing."""
        return self.headers.get("cseq", "0")


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A binary frame on the RTSP connection (RFC 2326 section 10.12)."""

    channel: int
    data: bytes


class RequestReader:
    """Turns a byte stream into requests, answers to our own requests (dropped) and frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Request | Interleaved]:
        """Yield what is complete; raises MessageError if it is not RTSP."""
        buffer = self._buffer
        buffer += data
        while buffer:
            if buffer[0] == 0x24:
                if len(buffer) < 4:
                    return
                size = int.from_bytes(buffer[2:4], "big") + 4
                if len(buffer) < size:
                    return
                frame = Interleaved(buffer[1], bytes(buffer[4:size]))
                del buffer[:size]
                yield frame
                continue
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(buffer) > _LARGEST_HEAD:
                    raise MessageError("no end of headers")
                return
            lines = buffer[:end].decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            length = headers.get("content-length", "0")
            if not length.isdecimal() or int(length) > _LARGEST_HEAD:
                raise MessageError("Content-Length is no number, or too large")
            total = end + 4 + int(length)
            if len(buffer) < total:
                return
            body = bytes(buffer[end + 4 : total])
            del buffer[:total]
            words = lines[0].split(" ")
            if words[0].startswith("RTSP/"):
                continue
            if len(words) != 3:
                raise MessageError("not a request line")
            yield Request(words[0], words[1], headers, body)


def answer(
    request: Request,
    status: int,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    line_tail: str = "",
) -> bytes:
    """Write an answer; `line_tail` is put behind every header (a quirk)."""
    lines = [f"RTSP/1.0 {status} {REASONS[status]}", f"CSeq: {request.sequence}{line_tail}"]
    lines.append(f"Server: Simulated camera{line_tail}")
    lines += [f"{name}: {value}{line_tail}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}{line_tail}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def parameters(text: str) -> dict[str, str]:
    """Read "a=1;b;c=2" (Transport) into names in lower case and values."""
    out = {}
    for item in text.split(";"):
        name, _, value = item.partition("=")
        out[name.strip().lower()] = value.strip()
    return out
