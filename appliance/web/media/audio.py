"""Sound for browsers: AAC and Opus as they come, everything else coded anew, once per stream."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from appliance.media.errors import MediaError
from appliance.media.mp4.entries import codec_string
from appliance.media.types import AccessUnit, AudioFormat, Codec
from appliance.web.media.mux import frame_piece, init_piece
from appliance.web.media.transcode import AacCoder, CodingError
from appliance.web.media.wire import Piece

log = logging.getLogger(__name__)

PASSED = (Codec.AAC, Codec.OPUS)
MAX_WAITING = 100
"""Packets of sound that wait for the coder before further ones are dropped."""

coders = ThreadPoolExecutor(1, thread_name_prefix="sound")


class SoundMuxer:
    """Turns the sound of one stream and format into pieces, handed out on the event loop.

    `init` is there at once for sound that passes as it is, and `announce` is called with it once
    it is there for sound that is coded anew.
    """

    def __init__(
        self,
        form: AudioFormat,
        announce: Callable[[SoundMuxer], None],
        offer: Callable[[SoundMuxer, Piece], None],
    ) -> None:
        self.format = form
        self.init: Piece | None = None
        self.codecs = ""
        self.dropped = 0
        self._announce = announce
        self._offer = offer
        self._sequence = itertools.count(1)
        self._coder = None if form.codec in PASSED else AacCoder(form)
        self._waiting = 0
        self._closed = False
        self._broken = False
        if self._coder is None:
            self._begin(form)

    def push(self, unit: AccessUnit) -> None:
        """Take a packet; its pieces come at once, or as soon as they are coded."""
        if self._coder is None:
            if self.init is not None:
                self._offer(self, frame_piece(unit, next(self._sequence)))
            return
        if self._broken:
            return
        if self._waiting >= MAX_WAITING:
            self.dropped += 1
            return
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(coders, self._coder.push, unit)
        future.add_done_callback(self._coded)

    def close(self) -> None:
        """Hand out nothing any more."""
        self._closed = True

    def _coded(self, future: asyncio.Future[list[AccessUnit]]) -> None:
        self._waiting -= 1
        if self._closed or future.cancelled():
            return
        error = future.exception()
        if error is not None:
            if not isinstance(error, CodingError):
                raise error
            if not self._broken:
                self._broken = True
                log.warning("sound cannot be coded for the browser: %s", error)
            return
        for unit in future.result():
            if self.init is None:
                assert isinstance(unit.format, AudioFormat)
                self._begin(unit.format)
                self._announce(self)
            self._offer(self, frame_piece(unit, next(self._sequence)))

    def _begin(self, form: AudioFormat) -> None:
        try:
            self.init = init_piece(form, shape="fmp4")
        except MediaError as error:
            log.warning("sound cannot be shown to the browser: %s", error)
            return
        self.codecs = codec_string(form)
