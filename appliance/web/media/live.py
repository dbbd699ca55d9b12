"""Live streams: one subscription for each, muxed once, shared by everybody who watches."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from appliance.media.errors import MediaError
from appliance.media.types import AccessUnit, AudioFormat, VideoFormat
from appliance.recording.mediasock.client import LiveUnit, RecorderAway, Refused
from appliance.storage.model import StreamId
from appliance.text import _
from appliance.web.media.audio import SoundMuxer
from appliance.web.media.mux import frame_piece, gop_pieces, init_piece, unit_piece
from appliance.web.media.pacing import Pace
from appliance.web.media.recorders import RecorderPool
from appliance.web.media.wire import Piece

log = logging.getLogger(__name__)

SILENCE_S = 5.0
"""Without a frame for so long, viewers are told."""

WATCH_S = 1.0
FINAL = ("unknown_stream", "no_encoder")
RETRY_S = (0.25, 0.5, 1.0, 2.0)
MAX_GOP_UNITS = 3000
MAX_GOP_BYTES = 48 << 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no picture: stable code, words for people; `final` if waiting is no use."""

    code: str
    text: str
    final: bool = False


def no_picture(stream: StreamId) -> Trouble:
    """Return the trouble of a stream that is there and silent."""
    text = _("The {stream} stream of D{channel} sends no picture at the moment.")
    return Trouble("no_picture", text.format(stream=stream.stream.value, channel=stream.channel))


class Viewer(Protocol):
    """Somebody who watches a live stream; all calls return at once."""

    shape: str
    listening: bool

    def on_format(self, form: VideoFormat) -> bool:
        """Hear of the format in force from the next piece on; False: cannot show it."""

    def on_piece(self, piece: Piece) -> None:
        """Take a piece or drop it."""

    def on_joined(self, pieces: list[Piece]) -> None:
        """Take the init segment and the current GOP."""

    def on_sound_format(self, codecs: str, init: Piece) -> None:
        """Hear of the coding of sound from the next audio piece on."""

    def on_trouble(self, trouble: Trouble) -> None:
        """Hear why there is no picture."""

    def on_pace(self, pace: Pace) -> None:
        """Hear how many of the pictures are converted."""


@dataclass(slots=True)
class _Gop:
    """The units since the last key frame of one run and format, in order; none after a break."""

    units: list[AccessUnit] = field(default_factory=list)
    bytes: int = 0

    def add(self, unit: AccessUnit) -> None:
        if unit.key:
            self.units, self.bytes = [], 0
        elif not self.units:
            return
        self.units.append(unit)
        self.bytes += len(unit.data)
        if len(self.units) > MAX_GOP_UNITS or self.bytes > MAX_GOP_BYTES:
            self.clear()

    def clear(self) -> None:
        self.units, self.bytes = [], 0


class LiveStream:
    """One stream of one channel while somebody watches it."""

    def __init__(self, stream: StreamId, recorders: RecorderPool, on_unit: Callable[[], None]):
        self.stream = stream
        self.format: VideoFormat | None = None
        self.trouble: Trouble | None = None
        self.dropped = 0
        self._recorders = recorders
        self._on_unit = on_unit
        self._viewers: set[Viewer] = set()
        self._gop = _Gop()
        self._run: int | None = None
        self._sequence = itertools.count(1)
        self._sound: SoundMuxer | None = None
        self._changed = asyncio.Event()
        self._last_unit = time.monotonic()
        self._ended = False
        self._attempts = 0
        self._pace = Pace.ALL

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    @property
    def gop(self) -> list[AccessUnit]:
        """The units since the last key frame, oldest first; empty when there is none."""
        return list(self._gop.units)

    async def ready(self) -> VideoFormat | Trouble:
        """Wait for the format, or the reason why there is none."""
        while True:
            if self.trouble is not None:
                return self.trouble
            if self.format is not None:
                return self.format
            self._changed.clear()
            await self._changed.wait()

    async def changed(self) -> None:
        """Wait until format or trouble change."""
        self._changed.clear()
        await self._changed.wait()

    def attach(self, viewer: Viewer) -> None:
        """Let `viewer` have the current GOP at once and every piece from now on."""
        self._viewers.add(viewer)
        if self.format is not None:
            self._welcome(viewer)
        if self.trouble is not None:
            viewer.on_trouble(self.trouble)
        elif self._pace is not Pace.ALL:
            viewer.on_pace(self._pace)

    def detach(self, viewer: Viewer) -> None:
        """Let `viewer` go; one that is not there is no error."""
        self._viewers.discard(viewer)
        self.listening_changed()

    def want_key(self) -> None:
        """Somebody waits for a key frame; a camera sends one when it likes."""

    def tell_pace(self, pace: Pace) -> None:
        """Tell everybody, and who comes later, how many of the pictures are converted."""
        self._pace = pace
        for viewer in tuple(self._viewers):
            viewer.on_pace(pace)

    def listening_changed(self) -> None:
        """Forget the coder of sound when nobody listens any more."""
        if self._sound and not any(viewer.listening for viewer in self._viewers):
            self._sound.close()
            self._sound = None

    def welcome_sound(self, viewer: Viewer) -> None:
        """Tell a viewer who begins to listen how sound is coded, if that is known."""
        if self._sound and self._sound.init:
            viewer.on_sound_format(self._sound.codecs, self._sound.init)

    def end(self) -> None:
        """Receive no more, even where a cancellation gets lost (`wait_for` before Python 3.12)."""
        self._ended = True

    async def run(self) -> None:
        """Receive until `end` or cancelled; a recorder that is away is asked again."""
        watch = asyncio.create_task(self._watch(), name=f"silence of {self.stream}")
        try:
            while not self._ended:
                try:
                    await self._receive()
                    trouble = Trouble("recorder_away", _("The recorder stopped; waiting for it."))
                except RecorderAway:
                    trouble = Trouble(
                        "recorder_away",
                        _("The recorder is not running at the moment; it is being restarted."),
                    )
                except Refused as error:
                    if self._ended:
                        return
                    final = error.code in FINAL
                    trouble = Trouble(error.code, error.text, final)
                self._lost(trouble)
                await asyncio.sleep(RETRY_S[min(self._attempts, len(RETRY_S) - 1)])
                self._attempts += 1
        finally:
            watch.cancel()
            if self._sound:
                self._sound.close()

    async def _receive(self) -> None:
        subscription = await self._recorders.subscribe(self.stream)
        self._last_unit = time.monotonic()
        try:
            if not self._ended:
                async for live in subscription:
                    self._take(live)
        finally:
            await subscription.close()

    def _lost(self, trouble: Trouble) -> None:
        self._gop.clear()
        self._run = None
        self._tell(trouble)

    def _tell(self, trouble: Trouble) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        self._changed.set()
        for viewer in tuple(self._viewers):
            viewer.on_trouble(trouble)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            if self.trouble is None and time.monotonic() - self._last_unit > SILENCE_S:
                self._tell(no_picture(self.stream))

    def _take(self, live: LiveUnit) -> None:
        try:
            if isinstance(live.unit.format, VideoFormat):
                self._take_picture(live, live.unit, live.unit.format)
            else:
                self._take_sound(live.unit)
        except MediaError as error:
            log.warning("a frame of %s cannot be shown: %s", self.stream, error)
            self._gop.clear()

    def _take_picture(self, live: LiveUnit, unit: AccessUnit, form: VideoFormat) -> None:
        self._last_unit = time.monotonic()
        self._attempts = 0
        self._on_unit()
        if live.dropped:
            self.dropped += live.dropped
            self._gop.clear()
        if self._run != unit.run or self.format is not form:
            if not unit.key:
                self._gop.clear()
                return
            if self._run != unit.run or self.format != form:
                self._begin(unit, form)
            self.format = form
        if self.trouble is not None:
            self.trouble = None
            self._changed.set()
        gop_broken = not unit.key and not self._gop.units
        self._gop.add(unit)
        if not gop_broken:
            self._offer(unit)

    def _begin(self, unit: AccessUnit, form: VideoFormat) -> None:
        """A new run or format: everybody gets a new init segment in front of this key frame."""
        self._gop.clear()
        self._run, self.format = unit.run, form
        self._changed.set()
        for viewer in tuple(self._viewers):
            self._welcome(viewer)

    def _welcome(self, viewer: Viewer) -> None:
        form = self.format
        if form is None or not viewer.on_format(form):
            return
        try:
            pieces = [init_piece(form, shape=viewer.shape)]
        except MediaError as error:
            self._tell(
                Trouble(
                    "not_playable",
                    _("The picture cannot be shown in a browser: {reason}.").format(reason=error),
                )
            )
            return
        units = self._gop.units
        if viewer.shape == "au":
            pieces += map(unit_piece, units)
        else:
            pieces += gop_pieces(units, next(self._sequence))
        viewer.on_joined(pieces)

    def _offer(self, unit: AccessUnit) -> None:
        fragment: Piece | None = None
        plain: Piece | None = None
        for viewer in tuple(self._viewers):
            if viewer.shape == "au":
                plain = plain or unit_piece(unit)
                viewer.on_piece(plain)
            else:
                fragment = fragment or frame_piece(unit, next(self._sequence))
                viewer.on_piece(fragment)

    def _take_sound(self, unit: AccessUnit) -> None:
        if not any(viewer.listening for viewer in self._viewers):
            return
        assert isinstance(unit.format, AudioFormat)
        if self._sound is None or self._sound.format != unit.format:
            if self._sound:
                self._sound.close()
            self._sound = SoundMuxer(unit.format, self._announce_sound, self._offer_sound)
            self._announce_sound(self._sound)
        self._sound.push(unit)

    def _announce_sound(self, sound: SoundMuxer) -> None:
        if sound.init is None or sound is not self._sound:
            return
        for viewer in tuple(self._viewers):
            if viewer.listening:
                viewer.on_sound_format(sound.codecs, sound.init)

    def _offer_sound(self, sound: SoundMuxer, piece: Piece) -> None:
        if sound is not self._sound:
            return
        for viewer in tuple(self._viewers):
            if viewer.listening:
                viewer.on_piece(piece)
