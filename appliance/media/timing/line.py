"""From media time to UTC: an offset that moves slowly, and the smallest delay seen lately."""

from __future__ import annotations

from collections import deque

_BUCKET_NS = 2_000_000_000
_BUCKETS = 16


class SlewedOffset:
    """What to add to media time to get UTC, both in nanoseconds; it moves at a limited rate.

    The offset is a function of media time alone: constant up to where it was last aimed anew, from
    there on a ramp of `ppm` (nanoseconds a millisecond of media time) up to its target.  So
    frames that arrive out of order (B-frames) are mapped consistently, and UTC rises with media
    time as long as `ppm` is below a million.
    """

    __slots__ = ("_ppm", "_start", "_start_offset", "target")

    def __init__(self, offset_ns: int) -> None:
        self._start = 0
        self._start_offset = self.target = offset_ns
        self._ppm = 0

    def at(self, media_ns: int) -> int:
        """Return the offset at a media time."""
        gap = self.target - self._start_offset
        if not gap or media_ns <= self._start:
            return self._start_offset
        moved = (media_ns - self._start) * self._ppm // 1_000_000
        if gap > 0:
            return self._start_offset + min(moved, gap)
        return self._start_offset - min(moved, -gap)

    def aim(self, media_ns: int, target_ns: int, ppm: int) -> None:
        """Move to `target_ns` from `media_ns` on; a faster move under way keeps its rate."""
        offset = self.at(media_ns)
        if offset == self.target:
            self._ppm = ppm
        self._ppm = max(self._ppm, ppm)
        self._start, self._start_offset, self.target = media_ns, offset, target_ns

    def shift(self, by_ns: int) -> None:
        """Move at once."""
        self._start_offset += by_ns
        self.target += by_ns


class DelayWindow:
    """The smallest of (arrival - media time) over about half a minute.

    The network only ever adds delay, so the smallest value is the one to go by; the window is
    short enough to follow a clock that is 1000 ppm off within 32 ms.
    """

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        self._buckets: deque[list[int]] = deque(maxlen=_BUCKETS)

    def add(self, mono_ns: int, delay_ns: int) -> bool:
        """Note a delay; return whether a new bucket began (every 2 s)."""
        number = mono_ns // _BUCKET_NS
        if self._buckets and self._buckets[-1][0] == number:
            bucket = self._buckets[-1]
            bucket[1] = min(bucket[1], delay_ns)
            return False
        self._buckets.append([number, delay_ns])
        return True

    def minimum(self) -> int:
        """Return the smallest delay in the window; raises ValueError while it is empty."""
        newest = self._buckets[-1][0] if self._buckets else 0
        return min(delay for number, delay in self._buckets if newest - number < _BUCKETS)

    def recent_minimum(self, span_ns: int) -> int | None:
        """Return the smallest delay of the last `span_ns`, the bucket just begun left out.

        None while fewer than three quarters of the span have anything in them: frames that come
        in one burst after a silence say nothing about the delay before it.
        """
        if not self._buckets:
            return None
        newest, wanted = self._buckets[-1][0], span_ns // _BUCKET_NS
        recent = [delay for number, delay in self._buckets if 0 < newest - number <= wanted]
        return min(recent) if 4 * len(recent) >= 3 * wanted else None

    def shift(self, by_ns: int) -> None:
        """Move all delays: the clock they were taken with was set."""
        for bucket in self._buckets:
            bucket[1] += by_ns
