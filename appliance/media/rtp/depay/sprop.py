"""Parameter sets as an SDP writes them: base64, between commas, and not always right."""

from __future__ import annotations

import base64
import binascii

from appliance.media.codec.nal import split_annexb
from appliance.media.errors import MalformedError
from appliance.media.rtp.depay.base import DepayStatistics

_MAX_TEXT = 64 * 1024


def base64_units(text: str, statistics: DepayStatistics) -> list[bytes]:
    """Return the NAL units in `text` (RFC 6184 8.1 and RFC 7798 7.1 sprop parameters).

    Tolerated: missing padding, blanks, empty members, start codes in front of and behind a unit.
    What is not base64 at all is counted as malformed and left out.
    """
    units: list[bytes] = []
    for member in text[:_MAX_TEXT].split(","):
        packed = "".join(member.split()).rstrip("=")
        try:
            data = base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True)
        except (binascii.Error, ValueError):
            statistics.malformed += 1
            statistics.last_error = MalformedError("parameter sets in the SDP are not base64")
            continue
        units += split_annexb(data)
    return units
