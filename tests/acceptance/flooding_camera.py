"""A camera that sends more than any camera can: key frames of 1.4 megabytes, 25 in a second.

Its packets are as long as they may be inside TCP, so that the flood costs the machine little.
"""

import asyncio
import contextlib
import itertools

from ingest_bench import PPS, SPS, Link, ScriptedServer

PACKETS = 24
PAYLOAD = 60_000
HEAD = 4 + 12 + 2
STRIDE = HEAD + PAYLOAD
PERIOD_S = 0.04


class FloodingCamera(ScriptedServer):
    """Sends 290 Mbit/s to who plays it, until `calm` is set; after that nothing."""

    calm = False

    async def _send(self, link: Link) -> None:
        link.rtp(SPS, 0, marker=False)
        link.rtp(PPS, 0, marker=False)
        frame = _frame()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with contextlib.suppress(ConnectionError):
            for number in itertools.count():
                if self.calm:
                    return
                _stamp(frame, link.sequence, number * 3600)
                link.sequence = (link.sequence + PACKETS) & 0xFFFF
                link.send(bytes(frame))
                await link.writer.drain()
                await asyncio.sleep(max(0.0, begun + (number + 1) * PERIOD_S - loop.time()))


def _frame() -> bytearray:
    """Return an IDR slice in FU-A packets (RFC 6184 section 5.8), interleaved on channel 0."""
    packets = []
    for number in range(PACKETS):
        first, last = number == 0, number == PACKETS - 1
        rtp = bytes([0x80, 96 | (0x80 if last else 0)]) + bytes(6) + b"\0\0\0\1"
        unit = bytes([0x7C, 0x05 | (0x80 if first else 0) | (0x40 if last else 0)])
        body = b"\x88\x84" + bytes([0x5A]) * (PAYLOAD - 2)
        packets.append(b"$\0" + (STRIDE - 4).to_bytes(2, "big") + rtp + unit + body)
    return bytearray(b"".join(packets))


def _stamp(frame: bytearray, sequence: int, timestamp: int) -> None:
    """Give the packets their sequence numbers and the time of their frame."""
    numbers = [(sequence + n) & 0xFFFF for n in range(PACKETS)]
    frame[6::STRIDE] = bytes(n >> 8 for n in numbers)
    frame[7::STRIDE] = bytes(n & 0xFF for n in numbers)
    for offset, byte in enumerate((timestamp & 0xFFFFFFFF).to_bytes(4, "big")):
        frame[8 + offset :: STRIDE] = bytes([byte]) * PACKETS
