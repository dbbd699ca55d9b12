"""What is looked at before libav may open an address with a password: certificate and scheme."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import Any

from appliance.media.errors import MediaError
from appliance.media.rtsp.message import Headers, Request, Response, decode_head
from appliance.media.rtsp.url import RtspUrl
from appliance.recording.ingest import address, fault
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.credentials import Credentials
from appliance.recording.ingest.state import IngestError
from appliance.recording.ingest.tls import CertificatePin, client_context

_MAX_HEAD = 32 << 10
_TUNNELLED = "application/x-rtsp-tunnelled"


async def check(
    url: RtspUrl,
    username: str,
    password: str,
    *,
    tunnelled: bool,
    allow_basic: bool,
    pin: CertificatePin,
    limits: Limits,
) -> bool:
    """Return whether libav may have the password; it checks neither certificates nor schemes.

    It may where the server asks for a digest of it (N13.1), where Basic is allowed, and inside
    TLS, whose certificate is checked (T10.5).  It is not told where nobody asks.  Raises
    `IngestError` if the server is another one than before, wants a readable password, or does not
    answer.  `tunnelled`: RTSP goes over HTTP.
    """
    if url.encrypted:
        _reader, writer = await _connect(url, limits)
        try:
            pin.check(writer.transport)
        finally:
            writer.transport.abort()
        return True
    if allow_basic or not (username or password):
        return True
    look = _Look(url, Credentials(username, password, allow_basic=False), limits)
    try:
        if url.scheme in ("http", "https"):
            return await look.by_http()
        return await (look.by_tunnel() if tunnelled else look.by_rtsp())
    except MediaError as error:
        raise IngestError(fault.bad_answer("DESCRIBE", str(error))) from error
    finally:
        look.close()


async def _connect(
    url: RtspUrl, limits: Limits
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    sock = await address.connect(url.host, url.port, limits.connect_s)
    tls: dict[str, Any] = {"ssl": client_context(), "server_hostname": ""} if url.encrypted else {}
    try:
        async with asyncio.timeout(limits.connect_s):
            return await asyncio.open_connection(sock=sock, limit=_MAX_HEAD, **tls)
    except OSError as error:
        sock.close()
        raise IngestError(fault.tls_failed(error.strerror or type(error).__name__)) from error


class _Look:
    """Asks as libav will, without a password, and reads what the server wants for an answer."""

    def __init__(self, url: RtspUrl, credentials: Credentials, limits: Limits) -> None:
        self._url = url
        self._path = url.path or "/"
        self._credentials = credentials
        self._limits = limits
        self._writers: list[asyncio.StreamWriter] = []

    def close(self) -> None:
        """Leave the server."""
        for writer in self._writers:
            writer.transport.abort()

    async def by_http(self) -> bool:
        """An address of a web server; libav asks with GET."""
        reader, writer = await self._open()
        writer.write(self._http("GET"))
        return self._asks(await self._answer("GET", reader), self._credentials)

    async def by_rtsp(self) -> bool:
        """An address of RTSP; libav asks with DESCRIBE."""
        reader, writer = await self._open()
        writer.write(self._describe())
        return self._asks(await self._answer("DESCRIBE", reader), self._credentials)

    async def by_tunnel(self) -> bool:
        """RTSP over HTTP: the web server may want the password, and the RTSP server inside it."""
        cookie = secrets.token_hex(11)
        reader, writer = await self._open()
        writer.write(self._http("GET", ("x-sessioncookie", cookie), ("Accept", _TUNNELLED)))
        response = await self._answer("GET", reader)
        asked = self._asks(response, self._credentials)
        if asked:  # by a digest, else it has raised: what is behind it is to be seen too
            reader, writer = await self._open()
            writer.write(self._http("GET", ("x-sessioncookie", cookie), ("Accept", _TUNNELLED)))
            response = await self._answer("GET", reader)
            self._asks(response, self._credentials)  # raises: the password is wrong
        if response.status != 200:
            return asked
        self._credentials.accepted()
        back, post = await self._open()
        post.write(
            self._http(
                "POST",
                ("x-sessioncookie", cookie),
                ("Content-Type", _TUNNELLED),
                ("Content-Length", "32767"),
            )
            + base64.b64encode(self._describe())
        )
        # The answer to DESCRIBE comes on the first connection; on the second one only a refusal.
        response = await self._first("DESCRIBE", reader, back)
        inside = self._credentials if response.protocol == "HTTP" else self._credentials.anew()
        return self._asks(response, inside) or asked

    def _asks(self, response: Response, credentials: Credentials) -> bool:
        """Whether a digest of the password is asked for; raises if it is anything else."""
        if response.status != 401:
            return False
        credentials.challenged(response)
        return True

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await _connect(self._url, self._limits)
        self._writers.append(writer)
        return reader, writer

    def _http(self, method: str, *headers: tuple[str, str]) -> bytes:
        host = f"[{self._url.host}]" if ":" in self._url.host else self._url.host
        lines = [f"{method} {self._path} HTTP/1.0", f"Host: {host}:{self._url.port}"]
        lines += [f"{name}: {value}" for name, value in headers]
        authorization = self._credentials.authorization(method, self._path)
        if authorization is not None:
            lines.append(f"Authorization: {authorization}")
        return "\r\n".join([*lines, "", ""]).encode()

    def _describe(self) -> bytes:
        headers = Headers([("CSeq", "1"), ("Accept", "application/sdp")])
        return Request("DESCRIBE", str(self._url), headers).encode()

    async def _first(self, method: str, *readers: asyncio.StreamReader) -> Response:
        """Return the answer that comes first, on whichever connection."""
        tasks = [asyncio.create_task(self._answer(method, reader)) for reader in readers]
        try:
            done, _pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, method: str, reader: asyncio.StreamReader) -> Response:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise IngestError(fault.answer_timeout(method)) from None
        except (OSError, asyncio.IncompleteReadError):
            raise IngestError(fault.closed(method)) from None
        except asyncio.LimitOverrunError as error:
            raise IngestError(fault.bad_answer(method, str(error))) from None
        message = decode_head(head[:-4])
        if isinstance(message, Response):
            return message
        raise IngestError(fault.bad_answer(method, message.method))
