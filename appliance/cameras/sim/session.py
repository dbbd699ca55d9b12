"""One RTSP connection to a simulated camera (RFC 2326)."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from typing import TYPE_CHECKING, cast

from appliance.cameras.sim.messages import (
    Interleaved,
    MessageError,
    Request,
    RequestReader,
    answer,
    parameters,
)
from appliance.cameras.sim.outlets import InterleavedOutlet, Outlet, UdpOutlet, udp_pair
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.rtcp import sender_report
from appliance.cameras.sim.sdp import describe
from appliance.cameras.sim.templates import Payload, Template

if TYPE_CHECKING:
    from appliance.cameras.sim.camera import Camera
    from appliance.cameras.sim.stream import Stream

_GRACE_S = 1.0
_METHODS = ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER",
            "SET_PARAMETER"]  # fmt: skip


class Session(asyncio.Protocol):
    """Reads requests, answers them and hands the client's outlets to the stream."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.outlets: dict[int, Outlet] = {}
        self.fresh: set[int] = set()
        self._reader = RequestReader()
        self._stream: Stream | None = None
        self._playing = False
        self._id = secrets.token_hex(4).upper()
        self._watch: asyncio.TimerHandle | None = None
        self._held: bytes | None = None
        self._units = 0
        self._transport: asyncio.Transport

    # -- connection -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the client."""
        self._transport = cast("asyncio.Transport", transport)
        self.camera.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._end()
        self.camera.disconnected(self)

    def abort(self) -> None:
        """Cut the connection (reset), as a camera that loses power."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read requests; what is no RTSP ends the connection."""
        if self.camera.silent():
            return
        if Quirk.GARBAGE in self.camera.quirks:
            self._transport.write(random.Random(len(data)).randbytes(512))  # noqa: S311
            return
        if Quirk.WEB_SERVER in self.camera.quirks:
            self._web_page(data)
            return
        try:
            for item in self._reader.feed(data):
                if isinstance(item, Interleaved):
                    self.camera.reports_received += 1
                else:
                    self._handle(item)
        except MessageError:
            self._transport.close()

    def _web_page(self, data: bytes) -> None:
        body = b"<!DOCTYPE html><title>Camera</title><p>Please log in.</p>"
        status = b"200 OK" if data[:4] in (b"GET ", b"HEAD", b"POST") else b"400 Bad Request"
        self._transport.write(
            b"HTTP/1.1 " + status + b"\r\nServer: Boa/0.94\r\nContent-Type: text/html\r\n"
            b"Connection: close\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        )
        self._transport.close()

    # -- requests ---------------------------------------------------------------------------------

    def _handle(self, request: Request) -> None:
        self.camera.note_request(request)
        self._touch()
        if request.method == "OPTIONS":
            methods = [
                name for name in _METHODS
                if name != "GET_PARAMETER" or Quirk.NO_GET_PARAMETER not in self.camera.quirks
            ]  # fmt: skip
            self._reply(request, 200, [("Public", ", ".join(methods)), *self._session_header()])
            return
        gate = self.camera.gate
        if not gate.admits(request.method, request.headers.get("authorization")):
            self._reply(request, 401, [("WWW-Authenticate", c) for c in gate.challenges()])
            return
        handler = {
            "DESCRIBE": self._describe,
            "SETUP": self._setup,
            "PLAY": self._play,
            "PAUSE": self._pause,
            "TEARDOWN": self._teardown,
            "GET_PARAMETER": self._get_parameter,
            "SET_PARAMETER": self._get_parameter,
        }.get(request.method)
        if handler is None:
            self._reply(request, 501)
        else:
            handler(request)

    def _reply(
        self,
        request: Request,
        status: int,
        headers: list[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> None:
        tail = "   " if Quirk.TRAILING_SPACES in self.camera.quirks else ""
        self._transport.write(answer(request, status, headers or [], body, line_tail=tail))

    def _find(self, url: str) -> Stream | None:
        path = re.sub(r"^[a-z]+://[^/]*", "", url).split("?")[0]
        for part in path.split("/"):
            if part in self.camera.streams:
                return self.camera.streams[part]
        return None

    def _session_header(self) -> list[tuple[str, str]]:
        if not self.outlets:
            return []
        tail = ";" if Quirk.TRAILING_SEMICOLONS in self.camera.quirks else ""
        return [("Session", f"{self._id};timeout={self.camera.spec.session_timeout_s:g}{tail}")]

    def _describe(self, request: Request) -> None:
        stream = self._find(request.url)
        if stream is None:
            self._reply(request, 404)
            return
        quirks = self.camera.quirks
        url = self.camera.url(stream.name, credentials=False)
        headers = []
        if Quirk.CONTENT_BASE_PATH in quirks:
            headers.append(("Content-Base", f"/{stream.name}/"))
        elif Quirk.CONTENT_BASE_SCHEMELESS in quirks:
            headers.append(("Content-Base", url.partition("://")[2] + "/"))
        elif Quirk.NO_CONTENT_BASE not in quirks:
            headers.append(("Content-Base", f"{url}/"))
        if Quirk.NO_CONTENT_TYPE not in quirks:
            headers.append(("Content-Type", "application/sdp"))
        body = describe(self.camera.spec.title, stream.tracks, quirks, url=url)
        self._reply(request, 200, headers, body)
        if Quirk.STALE_NONCE in quirks:
            self.camera.gate.renew_nonce()

    def _setup(self, request: Request) -> None:
        stream = self._find(request.url)
        match = re.search(r"trackID=(\d+)", request.url)
        number = int(match[1]) if match else 0
        if stream is None or number >= len(stream.senders):
            self._reply(request, 404)
            return
        if self._stream not in (None, stream) or self._playing:
            self._reply(request, 455)
            return
        for offer in request.headers.get("transport", "").split(","):
            told = self._open_outlet(number, offer.strip(), stream)
            if told:
                break
        else:
            self._reply(request, 461)
            return
        self._stream = stream
        if Quirk.SESSION_CHANGES in self.camera.quirks:
            self._id = secrets.token_hex(4).upper()
        ssrc = f"{stream.senders[number].ssrc:08X}"
        pad = "  " if Quirk.SSRC_PADDED in self.camera.quirks else ""
        tail = ";" if Quirk.TRAILING_SEMICOLONS in self.camera.quirks else ""
        self._reply(
            request, 200, [("Transport", f"{told};ssrc={pad}{ssrc}{tail}"), *self._session_header()]
        )

    def _open_outlet(self, number: int, offer: str, stream: Stream) -> str:
        """Open what the client asks for; returns the Transport header, empty if not possible."""
        fields = parameters(offer)
        protocol = offer.split(";")[0].upper()
        allowed = self.camera.spec.transports
        if "TCP" in protocol:
            if "tcp" not in allowed:
                return ""
            wanted = fields.get("interleaved", "").split("-")[0]
            channel = int(wanted) if wanted.isdecimal() and int(wanted) < 255 else 2 * number
            self.outlets[number] = InterleavedOutlet(self._transport, channel)
            return f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        if "multicast" in fields:
            if "multicast" not in allowed:
                return ""
            outlet, group = self.camera.group(stream, number)
            self.outlets[number] = outlet
            return f"RTP/AVP;multicast;destination={group[0]};port={group[1]}-{group[1] + 1};ttl=1"
        ports = [int(p) for p in fields.get("client_port", "").split("-") if p.isdecimal()]
        if "udp" not in allowed or not ports or not 0 < min(ports) <= max(ports) < 65_536:
            return ""
        peer = self._transport.get_extra_info("peername")[0]
        rtp, rtcp = ports[0], ports[-1]
        udp = UdpOutlet(udp_pair(self.camera.host), (peer, rtp), (peer, rtcp), self.camera.chance)
        udp.lose_percent = self.camera.lose_percent
        self.outlets[number] = udp
        return (
            f"RTP/AVP;unicast;client_port={rtp}-{rtcp};"
            f"server_port={udp.server_port}-{udp.server_port + 1}"
        )

    def _play(self, request: Request) -> None:
        stream = self._stream
        if stream is None or not self.outlets:
            self._reply(request, 454)
            return
        headers = [*self._session_header(), ("Range", "npt=now-")]
        if info := self._rtp_info(stream):
            headers.append(("RTP-Info", info))
        tail = "   " if Quirk.TRAILING_SPACES in self.camera.quirks else ""
        reply = answer(request, 200, headers, line_tail=tail)
        if Quirk.RTP_BEFORE_PLAY_REPLY in self.camera.quirks and not self._playing:
            self._held = reply
        else:
            self._transport.write(reply)
        if not self._playing:
            self._playing = True
            self.fresh = set(self.outlets)
            stream.add(self)

    def _rtp_info(self, stream: Stream) -> str:
        quirks = self.camera.quirks
        if Quirk.NO_RTP_INFO in quirks:
            return ""
        items = []
        for number in sorted(self.outlets):
            sequence, rtp_time = stream.next_times(number)
            url = f"{self.camera.url(stream.name, credentials=False)}/trackID={number}"
            if Quirk.RTP_INFO_ZERO in quirks:
                sequence, rtp_time = 0, 0
            elif Quirk.RTP_INFO_ONE in quirks:
                sequence = 1
            told = f"{rtp_time}a" if Quirk.RTP_INFO_GARBAGE in quirks else str(rtp_time)
            items.append(f"url={url};seq={sequence};rtptime={told}")
        return ",".join(items)

    def _pause(self, request: Request) -> None:
        if self._stream is not None:
            self._stream.discard(self)
        self._playing = False
        self._reply(request, 200, self._session_header())

    def _teardown(self, request: Request) -> None:
        self._reply(request, 200, self._session_header())
        self._end()
        self._transport.close()

    def _get_parameter(self, request: Request) -> None:
        if Quirk.NO_GET_PARAMETER in self.camera.quirks:
            self._transport.close()
            return
        self._reply(request, 200, self._session_header())

    # -- life -------------------------------------------------------------------------------------

    def sent(self, track: int) -> None:
        """Called by the stream after each unit: what some cameras send in between."""
        if self._held is not None:
            self._transport.write(self._held)
            self._held = None
        self._units += 1
        quirks = self.camera.quirks
        outlet = self.outlets[track]
        if Quirk.UNASSIGNED_CHANNEL in quirks and isinstance(outlet, InterleavedOutlet):
            stray = Template([Payload(b"stray" * 10, marker=True)], 96)
            stray.patch(self._units & 0xFFFF, 0, 0x0BADCAFE)
            outlet.raw(200, stray.datagrams()[0])
            outlet.raw(201, sender_report(0x0BADCAFE, 0, 0, 0, 0))
        if Quirk.SERVER_REQUESTS in quirks and self._units % 5 == 1:
            line = f"OPTIONS * RTSP/1.0\r\nCSeq: {self._units}\r\n\r\n"
            self._transport.write(line.encode())

    def _touch(self) -> None:
        """Put off the end of the session (RFC 2326 section 12.37)."""
        if self._watch is not None:
            self._watch.cancel()
        timeout = self.camera.spec.session_timeout_s
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(timeout + _GRACE_S, self._expire)

    def _expire(self) -> None:
        self.camera.sessions_expired += 1
        self._transport.close()

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._stream is not None:
            self._stream.discard(self)
        self._playing = False
        for number, outlet in self.outlets.items():
            if self._stream is not None and self.camera.leave_group(self._stream, number, outlet):
                continue
            outlet.close()
        self.outlets = {}
