"""Stored fragments taken apart: cut at key frames, picture and sound each on their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from appliance.media.errors import MalformedError
from appliance.media.mp4.boxes import Buffer
from appliance.media.mp4.reader import ReadTrack, Sample, TrackSamples, parse_fragment, parse_init
from appliance.media.mp4.writer import TrackRun, fragment
from appliance.media.types import AccessUnit, AudioFormat, VideoFormat
from appliance.web.media.mux import MICROSECONDS, VIDEO_TRACK
from appliance.web.media.wire import Flag, Piece, PieceType

NS = 1_000_000_000
_HEADS = 64


@dataclass(frozen=True, slots=True)
class Head:
    """What an init segment says, as far as it can be played."""

    data: bytes
    video: ReadTrack
    form: VideoFormat
    sound: ReadTrack | None
    sound_form: AudioFormat | None
    in_band: bool


class Heads:
    """Init segments read, the last few kept; for one thread at a time."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Head] = OrderedDict()

    def read(self, data: bytes) -> Head:
        """Return what `ftyp`+`moov` say; raises MediaError when there is no video we know."""
        known = self._known.get(data)
        if known is None:
            known = self._known[data] = _read_head(data)
            if len(self._known) > _HEADS:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(data)
        return known


def _read_head(data: bytes) -> Head:
    video: ReadTrack | None = None
    sound: ReadTrack | None = None
    for track in parse_init(data):
        if isinstance(track.format, VideoFormat):
            video = video or track
        elif isinstance(track.format, AudioFormat):
            sound = sound or track
    if video is None or not isinstance(video.format, VideoFormat):
        raise MalformedError("the footage holds no picture of a known coding")
    return Head(
        data,
        video,
        video.format,
        sound,
        sound.format if sound and isinstance(sound.format, AudioFormat) else None,
        video.in_band,
    )


@dataclass(slots=True)
class Part:
    """The samples of one stored fragment, or of the end of it from a key frame on.

    `utc_ns` is the capture time of the first video sample's presentation.
    """

    head: Head
    run: int
    utc_ns: int
    data: Buffer
    base_dts: int
    samples: list[Sample]
    sound: TrackSamples | None
    sound_from_ns: int

    @property
    def duration_ns(self) -> int:
        """How long the video samples last."""
        return sum(sample.duration for sample in self.samples) * NS // self.head.video.timescale

    @property
    def end_ns(self) -> int:
        """The capture time at its end."""
        return self.utc_ns + self.duration_ns

    @property
    def starts_with_key(self) -> bool:
        """Whether it can be decoded from its first sample on."""
        return bool(self.samples) and self.samples[0].key

    def times(self) -> Iterator[tuple[int, int]]:
        """Yield (dts in ticks of the run, capture time in ns) of each video sample."""
        scale, dts = self.head.video.timescale, self.base_dts
        zero = self.base_dts + self.samples[0].offset if self.samples else 0
        for sample in self.samples:
            yield dts, self.utc_ns + (dts + sample.offset - zero) * NS // scale
            dts += sample.duration

    def from_key(self, utc_ns: int) -> Part | None:
        """Return the part from the last key frame at or before `utc_ns`; None if there is none."""
        found: int | None = None
        for index, (sample, (_dts, at)) in enumerate(zip(self.samples, self.times(), strict=True)):
            if sample.key and at <= utc_ns:
                found = index
        return None if found is None else self._from(found)

    def from_first_key(self) -> Part | None:
        """Return the part from its first key frame on; None if there is none."""
        for index, sample in enumerate(self.samples):
            if sample.key:
                return self._from(index)
        return None

    def _from(self, index: int) -> Part:
        if index == 0:
            return self
        dts, utc_ns = list(self.times())[index]
        return Part(
            self.head, self.run, utc_ns, self.data, dts, self.samples[index:], self.sound, utc_ns
        )

    def only_first(self) -> Part:
        """Return the part that holds the first sample alone."""
        return Part(
            self.head, self.run, self.utc_ns, self.data, self.base_dts, self.samples[:1], None, 0
        )

    def until(self, utc_ns: int) -> Part:
        """Return the part without samples captured after `utc_ns` (one stays at least)."""
        kept = [
            sample
            for sample, (_dts, at) in zip(self.samples, self.times(), strict=True)
            if at <= utc_ns
        ]
        samples = self.samples[: max(len(kept), 1)]
        return Part(
            self.head, self.run, self.utc_ns, self.data, self.base_dts, samples, self.sound,
            self.sound_from_ns,
        )  # fmt: skip

    def reaching(self, utc_ns: int) -> Part:
        """Return the part with all that frames captured up to `utc_ns` are decoded from."""
        last = 0
        for index, (_dts, at) in enumerate(self.times()):
            if at <= utc_ns:
                last = index
        return replace(self, samples=self.samples[: last + 1])

    def _payload(self) -> list[Buffer]:
        first, last = self.samples[0], self.samples[-1]
        size = sum(sample.size for sample in self.samples)
        if last.data_offset + last.size - first.data_offset == size:
            return [self.data[first.data_offset : first.data_offset + size]]
        return [self.data[s.data_offset : s.data_offset + s.size] for s in self.samples]

    def video_run(self, track_id: int = VIDEO_TRACK, shift: int = 0) -> TrackRun:
        """Return the video samples, their decode times moved by `shift` ticks."""
        return TrackRun(
            track_id,
            self.base_dts + shift,
            [sample.duration for sample in self.samples],
            [sample.size for sample in self.samples],
            [sample.key for sample in self.samples],
            [sample.offset for sample in self.samples],
            self._payload(),
        )

    def piece(self, sequence: int) -> Piece:
        """Return the video samples as one fragment."""
        payload = b"".join(fragment(sequence, [self.video_run()]))
        flags = Flag.KEY if self.starts_with_key else Flag.NONE
        return Piece(
            PieceType.FRAGMENT,
            flags,
            self.utc_ns // 1000,
            self.duration_ns * MICROSECONDS // NS,
            payload,
            frames=len(self.samples),
        )

    def unit_pieces(self) -> Iterator[Piece]:
        """Yield the video samples one by one, bare."""
        scale = self.head.video.timescale
        for sample, (_dts, at) in zip(self.samples, self.times(), strict=True):
            yield Piece(
                PieceType.ACCESS_UNIT,
                Flag.KEY if sample.key else Flag.NONE,
                at // 1000,
                sample.duration * MICROSECONDS // scale,
                bytes(self.data[sample.data_offset : sample.data_offset + sample.size]),
            )

    def video_units(self) -> list[AccessUnit]:
        """Return the video samples as access units, to be decoded."""
        return [
            AccessUnit(
                format=self.head.form,
                run=self.run,
                pts=dts + sample.offset,
                dts=dts,
                duration=sample.duration,
                utc_ns=at,
                mono_ns=0,
                rtp_time=0,
                key=sample.key,
                damaged=False,
                data=bytes(self.data[sample.data_offset : sample.data_offset + sample.size]),
            )
            for sample, (dts, at) in zip(self.samples, self.times(), strict=True)
        ]

    def sound_units(self) -> list[AccessUnit]:
        """Return the sound that belongs to it, on the clock of the run."""
        form, track = self.head.sound_form, self.head.sound
        if self.sound is None or form is None or track is None or not self.samples:
            return []
        zero_ticks = self.base_dts + self.samples[0].offset
        zero_ns = self.utc_ns - zero_ticks * NS // self.head.video.timescale
        units = []
        time = self.sound.base_dts
        for sample in self.sound.samples:
            at = zero_ns + time * NS // track.timescale
            if at >= self.sound_from_ns:
                units.append(
                    AccessUnit(
                        format=form,
                        run=self.run,
                        pts=time,
                        dts=time,
                        duration=sample.duration,
                        utc_ns=at,
                        mono_ns=0,
                        rtp_time=0,
                        key=True,
                        damaged=False,
                        data=bytes(
                            self.data[sample.data_offset : sample.data_offset + sample.size]
                        ),
                    )
                )
            time += sample.duration
        return units


def take_apart(head: Head, body: Buffer, *, run: int, utc_ns: int) -> Part:
    """Read a stored fragment (`moof`+`mdat`); raises MediaError."""
    video: TrackSamples | None = None
    sound: TrackSamples | None = None
    for track in parse_fragment(body):
        if track.track_id == head.video.track_id:
            video = video or track
        elif head.sound and track.track_id == head.sound.track_id:
            sound = sound or track
    if video is None or not video.samples:
        raise MalformedError("a fragment without a picture")
    return Part(head, run, utc_ns, body, video.base_dts, video.samples, sound, 0)
