"""One stream of a camera: keeps time, packetises once, sends to every client that plays."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Protocol

from appliance.cameras.sim.loops import Track, Unit
from appliance.cameras.sim.mangle import PACKET_QUIRKS, mangled
from appliance.cameras.sim.packetise import payloads_of
from appliance.cameras.sim.player import LoopPlayer
from appliance.cameras.sim.quirks import Quirk
from appliance.cameras.sim.rtcp import sender_report
from appliance.cameras.sim.sdp import payload_type_of
from appliance.cameras.sim.templates import Template
from appliance.cameras.sim.timefaults import TimeFaults
from appliance.cameras.sim.truth import SentLog, SentUnit

if TYPE_CHECKING:
    from appliance.cameras.sim.camera import Camera
    from appliance.cameras.sim.outlets import Outlet

_TOGETHER_S = 0.002
"""Units due within this time are sent in one turn of the loop."""
_FORGIVEN_S = 3.0
"""A process that slept longer than this goes on at the present instead of catching up."""


class Listener(Protocol):
    """A client that plays; `outlets` by track number."""

    outlets: dict[int, Outlet]
    fresh: set[int]

    def sent(self, track: int) -> None:
        """Told after each unit."""


class Sender:
    """Identity and counters of one track on the wire; random at each start (RFC 3550 5.1)."""

    def __init__(self, track: Track, payload_type: int) -> None:
        self.track = track
        self.player: LoopPlayer | None = LoopPlayer(track) if track.units else None
        self.payload_type = payload_type
        self.ssrc = secrets.randbits(32)
        self.sequence = secrets.randbits(16)
        self.rtp_base = secrets.randbits(32)
        self.packets = 0
        self.octets = 0
        self.reported = -1e9
        self.times = TimeFaults()

    def rtp_time(self, ticks: int) -> int:
        """Return the RTP time of a media time, without faults."""
        return (self.rtp_base + ticks + self.times.shift) & 0xFFFFFFFF


class Stream:
    """Main or sub of a camera."""

    def __init__(self, camera: Camera, name: str, tracks: list[Track]) -> None:
        self.camera = camera
        self.name = name
        self.senders = [Sender(t, payload_type_of(t.codec, camera.quirks)) for t in tracks]
        self.listeners: set[Listener] = set()
        self.log = SentLog()
        self.variants: list[Track] = []
        self._variant = 0
        self._switch_pending = False
        self._switch_every = 0.0
        self._switched = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def tracks(self) -> list[Track]:
        """The tracks, pictures first."""
        return [sender.track for sender in self.senders]

    def renew(self) -> None:
        """Take new random identities, as after a reboot."""
        self.senders = [Sender(sender.track, sender.payload_type) for sender in self.senders]

    # -- who listens --------------------------------------------------------------------------

    def add(self, listener: Listener) -> None:
        """Begin to send to a client."""
        first = not self.listeners
        self.listeners.add(listener)
        if first:
            self._catch_up()
            self._arm()
            self.camera.watched(self, watched=True)

    def discard(self, listener: Listener) -> None:
        """Stop sending to a client."""
        if listener in self.listeners:
            self.listeners.discard(listener)
            if not self.listeners:
                self.close()
                self.camera.watched(self, watched=False)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def next_times(self, track: int) -> tuple[int, int]:
        """Return (sequence, RTP time) of the next packet of a track, for RTP-Info."""
        sender = self.senders[track]
        if not self.listeners:
            self._catch_up()
        if sender.player is None:
            ticks = int(self.camera.clock.now() * sender.track.clock)
        else:
            ticks = sender.player.next_pts
        return sender.sequence, sender.rtp_time(ticks)

    # -- another SPS ----------------------------------------------------------------------------

    def switch_parameters(self, variants: list[Track], every_s: float = 0.0) -> None:
        """Go on with the next of `variants` at the next key frame, or at once and every so often.

        The first of them must be the present one.
        """
        self.variants = variants
        self._switch_every = every_s
        self._switched = self.camera.clock.now()
        self._switch_pending = True

    def stop_switching(self) -> None:
        """Stay with the present parameters."""
        self._switch_every = 0.0
        self._switch_pending = False

    def _maybe_switch(self, sender: Sender) -> None:
        player = sender.player
        if player is None:
            return
        if self._switch_every:
            now = self.camera.clock.now()
            if now - self._switched >= self._switch_every or self._switch_pending:
                self._switched = now
                self._next_variant(sender, player)
        elif self._switch_pending and player.next_is_key:
            self._next_variant(sender, player)

    def _next_variant(self, sender: Sender, player: LoopPlayer) -> None:
        self._switch_pending = False
        self._variant = (self._variant + 1) % len(self.variants)
        sender.track = self.variants[self._variant]
        player.switch(sender.track)

    # -- time -----------------------------------------------------------------------------------

    def _catch_up(self) -> None:
        now = self.camera.clock.now()
        for sender in self.senders:
            if sender.player is not None:
                sender.player.skip_to(int(now * sender.track.clock))

    def _arm(self) -> None:
        due = [
            sender.player.due / sender.track.clock
            for sender in self.senders
            if sender.player is not None
        ]
        if due:
            delay = max(0.0, min(due) - self.camera.clock.now())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        now = self.camera.clock.now()
        until = now + _TOGETHER_S
        for number, sender in enumerate(self.senders):
            player = sender.player
            if player is None:
                continue
            if now - player.due / sender.track.clock > _FORGIVEN_S:
                player.skip_to(int(now * sender.track.clock))
            while player.due <= until * sender.track.clock:
                if self._switch_pending or self._switch_every:
                    self._maybe_switch_video(number, sender)
                unit, ticks = player.take()
                self.emit(number, unit, ticks)
        if self.listeners:
            self._arm()

    def _maybe_switch_video(self, number: int, sender: Sender) -> None:
        if number == 0 and self.variants:
            self._maybe_switch(sender)

    # -- sending ----------------------------------------------------------------------------------

    def _template(self, sender: Sender, unit: Unit) -> Template:
        quirks = self.camera.quirks
        if quirks & PACKET_QUIRKS:
            return mangled(unit, sender.payload_type, quirks)
        if unit.template is None or unit.template.payload_type != sender.payload_type:
            unit.template = Template(payloads_of(unit.codec, unit.parts), sender.payload_type)
        return unit.template

    def emit(self, number: int, unit: Unit, ticks: int) -> None:
        """Send one unit captured at a media time of `ticks` to all who play."""
        sender = self.senders[number]
        if self.camera.silent(self.name):
            return
        stamped = sender.times.apply(ticks)
        rtp_time = (sender.rtp_base + stamped) & 0xFFFFFFFF
        now = time.monotonic()
        due = now - sender.reported >= self.camera.spec.rtcp_interval_s
        if due:
            self.camera.clock.follow_host()
        utc_ns = self.camera.clock.utc_ns(ticks, sender.track.clock)
        template = self._template(sender, unit)
        report = None
        template.patch(sender.sequence, rtp_time, sender.ssrc)
        sent = skipped = 0
        for listener in tuple(self.listeners):
            outlet = listener.outlets.get(number)
            if outlet is None:
                continue
            if due or number in listener.fresh:
                if report is None:
                    report = self._report(sender, utc_ns, rtp_time)
                    sender.reported = now
                listener.fresh.discard(number)
                for item in report:
                    outlet.report(item)
            if outlet.send(template):
                sent += 1
            else:
                skipped += 1
            listener.sent(number)
        sender.sequence = (sender.sequence + template.count) & 0xFFFF
        sender.packets += template.count
        sender.octets += template.octets
        if sent or skipped:
            self.log.add(
                SentUnit(
                    self.log.count, number, sender.track.kind,
                    rtp_time, utc_ns, unit.digest, unit.size, unit.key, sent, skipped,
                )
            )  # fmt: skip

    def _report(self, sender: Sender, utc_ns: int, rtp_time: int) -> list[bytes]:
        quirks = self.camera.quirks
        if Quirk.NO_RTCP in quirks:
            return []
        if Quirk.WRONG_SR_CLOCK in quirks:
            utc_ns %= 86_400_000_000_000
        out = [sender_report(sender.ssrc, utc_ns, rtp_time, sender.packets, sender.octets)]
        if Quirk.UNKNOWN_SSRC_RTCP in quirks:
            stranger = sender.ssrc ^ 0x5A5A5A5A
            out.insert(
                0, sender_report(stranger, utc_ns - 3_600_000_000_000, rtp_time ^ 0x777, 1, 1)
            )
        return out
