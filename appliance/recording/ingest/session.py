"""The RTSP dialogue: OPTIONS, DESCRIBE, SETUP, PLAY, signs of life, TEARDOWN."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable

from appliance.media.errors import MediaError
from appliance.media.rtsp import sdp, transport
from appliance.media.rtsp.message import Headers, Request, Response
from appliance.media.rtsp.url import RtspUrl, base_url, resolve, split
from appliance.recording.ingest import connection, fault
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.connection import RtspConnection
from appliance.recording.ingest.credentials import Credentials
from appliance.recording.ingest.state import IngestError
from appliance.recording.ingest.tls import CertificatePin

log = logging.getLogger(__name__)

AGENT = "NVR"
DEFAULT_TIMEOUT_S = 60
MAX_KEEP_ALIVE_S = 60.0
REDIRECTS = frozenset({301, 302, 303, 305, 307, 308})


class RtspSession:
    """One session with one camera; every step is bounded and raises `IngestError`."""

    def __init__(
        self,
        url: RtspUrl,
        username: str,
        password: str,
        *,
        allow_basic: bool,
        encrypted: bool,
        pin: CertificatePin,
        limits: Limits,
    ) -> None:
        self.url = url
        self.server = ""
        self.keep_alive_s = DEFAULT_TIMEOUT_S / 2
        self._username, self._password = username, password
        self._allow_basic = allow_basic
        self._encrypted = encrypted
        self._pin = pin
        self._limits = limits
        self._methods: frozenset[str] = frozenset()
        self._id: str | None = None
        self._base = str(url)
        self._aggregate = str(url)
        self._connection: RtspConnection | None = None
        self._credentials = self._new_credentials()
        self._alive: asyncio.Future[Response] | None = None
        self._alive_by_get = True

    def _new_credentials(self) -> Credentials:
        allowed = self._allow_basic or self._encrypted
        return Credentials(self._username, self._password, allow_basic=allowed)

    @property
    def connection(self) -> RtspConnection:
        """The connection; only after `describe`."""
        assert self._connection is not None
        return self._connection

    @property
    def encrypted(self) -> bool:
        """Whether this session runs inside TLS."""
        return self._encrypted

    async def describe(self) -> sdp.SessionDescription:
        """Connect and ask what there is, following redirections."""
        for _hop in range(self._limits.redirects + 1):
            self._connection = await connection.connect(
                self.url, encrypted=self._encrypted, pin=self._pin, limits=self._limits
            )
            await self._options()
            response = await self._ask("DESCRIBE", str(self.url), ("Accept", "application/sdp"))
            if response.status not in REDIRECTS:
                return self._described(response)
            target = response.headers.get("Location") or ""
            await self._connection.close(self._limits.teardown_s)
            self._follow(target)
        raise IngestError(fault.too_many_redirects())

    async def _options(self) -> None:
        response = await self._ask("OPTIONS", str(self.url))
        public = ",".join(response.headers.all("Public"))
        self._methods = frozenset(re.findall(r"[A-Z_]+", public.upper()))
        self.server = (response.headers.get("Server") or "")[:80]

    def _follow(self, location: str) -> None:
        """Go to another address; never out of TLS, and with the password only on this host."""
        try:
            target, _user, _password = split(resolve(str(self.url), location))
        except MediaError:
            raise IngestError(fault.redirected_away(location)) from None
        secure = target.scheme == "rtsps"
        if target.scheme not in ("rtsp", "rtsps") or (self._encrypted and not secure):
            raise IngestError(fault.redirected_away(location))
        if target.host != self.url.host:
            if self._username or self._password:
                raise IngestError(fault.redirected_away(location))
            self._pin = CertificatePin("", None)
        log.info("the camera at %s sends us to %s", self.url.host, target)
        self.url, self._encrypted = target, secure
        self._credentials = self._new_credentials()

    def _described(self, response: Response) -> sdp.SessionDescription:
        if response.status != 200:
            raise IngestError(fault.status("DESCRIBE", response.status, response.reason))
        headers = response.headers
        self._base = base_url(
            self.url, headers.get("Content-Base"), headers.get("Content-Location")
        )
        try:
            session = sdp.parse(response.body)
        except MediaError as error:
            raise IngestError(fault.bad_answer("DESCRIBE", str(error))) from error
        self._aggregate = resolve(self._base, session.control)
        return session

    async def setup(
        self, media: sdp.MediaDescription, offer: transport.Transport
    ) -> transport.Transport:
        """Set a track up; returns what the camera chose, `offer` where it did not say."""
        uri = resolve(self._base, media.control)
        response = await self._ask("SETUP", uri, ("Transport", str(offer)))
        if response.status != 200:
            raise IngestError(fault.status("SETUP", response.status, response.reason))
        if (given := response.session) is not None:
            self._id = given[0]
            if given[1]:
                self.keep_alive_s = min(
                    max(given[1] / 2, self._limits.keep_alive_least_s), MAX_KEEP_ALIVE_S
                )
        try:
            return transport.parse(response.headers.get("Transport") or "")[0]
        except MediaError:
            return offer

    async def play(self) -> None:
        """Start all tracks that were set up."""
        response = await self._ask("PLAY", self._aggregate, ("Range", "npt=0.000-"))
        if response.status != 200:
            raise IngestError(fault.status("PLAY", response.status, response.reason))

    def keep_alive(self) -> None:
        """Send a sign of life; its answer is looked at by the next one.

        GET_PARAMETER if the camera offers it and has not refused it, else OPTIONS.  An answer that
        does not come is no fault as long as packets do.  Raises `IngestError` where the camera has
        lost the session or wants another password.
        """
        last, self._alive = self._alive, None
        if last is not None and last.done() and not last.cancelled():
            self._judge_sign_of_life(last.result())
        use_get = self._alive_by_get and "GET_PARAMETER" in self._methods
        request = self._request("GET_PARAMETER" if use_get else "OPTIONS", self._aggregate)
        self._alive = self.connection.send(request)

    def _judge_sign_of_life(self, response: Response) -> None:
        if response.status == 401:
            self._credentials.challenged(response)
        elif response.status == 454:
            raise IngestError(fault.status("GET_PARAMETER", 454, response.reason))
        elif response.status != 200:
            self._alive_by_get = False
        else:
            self._credentials.accepted()

    async def close(self) -> None:
        """Say goodbye, so that the camera frees the session at once, and close; never raises."""
        link = self._connection
        if link is None:
            return
        if self._id is not None and not link.closed.done():
            with contextlib.suppress(IngestError, MediaError):
                request = self._request("TEARDOWN", self._aggregate)
                await link.request(request, self._limits.teardown_s)
        await link.close(self._limits.teardown_s)

    def _request(self, method: str, uri: str, *extra: tuple[str, str]) -> Request:
        headers = Headers([("User-Agent", AGENT)])
        authorization = self._credentials.authorization(method, uri)
        if authorization is not None:
            headers.add("Authorization", authorization)
        if self._id is not None:
            headers.add("Session", self._id)
        for name, value in extra:
            headers.add(name, value)
        return Request(method, uri, headers)

    async def _ask(self, method: str, uri: str, *extra: tuple[str, str]) -> Response:
        """Send a request, repeat it with the password if the camera asks for one."""
        while True:
            try:
                request = self._request(method, uri, *extra)
                response = await self.connection.request(request, self._limits.answer_s)
            except MediaError as error:
                raise IngestError(fault.bad_answer(method, str(error))) from error
            if response.status != 401:
                self._credentials.accepted()
                return response
            self._credentials.challenged(response)


OnFingerprint = Callable[[str], None]
