"""From the packets libav gives to coded frames: each codec in the form everything else expects."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.media.codec.aac import strip_adts
from appliance.media.codec.formats import aac_format, mjpeg_format, mpeg4_format
from appliance.media.codec.nal import split_length_prefixed
from appliance.media.errors import MalformedError, MediaError, UnsupportedError
from appliance.media.rtp.depay.base import CodedFrame
from appliance.media.rtp.depay.h264 import H264Depacketiser
from appliance.media.rtp.depay.h265 import H265Depacketiser
from appliance.media.types import AudioFormat, Codec, VideoFormat

_SOUND = {
    "pcm_alaw": (Codec.PCMA, 8, "alaw"),
    "pcm_mulaw": (Codec.PCMU, 8, "ulaw"),
    "pcm_s16be": (Codec.L16, 16, "twos"),
}


class FrameMaker(Protocol):
    """Turns the packets of one track into frames; never raises."""

    def frames(self, data: bytes, ticks: int, *, key: bool) -> Sequence[CodedFrame]:
        """Return the frames in a packet stamped `ticks` (unwrapped, of the track's clock)."""


@dataclass(slots=True)
class NalMaker:
    """H.264 and H.265: Annex B, or length-prefixed where the extradata says so."""

    depacketiser: H264Depacketiser | H265Depacketiser
    prefixed: bool

    def frames(self, data: bytes, ticks: int, *, key: bool) -> Sequence[CodedFrame]:
        """Feed whole access units to the depacketiser, which knows sets, keys and damage."""
        stamp = ticks & 0xFFFF_FFFF
        if not self.prefixed:
            return self.depacketiser.push(memoryview(data), stamp, True, False)
        try:
            units = list(split_length_prefixed(data))
        except MalformedError:
            return ()
        frames: list[CodedFrame] = []
        for index, unit in enumerate(units):
            last = index == len(units) - 1
            frames += self.depacketiser.push(memoryview(unit), stamp, last, False)
        return frames


class PictureMaker:
    """MJPEG and MPEG-4 part 2: whole frames; the format is read from the frames themselves."""

    def __init__(self, codec: Codec, header: bytes) -> None:
        self._codec = codec
        self._header = header
        self._format: VideoFormat | None = None

    def frames(self, data: bytes, ticks: int, *, key: bool) -> Sequence[CodedFrame]:
        """Return the packet as a frame, nothing before its format is known."""
        is_jpeg = self._codec is Codec.MJPEG
        if key or self._format is None:
            try:
                found = mjpeg_format(data) if is_jpeg else self._mpeg4(data)
            except MediaError:
                found = None
            if found is not None and found != self._format:
                self._format = found
        if self._format is None:
            return ()
        return (CodedFrame(ticks & 0xFFFF_FFFF, data, key or is_jpeg, False, self._format),)

    def _mpeg4(self, data: bytes) -> VideoFormat:
        """The header is repeated in front of key frames by many cameras."""
        end = data.find(b"\0\0\1\xb6")
        inside = data[:end] if end > 0 else b""
        if inside:
            try:
                return mpeg4_format(inside)
            except MediaError:
                pass
        return mpeg4_format(self._header)


@dataclass(slots=True)
class SoundMaker:
    """Sound: packets are frames."""

    format: AudioFormat

    def frames(self, data: bytes, ticks: int, *, key: bool) -> Sequence[CodedFrame]:
        """Return the packet as a frame."""
        if self.format.codec is Codec.AAC:
            data = strip_adts(data)
        if not data:
            return ()
        return (CodedFrame(ticks & 0xFFFF_FFFF, data, True, False, self.format),)


def maker_for(track: dict[str, Any]) -> FrameMaker | None:
    """Return what reads a track as the child described it, None for sound to be passed over.

    Raises `UnsupportedError` for video that cannot be recorded.
    """
    codec = str(track.get("codec", ""))
    try:
        extra = base64.b64decode(str(track.get("extradata", "")))
    except binascii.Error:
        extra = b""
    if track.get("kind") == "video":
        return _video(codec, extra)
    rate, channels = int(track.get("rate") or 0), int(track.get("channels") or 0)
    if codec == "aac" and extra:
        try:
            return SoundMaker(aac_format(extra))
        except MediaError:
            return None
    if codec in _SOUND and rate > 0 and 0 < channels <= 8:
        kind, bits, entry = _SOUND[codec]
        return SoundMaker(
            AudioFormat(kind, rate, channels, bits_per_sample=bits, codec_string=entry)
        )
    return None


def _video(codec: str, extra: bytes) -> FrameMaker:
    prefixed = extra[:1] == b"\1"
    if codec == "h264":
        made = H264Depacketiser()
        sets = _avcc_sets(extra) if prefixed else [extra]
        return _primed(made, sets, prefixed=prefixed)
    if codec == "hevc":
        return _primed(
            H265Depacketiser(()), _hvcc_sets(extra) if prefixed else [extra], prefixed=prefixed
        )
    if codec == "mjpeg":
        return PictureMaker(Codec.MJPEG, b"")
    if codec == "mpeg4":
        return PictureMaker(Codec.MPEG4, extra)
    raise UnsupportedError(codec or "?")


def _primed(
    made: H264Depacketiser | H265Depacketiser, sets: Sequence[bytes], *, prefixed: bool
) -> NalMaker:
    for unit in sets:
        if unit:
            made.push(memoryview(unit), 0, False, False)
    return NalMaker(made, prefixed)


def _avcc_sets(extra: bytes) -> list[bytes]:
    """Parameter sets of an avcC box (ISO/IEC 14496-15 section 5.3.3.1); what is cut off, is."""
    found: list[bytes] = []
    at = 5
    for mask in (0x1F, 0xFF):
        count = extra[at] & mask if at < len(extra) else 0
        at += 1
        for _number in range(count):
            size = int.from_bytes(extra[at : at + 2], "big")
            found.append(extra[at + 2 : at + 2 + size])
            at += 2 + size
    return found


def _hvcc_sets(extra: bytes) -> list[bytes]:
    """Parameter sets of an hvcC box (ISO/IEC 14496-15 section 8.3.3.1)."""
    found: list[bytes] = []
    at = 23
    for _array in range(extra[22] if len(extra) > 22 else 0):
        count = int.from_bytes(extra[at + 1 : at + 3], "big")
        at += 3
        for _number in range(min(count, 64)):
            size = int.from_bytes(extra[at : at + 2], "big")
            found.append(extra[at + 2 : at + 2 + size])
            at += 2 + size
    return found
