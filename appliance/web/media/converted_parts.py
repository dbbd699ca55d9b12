"""Footage converted to H.264 part by part, for those who cannot decode what was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from appliance.media.types import AccessUnit
from appliance.web.media.converter import Converter, Job
from appliance.web.media.pacing import Pace, Pacing
from appliance.web.media.parts import Part
from appliance.web.media.transcoder import Kind

LATE_PARTS = 2
"""So many parts in a row that took longer to convert than they play make it late."""


class ConvertedParts:
    """The footage of one player; `close` it in the end.

    Raises ConversionError; after that the next part has to begin with a key frame.
    """

    def __init__(self, converter: Converter, channel: int) -> None:
        self._job: Job = converter.take(channel)
        self._pacing = Pacing()
        self._slow = 0
        self._odd = False

    @property
    def pace(self) -> Pace:
        """How many of the pictures are converted."""
        return self._pacing.pace

    def close(self) -> None:
        """Give the converter back."""
        self._job.close()

    async def still(self, part: Part) -> list[AccessUnit]:
        """Return the first picture of a part by itself."""
        return await self._job.convert(Kind.STILL, part.only_first().video_units()[0])

    async def units(
        self, part: Part, *, fresh: bool, speed: float, unwanted: Callable[[], bool]
    ) -> list[AccessUnit]:
        """Return a part converted; it lasts as long as before.

        `fresh`: it does not continue the part before it.  Empty as soon as it is `unwanted`.
        """
        started = time.monotonic()
        done: list[AccessUnit] = []
        for index, unit in enumerate(part.video_units()):
            if unwanted():
                return []
            first = index == 0
            if self.pace is Pace.KEYS and not unit.key:
                done += await self._job.repeat(unit) if first else []
                continue
            self._odd = not self._odd
            skipped = self.pace is Pace.HALF and self._odd and not first
            begins = (first and fresh) or self.pace is Pace.KEYS
            kind = Kind.QUIET if skipped else Kind.KEY if begins else Kind.UNIT
            done += await self._job.convert(kind, unit)
        if not fresh:
            self._judge(time.monotonic() - started, part.duration_ns / 1e9 / speed)
        return _filled(done, part)

    def _judge(self, took_s: float, allowed_s: float) -> None:
        self._slow = self._slow + 1 if took_s > allowed_s else 0
        if self._slow >= LATE_PARTS:
            self._slow = 0
            self._pacing.late()
        elif self._slow == 0:
            self._pacing.on_time()


def _filled(units: list[AccessUnit], part: Part) -> list[AccessUnit]:
    """Let the last picture last until the end of the part: players stop at holes."""
    if units:
        end = part.base_dts + sum(sample.duration for sample in part.samples)
        units[-1] = replace(units[-1], duration=max(units[-1].duration, end - units[-1].dts))
    return units
