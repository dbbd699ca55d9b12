"""AAC from RTP (RFC 3640, modes AAC-hbr, AAC-lbr and any other layout of the AU headers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.media.codec.aac import AacConfig, strip_adts
from appliance.media.codec.bits import BitReader
from appliance.media.errors import LimitError, MalformedError
from appliance.media.rtp.depay.base import NOTHING, CodedFrame, DepayStatistics
from appliance.media.types import AudioFormat, Codec

MAX_AUDIO_UNIT = 64 * 1024
"""Bytes of one AAC frame; the standard allows 768 a channel."""

_MODES = {"aac-hbr": (13, 3, 3), "aac-lbr": (6, 2, 2)}


@dataclass(frozen=True, slots=True)
class AuLayout:
    """How the AU headers are laid out (RFC 3640 3.2.1 and 4.1): lengths in bits."""

    size: int
    index: int
    index_delta: int
    cts_delta: int = 0
    dts_delta: int = 0
    random_access: bool = False
    stream_state: int = 0
    auxiliary: int = 0
    constant_size: int = 0
    constant_duration: int = 0

    @property
    def has_headers(self) -> bool:
        """Whether packets carry an AU header section at all."""
        return any(
            (self.size, self.index, self.index_delta, self.cts_delta, self.dts_delta)
        ) or bool(self.random_access or self.stream_state)


USUAL_LAYOUT = AuLayout(13, 3, 3)
"""AAC-hbr without anything optional (RFC 3640 3.3.6)."""


def layout_from_fmtp(fmtp: Mapping[str, str]) -> AuLayout:
    """Return the layout that the fmtp parameters give (names in lower case).

    What the mode fixes holds where a length is not given; without either, AAC-hbr.  Raises
    MalformedError for numbers that are none, LimitError for lengths above 32 bits.
    """
    mode = fmtp.get("mode", "").strip().lower()
    explicit = "sizelength" in fmtp or "constantsize" in fmtp
    size, index, delta = (0, 0, 0) if explicit and mode not in _MODES else (13, 3, 3)
    size, index, delta = _MODES.get(mode, (size, index, delta))

    def number(name: str, default: int = 0, most: int = 32) -> int:
        text = fmtp.get(name, "").strip()
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise MalformedError(f"{name}={text[:20]} in the SDP is not a number")
        value = int(text)
        if value > most:
            raise LimitError(f"{name}={value} in the SDP; at most {most} is taken")
        return value

    return AuLayout(
        size=number("sizelength", size),
        index=number("indexlength", index),
        index_delta=number("indexdeltalength", delta),
        cts_delta=number("ctsdeltalength"),
        dts_delta=number("dtsdeltalength"),
        random_access=number("randomaccessindication", most=1) == 1,
        stream_state=number("streamstateindication"),
        auxiliary=number("auxiliarydatasizelength"),
        constant_size=number("constantsize", most=MAX_AUDIO_UNIT),
        constant_duration=number("constantduration", most=1 << 24),
    )


class AacDepacketiser:
    """Depacketiser of AAC: each AAC frame comes out by itself with its own time stamp."""

    def __init__(self, config: AacConfig, clock_rate: int, layout: AuLayout) -> None:
        self.statistics = DepayStatistics()
        self._layout = layout
        self._ticks = layout.constant_duration or max(
            1, config.frame_length * clock_rate // config.sample_rate
        )
        self._format = AudioFormat(
            codec=Codec.AAC,
            sample_rate=config.sample_rate,
            channels=config.channels,
            config=config.data,
            codec_string=config.codec_string,
        )
        self._usual = replace(layout, constant_duration=0) == USUAL_LAYOUT
        self._partial = bytearray()
        self._partial_size = 0
        self._partial_time = -1
        self._given_up_time = -1

    @property
    def format(self) -> AudioFormat:
        """The format, known from the start."""
        return self._format

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Take one payload; see `Depacketiser.push`."""
        if self._partial_size:
            if lost:
                self._give_up()
        elif (
            self._usual
            and len(payload) > 4
            and payload[0] == 0
            and payload[1] == 16
            and (payload[2] << 8 | payload[3]) >> 3 == len(payload) - 4
            and payload[4] != 0xFF
        ):  # one whole unit behind one header: nearly every packet of nearly all cameras
            self.statistics.frames += 1
            return (CodedFrame(timestamp, bytes(payload[4:]), True, False, self._format),)
        try:
            return self._read(payload, timestamp, marker)
        except MalformedError as error:
            self._give_up()
            self.statistics.malformed += 1
            self.statistics.last_error = error
            return NOTHING

    def flush(self) -> Sequence[CodedFrame]:
        """Return nothing; a frame begun is dropped."""
        if self._partial_size:
            self._give_up()
        return NOTHING

    def _read(self, payload: memoryview, timestamp: int, marker: bool) -> Sequence[CodedFrame]:
        sizes, indices, position = self._headers(payload)
        end = len(payload)
        if len(sizes) == 1 and sizes[0] > end - position:
            return self._fragment(sizes[0], payload[position:], timestamp)
        if self._partial_size:
            self._give_up()
        frames: list[CodedFrame] = []
        for size, index in zip(sizes, indices, strict=True):
            if position + size > end:
                self.statistics.malformed += 1
                break
            if size:
                time = (timestamp + index * self._ticks) & 0xFFFF_FFFF
                frames.append(self._frame(bytes(payload[position : position + size]), time))
            position += size
        return frames

    def _headers(self, payload: memoryview) -> tuple[list[int], list[int], int]:
        """Return the sizes and the places in time of the units, and where their bytes begin."""
        layout = self._layout
        end = len(payload)
        if not layout.has_headers:
            each = layout.constant_size or end
            count = max(1, end // each) if each else 0
            return [each] * count, list(range(count)), 0
        if end < 2:
            raise MalformedError("an AAC packet without its AU headers")
        bits_long = payload[0] << 8 | payload[1]
        position = 2 + (bits_long + 7) // 8
        if position > end:
            raise MalformedError("AU headers longer than their packet")
        bits = BitReader(bytes(payload[2:position]))
        sizes: list[int] = []
        indices: list[int] = []
        index, header = 0, layout.size + layout.index
        while bits_long - bits.position >= max(1, header):
            before = bits.position
            sizes.append(bits.u(layout.size) if layout.size else layout.constant_size)
            if indices:
                index += bits.u(layout.index_delta) + 1
            else:
                bits.skip(layout.index)
            indices.append(index)
            self._skip_rest(bits)
            header = layout.size + layout.index_delta
            if bits.position == before and len(sizes) > 1:
                break
        if not sizes:
            raise MalformedError("an AAC packet whose AU headers hold no unit")
        if layout.auxiliary:
            position = self._behind_auxiliary(payload, position)
        if not layout.size and not layout.constant_size and len(sizes) == 1:
            sizes[0] = end - position
        return sizes, indices, position

    def _skip_rest(self, bits: BitReader) -> None:
        """Pass over the fields of an AU header behind the index."""
        layout = self._layout
        if layout.cts_delta and bits.flag():
            bits.skip(layout.cts_delta)
        if layout.dts_delta and bits.flag():
            bits.skip(layout.dts_delta)
        bits.skip(int(layout.random_access) + layout.stream_state)

    def _behind_auxiliary(self, payload: memoryview, position: int) -> int:
        """Pass over the auxiliary section (RFC 3640 3.2.2)."""
        bits = BitReader(bytes(payload[position : position + 4 + 1]))
        size = bits.u(self._layout.auxiliary)
        position += (self._layout.auxiliary + size + 7) // 8
        if position > len(payload):
            raise MalformedError("an auxiliary section longer than its packet")
        return position

    def _fragment(self, size: int, piece: memoryview, timestamp: int) -> Sequence[CodedFrame]:
        """Collect a frame too large for one packet (RFC 3640 3.2.3): each piece names its size."""
        if self._partial_size and (timestamp != self._partial_time or size != self._partial_size):
            self._give_up()
        if size > MAX_AUDIO_UNIT:
            raise MalformedError(f"an AAC frame of {size} bytes")
        if timestamp == self._given_up_time:
            return NOTHING
        self._partial_size = size
        self._partial_time = timestamp
        self._partial += piece
        if len(self._partial) < size:
            return NOTHING
        data = bytes(self._partial[:size])
        self.statistics.malformed += len(self._partial) > size
        self._partial.clear()
        self._partial_size = 0
        return (self._frame(data, timestamp),)

    def _frame(self, data: bytes, timestamp: int) -> CodedFrame:
        self.statistics.frames += 1
        return CodedFrame(timestamp, strip_adts(data), True, False, self._format)

    def _give_up(self) -> None:
        if self._partial_size:
            self.statistics.dropped += 1
            self._given_up_time = self._partial_time
        self._partial.clear()
        self._partial_size = 0
