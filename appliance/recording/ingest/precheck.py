"""What is looked at before libav may open an address with a password: certificate and scheme."""

from __future__ import annotations

import asyncio

from appliance.media.errors import MediaError
from appliance.media.rtsp.auth import choose, parse_challenges
from appliance.media.rtsp.message import Response, decode_head
from appliance.media.rtsp.url import RtspUrl
from appliance.recording.ingest import address, fault
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.state import IngestError
from appliance.recording.ingest.tls import CertificatePin, client_context

_MAX_HEAD = 32 << 10


async def check(
    url: RtspUrl,
    *,
    has_password: bool,
    allow_basic: bool,
    pin: CertificatePin,
    limits: Limits,
) -> None:
    """Raise `IngestError` if the server is another than before, or would get a readable password.

    libav checks neither.  Without TLS and without a password there is nothing to look at.
    """
    asks_http = url.scheme in ("http", "https")
    if not url.encrypted and not (asks_http and has_password and not allow_basic):
        return
    sock = await address.connect(url.host, url.port, limits.connect_s)
    try:
        async with asyncio.timeout(limits.connect_s):
            reader, writer = await asyncio.open_connection(
                sock=sock,
                limit=_MAX_HEAD,
                **({"ssl": client_context(), "server_hostname": ""} if url.encrypted else {}),  # type: ignore[arg-type]
            )
    except OSError as error:
        sock.close()
        raise IngestError(fault.tls_failed(error.strerror or type(error).__name__)) from error
    try:
        if url.encrypted:
            pin.check(writer.transport)
        elif asks_http:
            await _check_scheme(reader, writer, url, limits)
    finally:
        writer.transport.abort()


async def _check_scheme(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: RtspUrl, limits: Limits
) -> None:
    host = f"[{url.host}]" if ":" in url.host else url.host
    path = url.path or "/"
    writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{url.port}\r\n\r\n".encode())
    try:
        async with asyncio.timeout(limits.answer_s):
            head = await reader.readuntil(b"\r\n\r\n")
        response = decode_head(head[:-4])
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, MediaError):
        return  # libav will say what is wrong, without having sent a password it was asked for
    if not isinstance(response, Response) or response.status != 401:
        return
    offers = parse_challenges(response.headers.all("WWW-Authenticate"))
    if choose(offers, allow_basic=False) is None and choose(offers, allow_basic=True) is not None:
        raise IngestError(fault.basic_only())
