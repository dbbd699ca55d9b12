"""Clips coded by PyAV and an RTP packetiser of our own, as the other end of the depacketisers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import pytest

from appliance.media.codec.nal import split_annexb
from appliance.media.rtp.depay.base import CodedFrame, Depacketiser

MTU = 1400


@dataclass
class Packet:
    """What the ingest hands a depacketiser."""

    payload: bytes
    timestamp: int
    marker: bool
    lost: bool = False


@dataclass
class CodedClip:
    """Access units as the coder made them: (pts in 90 kHz, NAL units with parameter sets, key)."""

    codec: str
    units: list[tuple[int, list[bytes], bool]]
    frames: int


def encode_clip(
    codec: str, options: dict[str, str], frames: int = 40, size: tuple[int, int] = (320, 180)
) -> CodedClip:
    out = io.BytesIO()
    container = av.open(out, "w", format="h264" if codec == "libx264" else "hevc")
    stream = container.add_stream(codec, rate=25)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, 25)
    stream.options = options
    units = []
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 64, (size[1], size[0], 3), dtype=np.uint8)

    def take(packets: Iterable[av.Packet]) -> None:
        for packet in packets:
            pts = int(packet.pts * packet.time_base * 90_000)
            units.append((pts, split_annexb(bytes(packet)), packet.is_keyframe))

    for number in range(frames):
        picture = np.roll(noise, 3 * number, axis=1).copy()
        picture[:, (7 * number) % size[0] :][:, :20] = 230
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = number
        take(stream.encode(frame))
    take(stream.encode(None))
    return CodedClip(codec, units, frames)


@pytest.fixture(scope="session")
def h264_bframes() -> CodedClip:
    return encode_clip(
        "libx264",
        {
            "preset": "veryfast",
            "bf": "2",
            "g": "20",
            "x264-params": "slices=3:repeat-headers=1:b-pyramid=normal",
        },
    )


@pytest.fixture(scope="session")
def h265_bframes() -> CodedClip:
    return encode_clip(
        "libx265",
        {
            "preset": "ultrafast",
            "x265-params": "bframes=3:keyint=20:repeat-headers=1"
            ":log-level=none:pools=none:frame-threads=1",
        },
    )


def h264_payloads(nals: Sequence[bytes], *, aggregate: bool = True) -> Iterator[bytes]:
    """Packetise the NAL units of one frame (RFC 6184): STAP-A of small ones, FU-A of large ones."""
    small: list[bytes] = []

    def flush() -> Iterator[bytes]:
        if len(small) == 1:
            yield small[0]
        elif small:
            top = max(nal[0] & 0x60 for nal in small)
            yield bytes([top | 24]) + b"".join(len(n).to_bytes(2, "big") + n for n in small)
        small.clear()

    for nal in nals:
        if len(nal) <= MTU:
            if not aggregate or sum(len(n) + 2 for n in small) + len(nal) + 3 > MTU:
                yield from flush()
            small.append(nal)
            continue
        yield from flush()
        step = MTU - 2
        for start in range(1, len(nal), step):
            bits = 0x80 * (start == 1) | 0x40 * (start + step >= len(nal))
            head = bytes([nal[0] & 0xE0 | 28, bits | nal[0] & 31])
            yield head + nal[start : start + step]
    yield from flush()


def h265_payloads(nals: Sequence[bytes], *, donl: bool = False) -> Iterator[bytes]:
    """Packetise the NAL units of one frame (RFC 7798): AP of small ones, FU of large ones."""
    small: list[bytes] = []
    order = b"\0\0" if donl else b""

    def flush() -> Iterator[bytes]:
        if len(small) == 1:
            yield small[0][:2] + order + small[0][2:]
        elif small:
            parts = [len(n).to_bytes(2, "big") + n for n in small]
            yield bytes([48 << 1, 1]) + order + (b"\0" if donl else b"").join(parts)
        small.clear()

    for nal in nals:
        if len(nal) <= MTU:
            if sum(len(n) + 3 for n in small) + len(nal) + 6 > MTU:
                yield from flush()
            small.append(nal)
            continue
        yield from flush()
        step = MTU - 5
        kind = nal[0] >> 1 & 63
        for start in range(2, len(nal), step):
            bits = 0x80 * (start == 2) | 0x40 * (start + step >= len(nal))
            head = bytes([nal[0] & 0x81 | 49 << 1, nal[1], bits | kind])
            yield head + (order if start == 2 else b"") + nal[start : start + step]
    yield from flush()


def packets_of(payloads: Iterable[bytes], timestamp: int) -> list[Packet]:
    packets = [Packet(payload, timestamp & 0xFFFF_FFFF, False) for payload in payloads]
    packets[-1].marker = True
    return packets


def feed(depacketiser: Depacketiser, packets: Iterable[Packet]) -> list[CodedFrame]:
    frames: list[CodedFrame] = []
    for packet in packets:
        # A buffer that is used again, as the ingest's is.
        buffer = bytearray(packet.payload)
        view = memoryview(buffer)
        frames += depacketiser.push(view, packet.timestamp, packet.marker, packet.lost)
        buffer[:] = b"\xee" * len(buffer)
    return frames


class Rtp:
    """The helpers above, as a fixture (tests have no package to import them from)."""

    Packet = Packet
    encode_clip = staticmethod(encode_clip)
    h264_payloads = staticmethod(h264_payloads)
    h265_payloads = staticmethod(h265_payloads)
    packets_of = staticmethod(packets_of)
    feed = staticmethod(feed)


@pytest.fixture(scope="session")
def rtp() -> type[Rtp]:
    return Rtp
