"""One RTSP connection on asyncio: requests with bounded waits, packets straight from the buffer."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

from appliance.media.errors import MediaError
from appliance.media.rtsp.framing import StreamParser
from appliance.media.rtsp.message import Headers, Message, Request, Response
from appliance.media.rtsp.url import RtspUrl
from appliance.recording.ingest import address, fault
from appliance.recording.ingest.batches import BatchReader
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.state import Fault, IngestError
from appliance.recording.ingest.tls import CertificatePin, client_context

log = logging.getLogger(__name__)

MAX_WAITING = 16
"""Requests without an answer that are remembered; a camera that answers none keeps playing."""

MAX_UNSENT_BYTES = 64 << 10
"""A camera that reads nothing of what it is asked is not asked further."""


class RtspConnection(asyncio.BufferedProtocol):
    """Reads into the parser's one buffer; `bytes` tells how much came.

    `closed` is done when the connection is gone; its result is the error that ended it, or None.
    """

    def __init__(self, port: int, sock: socket.socket | None = None) -> None:
        """`sock` is what the transport reads from, where that can be read by others too."""
        self.bytes = 0
        self.redirected = False
        self.closed: asyncio.Future[BaseException | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.parser = StreamParser(self._on_message)
        self._port = port
        self._sock = sock
        self._batches: BatchReader | None = None
        self._cseq = itertools.count(1)
        self._waiting: deque[tuple[int, asyncio.Future[Response]]] = deque(maxlen=MAX_WAITING)
        self._transport: asyncio.Transport | None = None
        self._error: BaseException | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; requests are small and go out at once."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the socket may write."""
        return self.parser.buffer()

    def buffer_updated(self, nbytes: int) -> None:
        """Take apart what came; the packets in it are handled before this returns."""
        self.bytes += nbytes
        try:
            self.parser.received(nbytes)
        except MediaError as error:
            self._end(error)

    def eof_received(self) -> bool:
        """Close when the camera closes."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everybody who waits know."""
        self.read_at_once()
        if not self.closed.done():
            self.closed.set_result(self._error or exc)
        while self._waiting:
            _, answer = self._waiting.popleft()
            if not answer.done():
                answer.cancel()

    # ours

    @property
    def local_address(self) -> str:
        """Our address on this connection, for joining multicast groups on the same interface."""
        return self._address("sockname")

    @property
    def peer_address(self) -> str:
        """The camera's address as connected."""
        return self._address("peername")

    def _address(self, which: str) -> str:
        info = self._transport.get_extra_info(which) if self._transport else None
        return str(info[0]) if info else ""

    def _end(self, error: BaseException) -> None:
        self._error = self._error or error
        if self._transport is not None:
            self._transport.abort()

    def read_in_batches(self, watched: Callable[[], bool]) -> None:
        """Read five times a second only, until `watched` says yes; inside TLS nothing changes."""
        transport, sock = self._transport, self._sock
        if sock is None or transport is None or transport.is_closing():
            return
        if self._batches is None or not self._batches.active:
            self._batches = BatchReader(
                transport, sock, self, ended=self._batch_ended, watched=watched
            )

    def read_at_once(self) -> None:
        """Read whenever something comes."""
        if self._batches is not None:
            self._batches.stop()

    def _batch_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self._end(error)
        elif self._transport is not None:
            self._transport.close()

    def send(self, request: Request) -> asyncio.Future[Response]:
        """Send a request and return its answer to come; raises `IngestError` if that is hopeless.

        The number (CSeq) is put in here.
        """
        number = next(self._cseq)
        request.headers = Headers([("CSeq", str(number)), *request.headers])
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        transport = self._transport
        if transport is None or transport.is_closing():
            raise IngestError(self.fault_at_end(request.method))
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            raise IngestError(fault.answer_timeout(request.method))
        self._waiting.append((number, answer))
        transport.write(request.encode())
        return answer

    async def request(self, request: Request, timeout_s: float) -> Response:
        """Send a request and wait for its answer; raises `IngestError` for none in time."""
        self.read_at_once()
        answer = self.send(request)
        done, _pending = await asyncio.wait(
            (answer, self.closed), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        if answer in done and not answer.cancelled():
            response = answer.result()
            if response.protocol != "RTSP":
                raise IngestError(fault.web_server(self._port))
            return response
        if self.closed.done():
            raise IngestError(self.fault_at_end(request.method))
        answer.cancel()
        if not self.parser.understood and (self.parser.skipped or self.parser.strange_start()):
            raise IngestError(fault.not_rtsp(self._port, self.parser.strange_start()))
        raise IngestError(fault.answer_timeout(request.method))

    def fault_at_end(self, method: str | None = None) -> Fault:
        """Say in words why the connection ended."""
        ended = self.closed.result() if self.closed.done() else self._error
        if isinstance(ended, IngestError):
            return ended.fault
        if not self.parser.understood and (self.parser.skipped or self.parser.strange_start()):
            return fault.not_rtsp(self._port, self.parser.strange_start())
        if isinstance(ended, MediaError):
            return fault.bad_answer(method or "PLAY", str(ended))
        if ended is not None and not isinstance(ended, OSError):
            log.error("a stream ended by a mistake of ours", exc_info=ended)
            return fault.internal()
        return fault.closed(method)

    def _on_message(self, message: Message) -> None:
        if isinstance(message, Request):
            self._serve(message)
            return
        number = message.cseq
        waiting = self._waiting
        # A camera that numbers its answers wrongly answers the oldest question.
        index = next((i for i, (n, _) in enumerate(waiting) if n == number), 0)
        if not waiting:
            return
        _, answer = waiting[index]
        del waiting[index]
        if not answer.done():
            answer.set_result(message)

    def _serve(self, request: Request) -> None:
        """Answer what a camera may ask: signs of life yes, anything else not."""
        if request.method == "REDIRECT":
            self.redirected = True
        alive = request.method in ("OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT")
        status, reason = (200, "OK") if alive else (501, "Not Implemented")
        headers = Headers([("CSeq", request.headers.get("CSeq") or "0")])
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(Response(status, reason, headers).encode())

    async def close(self, timeout_s: float) -> None:
        """Close and wait, at most `timeout_s`, until the socket is gone."""
        if self._transport is None:
            return
        self._transport.close()
        await asyncio.wait((self.closed,), timeout=timeout_s)
        if not self.closed.done():
            self._transport.abort()


async def connect(
    url: RtspUrl, *, encrypted: bool, pin: CertificatePin, limits: Limits
) -> RtspConnection:
    """Connect, inside TLS if `encrypted`, and check the certificate.

    Raises `IngestError`; nothing has been sent before the certificate was found right.
    """
    loop = asyncio.get_running_loop()
    sock = await address.connect(url.host, url.port, limits.connect_s)
    if not encrypted:
        _, connection = await loop.create_connection(
            lambda: RtspConnection(url.port, sock), sock=sock
        )
        return connection
    try:
        async with asyncio.timeout(limits.connect_s):
            transport, connection = await loop.create_connection(
                lambda: RtspConnection(url.port),
                sock=sock,
                ssl=client_context(),
                server_hostname="",
            )
    except TimeoutError:
        sock.close()
        raise IngestError(fault.tls_failed(_("no answer"))) from None
    except OSError as error:
        sock.close()
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise IngestError(fault.tls_failed(str(why))) from error
    try:
        pin.check(transport)
    except IngestError:
        transport.abort()
        raise
    return connection
