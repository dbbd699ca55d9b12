"""Sound whose packets are samples or frames as they are: G.711, L16, G.726 and Opus."""

from __future__ import annotations

import array
from collections.abc import Sequence

from appliance.media.rtp.depay.base import NOTHING, CodedFrame, DepayStatistics
from appliance.media.types import AudioFormat

MAX_PACKET = 65_536
"""Bytes; an RTP packet cannot be larger."""


class SoundDepacketiser:
    """Hands out each packet as one frame.

    `block` is the number of bytes that belong together (a sample of all channels); what is left
    over at the end of a packet is cut off and counted as malformed.  With `swap`, samples of 16
    bits come least significant byte first and are turned round.
    """

    def __init__(self, sound: AudioFormat, *, block: int = 1, swap: bool = False) -> None:
        self.statistics = DepayStatistics()
        self._format = sound
        self._block = block
        self._swap = swap

    @property
    def format(self) -> AudioFormat:
        """The format, known from the start."""
        return self._format

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Return the packet as a frame; sound is never damaged, only missing."""
        size = len(payload)
        whole = size - size % self._block
        if whole != size:
            self.statistics.malformed += 1
        if not whole:
            self.statistics.malformed += size == 0
            return NOTHING
        data = bytes(payload[:whole])
        if self._swap:
            samples = array.array("H", data)
            samples.byteswap()
            data = samples.tobytes()
        self.statistics.frames += 1
        return (CodedFrame(timestamp, data, True, False, self._format),)

    def flush(self) -> Sequence[CodedFrame]:
        """Return nothing: no packet waits."""
        return NOTHING
