"""Sound beside footage that plays: passed on, or coded anew part by part."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Sequence

from appliance.media.errors import MediaError
from appliance.media.mp4.entries import codec_string
from appliance.media.types import AccessUnit, AudioFormat
from appliance.web.media.audio import PASSED, coders
from appliance.web.media.mux import init_piece, joined_piece
from appliance.web.media.parts import Part
from appliance.web.media.transcode import AacCoder, CodingError
from appliance.web.media.wire import Notice, Piece

log = logging.getLogger(__name__)


class PlaybackSound:
    """The sound of one player."""

    def __init__(self) -> None:
        self._coder: AacCoder | None = None
        self._form: AudioFormat | None = None
        self._sequence = itertools.count(1)

    def restart(self) -> None:
        """What comes next does not continue what came before."""
        self._coder = self._form = None

    async def items(self, *, number: int, part: Part) -> list[Piece | Notice]:
        """Return what to send for the sound of a part: notice and head when new, then a piece."""
        units: Sequence[AccessUnit] = part.sound_units()
        if not units or part.head.sound_form is None:
            return []
        if part.head.sound_form.codec not in PASSED:
            units = await self._coded(part.head.sound_form, units)
            if not units:
                return []
        form = units[0].format
        assert isinstance(form, AudioFormat)
        items: list[Piece | Notice] = []
        try:
            if form != self._form:
                init = init_piece(form, shape="fmp4")
                items = [{"op": "audio", "id": number, "codecs": codec_string(form)}, init]
            items.append(joined_piece(units, next(self._sequence)))
        except MediaError as error:
            log.warning("sound cannot be shown to the browser: %s", error)
            return []
        self._form = form
        return items

    async def _coded(self, form: AudioFormat, units: Sequence[AccessUnit]) -> list[AccessUnit]:
        if self._coder is None:
            self._coder = AacCoder(form)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(coders, self._coder.push_all, units)
        except CodingError as error:
            log.warning("sound cannot be coded for the browser: %s", error)
            return []
