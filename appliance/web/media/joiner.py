"""Parts of footage joined into one fragmented MP4 whose clock starts at zero."""

from __future__ import annotations

import itertools
import struct

from appliance.media.mp4.boxes import Buffer, box, full_box
from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.web.media.mux import AUDIO_TRACK, VIDEO_TRACK
from appliance.web.media.parts import NS, Part

_ENTRY = struct.Struct(">QQBBI")
MAX_ENTRIES = 200_000


class Joiner:
    """Joins parts of equal heads; a break in the footage lasts as long in the file.

    `first` begins with a key frame; `end_ns` is where the last part will end, as far as is known.
    """

    def __init__(self, first: Part, end_ns: int) -> None:
        self._start_ns = first.utc_ns
        self._scale = first.head.video.timescale
        sound = first.head.sound_form
        tracks = [Track(VIDEO_TRACK, first.head.form, first.head.in_band)]
        if sound:
            tracks.append(Track(AUDIO_TRACK, sound))
        self._sound_scale = sound.timescale if sound else 0
        self.head = init_segment(tracks, duration_ms=(end_ns - first.utc_ns) // 1_000_000)
        self._position = len(self.head)
        self._run: int | None = None
        self._shift = 0
        self._end = self._sound_end = 0
        self._sequence = itertools.count(1)
        self._entries = bytearray()

    def add(self, part: Part) -> list[Buffer]:
        """Return the bytes of a part, moved to its place in the file."""
        first = part.samples[0]
        if part.run != self._run:
            since = (part.utc_ns - self._start_ns) * self._scale // NS
            self._shift = since - part.base_dts - (first.offset if self._run is not None else 0)
            self._run = part.run
        self._shift = max(self._shift, self._end - part.base_dts)
        video = part.video_run(VIDEO_TRACK, self._shift)
        self._end = video.base_dts + sum(video.durations)
        runs = [video]
        sound = self._sound(part)
        if sound:
            runs.append(sound)
        buffers = fragment(next(self._sequence), runs)
        self._note_key(part, video.base_dts)
        self._position += sum(map(len, buffers))
        return buffers

    def _sound(self, part: Part) -> TrackRun | None:
        if not self._sound_scale:
            return None
        shift = self._shift * self._sound_scale // self._scale
        units = [u for u in part.sound_units() if u.dts + shift >= self._sound_end]
        if not units:
            return None
        durations = [b.dts - a.dts for a, b in itertools.pairwise(units)] + [units[-1].duration]
        base = units[0].dts + shift
        self._sound_end = base + sum(durations)
        return TrackRun(
            AUDIO_TRACK,
            base,
            durations,
            [len(unit.data) for unit in units],
            data=[unit.data for unit in units],
        )

    def _note_key(self, part: Part, base_dts: int) -> None:
        time = base_dts
        for number, sample in enumerate(part.samples, 1):
            if sample.key and len(self._entries) < MAX_ENTRIES * _ENTRY.size:
                self._entries += _ENTRY.pack(
                    time + max(sample.offset, 0), self._position, 1, 1, number
                )
                return
            time += sample.duration

    def tail(self) -> bytes:
        """Return the index of key frames that ends the file (`mfra`, section 8.8.9)."""
        count = len(self._entries) // _ENTRY.size
        fields = struct.pack(">III", VIDEO_TRACK, 0x03, count)
        tfra = full_box(b"tfra", 1, 0, fields, bytes(self._entries))
        size = 8 + len(tfra) + 16
        return box(b"mfra", tfra, full_box(b"mfro", 0, 0, struct.pack(">I", size)))
