"""The child that opens a film of a stick: says what is in it, or turns it into fragmented MP4.

`python -m appliance.web.shelf.film_child MODE OFFSET SIZE START_S`, the film on stdin (a
descriptor that can seek), the answer on stdout: for "facts" a line of JSON, for "play" the MP4 from
about START_S on.  Pictures go along as they are; sound that browsers do not play becomes AAC.
"""

from __future__ import annotations

import json
import os
import sys
from fractions import Fraction
from typing import Any

import av
import av.error

from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.codec.h265 import ProfileTierLevel
from appliance.media.codec.nal import split_annexb
from appliance.media.errors import MediaError
from appliance.media.types import Codec
from appliance.web.media.confined import confine
from appliance.web.shelf.window import Window

PLAIN_SOUND = frozenset({"aac", "opus", "mp3", "flac"})
"""What browsers play in an MP4."""

PICTURES = frozenset({"h264", "hevc"})
WITHOUT_TIMES = frozenset({"avi", "h264", "hevc"})
"""What does not tell when pictures are shown: only in order if they are stored in that order."""

ISO = "mov,mp4,m4a,3gp,3g2,mj2"
FRAGMENT_US = 500_000
MAX_REORDER = 16
"""Pictures that may wait for the first time that is told."""

_RATE = 48_000
_MOVFLAGS = "frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets"


def facts(source: Any) -> dict[str, Any]:
    """Say what a film holds: seconds (None if not known), codings, size of the pictures.

    `native`: browsers play it as it is; `obstacle`: why it cannot be turned into what they play.
    """
    video = next(iter(source.streams.video), None)
    audio = next(iter(source.streams.audio), None)
    told: dict[str, Any] = {
        "container": source.format.long_name,
        "seconds": source.duration / av.time_base if source.duration else None,
        "video": None,
        "audio": None if audio is None else audio.codec_context.name,
        "native": False,
        "obstacle": _obstacle(source, video),
    }
    if video is None:
        return told
    coder = video.codec_context
    told["video"] = {
        "codec": coder.name,
        "codec_string": _codec_string(coder),
        "width": coder.width,
        "height": coder.height,
    }
    plain = audio is None or audio.codec_context.name in PLAIN_SOUND
    told["native"] = source.format.name == ISO and plain and coder.name in PICTURES
    return told


def _obstacle(source: Any, video: Any) -> str:
    """Return "" where its pictures can go along, else "no_picture", "coding" or "order"."""
    if video is None:
        return "no_picture"
    if video.codec_context.name not in PICTURES:
        return "coding"
    unordered = source.format.name in WITHOUT_TIMES and video.codec_context.has_b_frames
    return "order" if unordered else ""


def _codec_string(coder: Any) -> str:
    """Return the RFC 6381 name, "" where it cannot be told (ISO/IEC 14496-15 annex E)."""
    record = bytes(coder.extradata or b"")
    try:
        if coder.name == "h264" and record[:1] == b"\x01":
            return "avc1." + record[1:4].hex()
        if coder.name == "hevc" and record[:1] == b"\x01":
            return _hevc_profile(record).codec_string
        codec = Codec.H264 if coder.name == "h264" else Codec.H265
        return video_format_from_parameter_sets(codec, split_annexb(record)).codec_string
    except (MediaError, IndexError, ValueError):
        return ""


def _hevc_profile(record: bytes) -> ProfileTierLevel:
    """Read the head of an HEVCDecoderConfigurationRecord (8.3.3.1.2); raises IndexError."""
    return ProfileTierLevel(
        profile_space=record[1] >> 6,
        tier=record[1] >> 5 & 1,
        profile_idc=record[1] & 31,
        compatibility=int.from_bytes(record[2:6], "big"),
        constraints=record[6:12],
        level_idc=record[12],
    )


class _Sound:
    """The sound of a film on its way: as it is, or as AAC."""

    def __init__(self, film: Any, source: Any) -> None:
        self._coder: Any = None
        self._last = -1
        coder = source.codec_context
        if coder.name in PLAIN_SOUND and (coder.name != "aac" or coder.extradata):
            self.out: Any = film.add_stream_from_template(source, opaque=True)
            return
        layout = "mono" if coder.channels == 1 else "stereo"
        self.out = film.add_stream("aac", rate=_RATE, layout=layout)
        self._shaper = av.AudioResampler("fltp", layout, _RATE, frame_size=1024)
        self._coder = self.out

    def take(self, packet: Any, base_s: Fraction) -> list[Any]:
        """Return what a packet becomes; its time is counted from `base_s` on."""
        if packet.pts is None or packet.pts * packet.time_base < base_s:
            return []
        if self._coder is None:
            return [_shifted(packet, self.out, base_s)]
        made: list[Any] = []
        for heard in packet.decode():
            for frame in self._shaper.resample(heard):
                at = (frame.pts or 0) - round(base_s * _RATE)
                if at <= self._last:
                    continue
                frame.pts, frame.time_base, self._last = at, Fraction(1, _RATE), at
                made += self._coder.encode(frame)
        return made


def play(source: Any, start_s: float, sink: Any) -> None:
    """Write the film as fragmented MP4 from the key frame before `start_s` on.

    Raises ValueError where it holds no pictures that can go along.
    """
    video = next(iter(source.streams.video), None)
    if obstacle := _obstacle(source, video):
        raise ValueError(f"no pictures that a browser could play: {obstacle}")
    assert video is not None
    options = {"movflags": _MOVFLAGS, "frag_duration": str(FRAGMENT_US)}
    film: Any = av.open(sink, "w", format="mp4", options=options)
    shows = film.add_stream_from_template(video, opaque=True)  # else an encoder is opened
    audio = next(iter(source.streams.audio), None)
    sound = _Sound(film, audio) if audio is not None else None
    if start_s > 0 and source.duration:  # a bare stream has no times to seek by
        source.seek(round(start_s * av.time_base))
    base_s: Fraction | None = None
    clock = _Clock(video)
    for packet in source.demux([s for s in (video, audio) if s is not None]):
        if packet.stream is video:
            for timed in clock.take(packet):
                if base_s is None:
                    if not timed.is_keyframe:
                        continue
                    base_s = timed.dts * timed.time_base
                film.mux(_shifted(timed, shows, base_s))
        elif sound is not None and base_s is not None and packet.size:
            film.mux(sound.take(packet, base_s))
    film.close()


class _Clock:
    """Gives decoding times to pictures that come without: first ones, and all of bare streams."""

    def __init__(self, video: Any) -> None:
        rate = Fraction(video.average_rate or video.guessed_rate or 25)
        self._step = max(1, round(1 / (rate * video.time_base)))
        self._waiting: list[Any] = []
        self._next: int | None = None
        self._least = 0

    def take(self, packet: Any) -> list[Any]:
        """Return packets whose time is known now; an empty packet ends the film."""
        if not packet.size:
            return self._all(None)
        if packet.dts is None and self._next is None:
            self._waiting.append(packet)
            return self._all(None) if len(self._waiting) > MAX_REORDER else []
        first = packet.dts if self._next is None else None
        self._waiting.append(packet)
        return self._all(first)

    def _all(self, last_dts: int | None) -> list[Any]:
        """Time what waits: up to `last_dts` where that is known, else from the first one on."""
        timed, self._waiting = self._waiting, []
        if self._next is None and timed:
            before = (len(timed) - 1) * self._step
            self._next = self._least = 0 if last_dts is None else last_dts - before
        for packet in timed:
            assert self._next is not None
            if packet.dts is None:
                packet.dts = self._next
            packet.dts = max(packet.dts, self._least)
            packet.pts = packet.dts if packet.pts is None else max(packet.pts, packet.dts)
            self._next = packet.dts + (packet.duration or self._step)
            self._least = packet.dts + 1
        return timed


def _shifted(packet: Any, out: Any, base_s: Fraction) -> Any:
    shift = round(base_s / packet.time_base)
    packet.pts -= shift
    packet.dts = packet.pts if packet.dts is None else packet.dts - shift
    packet.stream = out
    return packet


def main() -> int:
    """Do what the arguments say; returns the exit status."""
    confine()
    mode, offset, size, start = sys.argv[1:5]
    file = Window(sys.stdin.fileno(), int(offset), int(size))
    try:
        options = {"fflags": "+genpts"}
        with av.open(file, options=options, metadata_errors="replace") as source:
            if mode == "facts":
                sys.stdout.write(json.dumps(facts(source)) + "\n")
            else:
                play(source, float(start), sys.stdout.buffer)
    except BrokenPipeError:
        os.close(sys.stdout.fileno())
        return 0
    except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
        sys.stderr.write(f"{error}\n"[:500])
        sys.stderr.flush()
        os._exit(1)  # a muxer that failed half way may crash while it is taken down
    return 0


if __name__ == "__main__":
    sys.exit(main())
