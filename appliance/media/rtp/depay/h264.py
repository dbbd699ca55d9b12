"""H.264 from RTP (RFC 6184): single NAL units, STAP-A and FU-A, and the faults of real cameras."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.media.codec import h264
from appliance.media.codec.h264 import NalType
from appliance.media.codec.limits import MAX_ACCESS_UNIT
from appliance.media.errors import MalformedError, MediaError
from appliance.media.rtp.depay import assembly
from appliance.media.rtp.depay.assembly import NalDepacketiser
from appliance.media.rtp.depay.base import NOTHING, CodedFrame
from appliance.media.rtp.depay.sprop import base64_units
from appliance.media.types import Codec

_STAP_A, _STAP_B, _MTAP_16, _MTAP_24, _FU_A, _FU_B = range(24, 30)

_ROLES = bytearray([assembly.JUNK] * 32)
_ROLES[NalType.SLICE] = _ROLES[NalType.PARTITION_A] = assembly.SLICE
_ROLES[NalType.PARTITION_B] = _ROLES[NalType.PARTITION_C] = assembly.PART
_ROLES[NalType.IDR] = assembly.KEY_SLICE
_ROLES[NalType.SEI] = assembly.SEI
_ROLES[NalType.SPS] = _ROLES[NalType.PPS] = assembly.SET
_ROLES[NalType.AUD] = assembly.DELIMITER
for _kind in (10, 11, 12, 13, 15):  # ends of sequence and stream, filler, extensions of the SPS
    _ROLES[_kind] = assembly.DROP
for _kind in (14, 19, 20, 21):  # prefix, auxiliary picture, layers of SVC, MVC and 3D
    _ROLES[_kind] = assembly.KEEP


class H264Depacketiser(NalDepacketiser):
    """Depacketiser of H.264 in packetization modes 0 and 1.

    Of mode 2 (interleaved), which no camera is known to use, STAP-B and FU-B are taken as if sent
    in decoding order; MTAP are counted as malformed.
    """

    _roles = bytes(_ROLES)
    _header = 1
    fragment_head = (2, 0x1F, _FU_A)

    def __init__(self, sprop_parameter_sets: str = "") -> None:
        """Take `sprop-parameter-sets` of the SDP as written; broken ones are counted, no error."""
        super().__init__(Codec.H264)
        units = base64_units(sprop_parameter_sets, self.statistics)
        self._stored_sets(units, [unit[0] & 31 for unit in units])

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Take one payload; the middle of a fragmented NAL unit, the usual case, goes straight."""
        if (
            self._fragment >= 0
            and timestamp == self._timestamp
            and not (marker or lost)
            and len(payload) > 2
            and payload[0] & 31 == 28  # FU-A ...
            and payload[1] < 0x40  # ... with neither start nor end bit
        ):
            unit = self._unit
            unit += payload[2:]
            if len(unit) > MAX_ACCESS_UNIT:
                self._overflow()
            return NOTHING
        return super().push(payload, timestamp, marker, lost)

    def _read(self, payload: memoryview) -> None:
        kind = payload[0] & 31
        if kind == _FU_A:
            self._fragment_of(payload, 2)
        elif kind == _STAP_A:
            self._aggregate(payload, 1)
        elif kind < _STAP_A:
            self._end_fragment()
            self._append(payload)
        elif kind == _STAP_B:
            self._aggregate(payload, 3)
        elif kind == _FU_B:
            self._fragment_of(payload, 4)
        elif kind in (_MTAP_16, _MTAP_24):
            raise MalformedError("interleaved H.264 (MTAP), which this program does not speak")
        else:
            self.statistics.ignored += 1

    def _fragment_of(self, payload: memoryview, head: int) -> None:
        """Take a fragment (RFC 6184 5.8) whose bytes begin at `head`.

        The type of the first fragment holds for all; start and end bit in one fragment make a
        whole NAL unit; a new start ends a unit whose end bit was never set.
        """
        header = payload[1]
        unit = self._unit
        if header & 0x80:
            self._end_fragment()
            self._fragment = len(unit)
            unit += b"\0\0\0\0"
            unit.append(payload[0] & 0xE0 | header & 0x1F)
        elif self._fragment < 0:
            if self._head_doubtful or self._unit_damaged:
                self._unit_damaged = True  # the rest of what was lost
                return
            raise MalformedError("a fragment of a NAL unit whose start was never sent")
        unit += payload[head:]
        if header & 0x40:
            self._end_fragment()

    def _aggregate(self, payload: memoryview, position: int) -> None:
        """Take the NAL units of an aggregation packet (RFC 6184 5.7.1)."""
        self._end_fragment()
        end = len(payload)
        while position + 2 <= end:
            size = payload[position] << 8 | payload[position + 1]
            position += 2
            if position + size > end:
                raise MalformedError("a NAL unit in a STAP runs past the end of its packet")
            if size:
                self._append(payload[position : position + size])
            position += size

    def _kind(self, position: int) -> int:
        return self._unit[position] & 31

    def _recovers(self, starving: bool) -> bool:
        if not self._sei and not (starving and self._has_sets):
            return False
        counts = [count for count in map(self._recovery_count, self._sei) if count is not None]
        if counts and counts[0]:
            return starving  # gradual recovery, where no better key frame comes
        if not counts and not (starving and self._has_sets):
            return False
        first = self._first_slice
        try:
            return h264.parse_slice_header(bytes(self._unit[first : first + 24])).intra
        except MediaError:
            return False

    def _recovery_count(self, position: int) -> int | None:
        size = int.from_bytes(self._unit[position - 4 : position], "big")
        return h264.recovery_frame_count(bytes(self._unit[position : position + min(size, 256)]))
