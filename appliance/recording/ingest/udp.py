"""RTP beside the RTSP connection: a pair of UDP ports for each track, or a multicast group."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
import time
from collections.abc import Callable

from appliance.media.rtp.reorder import ReorderBuffer
from appliance.media.rtp.rtcp import Reception, SenderReport, build_receiver_report
from appliance.recording.ingest import fault
from appliance.recording.ingest.state import Fault, IngestError
from appliance.recording.ingest.track import TrackReceiver
from appliance.text import _

RECEIVE_BUFFER_BYTES = 2 << 20
"""A key frame of a 4K camera comes as one burst; the kernel caps this at its own limit."""

PORT_ATTEMPTS = 64

_SO_RCVBUFFORCE = 33
"""Not in the socket module; works for privileged processes only."""


class _Port(asyncio.DatagramProtocol):
    """Hands datagrams of one sender to one taker."""

    def __init__(self) -> None:
        self.taker: Callable[[bytes], None] | None = None
        self.sender: str | None = None
        self.foreign = 0

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take what the camera sent; anybody else's datagrams are counted and dropped."""
        if self.sender is not None and _plain(addr[0]) != self.sender:
            self.foreign += 1
        elif self.taker is not None:
            self.taker(data)

    def error_received(self, exc: Exception) -> None:
        """Take no note of ICMP errors: silence is noticed anyway."""


class UdpTrack:
    """Two bound ports, even and odd, for the RTP and RTCP of one track."""

    def __init__(self, rtp: asyncio.DatagramTransport, rtcp: asyncio.DatagramTransport) -> None:
        self._rtp, self._rtcp = rtp, rtcp
        self._track: TrackReceiver | None = None
        self._buffer: ReorderBuffer[bytes] = ReorderBuffer()
        self._reception: Reception | None = None
        self._reports_to: tuple[str, int] | None = None
        self.bytes = 0
        self.now_ns = time.monotonic_ns()

    @property
    def port(self) -> int:
        """The even port."""
        return int(self._rtp.get_extra_info("sockname")[1])

    def attach(
        self,
        track: TrackReceiver,
        rtcp: Callable[[memoryview, int, int], None],
        sender: str | None,
        reports_to: tuple[str, int] | None,
    ) -> None:
        """Send the packets of `sender` (any, if None) on; `reports_to` is its RTCP address."""
        self._track = track
        self._reports_to = reports_to
        rtp_port, rtcp_port = self._rtp.get_protocol(), self._rtcp.get_protocol()
        assert isinstance(rtp_port, _Port)
        assert isinstance(rtcp_port, _Port)
        rtp_port.sender = rtcp_port.sender = _plain(sender) if sender else None
        rtp_port.taker = self._packet
        rtcp_port.taker = lambda data: rtcp(memoryview(data), 0, len(data))
        if reports_to is not None:
            # Opens the way through a firewall between; an empty RTP packet means nothing.
            with contextlib.suppress(OSError):
                self._rtp.sendto(bytes(12), (reports_to[0], reports_to[1] - 1))

    def _packet(self, data: bytes) -> None:
        self.now_ns = time.monotonic_ns()
        self.bytes += len(data)
        if len(data) >= 12:
            sequence = data[2] << 8 | data[3]
            self._note(data, sequence)
            for ready in self._buffer.push(sequence, data, self.now_ns):
                self._hand_on(ready.packet)

    def _note(self, data: bytes, sequence: int) -> None:
        reception, track = self._reception, self._track
        if reception is None:
            if track is None or track.ssrc is None:
                return
            rate = track.media.clock_rate or 90_000
            reception = self._reception = Reception(track.ssrc, rate)
        reception.on_packet(sequence, int.from_bytes(data[4:8], "big"), self.now_ns)

    def poll(self) -> None:
        """Give up waiting for packets that are overdue; called now and then."""
        for ready in self._buffer.poll(time.monotonic_ns()):
            self._hand_on(ready.packet)

    def _hand_on(self, data: bytes) -> None:
        assert self._track is not None
        self._track.packet(memoryview(data), 0, len(data))

    @property
    def late(self) -> int:
        """Packets that came after their gap was given up, or twice."""
        return self._buffer.late + self._buffer.duplicates

    def note_sender_report(self, report: SenderReport) -> None:
        """Answer this report with the next one of ours."""
        if self._reception is not None:
            self._reception.on_sender_report(report, time.monotonic_ns())

    def send_report(self, ssrc: int) -> None:
        """Send a receiver report as `ssrc`, if the camera told where (RFC 3550 section 6.4.2)."""
        if self._reports_to is None:
            return
        reception = self._reception
        blocks = [reception.report(time.monotonic_ns())] if reception is not None else []
        with contextlib.suppress(OSError):
            report = build_receiver_report(ssrc, blocks, "nvr")
            self._rtcp.sendto(report, self._reports_to)

    def close(self) -> None:
        """Give the ports back."""
        self._rtp.close()
        self._rtcp.close()


async def open_pair(local_address: str) -> UdpTrack:
    """Bind an even port and the odd one above it on the interface that leads to the camera."""
    family = _family(local_address)
    for _attempt in range(PORT_ATTEMPTS):
        first = _bound(family, local_address, 0)
        number = first.getsockname()[1]
        other = number + 1 if number % 2 == 0 else number - 1
        try:
            second = _bound(family, local_address, other)
        except OSError:
            first.close()
            continue
        rtp, rtcp = (first, second) if number % 2 == 0 else (second, first)
        return await _track(rtp, rtcp)
    text = _("No pair of UDP ports is free on the box. Choose TCP as transport.")
    raise IngestError(Fault("no_udp_ports", text))


async def open_group(group: str, port: int, local_address: str) -> UdpTrack:
    """Join a multicast group on `port` (RTP) and the next one (RTCP).

    `local_address` names the interface; raises `IngestError`.
    """
    if not is_multicast(group) or not 0 < port < 0xFFFF:
        why = _("{group} port {port} is no multicast address").format(group=group, port=port)
        raise IngestError(fault.bad_answer("SETUP", why))
    family = _family(group)
    sockets: list[socket.socket] = []
    try:
        for number in (port, port + 1):
            sock = _bound(family, group, number, shared=True)
            sockets.append(sock)
            _join(sock, group, local_address)
    except OSError as error:
        for sock in sockets:
            sock.close()
        text = _("The multicast group {group} cannot be joined ({why}). Choose TCP as transport.")
        raise IngestError(
            Fault("no_multicast", text.format(group=group, why=error.strerror or "?"))
        ) from error
    return await _track(sockets[0], sockets[1])


def is_multicast(address: str) -> bool:
    """Whether `address` is a multicast address, IPv4 or IPv6."""
    try:
        return ipaddress.ip_address(address).is_multicast
    except ValueError:
        return False


async def _track(rtp: socket.socket, rtcp: socket.socket) -> UdpTrack:
    loop = asyncio.get_running_loop()
    first, _port = await loop.create_datagram_endpoint(_Port, sock=rtp)
    second, _port = await loop.create_datagram_endpoint(_Port, sock=rtcp)
    return UdpTrack(first, second)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _plain(address: str) -> str:
    """Return an address without zone and without the wrapping of IPv4 inside IPv6."""
    text = address.partition("%")[0].lower()
    return text.removeprefix("::ffff:") if "." in text else text


def _bound(
    family: socket.AddressFamily, address: str, port: int, *, shared: bool = False
) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
        except OSError:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        host, _percent, zone = address.partition("%")
        if family == socket.AF_INET6:
            scope = socket.if_nametoindex(zone) if zone and not zone.isdigit() else int(zone or 0)
            sock.bind((host, port, 0, scope))
        else:
            sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _join(sock: socket.socket, group: str, local_address: str) -> None:
    if sock.family == socket.AF_INET6:
        _host, _percent, zone = local_address.partition("%")
        index = socket.if_nametoindex(zone) if zone and not zone.isdigit() else int(zone or 0)
        member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    else:
        local = _plain(local_address)
        interface = socket.inet_aton(local) if ":" not in local else bytes(4)
        member = socket.inet_aton(group) + interface
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
