"""Whether the RTP time of a track is worth going by."""

from __future__ import annotations

from collections import deque

_BREAKS = 3
_BREAKS_WITHIN_NS = 30_000_000_000
_ODD_WEIGHT = 8
_ODD_LIMIT = 80
_STEADY_NS = 60_000_000_000
_STEADY_BAND_NS = 500_000_000


class RtpFaith:
    """Gives up RTP time that breaks all the time, and takes it up again once it is steady.

    Given up: three breaks within 30 s, or odd stamps more often than one in nine.  Taken up again:
    arrival minus media time stayed within half a second for a minute.
    """

    __slots__ = ("_breaks", "_oddness", "_steady_delay", "_steady_since", "lost")

    def __init__(self) -> None:
        self._breaks: deque[int] = deque(maxlen=_BREAKS)
        self._oddness = 0
        self._steady_delay = 0
        self._steady_since = 0
        self.lost = False
        """Whether frames are to be stamped by arrival alone."""

    def fitted(self) -> None:
        """Note a stamp that made sense."""
        if self._oddness:
            self._oddness -= 1

    def odd(self, mono_ns: int) -> None:
        """Note a single stamp that made no sense."""
        self._oddness += _ODD_WEIGHT
        if self._oddness > _ODD_LIMIT:
            self._lose(mono_ns)

    def broke(self, mono_ns: int) -> None:
        """Note a break of the track's time."""
        self._breaks.append(mono_ns)
        if len(self._breaks) == _BREAKS and mono_ns - self._breaks[0] < _BREAKS_WITHIN_NS:
            self._lose(mono_ns)

    def watch(self, delay_ns: int, mono_ns: int) -> bool:
        """Note arrival minus media time while RTP time is not used; return whether it is again."""
        if abs(delay_ns - self._steady_delay) > _STEADY_BAND_NS:
            self._steady_delay, self._steady_since = delay_ns, mono_ns
        self.lost = mono_ns - self._steady_since < _STEADY_NS
        return not self.lost

    def box_moved(self, change_ns: int) -> None:
        """The clock that arrival is read from was set by `change_ns`."""
        self._steady_delay += change_ns

    def _lose(self, mono_ns: int) -> None:
        self.lost = True
        self._steady_since = mono_ns
        self._breaks.clear()
        self._oddness = 0
