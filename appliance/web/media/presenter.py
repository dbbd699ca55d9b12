"""Puts what is played into a lane: heads where they are new, pictures, notices."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from appliance.media.types import AccessUnit, VideoFormat
from appliance.storage.model import StreamId
from appliance.web.media import requests, wire
from appliance.web.media.choice import coding
from appliance.web.media.mux import init_piece, joined_piece, unit_piece
from appliance.web.media.outbox import Lane
from appliance.web.media.parts import Head, Part
from appliance.web.media.reel import Gap, Step
from appliance.web.media.sound import PlaybackSound
from appliance.web.media.wire import Flag

MS = 1_000_000


class Presenter:
    """One opened stream's pictures on their way; `reason` goes out with the next head.

    `sent(at_ms)` hears of which instant (ms UTC) pictures are sent.
    """

    def __init__(
        self,
        request: requests.Open,
        lane: Lane,
        sound: PlaybackSound,
        sent: Callable[[float], None],
    ) -> None:
        self._sent = sent
        self._request = request
        self._lane = lane
        self._sound = sound
        self._sequence = itertools.count(1)
        self._head: bytes | VideoFormat = b""
        self._stream: StreamId | None = None
        self.reason = ""

    def gap(self, gap: Gap | None) -> None:
        """Tell that nothing was recorded in a time."""
        if gap:
            self._lane.post(wire.gap(self._lane.number, gap.start_ns // MS, gap.end_ns // MS))

    def head(self, head: Head, stream: StreamId) -> None:
        """Tell how to decode what follows, where that is new."""
        if head.data != self._head or stream != self._stream:
            self._head = head.data
            self._begin(head.form, stream, in_band=head.in_band)

    def _begin(
        self, form: VideoFormat, stream: StreamId, *, in_band: bool = False, source: str = ""
    ) -> None:
        number = self._lane.number
        self._stream = stream
        self._sound.restart()
        self._lane.post(
            wire.opened(
                number,
                stream,
                "playback",
                form,
                in_band=in_band,
                reason=self.reason,
                converted=source,
            )
        )
        self._lane.post(init_piece(form, shape=self._request.form, in_band=in_band))

    def units(self, units: list[AccessUnit], step: Step, extra: Flag) -> None:
        """Send what was converted, behind its head where that is new."""
        if not units:
            return
        self._sent(step.part.utc_ns / MS)
        form = units[0].format
        assert isinstance(form, VideoFormat)
        if form != self._head or step.stream != self._stream:
            self._head = form
            self._begin(form, step.stream, source=coding(step.part.head.form))
        pieces = (
            [unit_piece(unit) for unit in units]
            if self._request.form == "au"
            else [joined_piece(units, next(self._sequence))]
        )
        for piece in pieces:
            self._lane.post(piece, extra)
            extra = Flag.NONE

    def part(self, part: Part, first: Flag, *, each: Flag = Flag.NONE, last: bool = False) -> None:
        """Send a part: `first` and `each` are flags of its pieces, `last` ends a stretch."""
        self._sent(part.utc_ns / MS)
        pieces = (
            list(part.unit_pieces())
            if self._request.form == "au"
            else [part.piece(next(self._sequence))]
        )
        for index, piece in enumerate(pieces, 1):
            ending = Flag.LAST if last and index == len(pieces) else Flag.NONE
            self._lane.post(piece, first | each | ending)
            first = Flag.NONE
