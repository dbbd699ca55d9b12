"""Decoding time stamps from presentation time stamps, in order and without delay."""

from __future__ import annotations

import heapq
from collections import deque

_ASSUMED_DEPTH = 4
_MAX_DEPTH = 16
_LEARNING_FRAMES = 64
_FALLBACK_TICKS = 3_600


class DtsGenerator:
    """Gives every frame of a track, in decoding order, a decoding time.

    The decoding times are the presentation times in rising order, `depth` frames late: the dts of
    frame n is the (n - depth)-th smallest pts; before there are so many, steps of one frame
    interval lead up to the first.  `depth` is what the SPS says (`VideoFormat.reorder_depth`).
    Where it is silent (None), a depth of 4 is assumed for the first 64 frames and then the one
    that was seen is kept; where it lies, the depth grows.  Nothing is held back.

    For all inputs dts strictly rises, 0 <= dts <= pts, and no two of the last 32 frames share a
    pts.  Stamps that repeat, or go back by more than reordering explains, are moved up half a
    frame interval at a time (`moved` counts them).  Values are ticks of the track; `interval` is
    the frame interval to begin with, in ticks.

    Sound has depth 0.  Make a new generator, or `reset`, at the start of each run.
    """

    def __init__(self, reorder_depth: int | None, interval: int = _FALLBACK_TICKS) -> None:
        self._first_interval = max(1, interval)
        self._learning = 0 if reorder_depth is not None else _LEARNING_FRAMES
        known = _ASSUMED_DEPTH if reorder_depth is None else reorder_depth
        self._depth = max(0, min(known, _MAX_DEPTH))
        self._seen_depth = 0
        self.moved = 0
        self.reset()

    def reset(self) -> None:
        """Begin a new run; what was learnt of the depth is kept."""
        self._interval = self._first_interval
        self._window: list[int] = []  # a heap of the pts whose turn as a dts has not come
        self._recent: deque[int] = deque(maxlen=2 * _MAX_DEPTH)
        self._last = -1
        self._highest = -1
        self._natural = -1

    @property
    def depth(self) -> int:
        """Frames by which dts is late at present."""
        return self._depth

    @property
    def interval(self) -> int:
        """The frame interval seen lately, in ticks: a guess of the next frame's duration."""
        return self._interval

    def push(self, pts: int) -> tuple[int, int]:
        """Take the pts of the next frame; return its pts, moved if it had to be, and its dts."""
        begins = self._highest < 0
        before = self._natural, self._interval
        asked = pts
        if pts <= self._highest or pts < 0:
            pts = self._placed(max(0, pts))
        if self._learning:
            self._learning -= 1
            if not self._learning:
                self._depth = self._seen_depth
        heapq.heappush(self._window, pts)
        dts = max(0, pts - self._depth * self._interval) if begins else self._turn(pts)
        if pts != asked:
            self._natural, self._interval = before  # a stamp made up says nothing about the rate
        if pts < dts:
            self.moved += 1
            before_moved, pts = pts, self._unused(dts)
            if before_moved in self._window:  # else its turn as a dts has come already
                self._window.remove(before_moved)
                self._window.append(pts)
                heapq.heapify(self._window)
        self._recent.append(pts)
        self._highest = max(self._highest, pts)
        self._last = dts
        return pts, dts

    def _turn(self, pts: int) -> int:
        """Return the next decoding time: the smallest pts beyond the depth, or a step up to it."""
        natural = -1
        while len(self._window) > self._depth:
            natural = heapq.heappop(self._window)
            if natural == pts:
                break  # beyond the frame's own pts no dts may go
        if natural > self._last:
            if natural > self._natural >= 0:
                self._interval = natural - self._natural
            self._natural = natural
            return natural
        lead = self._window[0] - self._last if self._window else 0
        steps = max(2, self._depth - len(self._window) + 2)
        return self._last + max(1, min(self._interval, lead // steps))

    def _placed(self, pts: int) -> int:
        """Return where to put a pts that does not rise: as it is if it is a reordered frame's."""
        recent = self._recent
        behind = sum(other > pts for other in recent)
        if pts in recent:
            self.moved += 1
            return self._unused(pts + max(1, self._interval // 2))
        if behind <= _MAX_DEPTH and behind < len(recent):
            self._seen_depth = max(self._seen_depth, behind)
            self._depth = max(self._depth, behind)
            return pts
        self.moved += 1
        return self._unused(self._highest + max(1, self._interval // 2))

    def _unused(self, pts: int) -> int:
        while pts in self._recent:
            pts += 1
        return pts
