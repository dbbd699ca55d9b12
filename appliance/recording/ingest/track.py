"""One track on its way in: RTP packets to the depacketiser, loss and junk noticed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Protocol

from appliance.media.rtp.depay.assembly import NalDepacketiser
from appliance.media.rtp.depay.base import CodedFrame, Depacketiser
from appliance.media.rtsp.sdp import MediaDescription

_HEADER = struct.Struct(">BBHII")
_HEADER_BYTES = _HEADER.size
_FRAME = struct.Struct(">BBHBBHII")
_FRAME_BYTES = _FRAME.size
_DOLLAR = 0x24
_PLAIN = 0x80
"""First byte of nearly every packet: version 2, no padding, no extension, no CSRC."""

LATE_PACKETS = 256
"""A sequence number this little behind is a late or repeated packet; further is a new count."""

ADOPT_AFTER = 64
"""Packets of another payload type than announced, and none of the right one, make it the one."""


class FrameSink(Protocol):
    """Takes what a track yields."""

    def on_frames(self, track: TrackReceiver, frames: Sequence[CodedFrame]) -> None:
        """Take frames in decoding order."""


class TrackReceiver:
    """Reads the RTP of one track (RFC 3550 section 5.1), in sequence; counts what is odd.

    `run` is the hot path (some 400 packets a second and camera): nothing is allocated in it but
    the view of the payload.
    """

    def __init__(
        self, media: MediaDescription, depacketiser: Depacketiser, sink: FrameSink
    ) -> None:
        self.media = media
        self.kind = media.kind
        self.clock_rate = media.clock_rate
        self.frame_rate = media.frame_rate
        self.depacketiser = depacketiser
        self.packets = 0
        self.lost = 0
        self.late = 0
        self.invalid = 0
        self.ssrc: int | None = None

        self._push = depacketiser.push
        self._nals = depacketiser if isinstance(depacketiser, NalDepacketiser) else None
        self._lane: tuple[bytearray, int, int, int] = (
            (depacketiser.collecting, *depacketiser.fragment_head)
            if isinstance(depacketiser, NalDepacketiser)
            else (bytearray(), 0, 0, 0)
        )
        self._frames = sink.on_frames
        self._type = media.payload_type
        self._types = frozenset(media.payload_types) | {media.payload_type}
        self._other_types = 0
        self._expected = -1
        self._stranger: tuple[int, int] | None = None

    def run(self, view: memoryview, at: int, end: int) -> int:
        """Take the run of interleaved packets that begins at `at`; a `FrameHandler`.

        The usual packet, the next one of a known sender, is handled here, anything else by
        `packet`.
        """
        unpack, push = _FRAME.unpack_from, self._push
        channel = view[at + 1]
        payload_type, sender, expected = self._type, self.ssrc, self._expected
        taken = 0
        nals = self._nals
        collecting, head, mask, kind = self._lane
        fragment = nals.fragment_time() if nals is not None else -1
        while end - at >= _FRAME_BYTES:
            dollar, number, size, first, second, sequence, timestamp, ssrc = unpack(view, at)
            after = at + 4 + size
            if dollar != _DOLLAR or number != channel or after > end:
                break
            if (
                sequence == expected
                and first == _PLAIN
                and ssrc == sender
                and second & 0x7F == payload_type
                and size >= _HEADER_BYTES
            ):
                expected = (sequence + 1) & 0xFFFF
                taken += 1
                begin = at + _FRAME_BYTES
                if (
                    timestamp == fragment
                    and second < 0x80
                    and view[begin] & mask == kind
                    and size > head + _HEADER_BYTES
                    and view[begin + head - 1] < 0x40
                ):  # the middle of a fragmented NAL unit
                    collecting += view[begin + head : after]
                    at = after
                    continue
                frames = push(view[begin:after], timestamp, second > 0x7F, False)
                if frames:
                    self._frames(self, frames)
                if nals is not None:
                    fragment = nals.fragment_time()
            else:
                self._expected = expected
                self.packet(view, at + 4, after)
                payload_type, sender, expected = self._type, self.ssrc, self._expected
                fragment = nals.fragment_time() if nals is not None else -1
            at = after
        else:
            if end - at >= 4 and view[at] == _DOLLAR and view[at + 1] == channel:
                after = at + 4 + (view[at + 2] << 8 | view[at + 3])
                if after <= end:  # too short to be RTP
                    self.invalid += 1
                    at = after
        self._expected = expected
        self.packets += taken
        return at

    def packet(self, view: memoryview, begin: int, end: int) -> None:
        """Take the packet between `begin` and `end`; what makes no sense is counted and dropped."""
        if end - begin < _HEADER_BYTES:
            self.invalid += 1
            return
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(view, begin)
        if first == _PLAIN and ssrc == self.ssrc and second & 0x7F == self._type:
            begin += _HEADER_BYTES
        else:
            span = self._unusual(view, begin, end, first, second & 0x7F, sequence, ssrc)
            if span is None:
                return
            begin, end = span
        lost = False
        if sequence != self._expected:
            in_order = self._jump(sequence)
            if in_order is None:
                return
            lost = not in_order
        self._expected = (sequence + 1) & 0xFFFF
        self.packets += 1
        frames = self._push(view[begin:end], timestamp, second > 0x7F, lost)
        if frames:
            self._frames(self, frames)

    def _unusual(
        self,
        view: memoryview,
        begin: int,
        end: int,
        first: int,
        payload_type: int,
        sequence: int,
        ssrc: int,
    ) -> tuple[int, int] | None:
        """Return where the payload lies, None if the packet is not for us."""
        if first >> 6 != 2:
            self.invalid += 1
            return None
        if payload_type != self._type and not self._takes(payload_type):
            self.invalid += 1
            if ssrc == self.ssrc and sequence == self._expected:
                self._expected = (sequence + 1) & 0xFFFF  # junk counts in the same sequence
            return None
        if ssrc != self.ssrc and not self._knows(ssrc):
            self.invalid += 1
            return None
        start = begin + _HEADER_BYTES + 4 * (first & 0x0F)
        if first & 0x10:
            if start + 4 > end:
                self.invalid += 1
                return None
            start += 4 + 4 * (view[start + 2] << 8 | view[start + 3])
        if first & 0x20:
            end -= view[end - 1]
        if start > end:
            self.invalid += 1
            return None
        return start, end

    def _takes(self, payload_type: int) -> bool:
        """Whether a payload type other than the usual one is this track's."""
        if payload_type in self._types:
            self._type = payload_type
            return True
        self._other_types += 1
        if self.packets == 0 and self._other_types > ADOPT_AFTER:
            self._type = payload_type
            return True
        return False

    def _knows(self, ssrc: int) -> bool:
        """Take over a new sender with the second packet in a row from it; the first one at once."""
        if self.ssrc is None:
            self.ssrc = ssrc
            return True
        stranger = (ssrc, self.packets)
        if self._stranger != stranger:
            self._stranger = stranger
            return False
        self._stranger = None
        self.ssrc = ssrc
        self._expected = -1
        return True

    def _jump(self, sequence: int) -> bool | None:
        """Judge a number other than the next: True first ever, False after loss, None too late."""
        if self._expected < 0:
            # After a change of sender the depacketiser has to drop what it began.
            return self.packets == 0
        ahead = (sequence - self._expected) & 0xFFFF
        if ahead > 0x7FFF:
            behind = 0x10000 - ahead
            if behind <= LATE_PACKETS:
                self.late += 1
                return None
            ahead = 1
        self.lost += ahead
        return False
