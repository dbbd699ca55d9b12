"""Which depacketiser an SDP's media description asks for."""

from __future__ import annotations

import binascii
from collections.abc import Mapping

from appliance.media.codec.aac import build_audio_specific_config, parse_audio_specific_config
from appliance.media.errors import LimitError, MalformedError, MediaError, UnsupportedError
from appliance.media.rtp.depay.aac import AacDepacketiser, layout_from_fmtp
from appliance.media.rtp.depay.base import Depacketiser
from appliance.media.rtp.depay.h264 import H264Depacketiser
from appliance.media.rtp.depay.h265 import H265Depacketiser
from appliance.media.rtp.depay.simple import SoundDepacketiser
from appliance.media.types import AudioFormat, Codec

STATIC_PAYLOADS: Mapping[int, tuple[str, int, int]] = {
    0: ("PCMU", 8_000, 1),
    8: ("PCMA", 8_000, 1),
    10: ("L16", 44_100, 2),
    11: ("L16", 44_100, 1),
    26: ("JPEG", 90_000, 0),
    32: ("MPV", 90_000, 0),
}
"""Payload types that need no rtpmap (RFC 3551 tables 4 and 5): name, clock rate, channels."""

_OTHER_VIDEO = frozenset(
    ("JPEG", "MP4V-ES", "MPV", "H261", "H263", "H263-1998", "H263-2000", "VP8", "VP9", "AV1",
     "H266", "SVAC", "MP2T", "JPEG2000", "RAW")
)  # fmt: skip
_MAX_RATE = 384_000
_MAX_CHANNELS = 8


def depacketiser_for(
    encoding_name: str,
    clock_rate: int,
    channels: int = 0,
    fmtp: Mapping[str, str] | None = None,
    *,
    kind: str = "",
    payload_type: int | None = None,
) -> Depacketiser | None:
    """Return the depacketiser of a track, None for a track to be passed over.

    The arguments are those of `a=rtpmap` and `a=fmtp`; an empty name is looked up by the static
    `payload_type`; `kind` is the media type of the m= line ("video", "audio", "application").
    Sound and metadata that are not spoken, or whose description makes no sense, give None: they
    must not keep the picture from being recorded.  Raises UnsupportedError for video that has to
    come in another way (MPEG-4 part 2, JPEG, ...).
    """
    name = encoding_name.strip().upper()
    if not name and payload_type is not None and payload_type in STATIC_PAYLOADS:
        name, clock_rate, channels = STATIC_PAYLOADS[payload_type]
    parameters = {key.strip().lower(): value for key, value in (fmtp or {}).items()}
    if name == "H264":
        return H264Depacketiser(parameters.get("sprop-parameter-sets", ""))
    if name in ("H265", "HEVC"):
        return _h265(parameters)
    if name in _OTHER_VIDEO or kind == "video":
        raise UnsupportedError(f"video of the kind {name or payload_type}")
    try:
        return _sound(name, clock_rate, channels or 1, parameters)
    except MediaError:
        return None


def _h265(parameters: Mapping[str, str]) -> Depacketiser:
    text = parameters.get("sprop-max-don-diff", "").strip()
    sets = [parameters.get(f"sprop-{which}", "") for which in ("vps", "sps", "pps")]
    return H265Depacketiser(sets, int(text) if text.isascii() and text.isdigit() else 0)


def _sound(
    name: str, clock_rate: int, channels: int, parameters: Mapping[str, str]
) -> Depacketiser | None:
    if not 0 < clock_rate <= _MAX_RATE or not 0 < channels <= _MAX_CHANNELS:
        raise LimitError(f"sound of {channels} channels at {clock_rate} Hz")
    if name in ("PCMA", "PCMU"):
        codec, entry = (Codec.PCMA, "alaw") if name == "PCMA" else (Codec.PCMU, "ulaw")
        return SoundDepacketiser(
            AudioFormat(codec, clock_rate, channels, bits_per_sample=8, codec_string=entry),
            block=channels,
        )
    if name in ("L16", "PCM"):
        # "PCM" is Hikvision's name for L16 with the least significant byte first.
        sound = AudioFormat(
            Codec.L16, clock_rate, channels, bits_per_sample=16, codec_string="twos"
        )
        return SoundDepacketiser(sound, block=2 * channels, swap=name == "PCM")
    if name.removeprefix("AAL2-").startswith("G726-"):
        return _g726(name, clock_rate, channels)
    if name == "OPUS":
        stereo = parameters.get("sprop-stereo", "").strip() == "1"
        return SoundDepacketiser(
            AudioFormat(Codec.OPUS, 48_000, 2 if stereo else 1, codec_string="opus")
        )
    if name == "MPEG4-GENERIC":
        return _aac(clock_rate, channels, parameters)
    return None


def _g726(name: str, clock_rate: int, channels: int) -> Depacketiser | None:
    """G.726 (RFC 3551 4.5.4); the codec string tells how its codes are packed into bytes.

    "g726-32" puts the first code into the least significant bits (RFC 3551), "aal2-g726-32" into
    the most significant ones (ITU-T I.366.2 annex E).
    """
    bits = {"16": 2, "24": 3, "32": 4, "40": 5}.get(name.rpartition("-")[2])
    if bits is None:
        return None
    sound = AudioFormat(
        Codec.G726, clock_rate, channels, bits_per_sample=bits, codec_string=name.lower()
    )
    return SoundDepacketiser(sound, block=bits if bits % 2 else 1)


def _aac(clock_rate: int, channels: int, parameters: Mapping[str, str]) -> Depacketiser:
    """AAC; a missing or broken config is made up from the rtpmap, as players do."""
    try:
        data = binascii.unhexlify(parameters.get("config", "").strip().strip('"'))
        config = parse_audio_specific_config(data)
    except (binascii.Error, ValueError, MalformedError):
        config = parse_audio_specific_config(build_audio_specific_config(clock_rate, channels))
    return AacDepacketiser(config, clock_rate, layout_from_fmtp(parameters))
