"""One viewer of a live stream: what it can decode, what it has missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.media.types import VideoFormat
from appliance.storage.model import StreamId
from appliance.web.media import wire
from appliance.web.media.live import Trouble
from appliance.web.media.outbox import Lane
from appliance.web.media.pacing import Pace
from appliance.web.media.wire import Flag, Piece, PieceType


def can_decode(codecs: Sequence[str] | None, form: VideoFormat) -> bool:
    """Whether a client that named `codecs` ("avc1", "hvc1.1.6.L93.B0") can show `form`.

    None: the client did not say, and is believed to know what it asks for.  Names are compared by
    their first part; avc3 counts as avc1, hev1 as hvc1.
    """
    return codecs is None or _family(form.codec_string) in {_family(name) for name in codecs}


def can_decode_h264(codecs: Sequence[str] | None) -> bool:
    """Whether a client that named `codecs` can show what the box converts to."""
    return codecs is None or "avc1" in {_family(name) for name in codecs}


def _family(name: str) -> str:
    first = name.partition(".")[0].strip().lower()
    return {"avc3": "avc1", "hev1": "hvc1", "h264": "avc1", "h265": "hvc1"}.get(first, first)


class LiveViewer:
    """Puts the pieces of a live stream into a lane; when late, skips to the next key frame."""

    def __init__(
        self,
        stream: StreamId,
        lane: Lane,
        *,
        shape: str,
        codecs: Sequence[str] | None,
        reason: str,
        undecodable: Callable[[], None],
        listening: bool = False,
        converted: str = "",
        want_key: Callable[[], None] = lambda: None,
    ) -> None:
        self.shape = shape
        self.listening = listening
        self.dropped = 0
        self._stream = stream
        self._lane = lane
        self._codecs = codecs
        self._reason = reason
        self._undecodable = undecodable
        self._converted = converted
        self._want_key = want_key
        self._skipping = False
        self._troubled = False
        self._extra = Flag.NONE

    def on_format(self, form: VideoFormat) -> bool:
        """Announce the format, unless the client cannot decode it."""
        if not can_decode(self._codecs, form):
            self._undecodable()
            return False
        self._lane.post(
            wire.opened(
                self._lane.number,
                self._stream,
                "live",
                form,
                in_band=False,
                reason=self._reason,
                converted=self._converted,
            )
        )
        return True

    def on_joined(self, pieces: list[Piece]) -> None:
        """Send the head and the current GOP in front of everything to come."""
        self._skipping = False
        self._extra = Flag.DISCONTINUITY
        self._lane.slack = sum(len(piece.payload) for piece in pieces)
        for piece in pieces:
            self._post(piece)

    def on_piece(self, piece: Piece) -> None:
        """Send a piece, or count it as dropped while late."""
        if self._skipping:
            if not piece.key:
                self.dropped += piece.frames
                return
            self._resume()
        elif self._lane.late:
            self.dropped += self._lane.clear()
            if not piece.key:
                self.dropped += piece.frames
                self._skipping = True
                self._want_key()
                return
            self._resume()
        self._post(piece)
        self._troubled = False

    def on_sound_format(self, codecs: str, init: Piece) -> None:
        """Announce how sound is coded."""
        self._lane.post({"op": "audio", "id": self._lane.number, "codecs": codecs})
        self._lane.post(init)

    def on_trouble(self, trouble: Trouble) -> None:
        """Tell why there is no picture, once."""
        if not self._troubled:
            self._troubled = True
            self._lane.post(wire.fault(self._lane.number, trouble.code, trouble.text))

    def on_pace(self, pace: Pace) -> None:
        """Tell that not all pictures are converted, or all again."""
        self._lane.post(wire.paced(self._lane.number, pace))

    def _post(self, piece: Piece) -> None:
        """Flag the first fragment of a stretch; heads carry the flag by themselves."""
        if piece.audio or piece.kind is PieceType.INIT:
            self._lane.post(piece)
        else:
            self._lane.post(piece, self._extra)
            self._extra = Flag.NONE

    def _resume(self) -> None:
        self._skipping = False
        self._extra = Flag.DISCONTINUITY
        self._lane.post(
            {"op": "state", "id": self._lane.number, "state": "late", "dropped": self.dropped}
        )
