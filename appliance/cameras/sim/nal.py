"""NAL units of H.264 and H.265: splitting, kinds, digests of the coded picture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

_H264_SETS = frozenset({7, 8})
_H265_SETS = frozenset({32, 33, 34})


def split_annex_b(data: bytes) -> list[bytes]:
    """Return the NAL units between start codes (ITU-T H.264 annex B), without trailing zeros."""
    out = []
    start = data.find(b"\0\0\1")
    while start >= 0:
        end = data.find(b"\0\0\1", start + 3)
        nal = data[start + 3 : end if end >= 0 else len(data)]
        if end >= 0:
            nal = nal.rstrip(b"\0")
        if nal:
            out.append(nal)
        start = end
    return out


def split_length_prefixed(data: bytes, length_size: int = 4) -> list[bytes]:
    """Return the NAL units behind big-endian lengths (ISO/IEC 14496-15)."""
    out = []
    position = 0
    while position + length_size <= len(data):
        size = int.from_bytes(data[position : position + length_size], "big")
        position += length_size
        out.append(data[position : position + size])
        position += size
    return out


def nal_type(codec: str, nal: bytes) -> int:
    """Return nal_unit_type: 5 bits in H.264, 6 bits in H.265."""
    return nal[0] & 31 if codec == "h264" else (nal[0] >> 1) & 63


def is_parameter_set(codec: str, nal: bytes) -> bool:
    """Whether it is an SPS, PPS or VPS."""
    return nal_type(codec, nal) in (_H264_SETS if codec == "h264" else _H265_SETS)


def is_vcl(codec: str, nal: bytes) -> bool:
    """Whether it carries picture data (H.264 types 1-5, H.265 types 0-31)."""
    kind = nal_type(codec, nal)
    return 1 <= kind <= 5 if codec == "h264" else kind < 32


def is_key(codec: str, nal: bytes) -> bool:
    """Whether it belongs to an IDR or other random access picture."""
    kind = nal_type(codec, nal)
    return kind == 5 if codec == "h264" else 16 <= kind <= 21


def picture_digest(codec: str, parts: Iterable[bytes]) -> str:
    """Return the digest of an access unit by which sent and stored are compared.

    SHA-256 (hex, first 32 digits).  H.264 and H.265: over the VCL NAL units only, each behind its
    length as 4 bytes big-endian, in order.  Everything else: over the bare frame.
    """
    digest = hashlib.sha256()
    for part in parts:
        if codec in ("h264", "h265"):
            if not is_vcl(codec, part):
                continue
            digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]
