"""How far apart a stream's key frames are, and whether that harms (pain 11)."""

from __future__ import annotations

from collections import deque

from appliance.media.types import AccessUnit
from appliance.storage.errors import VolumeFault
from appliance.text import _

LONG_S = 4.0
"""Key frames further apart make seeking and the start of pictures slow."""

VARIES = 2.0
"""Beyond this ratio between the longest and the shortest GOP, the camera chooses it by itself."""

NOTICEABLE_S = 2.0
"""GOPs up to this harm nobody, however they vary."""

JUDGED = 8
LEAST_JUDGED = 3


class GopWatch:
    """Judges the last eight GOPs of a stream, and the one that is under way."""

    def __init__(self) -> None:
        self._lengths: deque[float] = deque(maxlen=JUDGED)
        self._run = -1
        self._key_pts = 0
        self._key_utc_ns = 0

    def key_frame(self, unit: AccessUnit) -> None:
        """Take a key frame; a new run begins a new GOP that says nothing of the one before."""
        if unit.run == self._run and unit.pts > self._key_pts:
            self._lengths.append((unit.pts - self._key_pts) / unit.format.timescale)
        self._run, self._key_pts, self._key_utc_ns = unit.run, unit.pts, unit.utc_ns

    def advice(self, stream: str, newest_utc_ns: int) -> VolumeFault | None:
        """Return what to change at the camera, and why; None where key frames come well.

        `newest_utc_ns` is the instant of the newest picture, in ns UTC.
        """
        under_way = (newest_utc_ns - self._key_utc_ns) / 1e9 if self._key_utc_ns else 0.0
        longest = max(self._lengths, default=0.0)
        if max(longest, under_way) <= NOTICEABLE_S:
            return None
        shortest = min(self._lengths, default=longest)
        if len(self._lengths) >= LEAST_JUDGED and max(longest, under_way) > VARIES * shortest:
            return VolumeFault(
                "gop_varies",
                _(
                    "The camera sends key frames of its {stream} stream {shortest} to {longest} s "
                    "apart, so seeking and the start of pictures are slow. Switch off “smart "
                    "codec” (H.264+, H.265+, Zipstream) at the camera, or set its I-frame "
                    "interval to 1 to 2 s."
                ).format(
                    stream=stream,
                    shortest=f"{shortest:.0f}",
                    longest=f"{max(longest, under_way):.0f}",
                ),
            )
        if max(longest, under_way) <= LONG_S:
            return None
        return VolumeFault(
            "gop_long",
            _(
                "The camera sends a key frame of its {stream} stream only every {longest} s, so "
                "seeking and the start of pictures are slow. Set its I-frame interval to 1 to 2 s."
            ).format(stream=stream, longest=f"{max(longest, under_way):.0f}"),
        )
