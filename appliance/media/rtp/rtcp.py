"""RTCP: what senders report (SR, SDES, BYE), and our receiver reports (RFC 3550 6)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.media.errors import MalformedError

_SR, _RR, _SDES, _BYE = 200, 201, 202, 203
_VERSION = 2
_CNAME = 1
_NTP_EPOCH_S = 2_208_988_800
_NTP_ERA_S = 1 << 32
_SENDER_INFO = struct.Struct(">IIIIII")
_MAX_LOST = 0x7F_FFFF
_MAX_REPORTS = 31


@dataclass(frozen=True, slots=True)
class SenderReport:
    """SR: `rtp_time` (32 bits) was the media's clock when the sender's clock showed `utc_ns`.

    `utc_ns` is in nanoseconds since 1970, None where the sender has no clock (NTP time 0).
    `ntp_middle` are the middle 32 bits of the NTP time, to be sent back as LSR.
    """

    ssrc: int
    utc_ns: int | None
    rtp_time: int
    ntp_middle: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """SDES: the canonical name of a source."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Bye:
    """BYE: these sources stop sending."""

    ssrcs: tuple[int, ...]
    reason: str = ""


RtcpItem = SenderReport | SourceDescription | Bye


def ntp_to_utc_ns(seconds: int, fraction: int) -> int:
    """Return an NTP time stamp as nanoseconds since 1970 (RFC 5905 6; era 1 begins in 2036)."""
    if seconds < 0x8000_0000:
        seconds += _NTP_ERA_S
    return (seconds - _NTP_EPOCH_S) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)


def utc_ns_to_ntp(utc_ns: int) -> tuple[int, int]:
    """Return the seconds and the fraction of an NTP time stamp; the inverse of `ntp_to_utc_ns`."""
    seconds, nanoseconds = divmod(utc_ns, 1_000_000_000)
    fraction = ((nanoseconds << 32) + 999_999_999) // 1_000_000_000
    return (seconds + _NTP_EPOCH_S) & 0xFFFF_FFFF, min(fraction, 0xFFFF_FFFF)


def parse_compound(data: bytes | memoryview) -> list[RtcpItem]:
    """Return what the packets of a compound packet say; kinds of no use here are passed over.

    A packet that is cut off ends the list, for what stood before it is still good.  Raises
    MalformedError if not even the first header is RTCP.
    """
    view = memoryview(data)
    items: list[RtcpItem] = []
    position, end = 0, len(view)
    while position + 4 <= end:
        first, kind = view[position], view[position + 1]
        size = 4 + 4 * (view[position + 2] << 8 | view[position + 3])
        if first >> 6 != _VERSION or kind < 192:
            break
        body = view[position + 4 : position + size]
        if kind == _SR and len(body) >= _SENDER_INFO.size:
            items.append(_sender_report(body))
        elif kind == _SDES:
            items += _descriptions(body, first & 31)
        elif kind == _BYE:
            items.append(_bye(body, first & 31))
        position += size
    if position == 0:
        raise MalformedError("not an RTCP packet")
    return items


def _sender_report(body: memoryview) -> SenderReport:
    ssrc, seconds, fraction, rtp_time, packets, octets = _SENDER_INFO.unpack_from(body)
    clock = ntp_to_utc_ns(seconds, fraction) if seconds or fraction else None
    middle = (seconds & 0xFFFF) << 16 | fraction >> 16
    return SenderReport(ssrc, clock, rtp_time, middle, packets, octets)


def _descriptions(body: memoryview, count: int) -> list[RtcpItem]:
    found: list[RtcpItem] = []
    position = 0
    for _ in range(count):
        if position + 4 > len(body):
            break
        ssrc = int.from_bytes(body[position : position + 4], "big")
        position += 4
        while position < len(body) and body[position]:
            size = body[position + 1] if position + 1 < len(body) else 0
            text = bytes(body[position + 2 : position + 2 + size])
            if body[position] == _CNAME:
                found.append(SourceDescription(ssrc, text.decode("utf-8", "replace")))
            position += 2 + size
        position += 4 - position % 4  # at least one null byte ends the chunk
    return found


def _bye(body: memoryview, count: int) -> Bye:
    count = min(count, len(body) // 4)
    ssrcs = tuple(int.from_bytes(body[4 * i : 4 * i + 4], "big") for i in range(count))
    rest = bytes(body[4 * count :])
    reason = rest[1 : 1 + rest[0]] if rest else b""
    return Bye(ssrcs, reason.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """One block of a receiver report.

    `fraction_lost` is in 1/256, `jitter` in RTP ticks, `delay_since_sr` in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter: int
    last_sr: int
    delay_since_sr: int


class Reception:
    """What is known of one source, for the receiver reports about it (RFC 3550 A.1, A.3, A.8)."""

    __slots__ = (
        "_base",
        "_clock_rate",
        "_expected_before",
        "_highest",
        "_jitter_16",
        "_last_sr",
        "_last_sr_ns",
        "_received",
        "_received_before",
        "_ssrc",
        "_time",
        "_transit",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self._ssrc = ssrc
        self._clock_rate = clock_rate
        self._base = -1
        self._highest = -1
        self._received = 0
        self._received_before = 0
        self._expected_before = 0
        self._jitter_16 = 0
        self._time = -1
        self._transit = 0
        self._last_sr = 0
        self._last_sr_ns = 0

    def on_packet(self, sequence: int, timestamp: int, now_ns: int) -> None:
        """Note a packet that came in at `now_ns` (any clock that does not go back)."""
        if self._base < 0:
            self._base = self._highest = sequence
        ahead = ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if ahead > 0:
            self._highest += ahead
        self._received += 1
        if timestamp == self._time:
            return  # packets of one frame leave in a burst and say nothing about the network
        transit = now_ns * self._clock_rate // 1_000_000_000 - timestamp
        if self._time >= 0:
            change = ((transit - self._transit + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
            self._jitter_16 += abs(change) - ((self._jitter_16 + 8) >> 4)
        self._time, self._transit = timestamp, transit

    def on_sender_report(self, report: SenderReport, now_ns: int) -> None:
        """Note a sender report, to be answered by the next block."""
        self._last_sr, self._last_sr_ns = report.ntp_middle, now_ns

    def report(self, now_ns: int) -> ReportBlock:
        """Return the block about the time since the last one."""
        expected = self._highest - self._base + 1 if self._base >= 0 else 0
        new = expected - self._expected_before
        lost_new = new - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        lost = expected - self._received
        delay = (now_ns - self._last_sr_ns) * 65_536 // 1_000_000_000 if self._last_sr else 0
        return ReportBlock(
            ssrc=self._ssrc,
            fraction_lost=min(255, (lost_new << 8) // new) if new > 0 and lost_new > 0 else 0,
            lost=max(-_MAX_LOST - 1, min(_MAX_LOST, lost)),
            highest_sequence=max(0, self._highest) & 0xFFFF_FFFF,
            jitter=(self._jitter_16 >> 4) & 0xFFFF_FFFF,
            last_sr=self._last_sr,
            delay_since_sr=min(max(0, delay), 0xFFFF_FFFF),
        )


def build_receiver_report(ssrc: int, blocks: Sequence[ReportBlock], cname: str) -> bytes:
    """Return a compound packet of RR and SDES, as RFC 3550 6.1 wants it, from `ssrc`.

    At most 31 blocks; `cname` is cut at 255 bytes.
    """
    blocks = blocks[:_MAX_REPORTS]
    body = struct.pack(">I", ssrc)
    for block in blocks:
        body += struct.pack(">IB", block.ssrc, block.fraction_lost)
        body += (block.lost & 0xFF_FFFF).to_bytes(3, "big")
        body += struct.pack(
            ">IIII", block.highest_sequence, block.jitter, block.last_sr, block.delay_since_sr
        )
    name = cname.encode()[:255]
    chunk = struct.pack(">IBB", ssrc, _CNAME, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)
    return _packet(_RR, len(blocks), body) + _packet(_SDES, 1, chunk)


def build_sender_report(ssrc: int, utc_ns: int, rtp_time: int, packets: int, octets: int) -> bytes:
    """Return an SR without report blocks."""
    seconds, fraction = utc_ns_to_ntp(utc_ns)
    body = _SENDER_INFO.pack(
        ssrc,
        seconds,
        fraction,
        rtp_time & 0xFFFF_FFFF,
        packets & 0xFFFF_FFFF,
        octets & 0xFFFF_FFFF,
    )
    return _packet(_SR, 0, body)


def build_bye(ssrc: int) -> bytes:
    """Return a BYE of one source."""
    return _packet(_BYE, 1, struct.pack(">I", ssrc))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack(">BBH", _VERSION << 6 | count, kind, len(body) // 4) + body
