"""The parameter sets of one video track, and the format they make."""

from __future__ import annotations

from appliance.media.codec import h264, h265
from appliance.media.codec.formats import h264_format, h265_format
from appliance.media.errors import MediaError
from appliance.media.types import Codec, VideoFormat

_FORMATS_KEPT = 8


class ParameterSets:
    """Collects VPS, SPS and PPS, and gives out the same format object for the same sets.

    Bounded: ids are at most 15 VPS, 31 SPS and 255 PPS of 4 KiB each.
    """

    def __init__(self, codec: Codec) -> None:
        self._h265 = codec is Codec.H265
        self._vps: dict[int, h265.Vps] = {}
        self._sps: dict[int, h264.Sps | h265.Sps] = {}
        self._pps: dict[int, h264.Pps | h265.Pps] = {}
        self._known: dict[tuple[int, int], bytes] = {}
        self._slots: dict[bytes, tuple[int, int]] = {}
        self._renewed_sps: set[int] = set()
        self._renewed_pps: set[int] = set()
        self._formats: dict[tuple[bytes, ...], VideoFormat] = {}
        self._active: int | None = None
        self._changed = False
        self.format: VideoFormat | None = None
        """The format in force, None until the sets are complete."""

    @property
    def changed(self) -> bool:
        """Whether sets other than those of `format` have come in."""
        return self._changed

    @property
    def several_sps(self) -> bool:
        """Whether a slice has to be asked which SPS it uses."""
        return len(self._sps) > 1

    @property
    def frames_only(self) -> bool:
        """Whether every picture is a frame, so that its first slice begins a new access unit."""
        sps = self._sps.get(self._active) if self._active is not None else None
        return isinstance(sps, h265.Sps) or (isinstance(sps, h264.Sps) and sps.frame_mbs_only)

    def take(self, kind: int, nal: bytes) -> None:
        """Take a parameter set of nal_unit_type `kind`.

        Raises MalformedError or LimitError for a broken one, and then keeps what it had.
        """
        slot = self._slots.get(nal)
        if slot is not None:
            if slot[0] == self._pps_kind:
                self._renewed_pps.add(slot[1])
        elif self._h265:
            if kind == h265.NalType.VPS:
                vps = h265.parse_vps(nal)
                self._note(kind, vps.id, nal)
                self._vps[vps.id] = vps
            elif kind == h265.NalType.SPS:
                self._take_sps(kind, nal, h265.parse_sps(nal))
            else:
                self._take_pps(kind, nal, h265.parse_pps(nal))
        elif kind == h264.NalType.SPS:
            self._take_sps(kind, nal, h264.parse_sps(nal))
        else:
            self._take_pps(kind, nal, h264.parse_pps(nal))

    def activate(self, slice_nal: bytes | None) -> VideoFormat | None:
        """Bring `format` up to date for the access unit that `slice_nal` begins, and return it."""
        sps_id = self._sps_of(slice_nal)
        if not self._changed and sps_id == self._active:
            self._renewed_pps.clear()
            return self.format
        self._forget_stale()
        self._active = sps_id
        self._changed = False
        self.format = self._build(sps_id)
        return self.format

    def _note(self, kind: int, number: int, nal: bytes) -> None:
        self._forget(kind, number)
        self._known[kind, number] = nal
        self._slots[nal] = kind, number
        self._changed = True

    def _forget(self, kind: int, number: int) -> None:
        nal = self._known.pop((kind, number), None)
        if nal is not None:
            self._slots.pop(nal, None)

    def _take_sps(self, kind: int, nal: bytes, sps: h264.Sps | h265.Sps) -> None:
        self._note(kind, sps.id, nal)
        self._sps[sps.id] = sps
        self._renewed_sps.add(sps.id)

    def _take_pps(self, kind: int, nal: bytes, pps: h264.Pps | h265.Pps) -> None:
        self._note(kind, pps.id, nal)
        self._pps[pps.id] = pps
        self._renewed_pps.add(pps.id)

    def _forget_stale(self) -> None:
        """Drop PPS that were left behind by an SPS which came back changed with other PPS.

        Otherwise a camera that goes from A to B and back to A would end with the sets of both.
        """
        fresh = {self._pps[number].sps_id for number in self._renewed_pps if number in self._pps}
        for number, pps in list(self._pps.items()):
            replaced = pps.sps_id in self._renewed_sps and pps.sps_id in fresh
            if replaced and number not in self._renewed_pps:
                del self._pps[number]
                self._forget(self._pps_kind, number)
        used = {pps.sps_id for pps in self._pps.values()}
        for number in list(self._sps):
            if self._renewed_sps and number not in used | self._renewed_sps:
                del self._sps[number]
                self._forget(self._sps_kind, number)
        self._renewed_sps.clear()
        self._renewed_pps.clear()

    @property
    def _sps_kind(self) -> int:
        return h265.NalType.SPS if self._h265 else h264.NalType.SPS

    @property
    def _pps_kind(self) -> int:
        return h265.NalType.PPS if self._h265 else h264.NalType.PPS

    def _sps_of(self, slice_nal: bytes | None) -> int | None:
        if len(self._sps) == 1:
            return next(iter(self._sps))
        if slice_nal is not None and self._sps:
            try:
                number = (
                    h265.slice_pps_id(slice_nal)
                    if self._h265
                    else h264.parse_slice_header(slice_nal).pps_id
                )
            except MediaError:
                return self._active
            pps = self._pps.get(number)
            if pps is not None and pps.sps_id in self._sps:
                return pps.sps_id
        if self._active in self._sps:
            return self._active
        return min(self._sps, default=None)

    def _build(self, sps_id: int | None) -> VideoFormat | None:
        sps = self._sps.get(sps_id) if sps_id is not None else None
        if sps is None or not any(pps.sps_id == sps_id for pps in self._pps.values()):
            return None
        if self._h265 and not self._vps:
            return None
        nals = [self._vps[number].nal for number in sorted(self._vps)]
        nals.append(sps.nal)
        nals += [self._sps[number].nal for number in sorted(self._sps) if number != sps_id]
        nals += [self._pps[number].nal for number in sorted(self._pps)]
        key = tuple(nals)
        known = self._formats.get(key)
        if known is not None:
            return known
        if isinstance(sps, h265.Sps):
            made = h265_format(sps, self._vps.get(sps.vps_id), key)
        else:
            made = h264_format(sps, key)
        if len(self._formats) >= _FORMATS_KEPT:
            del self._formats[next(iter(self._formats))]
        self._formats[key] = made
        return made
