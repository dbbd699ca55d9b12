"""NAL units in their two wrappings: Annex B start codes and 4-byte lengths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from appliance.media.errors import MalformedError

START_CODE = b"\0\0\1"


def split_annexb(data: bytes) -> list[bytes]:
    """Split at start codes (H.264 and H.265 Annex B) and drop the zero bytes around them.

    Bytes before the first start code count as a unit of their own, so a bare NAL unit comes back
    as it is and cameras that put start codes inside RTP payloads are understood.  Empty units are
    left out.
    """
    units = [unit.rstrip(b"\0") for unit in data.split(START_CODE)]
    return [unit for unit in units if unit]


def to_length_prefixed(units: Iterable[bytes]) -> bytes:
    """Join NAL units, each behind its length in 4 bytes (ISO/IEC 14496-15 5.3.4)."""
    return b"".join(part for unit in units for part in (len(unit).to_bytes(4, "big"), unit))


def split_length_prefixed(data: bytes | memoryview) -> Iterator[bytes]:
    """Yield the NAL units of an `AccessUnit.data`; raises MalformedError at a wrong length."""
    position, end = 0, len(data)
    while position < end:
        start = position + 4
        size = int.from_bytes(data[position:start], "big")
        if start > end or start + size > end:
            raise MalformedError("a NAL unit's length runs past the end of the frame")
        yield bytes(data[start : start + size])
        position = start + size
