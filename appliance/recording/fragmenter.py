"""Access units of one stream gathered into fragments for the volume."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from appliance.media.errors import MediaError
from appliance.media.mp4.g726 import storable_data, storable_format
from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import AccessUnit, AudioFormat, Codec, TrackFormat, VideoFormat
from appliance.storage.model import NewFragment, RecordKind, StreamId

log = logging.getLogger(__name__)

VIDEO_TRACK = 1
AUDIO_TRACK = 2
LONGEST_S = 1.25
"""A fragment is cut by the tick each second; without one (a burst), after this much video."""

MOST_BYTES = 256 << 10
"""A fragment is cut before it grows beyond this, as long as no volume has told its block size."""

MAX_PENDING_AUDIO = 512
NS = 1_000_000_000


@dataclass(slots=True)
class _Pending:
    """Units of one track that wait for the cut."""

    units: list[AccessUnit] = field(default_factory=list)
    size: int = 0
    """Bytes of coded media."""

    def add(self, unit: AccessUnit) -> None:
        """Take a unit behind the others."""
        self.units.append(unit)
        self.size += len(unit.data)

    def run(self, track_id: int, data: list[bytes] | None = None) -> TrackRun:
        units = self.units
        durations = [b.dts - a.dts for a, b in itertools.pairwise(units)]
        durations.append(max(units[-1].duration, 1))
        payload = data if data is not None else [u.data for u in units]
        return TrackRun(
            track_id=track_id,
            base_dts=units[0].dts,
            durations=durations,
            sizes=[len(d) for d in payload],
            keys=[u.key for u in units],
            offsets=[u.pts - u.dts for u in units],
            data=payload,
        )


class Fragmenter:
    """Cuts one stream into `NewFragment`s; a run and a set of parameters never share one.

    Recording starts at a key frame.  After `again_in_band()` the parameter sets travel inside the
    key frames (avc3, hev1) and the head stays the same whatever the camera changes.  The units of
    a fragment are kept until `settled()` says that its fate is known.

    `most_bytes` is what a fragment should hold at most; a single unit beyond it is a fragment of
    its own.
    """

    def __init__(self, stream: StreamId) -> None:
        self.stream = stream
        self.expect_audio: AudioFormat | None = None
        """Audio format announced by the camera, so that the head has it from the first fragment."""
        self.most_bytes = MOST_BYTES
        self.units_in = 0
        self.units_given_up = 0
        """Units taken that no fragment could hold."""
        self.audio_not_stored: str = ""
        self._in_band = False
        self._in_band_head: bytes | None = None
        self._video = _Pending()
        self._audio = _Pending()
        self._video_format: VideoFormat | None = None
        self._audio_format: AudioFormat | None = None
        self._head = b""
        self._has_audio = False
        self._run: int | None = None
        self._kinds = RecordKind.NONE
        self._sequence = itertools.count(1)
        self._done: list[NewFragment] = []
        self._in_flight: dict[int, tuple[NewFragment, list[AccessUnit]]] = {}

    @property
    def recording(self) -> bool:
        """Whether units are being gathered (a key frame has been seen since the last stop)."""
        return self._run is not None

    @property
    def pending_bytes(self) -> int:
        """Bytes gathered and not yet taken."""
        return self._video.size + self._audio.size

    def add(self, unit: AccessUnit, kinds: RecordKind) -> bool:
        """Take a unit that is to be recorded as `kinds`; return whether it will be stored."""
        if isinstance(unit.format, VideoFormat):
            return self._add_video(unit, unit.format, kinds)
        return self._add_audio(unit, unit.format)

    def _add_video(self, unit: AccessUnit, track: VideoFormat, kinds: RecordKind) -> bool:
        if self._run != unit.run or (track is not self._video_format and not self._same(track)):
            self._break()
            self._run = None
            if not unit.key:
                return False
            self._begin(unit, track)
        elif self._video.units:
            first = self._video.units[0]
            if (
                kinds != self._kinds
                or unit.dts - first.dts >= LONGEST_S * track.timescale
                or self._fills(unit)
            ):
                self._close()
        self._video_format = track
        self._kinds = kinds
        self._video.add(unit)
        self.units_in += 1
        return True

    def _fills(self, unit: AccessUnit) -> bool:
        return self._video.size + self._audio.size + len(unit.data) > self.most_bytes

    def _same(self, track: VideoFormat) -> bool:
        return track == self._video_format

    def _add_audio(self, unit: AccessUnit, track: AudioFormat) -> bool:
        if self._run != unit.run:
            return False
        if track.codec is Codec.G726:
            heard, track = track, storable_format(track)
            unit = replace(unit, format=track, data=storable_data(heard, unit.data))
        if track is not self._audio_format and track != self._audio_format:
            self._break()
            self._audio_format = track
            self._make_head()
        if not self._has_audio or len(self._audio.units) >= MAX_PENDING_AUDIO:
            return False
        if self._fills(unit):
            self._close()
            if self._fills(unit):  # sound alone, without a picture to go with
                return False
        self._audio.add(unit)
        self.units_in += 1
        return True

    def _begin(self, unit: AccessUnit, track: VideoFormat) -> None:
        self._run = unit.run
        self._video_format = track
        if self._audio_format is None:
            self._audio_format = self.expect_audio and storable_format(self.expect_audio)
        self._make_head()

    def _make_head(self) -> None:
        if self._video_format is None:
            return
        video = Track(VIDEO_TRACK, self._video_format, in_band=self._in_band)
        self._has_audio = False
        self.audio_not_stored = ""
        if self._audio_format is not None:
            try:
                self._head = init_segment([video, Track(AUDIO_TRACK, self._audio_format)])
                self._has_audio = True
            except MediaError as error:
                self.audio_not_stored = str(error)
                log.warning(
                    "D%d %s: sound is not recorded: %s",
                    self.stream.channel,
                    self.stream.stream.value,
                    error,
                )
        if not self._has_audio:
            self._head = init_segment([video])
        if self._in_band:
            self._in_band_head = self._in_band_head or self._head
            self._head = self._in_band_head

    def _break(self) -> None:
        """Close; sound that waits for a picture of its own run would find none any more."""
        self._close()
        self.units_given_up += len(self._audio.units)
        self._audio = _Pending()

    def _close(self) -> None:
        """Turn what is pending into a fragment; what no fragment can hold is given up, counted."""
        units = self._video.units + self._audio.units
        try:
            made = self._made()
        except MediaError as error:
            self.units_given_up += len(units)
            log.error(
                "D%d %s: %d frames cannot be stored: %s",
                self.stream.channel,
                self.stream.stream.value,
                len(units),
                error,
            )
        else:
            if made is None:
                return
            self._done.append(made)
            self._in_flight[id(made)] = (made, units)
        self._video = _Pending()
        self._audio = _Pending()

    def _made(self) -> NewFragment | None:
        """What is pending as a fragment; None without a picture.  Raises MediaError."""
        units = self._video.units
        if not units:
            return None
        first, last = units[0], units[-1]
        data = [self._with_sets(u) for u in units] if self._in_band else None
        runs = [self._video.run(VIDEO_TRACK, data)]
        if self._audio.units:
            runs.append(self._audio.run(AUDIO_TRACK))
        ticks = last.dts - first.dts + max(last.duration, 1)
        return NewFragment(
            stream=self.stream,
            run=first.run,
            kinds=self._kinds,
            utc_ns=first.utc_ns,
            mono_ns=first.mono_ns,
            rtp_time=first.rtp_time,
            duration_ns=ticks * NS // first.format.timescale,
            starts_with_key=first.key,
            has_key=any(u.key for u in units),
            head=self._head,
            body=fragment(next(self._sequence), runs),
        )

    def settled(self, made: NewFragment) -> None:
        """Forget the units of a fragment that is stored, or given up."""
        self._in_flight.pop(id(made), None)

    def again_in_band(self, refused: Sequence[NewFragment]) -> list[NewFragment]:
        """Mux refused fragments anew with their parameter sets in band; later ones follow suit."""
        self._in_band = True
        done, self._done = self._done, []
        now = (self._run, self._video_format, self._audio_format, self._video, self._audio)
        self._video, self._audio = _Pending(), _Pending()
        self._run = None
        for old in refused:
            _fragment, units = self._in_flight.pop(id(old), (old, []))
            self._resume(units)
            for unit in units:
                self.add(unit, old.kinds)
            self._close()
        remade, self._done = self._done, done
        self._run, self._video_format, self._audio_format, self._video, self._audio = now
        self._make_head()
        return remade

    def _resume(self, units: list[AccessUnit]) -> None:
        """Take up a run at these units, whether or not they begin with a key frame."""
        if units and isinstance(units[0].format, VideoFormat):
            self._run = units[0].run
            self._video_format = units[0].format
            self._make_head()

    def _with_sets(self, unit: AccessUnit) -> bytes:
        track: TrackFormat = unit.format
        if not unit.key or not isinstance(track, VideoFormat):
            return unit.data
        if track.codec not in (Codec.H264, Codec.H265):
            return unit.data
        sets = b"".join(len(p).to_bytes(4, "big") + p for p in track.parameter_sets)
        return sets + unit.data

    def take(self) -> list[NewFragment]:
        """Close the current fragment and return all that wait, oldest first."""
        self._close()
        done, self._done = self._done, []
        return done

    def stop(self) -> None:
        """Pause: what is pending is kept for `take`; the next start needs a key frame."""
        self._break()
        self._run = None
