"""Sample entries: how each coding is named and configured inside `stsd`.

Choices, each read by ffmpeg/libav (4.x on) and, where it can be, by browsers:
G.711 is `alaw`/`ulaw` and L16 is `twos` (big endian as on the wire), the QuickTime names, because
the `ipcm` of ISO/IEC 23003-5 is read by few players.  G.726 is `ms 0 E` (WAVE format 0x45), which
wants code words packed from the most significant bit, see `g726.py`.  MJPEG is `mp4v` with object
type 0x6C.
"""

from __future__ import annotations

import struct

from appliance.media.errors import UnsupportedError
from appliance.media.mp4 import descriptors
from appliance.media.mp4.boxes import box
from appliance.media.mp4.records import avcc, hvcc
from appliance.media.types import AudioFormat, Codec, TrackFormat, VideoFormat

G726_ENTRY = b"ms\0E"
_PCM_ENTRIES = {
    Codec.PCMA: b"alaw",
    Codec.PCMU: b"ulaw",
    Codec.L16: b"twos",
    Codec.G726: G726_ENTRY,
}
_OPUS_PRE_SKIP = 312


def sample_entry(form: TrackFormat, *, in_band: bool = False) -> bytes:
    """Return the sample entry of a format.

    `in_band`: parameter sets may also come in the samples (avc3, hev1).  Raises UnsupportedError
    for a format that has no entry and MalformedError for parameter sets that cannot be read.
    """
    if isinstance(form, VideoFormat):
        return _video(form, in_band=in_band)
    return _audio(form)


def storable(form: TrackFormat) -> bool:
    """Whether a sample entry can be made of this format."""
    return (
        not isinstance(form, AudioFormat)
        or form.codec in _PCM_ENTRIES
        or form.codec
        in (
            Codec.AAC,
            Codec.OPUS,
        )
    )


def codec_string(form: TrackFormat, *, in_band: bool = False) -> str:
    """Return the RFC 6381 name for `MediaSource.isTypeSupported`, empty where there is none."""
    name = form.codec_string
    if in_band:
        name = name.replace("avc1", "avc3", 1).replace("hvc1", "hev1", 1)
    if name or not isinstance(form, AudioFormat):
        return name
    return {Codec.AAC: "mp4a.40.2", Codec.OPUS: "opus"}.get(form.codec, "")


def _video(form: VideoFormat, *, in_band: bool) -> bytes:
    match form.codec:
        case Codec.H264:
            kind = b"avc3" if in_band else b"avc1"
            config = box(b"avcC", avcc(form.parameter_sets))
        case Codec.H265:
            kind = b"hev1" if in_band else b"hvc1"
            config = box(b"hvcC", hvcc(form.parameter_sets, complete=not in_band))
        case Codec.MPEG4:
            kind = b"mp4v"
            config = descriptors.esds(descriptors.VIDEO_MPEG4, b"".join(form.parameter_sets))
        case Codec.MJPEG:
            kind = b"mp4v"
            config = descriptors.esds(descriptors.VIDEO_JPEG, b"")
        case _:
            raise UnsupportedError(f"{form.codec} is not a video coding")
    fields = struct.pack(
        ">6xH16xHHIIIH32xHh",
        1,
        min(form.width, 0xFFFF),
        min(form.height, 0xFFFF),
        0x480000,
        0x480000,
        0,
        1,
        24,
        -1,
    )
    return box(kind, fields, config, _colour(form))


def _colour(form: VideoFormat) -> bytes:
    if form.colour is None:
        return b""
    primaries, transfer, matrix, full_range = form.colour
    values = struct.pack(">4sHHHB", b"nclx", primaries, transfer, matrix, full_range << 7)
    return box(b"colr", values)


def _audio(form: AudioFormat) -> bytes:
    bits = 16
    match form.codec:
        case Codec.AAC:
            kind = b"mp4a"
            config = descriptors.esds(descriptors.AUDIO_AAC, form.config)
        case Codec.OPUS:
            kind = b"Opus"
            config = box(b"dOps", form.config or _opus_config(form))
        case Codec.PCMA | Codec.PCMU | Codec.L16 | Codec.G726:
            kind = _PCM_ENTRIES[form.codec]
            config = b""
            if form.codec is Codec.G726:
                bits = form.bits_per_sample or 4
                if form.codec_string.startswith("g726-"):
                    raise UnsupportedError("G.726 has to be packed anew before it is stored")
        case _:
            raise UnsupportedError(f"{form.codec} is not an audio coding that can be stored")
    rate = form.sample_rate << 16 if form.sample_rate < 0x10000 else 0
    fields = struct.pack(">6xH8xHHHHI", 1, form.channels, bits, 0, 0, rate)
    return box(kind, fields, config)


def _opus_config(form: AudioFormat) -> bytes:
    """Return OpusSpecificBox fields (Opus in ISOBMFF 1.0 section 4.3.2); mapping family 0."""
    return struct.pack(">BBHIhB", 0, form.channels, _OPUS_PRE_SKIP, form.sample_rate, 0, 0)
