"""G.726 code words: from the packing of RTP to the packing that files and decoders expect.

RFC 3551 section 4.5.4 puts the first code word into the least significant bits of an octet; WAVE
format 0x45 (and ITU-T I.366.2, "AAL2-G726") starts at the most significant bit.  A format's codec
string tells which: "g726-32" or "aal2-g726-32" (empty counts as the latter).
"""

from __future__ import annotations

from dataclasses import replace

from appliance.media.errors import UnsupportedError
from appliance.media.types import AudioFormat, Codec

_GROUP_BYTES = {2: 1, 3: 3, 4: 1, 5: 5}


def _turned_byte(value: int, bits: int) -> int:
    mask = (1 << bits) - 1
    turned = 0
    for at in range(0, 8, bits):
        turned = turned << bits | value >> at & mask
    return turned


_TABLES = {bits: bytes(_turned_byte(value, bits) for value in range(256)) for bits in (2, 4)}


def storable_format(form: AudioFormat) -> AudioFormat:
    """Return the format of what `storable_data` returns; for most codings the same."""
    if form.codec is Codec.G726 and form.codec_string.startswith("g726-"):
        return replace(form, codec_string=f"aal2-{form.codec_string}")
    return form


def storable_data(form: AudioFormat, data: bytes) -> bytes:
    """Return `data` of a packet of `form` as files want it; most are returned as they are."""
    if form.codec is Codec.G726 and form.codec_string.startswith("g726-"):
        return most_significant_first(data, form.bits_per_sample)
    return data


def most_significant_first(data: bytes, bits: int) -> bytes:
    """Return RFC 3551 packed G.726 of `bits` (2 to 5) per sample, packed the other way.

    Octets that do not fill a group of whole code words (3 octets
    for 3 bits, 5 for 5) are left out.  Raises UnsupportedError for other widths.
    """
    if bits in _TABLES:
        return data.translate(_TABLES[bits])
    if bits not in _GROUP_BYTES:
        raise UnsupportedError(f"G.726 has no code words of {bits} bits")
    group = _GROUP_BYTES[bits]
    mask = (1 << bits) - 1
    turned = bytearray()
    for at in range(0, len(data) - group + 1, group):
        value = int.from_bytes(data[at : at + group], "little")
        word = 0
        for shift in range(0, group * 8, bits):
            word = word << bits | value >> shift & mask
        turned += word.to_bytes(group, "big")
    return bytes(turned)
