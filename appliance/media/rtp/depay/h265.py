"""H.265 from RTP (RFC 7798): single NAL units, AP and FU, with and without decoding order."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.media.codec import h265
from appliance.media.codec.h265 import NalType
from appliance.media.codec.limits import MAX_ACCESS_UNIT
from appliance.media.errors import MalformedError
from appliance.media.rtp.depay import assembly
from appliance.media.rtp.depay.assembly import NalDepacketiser
from appliance.media.rtp.depay.base import NOTHING, CodedFrame
from appliance.media.rtp.depay.sprop import base64_units
from appliance.media.types import Codec

_AP = 48
_FU = 49
_VCL_END = 10  # 10 to 15 and 22 to 31 are reserved

_ROLES = bytearray([assembly.JUNK] * 64)
for _kind in range(_VCL_END):
    _ROLES[_kind] = assembly.SLICE
for _kind in range(NalType.IRAP_FIRST, NalType.IRAP_LAST + 1):
    _ROLES[_kind] = assembly.KEY_SLICE
_ROLES[NalType.VPS] = _ROLES[NalType.SPS] = _ROLES[NalType.PPS] = assembly.SET
_ROLES[NalType.AUD] = assembly.DELIMITER
for _kind in (36, 37, 38):  # ends of sequence and bitstream, filler
    _ROLES[_kind] = assembly.DROP
_ROLES[NalType.PREFIX_SEI] = assembly.SEI
_ROLES[NalType.SUFFIX_SEI] = assembly.KEEP


class H265Depacketiser(NalDepacketiser):
    """Depacketiser of H.265; NAL units of higher layers (nuh_layer_id > 0) are passed over."""

    _roles = bytes(_ROLES)
    _header = 2
    fragment_head = (3, 0x7E, 49 << 1)

    def __init__(self, sprop_sets: Sequence[str] = (), max_don_diff: int = 0) -> None:
        """Take sprop-vps, sprop-sps and sprop-pps as written, and sprop-max-don-diff.

        With `max_don_diff` > 0 payloads carry decoding order numbers, which are passed over:
        cameras send in decoding order.
        """
        super().__init__(Codec.H265)
        self._donl = 2 if max_don_diff > 0 else 0
        units = [unit for text in sprop_sets for unit in base64_units(text, self.statistics)]
        self._stored_sets(units, [unit[0] >> 1 & 63 for unit in units])

    def push(
        self, payload: memoryview, timestamp: int, marker: bool, lost: bool
    ) -> Sequence[CodedFrame]:
        """Take one payload; the middle of a fragmented NAL unit, the usual case, goes straight."""
        if (
            self._fragment >= 0
            and timestamp == self._timestamp
            and not (marker or lost)
            and len(payload) > 3
            and payload[0] >> 1 & 63 == 49  # FU ...
            and payload[2] < 0x40  # ... with neither start nor end bit
        ):
            unit = self._unit
            unit += payload[3:]
            if len(unit) > MAX_ACCESS_UNIT:
                self._overflow()
            return NOTHING
        return super().push(payload, timestamp, marker, lost)

    def _read(self, payload: memoryview) -> None:
        kind = payload[0] >> 1 & 63
        if payload[0] & 1 or payload[1] & 0xF8:
            self.statistics.ignored += 1  # a higher layer
            return
        if payload[1] & 7 == 0:
            if bytes(payload[:4]).lstrip(b"\0")[:1] != b"\1":
                raise MalformedError("a NAL unit header with the temporal id 0")
            self._annexb_left = -1  # a start code where the header belongs
        if kind == _FU:
            self._fragment_of(payload)
        elif kind == _AP:
            self._aggregate(payload)
        elif kind < _AP:
            self._end_fragment()
            if self._donl:
                self._append(memoryview(bytes(payload[:2]) + payload[4:]))
            else:
                self._append(payload)
        else:
            self.statistics.ignored += 1

    def _fragment_of(self, payload: memoryview) -> None:
        """Take a fragment (RFC 7798 4.4.3), as forgiving as with H.264."""
        header = payload[2]
        head = 3
        unit = self._unit
        if header & 0x80:
            self._end_fragment()
            self._fragment = len(unit)
            unit += b"\0\0\0\0"
            unit.append(payload[0] & 0x81 | (header & 0x3F) << 1)
            unit.append(payload[1])
            head += self._donl
        elif self._fragment < 0:
            if self._head_doubtful or self._unit_damaged:
                self._unit_damaged = True  # the rest of what was lost
                return
            raise MalformedError("a fragment of a NAL unit whose start was never sent")
        unit += payload[head:]
        if header & 0x40:
            self._end_fragment()

    def _aggregate(self, payload: memoryview) -> None:
        """Take the NAL units of an aggregation packet (RFC 7798 4.4.2)."""
        self._end_fragment()
        end = len(payload)
        position = 2 + self._donl
        while position + 2 <= end:
            size = payload[position] << 8 | payload[position + 1]
            position += 2
            if position + size > end:
                raise MalformedError("a NAL unit in an AP runs past the end of its packet")
            if size:
                self._append(payload[position : position + size])
            position += size + (1 if self._donl else 0)

    def _kind(self, position: int) -> int:
        return self._unit[position] >> 1 & 63

    def _recovers(self, starving: bool) -> bool:
        for position in self._sei:
            size = int.from_bytes(self._unit[position - 4 : position], "big")
            sei = bytes(self._unit[position : position + min(size, 256)])
            count = h265.recovery_poc_count(sei)
            if count is not None:
                return count == 0 or starving
        return False
