"""One attempt to play a stream with our own RTSP client: from the dialogue to the packets."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from appliance.media.errors import LimitError, MalformedError, MediaError, UnsupportedError
from appliance.media.rtp.depay.base import Depacketiser
from appliance.media.rtp.depay.factory import depacketiser_for
from appliance.media.rtp.rtcp import SenderReport, parse_compound
from appliance.media.rtsp.framing import each
from appliance.media.rtsp.sdp import MediaDescription, SessionDescription
from appliance.media.rtsp.transport import Transport
from appliance.media.types import AudioFormat
from appliance.recording.ingest import fault, udp
from appliance.recording.ingest.assembler import Assembler
from appliance.recording.ingest.config import Limits
from appliance.recording.ingest.session import RtspSession
from appliance.recording.ingest.state import IngestError
from appliance.recording.ingest.statistics import IngestStatistics
from appliance.recording.ingest.track import TrackReceiver
from appliance.recording.ingest.watch import Watch

log = logging.getLogger(__name__)

REPORT_EVERY_S = 5.0
"""Receiver reports over UDP (RFC 3550 section 6.2)."""

ABSURD_TIMES = 3
"""So many parameter sets beyond all limits end a stream that plays ..."""

ABSURD_WITHIN_S = 60.0
"""... if each comes within this time of the one before."""


@dataclass(slots=True)
class _Track:
    """A track that is set up."""

    receiver: TrackReceiver
    ports: udp.UdpTrack | None


class NativeSource:
    """Plays one session; `run` only ends with an error.  `close` must be awaited afterwards."""

    def __init__(
        self,
        session: RtspSession,
        assembler: Assembler,
        statistics: IngestStatistics,
        limits: Limits,
        *,
        transport: str,
        want_audio: bool,
        watched: Callable[[], bool],
    ) -> None:
        """`transport` is "tcp", "udp" or "multicast"; inside TLS it is always "tcp".

        While `watched` says no, packets over TCP may come in batches.
        """
        self._session = session
        self._assembler = assembler
        self._statistics = statistics
        self._limits = limits
        self._want_audio = want_audio
        self._watched = watched
        self._tracks: list[_Track] = []
        self._ssrc = secrets.randbits(32)
        self._last_reports_s = 0.0
        self._counted = [0, 0, 0, 0, 0]
        self._last_error: MediaError | None = None
        self._absurd = 0
        self._absurd_at_s = 0.0
        self.transport = "tcp" if session.encrypted else transport
        """How packets travel; becomes "tcp" where the camera refuses the transport asked for."""

    async def run(self) -> None:
        """Set up and play until something ends it: raises `IngestError` or `UnsupportedError`.

        `UnsupportedError`: the camera's video needs the other engine.
        """
        description = await self._session.describe()
        self._statistics.server = self._session.server
        chosen = choose_tracks(
            description, want_audio=self._want_audio, statistics=self._statistics
        )
        sounds = [made.format for _media, made in chosen if isinstance(made.format, AudioFormat)]
        self._statistics.audio = sounds[0] if sounds else None
        for media, depacketiser in chosen:
            await self._set_up(description, media, depacketiser)
        self._statistics.transport = "tls" if self._session.encrypted else self.transport
        await self._session.play()
        self._statistics.sessions += 1
        await self._serve()

    # Setting up

    async def _set_up(
        self, description: SessionDescription, media: MediaDescription, depacketiser: Depacketiser
    ) -> None:
        receiver = TrackReceiver(media, depacketiser, self._assembler)
        self._assembler.add(receiver)
        if self.transport == "tcp":
            await self._set_up_tcp(media, receiver)
            return
        try:
            if self.transport == "udp":
                ports = await self._set_up_udp(media, receiver)
            else:
                ports = await self._set_up_multicast(description, media, receiver)
        except IngestError as error:
            if error.fault.code != "transport_unsupported" or self._tracks:
                raise
            log.warning(
                "the camera at %s does not offer %s; TCP is used",
                self._session.url.host,
                self.transport.upper(),
            )
            self.transport = "tcp"
            await self._set_up_tcp(media, receiver)
            return
        self._tracks.append(_Track(receiver, ports))

    async def _set_up_tcp(self, media: MediaDescription, receiver: TrackReceiver) -> None:
        number = 2 * len(self._tracks)
        wish = Transport(lower="TCP", interleaved=(number, number + 1))
        # Some cameras send before they answer SETUP or PLAY: be ready where we asked for it.
        frames = self._session.connection.parser.frames
        self._listen(receiver, number, number + 1)
        answer = await self._session.setup(media, wish)
        given = answer.interleaved or (number, number + 1)
        used = {channel for channel in frames if channel < number}
        if given != (number, number + 1) and not used & set(given):
            del frames[number], frames[number + 1]
            self._listen(receiver, *given)
        self._tracks.append(_Track(receiver, None))

    def _listen(self, receiver: TrackReceiver, rtp: int, rtcp: int) -> None:
        frames = self._session.connection.parser.frames
        frames[rtp] = receiver.run
        frames[rtcp] = each(self._rtcp_of(receiver, None))

    async def _set_up_udp(self, media: MediaDescription, receiver: TrackReceiver) -> udp.UdpTrack:
        link = self._session.connection
        ports = await udp.open_pair(link.local_address)
        try:
            wish = Transport(client_port=(ports.port, ports.port + 1))
            given = await self._session.setup(media, wish)
            if given.lower == "TCP":
                raise IngestError(fault.status("SETUP", 461, ""))
            sender = given.source if given.source and "." in given.source else link.peer_address
            to = (link.peer_address, given.server_port[1]) if given.server_port else None
            ports.attach(
                receiver, self._rtcp_of(receiver, ports), _either(sender, link.peer_address), to
            )
        except BaseException:
            ports.close()
            raise
        return ports

    async def _set_up_multicast(
        self, description: SessionDescription, media: MediaDescription, receiver: TrackReceiver
    ) -> udp.UdpTrack:
        given = await self._session.setup(media, Transport(multicast=True))
        if given.lower == "TCP" or not given.multicast:
            raise IngestError(fault.status("SETUP", 461, ""))
        announced = media.connection or description.connection or ""
        group = given.destination or (announced if udp.is_multicast(announced) else "")
        port = given.port[0] if given.port else media.port
        ports = await udp.open_group(group, port, self._session.connection.local_address)
        ports.attach(receiver, self._rtcp_of(receiver, ports), None, None)
        return ports

    def _rtcp_of(
        self, receiver: TrackReceiver, ports: udp.UdpTrack | None
    ) -> Callable[[memoryview, int, int], None]:
        def take(view: memoryview, begin: int, end: int) -> None:
            try:
                items = parse_compound(view[begin:end])
            except MalformedError:
                receiver.invalid += 1
                return
            for item in items:
                if not isinstance(item, SenderReport):
                    continue
                # Who the sender is only its packets tell: some cameras announce another one.
                self._assembler.on_sender_report(receiver, item)
                if ports is not None and item.ssrc == receiver.ssrc:
                    ports.note_sender_report(item)

        return take

    # Playing

    async def _serve(self) -> None:
        link, loop = self._session.connection, asyncio.get_running_loop()
        by_udp = self.transport != "tcp"
        watch = Watch(self._statistics, self._limits, loop.time(), udp=by_udp)
        next_alive_s = loop.time() + self._session.keep_alive_s
        settled_s = loop.time() + self._limits.settle_s
        while True:
            await asyncio.wait((link.closed,), timeout=self._limits.tick_s)
            self._count()
            if link.closed.done():
                raise IngestError(link.fault_at_end())
            if link.redirected:
                raise IngestError(fault.closed())
            now_s = loop.time()
            if by_udp:
                self._serve_udp(now_s)
            watch.tick(now_s, self._statistics.packets)
            self._assembler.note_clock()
            self._judge_format()
            if now_s >= settled_s and not by_udp and not self._watched():
                link.read_in_batches(self._watched)
            if now_s >= next_alive_s:
                next_alive_s = now_s + self._session.keep_alive_s
                self._session.keep_alive()

    def _judge_format(self) -> None:
        """Raise `IngestError` for a picture that cannot be real."""
        if (problem := self._assembler.problem) is not None:
            raise IngestError(problem)
        for track in self._tracks:
            if track.receiver.kind == "video":
                self._judge_parameters(track.receiver.depacketiser)

    def _judge_parameters(self, depacketiser: Depacketiser) -> None:
        """Give up on parameters that stay absurd; a single one may be a bit that fell over."""
        why = depacketiser.statistics.last_error
        if why is self._last_error or not isinstance(why, LimitError):
            return
        self._last_error = why
        now_s = asyncio.get_running_loop().time()
        near = now_s - self._absurd_at_s < ABSURD_WITHIN_S
        self._absurd = self._absurd + 1 if near else 1
        self._absurd_at_s = now_s
        if depacketiser.format is None or self._absurd >= ABSURD_TIMES:
            raise IngestError(fault.absurd_format(str(why)))

    def _serve_udp(self, now_s: float) -> None:
        for track in self._tracks:
            if track.ports is not None:
                track.ports.poll()
        if now_s - self._last_reports_s >= REPORT_EVERY_S:
            self._last_reports_s = now_s
            for track in self._tracks:
                if track.ports is not None:
                    track.ports.send_report(self._ssrc)

    def _count(self) -> None:
        """Add what came since the last time to the figures, which go on over sessions."""
        tracks = [t.receiver for t in self._tracks]
        ports = [t.ports for t in self._tracks if t.ports is not None]
        now = [
            sum(t.packets for t in tracks),
            sum(t.lost for t in tracks),
            sum(t.late for t in tracks) + sum(p.late for p in ports),
            sum(t.invalid for t in tracks),
            self._session.connection.bytes + sum(p.bytes for p in ports),
        ]
        packets, lost, late, invalid, size = (
            new - old for new, old in zip(now, self._counted, strict=True)
        )
        self._counted = now
        figures = self._statistics
        figures.packets += packets
        figures.lost_packets += lost
        figures.late_packets += late
        figures.invalid_packets += invalid
        figures.bytes += size

    async def close(self) -> None:
        """End the session politely and give everything back; never raises."""
        await self._session.close()
        for track in self._tracks:
            if track.ports is not None:
                track.ports.close()


def _either(sender: str, peer: str) -> str | None:
    """Whose datagrams to take: the peer's; anybody's where the camera names another source."""
    return peer if sender == peer else None


def choose_tracks(
    description: SessionDescription, *, want_audio: bool, statistics: IngestStatistics
) -> list[tuple[MediaDescription, Depacketiser]]:
    """Return the first video track and the first sound that is spoken, video first.

    Raises `IngestError` without video, `UnsupportedError` for video of the other engine.
    """
    chosen: list[tuple[MediaDescription, Depacketiser]] = []
    unsupported: UnsupportedError | None = None
    for kind in ("video", "audio") if want_audio else ("video",):
        for media in description.media:
            if media.kind != kind:
                continue
            try:
                made = depacketiser_for(
                    media.encoding_name, media.clock_rate, media.channels, media.fmtp,
                    kind=media.kind, payload_type=media.payload_type,
                )  # fmt: skip
            except UnsupportedError as error:
                unsupported = unsupported or error
                continue
            except MediaError as error:
                raise IngestError(fault.bad_answer("DESCRIBE", str(error))) from error
            if made is not None:
                chosen.append((media, made))
                break
            statistics.audio_note = media.encoding_name or str(media.payload_type)
        if kind == "video" and not chosen:
            if unsupported is not None:
                raise unsupported
            raise IngestError(fault.no_video())
    return chosen
