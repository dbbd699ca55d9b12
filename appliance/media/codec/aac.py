"""AAC: AudioSpecificConfig, read and written (ISO/IEC 14496-3 1.6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.media.codec.bits import BitReader, BitWriter
from appliance.media.errors import LimitError, MalformedError, UnsupportedError

SAMPLE_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000,
    22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
)  # fmt: skip
"""Table 1.18, samplingFrequencyIndex 0 to 12."""

AAC_LC = 2
_SBR = 5
_PS = 29
_LD = 23
_ELD = 39
_ESCAPE = 31
_EXPLICIT_RATE = 15
_GENERAL_AUDIO = frozenset((1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23))
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_SYNC_EXTENSION = 0x2B7
_MAX_CONFIG = 256


@dataclass(frozen=True, slots=True)
class AacConfig:
    """An AudioSpecificConfig.

    `sample_rate` is what comes out of the decoder, `core_rate` what the core codes (half of it
    with SBR); `frame_length` is the number of samples of one frame at `sample_rate`.
    """

    data: bytes
    object_type: int
    sample_rate: int
    core_rate: int
    channels: int
    frame_length: int

    @property
    def codec_string(self) -> str:
        """RFC 6381 section 3.3: mp4a.40.N."""
        return f"mp4a.40.{self.object_type}"


def parse_audio_specific_config(data: bytes) -> AacConfig:
    """Parse the `config` of an SDP or an esds.

    Raises MalformedError, LimitError when it is far too long, and UnsupportedError for what is
    not AAC.
    """
    if len(data) > _MAX_CONFIG:
        raise LimitError(f"an AudioSpecificConfig of {len(data)} bytes; at most {_MAX_CONFIG}")
    bits = BitReader(data)
    named = object_type = _object_type(bits)
    core_rate = sample_rate = _rate(bits)
    channel_configuration = bits.u(4)
    if object_type in (_SBR, _PS):
        sample_rate = _rate(bits)
        object_type = _object_type(bits)
    if object_type == _ELD:
        length = 480 if bits.flag() else 512
    elif object_type in _GENERAL_AUDIO:
        short = bits.flag()
        length = (480 if short else 512) if object_type == _LD else (960 if short else 1024)
        if bits.flag():
            bits.skip(14)  # coreCoderDelay
        bits.skip(1)  # extensionFlag
    else:
        raise UnsupportedError(f"MPEG-4 audio object type {object_type} is not AAC")
    if channel_configuration == 0 and object_type != _ELD:
        channels = _program_channels(bits)
    else:
        channels = _CHANNELS.get(channel_configuration, 0)
    if not channels:
        raise MalformedError(f"AAC channel configuration {channel_configuration} is reserved")
    if named == object_type and object_type == AAC_LC:
        sample_rate = _announced_behind(bits, core_rate)
    return AacConfig(
        data=bytes(data),
        object_type=named,
        sample_rate=sample_rate,
        core_rate=core_rate,
        channels=channels,
        frame_length=length * sample_rate // core_rate,
    )


def build_audio_specific_config(
    sample_rate: int, channels: int, *, object_type: int = AAC_LC
) -> bytes:
    """Build the config of plain AAC with 1024 samples a frame and 1 to 8 channels (not 7).

    Raises UnsupportedError for other numbers of channels, LimitError for absurd rates.
    """
    configuration = next((key for key, count in _CHANNELS.items() if count == channels), 0)
    if not configuration or configuration > 7:
        raise UnsupportedError(f"AAC with {channels} channels")
    if not 0 < sample_rate < 1 << 24:
        raise LimitError(f"AAC at {sample_rate} samples a second")
    bits = BitWriter()
    bits.u(object_type, 5)
    if sample_rate in SAMPLE_RATES:
        bits.u(SAMPLE_RATES.index(sample_rate), 4)
    else:
        bits.u(_EXPLICIT_RATE, 4)
        bits.u(sample_rate, 24)
    bits.u(configuration, 4)
    bits.u(0, 3)
    return bits.bytes()


def strip_adts(unit: bytes) -> bytes:
    """Return an access unit without the ADTS header some cameras leave in front of it.

    A raw AAC frame cannot start with the 12 one-bits of an ADTS header: it would be an END element
    at once (table 4.85).  The header is only taken for one if its length agrees as well.
    """
    if len(unit) < 7 or unit[0] != 0xFF or unit[1] & 0xF6 != 0xF0:
        return unit
    length = (unit[3] & 3) << 11 | unit[4] << 3 | unit[5] >> 5
    return unit[7 if unit[1] & 1 else 9 :] if length == len(unit) else unit


def _object_type(bits: BitReader) -> int:
    value = bits.u(5)
    return 32 + bits.u(6) if value == _ESCAPE else value


def _rate(bits: BitReader) -> int:
    index = bits.u(4)
    if index == _EXPLICIT_RATE:
        rate = bits.u(24)
        if not 1_000 <= rate <= 192_000:
            raise LimitError(f"AAC at {rate} samples a second")
        return rate
    if index >= len(SAMPLE_RATES):
        raise MalformedError(f"AAC sampling frequency index {index} is reserved")
    return SAMPLE_RATES[index]


def _program_channels(bits: BitReader) -> int:
    """Count the channels of a program_config_element (table 4.2)."""
    bits.skip(4 + 2 + 4)
    front, side, back, lfe = bits.u(4), bits.u(4), bits.u(4), bits.u(2)
    bits.skip(3 + 4)
    bits.skip(4 * bits.u(1))  # mono_mixdown
    bits.skip(4 * bits.u(1))  # stereo_mixdown
    bits.skip(3 * bits.u(1))  # matrix_mixdown
    channels = lfe
    for _ in range(front + side + back):
        channels += 2 if bits.flag() else 1
        bits.skip(4)
    return channels


def _announced_behind(bits: BitReader, core_rate: int) -> int:
    """Return the rate of SBR announced behind the config (1.6.5.2), else the core's."""
    try:
        if bits.u(11) == _SYNC_EXTENSION and _object_type(bits) == _SBR and bits.flag():
            return _rate(bits)
    except (MalformedError, LimitError):
        pass
    return core_rate
