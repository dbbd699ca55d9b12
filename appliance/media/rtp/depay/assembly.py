"""Access units from NAL units: where a frame ends, whether it is key, whether it is whole.

The rules, for H.264 and H.265 alike:

- A frame ends at the marker bit, at a new RTP time, at an access unit delimiter, and at the first
  slice of another picture.  It never ends before it has a slice, so parameter sets and SEI sent
  with the marker, or under the time stamp of the frame before, go with the slice that follows.
- A camera that sets the marker on every slice is found out by its first slice that goes on a
  picture already handed out; from then on its marker is not believed.
- Loss makes the frame it hit damaged, and all after it until a key frame that is whole.
- A frame is key if it is an IDR (H.264) or IRAP picture (H.265), or if a recovery point says that
  the pictures are right from here on at once (open GOP).  Gradual recovery (intra refresh) counts,
  as do intra pictures behind fresh parameter sets, once no better key frame came for 300 frames:
  a camera that refreshes for ever has nothing better to start from.
- Start codes inside a payload are split where a camera is seen to send them: always looked for in
  what is not a slice, and in the first slices of a stream.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.media.codec.limits import MAX_ACCESS_UNIT
from appliance.media.codec.nal import START_CODE, split_annexb
from appliance.media.errors import LimitError, MalformedError, MediaError
from appliance.media.rtp.depay.base import NOTHING, CodedFrame, DepayStatistics
from appliance.media.rtp.depay.parameters import ParameterSets
from appliance.media.types import Codec, VideoFormat

JUNK, DROP, KEEP, SEI, SET, DELIMITER, PART, SLICE, KEY_SLICE = range(9)
"""Roles of NAL units; from PART on they make a picture."""

_ANNEXB_SLICES_CHECKED = 64
_ANNEXB_PARTS = 512
_STARVING_FRAMES = 300
_PREFIX = b"\0\0\0\0"
_SEI_REMEMBERED = 4
_SETS_HELD = 64
_OPENING = 64
_CARRIED = 64 * 1024


class NalDepacketiser:
    """The half of a video depacketiser that does not depend on the payload format.

    A subclass reads the payloads: it appends NAL units to `_unit`, each behind four bytes for its
    length, and calls `_close` for each.
    """

    _roles: bytes
    """The role of each nal_unit_type."""
    _header: int
    """Bytes of a NAL unit header."""
    fragment_head: tuple[int, int, int]
    """How the middle of a fragmented NAL unit is told by its head: bytes of the head, and mask and
    value of its first byte; its last byte is then below 0x40 (neither start nor end)."""

    def __init__(self, codec: Codec) -> None:
        self.statistics = DepayStatistics()
        self._sets = ParameterSets(codec)
        self._unit = bytearray()
        self._fragment = -1
        """Where the NAL unit being put together from fragments begins in `_unit`, -1 for none."""
        self._timestamp = -1
        self._out: list[CodedFrame] = []
        self._has_slice = False
        self._has_key = False
        self._has_sets = False
        self._sets_touched = False
        self._first_slice = -1
        self._sei: list[int] = []
        self._next_sets: list[tuple[int, bytes]] = []
        self._unit_damaged = False
        self._head_doubtful = False
        self._broken = True
        self._discard = False
        self._ended_by_marker = -1
        self._trust_marker = True
        self._trust_marker_inside = True
        self._ended_inside = -1
        self._annexb_left = _ANNEXB_SLICES_CHECKED
        self._since_key = 0

    @property
    def collecting(self) -> bytearray:
        """The frame under way; always the same object."""
        return self._unit

    def fragment_time(self) -> int:
        """Return the RTP time of the fragmented NAL unit under way, -1 if there is none.

        While it lasts, the caller may append to `collecting` what is behind the head of the next
        packets in sequence, if they have this time, no marker and a head as `fragment_head` says:
        most packets of a stream are of this kind, and a call for each costs more than its bytes.
        """
        if self._fragment < 0 or self._discard or len(self._unit) > MAX_ACCESS_UNIT:
            return -1
        return self._timestamp

    @property
    def format(self) -> VideoFormat | None:
        """The format of the next frame; None until the parameter sets are complete."""
        return self._sets.format or self._sets.activate(None)

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Take one payload; see `Depacketiser.push`."""
        if lost:
            self._note_loss()
        if timestamp != self._timestamp:
            self._new_time()
            self._timestamp = timestamp
        if not self._discard:
            try:
                self._read(payload)
            except (MalformedError, IndexError) as error:
                self._spoil(error)
            if len(self._unit) > MAX_ACCESS_UNIT:
                self._overflow()
        if marker:
            self._marked()
        if not self._out:
            return NOTHING
        frames, self._out = self._out, []
        return frames

    def flush(self) -> Sequence[CodedFrame]:
        """Return the frame that was waiting for its end, unless a piece of it is missing."""
        self._new_time()
        frames, self._out = self._out, []
        return frames

    def _read(self, payload: memoryview) -> None:
        """Append the NAL units in `payload`; raises MalformedError or IndexError."""
        raise NotImplementedError

    def _kind(self, position: int) -> int:
        """Return nal_unit_type of the unit at `position` in `_unit`."""
        raise NotImplementedError

    def _recovers(self, starving: bool) -> bool:
        """Whether decoding can start at the frame in `_unit` although it holds no key slice."""
        raise NotImplementedError

    # -- what subclasses build with -------------------------------------------------------

    def _append(self, nal: memoryview) -> None:
        """Append one whole NAL unit and look at it."""
        start = len(self._unit)
        self._unit += _PREFIX
        self._unit += nal
        self._close(start)

    def _end_fragment(self) -> None:
        """Look at the NAL unit that the fragments made; nothing if none is under way."""
        start, self._fragment = self._fragment, -1
        if start >= 0:
            self._close(start)

    def _abandon_fragment(self) -> None:
        """Take back the NAL unit whose last fragments are missing."""
        if self._fragment >= 0:
            del self._unit[self._fragment :]
            self._fragment = -1
            self._unit_damaged = True

    def _spoil(self, error: Exception) -> None:
        """Count a payload that breaks its format, and mistrust the frame it belongs to."""
        self.statistics.malformed += 1
        if isinstance(error, MediaError):
            self.statistics.last_error = error
        if self._ended_inside == self._timestamp:
            self._trust_marker_inside = False  # the fragment goes on behind its marker
        self._abandon_fragment()
        self._unit_damaged = True

    def _stored_sets(self, sets: Sequence[bytes], kinds: Sequence[int]) -> None:
        """Take parameter sets from the SDP; broken ones are counted and waited for in-band."""
        for nal, kind in zip(sets, kinds, strict=True):
            if self._roles[kind] == SET:
                self._take_set(kind, nal)
            else:
                self.statistics.ignored += 1
        self._sets.activate(None)

    # -- one NAL unit ------------------------------------------------------------------------

    def _close(self, start: int) -> None:
        """Decide on the NAL unit at `start` in `_unit`: keep it, use it or take it back."""
        unit = self._unit
        begin = start + 4
        size = len(unit) - begin
        if size < self._header:
            del unit[start:]
            if size:
                self.statistics.malformed += 1
            return
        kind = self._kind(begin)
        role = self._roles[kind]
        if role < PART or self._annexb_left:
            if unit.find(START_CODE, begin) >= 0:
                self._split(start)
                return
            if role >= PART and self._annexb_left > 0:
                self._annexb_left -= 1
        if role >= SLICE:
            if size <= self._header:
                del unit[start:]
                self.statistics.malformed += 1
                self._unit_damaged = True
                return
            if not self._slice(size, unit[begin + self._header] & 0x80 != 0):
                return
            begin = len(self._unit) - size
            if role == KEY_SLICE:
                self._has_key = True
        elif role == SEI:
            if not self._has_slice and len(self._sei) < _SEI_REMEMBERED:
                self._sei.append(begin)
        elif role < KEEP or role in (SET, DELIMITER):
            self._use(role, kind, start)
            return
        self._unit[begin - 4 : begin] = size.to_bytes(4, "big")

    def _slice(self, size: int, first: bool) -> bool:
        """Note the slice in the last `size` bytes; return whether to keep it.

        `first`: it begins a picture.
        """
        if first:
            self._head_doubtful = False
            if self._has_slice and self._sets.frames_only:
                self._end(len(self._unit) - size - 4)
        elif not self._has_slice:
            if self._head_doubtful:
                self._unit_damaged = True
                self._head_doubtful = False
            elif self._ended_by_marker == self._timestamp:
                self._trust_marker = False
                self._overrun()
                return False
        if not self._has_slice:
            self._has_slice = True
            self._first_slice = len(self._unit) - size
        return True

    def _use(self, role: int, kind: int, start: int) -> None:
        """Take a NAL unit that does not stay in the frame out of it."""
        nal = bytes(self._unit[start + 4 :])
        del self._unit[start:]
        if role == SET:
            if not self._has_slice:
                self._take_set(kind, nal)
            elif len(self._next_sets) < _SETS_HELD:
                self._next_sets.append((kind, nal))
        elif role == DELIMITER:
            if self._has_slice:
                self._end(start)
        else:
            self.statistics.ignored += 1

    def _take_set(self, kind: int, nal: bytes) -> None:
        self._has_sets = self._sets_touched = True
        try:
            self._sets.take(kind, nal)
        except MediaError as error:
            self.statistics.malformed += 1
            self.statistics.last_error = error

    def _split(self, start: int) -> None:
        """Take apart what an Annex B camera put where one NAL unit belongs."""
        self._annexb_left = -1  # true for ever: look for start codes in every slice
        nal = bytes(self._unit[start + 4 :])
        del self._unit[start:]
        if nal.count(START_CODE) > _ANNEXB_PARTS:
            raise MalformedError("more start codes in one payload than a frame has NAL units")
        parts = split_annexb(nal)
        for part in parts:
            position = len(self._unit)
            self._unit += _PREFIX
            self._unit += part
            self._close(position)

    # -- one frame ---------------------------------------------------------------------------

    def _note_loss(self) -> None:
        self._abandon_fragment()
        if self._unit:
            self._unit_damaged = True
        self._broken = True
        self._head_doubtful = True

    def _new_time(self) -> None:
        """The RTP time changed: what was collected so far is a frame if it has a slice."""
        if self._fragment >= 0:
            self._abandon_fragment()
            self.statistics.malformed += 1
        if self._discard:
            self._discard = False
            self._reset()
        elif self._has_slice:
            self._end(len(self._unit))
        elif self._unit_damaged or len(self._unit) > _CARRIED:
            self.statistics.dropped += self._unit_damaged
            self._broken |= self._unit_damaged
            self._reset()
        self._ended_by_marker = -1

    def _marked(self) -> None:
        """The marker bit is set: the frame ends if it has a slice."""
        if self._discard:
            if self._trust_marker:
                self._discard = False
                self._reset()
            return
        if self._fragment >= 0:
            # A camera that leaves out end bits, or one that marks every packet: the first kind is
            # assumed until the fragment goes on (see `_spoil`).
            if not self._trust_marker_inside:
                return
            self._ended_inside = self._timestamp
        try:
            self._end_fragment()
        except MalformedError as error:
            self._spoil(error)
        if self._has_slice and self._trust_marker:
            self._end(len(self._unit))
            self._ended_by_marker = self._timestamp

    def _overflow(self) -> None:
        self.statistics.last_error = LimitError(
            f"a frame of more than {MAX_ACCESS_UNIT} bytes was passed over"
        )
        self._overrun()

    def _overrun(self) -> None:
        """Give up the frame under way and what is still to come of it."""
        self.statistics.dropped += 1
        self._discard = True
        self._broken = True
        self._reset()

    def _end(self, end: int) -> None:
        """Hand out the frame in `_unit[:end]`; what is behind it begins the next one."""
        rest = bytes(self._unit[end:])
        del self._unit[end:]
        if self._sets_touched or self._sets.several_sps:
            self._sets_touched = False
            first = self._first_slice
            self._sets.activate(bytes(self._unit[first : first + _OPENING]))
        self._since_key += 1
        key = self._has_key or self._recovers(self._since_key > _STARVING_FRAMES)
        if self._unit_damaged:
            self._broken = True
        elif key:
            self._broken = False
        if key:
            self._since_key = 0
        known = self._sets.format
        if known is None:
            self.statistics.dropped += 1
            self._broken = True
        else:
            self.statistics.frames += 1
            self.statistics.damaged += self._broken
            self._out.append(
                CodedFrame(self._timestamp, bytes(self._unit), key, self._broken, known)
            )
        self._reset()
        self._unit += rest

    def _reset(self) -> None:
        self._unit.clear()
        self._fragment = -1
        self._has_slice = self._has_key = self._has_sets = self._unit_damaged = False
        self._first_slice = -1
        self._sei.clear()
        if self._next_sets:
            held, self._next_sets = self._next_sets, []
            for kind, nal in held:
                self._take_set(kind, nal)
