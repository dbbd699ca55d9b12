"""Reads sample entries back into formats: what `entries.py` writes, and the like of others."""

from __future__ import annotations

import struct
from typing import NamedTuple

from appliance.media.errors import MalformedError
from appliance.media.mp4 import descriptors
from appliance.media.mp4.boxes import BoxSpan, Buffer, walk
from appliance.media.mp4.entries import G726_ENTRY
from appliance.media.mp4.records import parse_avcc, parse_hvcc
from appliance.media.types import AudioFormat, Codec, TrackFormat, VideoFormat

_VIDEO_FIELDS = 78
_AUDIO_FIELDS = 28
_CONFIG_BOXES = (b"avcC", b"hvcC", b"esds", b"dOps")
_PLAIN_AUDIO = {
    b"alaw": Codec.PCMA,
    b"ulaw": Codec.PCMU,
    b"twos": Codec.L16,
    G726_ENTRY: Codec.G726,
}


class Entry(NamedTuple):
    """A sample entry: its code, the body of its configuration box, the format if known."""

    kind: str
    config: bytes
    format: TrackFormat | None


def parse_stsd(data: Buffer, stsd: BoxSpan, handler: bytes, timescale: int) -> Entry:
    """Return the first sample entry of a track; raises MalformedError."""
    span = next(walk(data, stsd.body + 8, stsd.end), None)
    if span is None:
        raise MalformedError("stsd holds no sample entry")
    kind = span.kind.decode("latin-1")
    fields = {b"vide": _VIDEO_FIELDS, b"soun": _AUDIO_FIELDS}.get(handler)
    if fields is None:
        return Entry(kind, b"", None)
    if span.body + fields > span.end:
        raise MalformedError(f"sample entry {kind!r} is cut off")
    boxes: dict[bytes, bytes] = {}
    try:
        for inner in walk(data, span.body + fields, span.end):
            boxes.setdefault(inner.kind, bytes(data[inner.body : inner.end]))
    except MalformedError:
        if not any(name in boxes for name in _CONFIG_BOXES):
            raise
    config = next((boxes[name] for name in _CONFIG_BOXES if name in boxes), b"")
    head = bytes(data[span.body : span.body + fields])
    form: TrackFormat | None
    if handler == b"vide":
        form = _video(span.kind, config, head, boxes.get(b"colr", b""))
    else:
        form = _audio(span.kind, config, head, timescale)
    return Entry(kind, config, form)


def _video(kind: bytes, config: bytes, head: bytes, colr: bytes) -> VideoFormat | None:
    width, height = struct.unpack_from(">HH", head, 24)
    colour = None
    if len(colr) >= 11 and colr[:4] == b"nclx":
        primaries, transfer, matrix, full_range = struct.unpack_from(">HHHB", colr, 4)
        colour = (primaries, transfer, matrix, full_range >= 0x80)
    if kind in (b"avc1", b"avc3"):
        record = parse_avcc(config)
        codec, name, sets = Codec.H264, f"avc1.{record.codec_suffix}", record.parameter_sets
    elif kind in (b"hvc1", b"hev1"):
        record = parse_hvcc(config)
        codec, name, sets = Codec.H265, f"hvc1.{record.codec_suffix}", record.parameter_sets
    elif kind == b"mp4v":
        stream = descriptors.parse_esds(config)
        if stream.object_type == descriptors.VIDEO_JPEG:
            codec, name, sets = Codec.MJPEG, "mp4v.6C", ()
        elif stream.object_type == descriptors.VIDEO_MPEG4:
            codec, name = Codec.MPEG4, "mp4v.20"
            sets = (stream.specific,) if stream.specific else ()
        else:
            return None
    else:
        return None
    return VideoFormat(codec, width, height, name, sets, colour=colour)


def _audio(kind: bytes, config: bytes, head: bytes, timescale: int) -> AudioFormat | None:
    channels, bits = struct.unpack_from(">HH", head, 16)
    if kind in _PLAIN_AUDIO:
        codec = _PLAIN_AUDIO[kind]
        width = {Codec.L16: 16, Codec.G726: bits}.get(codec, 8)
        name = f"aal2-g726-{8 * bits}" if codec is Codec.G726 else kind.decode()
        return AudioFormat(codec, timescale, channels, bits_per_sample=width, codec_string=name)
    if kind == b"Opus":
        return AudioFormat(Codec.OPUS, timescale, channels, config, codec_string="opus")
    if kind == b"mp4a":
        stream = descriptors.parse_esds(config)
        if stream.object_type != descriptors.AUDIO_AAC:
            return None
        kind_of_aac = stream.specific[0] >> 3 if stream.specific else 2
        return AudioFormat(
            Codec.AAC, timescale, channels, stream.specific, codec_string=f"mp4a.40.{kind_of_aac}"
        )
    return None
