"""Codes sound anew as AAC, which every browser plays: G.711, L16 and G.726 come in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import av.error

from appliance.media.types import AccessUnit, AudioFormat, Codec

RATE = 48_000
"""Sampling rate of the output: the higher, the shorter AAC's frames of 1024 samples."""

FRAME = 1024
PRIMING = 1024
"""Samples an encoder puts in front of the first one."""

BITRATE_PER_CHANNEL = 64_000
_TOLERANCE_S = 0.1
_DECODERS = {
    Codec.PCMA: "pcm_alaw",
    Codec.PCMU: "pcm_mulaw",
    Codec.L16: "pcm_s16be",
}


class CodingError(Exception):
    """The sound cannot be decoded or coded."""


class AacCoder:
    """Codes one stream of sound; blocking, for one thread at a time."""

    def __init__(self, form: AudioFormat) -> None:
        self._source = form
        self._decoder: Any = None
        self._encoder: Any = None
        self._resampler: Any = None
        self._holder: Any = None
        self._run: int | None = None
        self._next = 0
        self._utc_ns = 0
        self._anchor = 0
        self._out = 0
        self.format: AudioFormat | None = None

    def push_all(self, units: Sequence[AccessUnit]) -> list[AccessUnit]:
        """Return the AAC units that are complete after `units`; raises CodingError."""
        return [coded for unit in units for coded in self.push(unit)]

    def push(self, unit: AccessUnit) -> list[AccessUnit]:
        """Return the AAC units that are complete after `unit`; raises CodingError."""
        try:
            return self._push(unit)
        except (av.error.FFmpegError, ValueError) as error:
            raise CodingError(f"{self._source.codec}: {error}") from error
        except KeyError as error:
            raise CodingError(f"{self._source.codec} has no decoder") from error

    def _push(self, unit: AccessUnit) -> list[AccessUnit]:
        start = unit.pts * RATE // self._source.sample_rate
        expected = self._next
        if (
            self._encoder is None
            or unit.run != self._run
            or abs(start - expected) > (_TOLERANCE_S * RATE)
        ):
            self._restart(unit, start)
        self._next = start + unit.duration * RATE // self._source.sample_rate
        self._utc_ns, self._anchor = unit.utc_ns, start
        packet = av.Packet(unit.data)
        units: list[AccessUnit] = []
        for frame in self._decoder.decode(packet):
            frame.pts = None
            for part in self._resampler.resample(frame):
                part.pts = None
                units += (self._unit(coded, unit) for coded in self._encoder.encode(part))
        return [coded for coded in units if coded.dts >= 0]

    def _restart(self, unit: AccessUnit, start: int) -> None:
        source = self._source
        layout = "mono" if source.channels == 1 else "stereo"
        decoder = self._g726_decoder() if source.codec is Codec.G726 else self._plain(layout)
        encoder: Any = av.CodecContext.create("aac", "w")
        encoder.sample_rate = RATE
        encoder.layout = layout
        encoder.format = "fltp"
        encoder.time_base = Fraction(1, RATE)
        encoder.bit_rate = BITRATE_PER_CHANNEL * source.channels
        encoder.options = {"aac_coder": "fast"}
        encoder.open()
        self._decoder, self._encoder = decoder, encoder
        self._resampler = av.AudioResampler("fltp", layout, RATE, frame_size=FRAME)
        self._run = unit.run
        self._out = start - PRIMING
        if self.format is None:
            self.format = AudioFormat(
                Codec.AAC, RATE, source.channels, bytes(encoder.extradata), codec_string="mp4a.40.2"
            )

    def _plain(self, layout: str) -> Any:
        decoder: Any = av.CodecContext.create(_DECODERS[self._source.codec], "r")
        decoder.sample_rate = self._source.sample_rate
        decoder.layout = layout
        decoder.open()
        return decoder

    def _g726_decoder(self) -> Any:
        """Take the decoder of a raw G.726 demultiplexer: only that can be told the code size."""
        source = self._source
        kind = "g726le" if source.codec_string.startswith("g726-") else "g726"
        self._holder = av.open(
            io.BytesIO(bytes(4096)),
            format=kind,
            options={
                "code_size": str(source.bits_per_sample or 4),
                "sample_rate": str(source.sample_rate),
            },
        )
        return self._holder.streams.audio[0].codec_context

    def _unit(self, packet: Any, source: AccessUnit) -> AccessUnit:
        assert self.format is not None
        time, self._out = self._out, self._out + FRAME
        utc_ns = self._utc_ns + (time - self._anchor) * 1_000_000_000 // RATE
        return AccessUnit(
            format=self.format,
            run=source.run,
            pts=time,
            dts=time,
            duration=FRAME,
            utc_ns=utc_ns,
            mono_ns=source.mono_ns,
            rtp_time=0,
            key=True,
            damaged=source.damaged,
            data=bytes(packet),
        )
