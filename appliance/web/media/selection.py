"""Which streams of a channel a client can be shown, and how their footage is reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.media.errors import MediaError
from appliance.media.types import VideoFormat
from appliance.storage.model import StreamId
from appliance.web.media.choice import candidates
from appliance.web.media.parts import Heads
from appliance.web.media.reel import Reel
from appliance.web.media.viewer import can_decode


class Selection:
    """What a client wants of a channel's footage, and can be shown; for one thread at a time.

    `streams`: those to try, best first; `codecs`: what it named (RFC 6381), None if it did not.
    """

    def __init__(
        self,
        reel_of: Callable[[StreamId], Reel],
        channel: int,
        wanted: str,
        codecs: Sequence[str] | None,
    ) -> None:
        self.reel_of = reel_of
        self.streams = candidates(channel, wanted)
        self.codecs = codecs
        self._wanted = wanted
        self._heads = Heads()

    def wants(self, stream: StreamId) -> bool:
        """Whether this stream needs no explanation."""
        return self._wanted in ("auto", stream.stream)

    def can_decode(self, form: VideoFormat) -> bool:
        """Whether the client can show pictures of a coding."""
        return can_decode(self.codecs, form)

    def can_decode_behind(self, head: bytes) -> bool:
        """Whether the client can show what is stored behind `ftyp`+`moov`."""
        try:
            return self.can_decode(self._heads.read(head).form)
        except MediaError:
            return False
