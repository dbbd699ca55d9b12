"""Where fragments stand on the clock of an exported file: from 0 on, rising, at the true distance.

In a block `tfdt` counts from the start of a run, plus what the store added (`media_shift`).  Here
every run gets one shift for the whole file.  The clock begins at 0 because GStreamer takes a first
`tfdt` beyond it for time already played, beside the edit list (seen with 1.22).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.export.blocks import Block
from appliance.export.gather import Gathered
from appliance.storage.pieces import GAP_NS
from appliance.storage.tail import IndexedFragment

NS = 1_000_000_000


@dataclass(slots=True)
class Part:
    """Fragments of one run without a jump of the file's clock; `shift` is that of the run."""

    run: int
    pieces: list[Gathered] = field(default_factory=list)
    shift: int = 0

    @property
    def first(self) -> IndexedFragment:
        """Its first fragment."""
        return self.pieces[0].begin

    @property
    def last(self) -> IndexedFragment:
        """Its last fragment."""
        return self.pieces[-1].last

    def time(self, fragment: IndexedFragment) -> int:
        """Return the time of one of its fragments on the file's clock, in ticks of the video."""
        return run_time(fragment) + self.shift


@dataclass(frozen=True, slots=True)
class Placed:
    """Fragments of a block, one behind the other; `pieces` are those of their run.

    `shift` (ticks of the video) leads from the run's clock to the file's; `stored` is the shift
    that their bytes have already.
    """

    pieces: list[Gathered]
    shift: int
    stored: int

    @property
    def block(self) -> Block:
        """Where they lie."""
        return self.pieces[0].block

    @property
    def last(self) -> IndexedFragment:
        """The last of them."""
        return self.pieces[-1].last

    def ticks(self, scales: Mapping[int, int], track: int) -> dict[int, int]:
        """Return by how much the `tfdt` of each track changes; empty if none does.

        The store rounds down as here, so what it added to the sound is taken off exactly.
        """
        scale = scales[track]
        found = {
            number: self.shift * own // scale - self.stored * own // scale
            for number, own in scales.items()
        }
        return found if any(found.values()) else {}


def run_time(fragment: IndexedFragment) -> int:
    """Return its `tfdt` counted from the start of its run."""
    return fragment.media_time - fragment.media_shift


def parts_of(stretches: Sequence[Gathered], *, combine: bool) -> list[Part]:
    """Cut where the run changes, time falls back, or (to combine) something is missing."""
    parts: list[Part] = []
    for piece in stretches:
        first = piece.begin
        last = parts[-1].last if parts else None
        if (
            last is None
            or first.run != last.run
            or run_time(first) <= run_time(last)
            or (combine and first.utc_ns - last.end_ns > GAP_NS)
        ):
            parts.append(Part(first.run))
        parts[-1].pieces.append(piece)
    return parts


def set_clock(parts: Sequence[Part], scale: int, start: int, *, combine: bool) -> None:
    """Give every part its shift (ticks of `scale`); the first fragment stands at `start`.

    A break lasts as long as it did, with `combine` not at all; where the wall clock was put back,
    the file goes on without a break.
    """
    for number, part in enumerate(parts):
        at = start
        if number:
            last = parts[number - 1].last
            pause_ns = 0 if combine else max(0, part.first.utc_ns - last.end_ns)
            at = parts[number - 1].time(last) + (last.duration_ns + pause_ns) * scale // NS
        part.shift = at - run_time(part.first)


def placed(parts: Sequence[Part]) -> list[Placed]:
    """Return the pieces of the file in order; what adjoins in a block and moves alike is one."""
    found: list[Placed] = []
    for part in parts:
        for piece in part.pieces:
            first = piece.begin
            last = found[-1] if found else None
            if (
                last is not None
                and last.block is piece.block
                and (last.shift, last.stored) == (part.shift, first.media_shift)
                and last.last.end == first.offset
            ):
                last.pieces.append(piece)
            else:
                found.append(Placed([piece], part.shift, first.media_shift))
    return found
