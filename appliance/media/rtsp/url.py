"""RTSP addresses: taken apart, written without secrets, and joined as cameras mean it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from appliance.media.errors import MalformedError

DEFAULT_PORTS = {"rtsp": 554, "rtspu": 554, "rtsps": 322, "http": 80, "https": 443}
"""RFC 2326 section 3.2 and RFC 7826 section 4.2; HTTP for MJPEG and for RTSP over HTTP."""

MAX_URL_CHARACTERS = 2048

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*)://(?:(?P<user>[^/?#]*)@)?"
    r"(?P<host>\[[^\]/?#@]*\]|[^/?#:@\[\]]*)(?::(?P<port>\d{0,5}))?(?P<path>[/?#].*)?$",
    re.DOTALL,
)
_HOST = re.compile(r"[^\s\x00-\x20\"<>\\^`{|}]+")
_ABSOLUTE = re.compile(r"rtspu?s?://", re.IGNORECASE)
_HOST_FIRST = re.compile(
    r"(?:\[[0-9A-Fa-f:.%]+\]|\d+\.\d+\.\d+\.\d+|[A-Za-z0-9.\-]+:\d+)(?:[:/?]|$)"
)


@dataclass(frozen=True, slots=True)
class RtspUrl:
    """An address without credentials.

    `host` has no brackets; `path` is what follows host and port, query included ("" or "/...").
    """

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = DEFAULT_PORTS.get(self.scheme) == self.port
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"

    @property
    def encrypted(self) -> bool:
        """Whether the connection runs inside TLS."""
        return self.scheme in ("rtsps", "https")

    def with_path(self, path: str) -> RtspUrl:
        """Return the same server with another path."""
        return replace(self, path=path)


def split(url: str) -> tuple[RtspUrl, str, str]:
    """Return the address, the user name and the password written in `url` ("" where absent).

    A password may hold "@", ":" and percent escapes.  Raises `MalformedError`.
    """
    text = url.strip()
    if len(text) > MAX_URL_CHARACTERS or any(ord(c) < 0x20 or c == "\x7f" for c in text):
        raise MalformedError("the address is too long or holds control characters")
    found = _URL.match(text)
    if found is None:
        raise MalformedError("an address looks like rtsp://192.168.1.64:554/path")
    scheme, host = found["scheme"].lower(), found["host"].strip("[]").replace("%25", "%")
    if scheme not in DEFAULT_PORTS:
        raise MalformedError(f"{scheme}:// is not an address of a camera; rtsp:// or http:// is")
    if not host or not _HOST.fullmatch(host):
        raise MalformedError("the address names no host")
    port = int(found["port"]) if found["port"] else DEFAULT_PORTS[scheme]
    if not 0 < port < 0x10000:
        raise MalformedError(f"port {port} does not exist; ports go from 1 to 65535")
    user, _, password = (found["user"] or "").partition(":")
    path = (found["path"] or "").partition("#")[0].replace(" ", "%20")
    if path.startswith("?"):
        path = "/" + path
    return RtspUrl(scheme, host, port, path), unquote(user), unquote(password)


def without_secrets(url: str) -> str:
    """Return `url` as it may be logged: user name and password taken out, also of the query."""
    text = re.sub(r"(://)[^/?#]*@", r"\1", url)
    return re.sub(
        r"(?i)((?:pass|passw|passwd|password|pwd|pw|psw|token|secret|auth|user|username)=)[^&\s]*",
        r"\1...",
        text,
    )


def with_credentials(url: RtspUrl, username: str, password: str) -> str:
    """Return `url` with user name and password inside: for libraries that want it so."""
    if not username and not password:
        return str(url)
    head, _, rest = str(url).partition("://")
    return f"{head}://{quote(username, safe='')}:{quote(password, safe='')}@{rest}"


def base_url(request: RtspUrl, content_base: str | None, content_location: str | None) -> str:
    """Return what relative control addresses are joined to (RFC 2326 appendix C.1.1).

    Content-Base, else Content-Location, else the address asked for; a base without a scheme, or
    of a path only, is completed; one that makes no sense is passed over.
    """
    for value in (content_base, content_location):
        text = (value or "").strip().strip('"<>').strip()
        if not text or re.search(r"[\s\x00-\x1f]", text):
            continue
        if _ABSOLUTE.match(text):
            return text
        if text.startswith("//"):
            return f"{request.scheme}:{text}"
        if text.startswith("/"):
            return str(request.with_path(text))
        if _HOST_FIRST.match(text):
            return f"{request.scheme}://{text}"
    return str(request)


def resolve(base: str, control: str | None) -> str:
    """Return the address of a track (or of the whole stream) for SETUP and PLAY.

    Absolute addresses stand; "*", "" and None are the base itself; anything else is put behind
    the base and a slash, also where the base has a query, as cameras expect.
    """
    text = (control or "").strip().strip('"').strip()
    if not text or text == "*":
        return base
    if re.search(r"[\s\x00-\x1f]", text):
        text = re.sub(r"[\s\x00-\x1f]+", "%20", text)
    if _ABSOLUTE.match(text):
        return text
    if text.startswith("//"):
        return f"{base.partition(':')[0]}:{text}"
    if text.startswith("/"):
        found = _URL.match(base)
        if found is not None:
            return base[: len(base) - len(found["path"] or "")] + text
    return base + text if base.endswith("/") else f"{base}/{text}"
