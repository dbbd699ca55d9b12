"""Tracks that are neither picture nor sound: ONVIF metadata and vendors' inventions."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.cameras.sim.loops import Track, Unit
from appliance.cameras.sim.quirks import Quirk

_CLOCK = 90_000
_XML = (
    b'<?xml version="1.0" encoding="UTF-8"?><tt:MetadataStream xmlns:tt="http://www.onvif.org/ver10'
    b'/schema"><tt:VideoAnalytics><tt:Frame UtcTime="2026-01-01T00:00:00Z"/></tt:VideoAnalytics>'
    b"</tt:MetadataStream>"
)
_TRACKS = {
    Quirk.METADATA_TRACK: ("vnd.onvif.metadata", _XML),
    Quirk.VANA_TRACK: ("vana", b"\x01\x02vana" * 20),
    Quirk.MERCURY_TRACK: ("mercury", b"\x00\x01MERCURY" * 12),
}


def data_tracks(quirks: Iterable[Quirk]) -> list[Track]:
    """Return one track for each quirk that asks for one, with a packet a second."""
    out = []
    for quirk, (name, data) in _TRACKS.items():
        if quirk in quirks:
            unit = Unit(name, (data,), 0, 0, key=True)
            out.append(Track(codec=name, clock=_CLOCK, duration=_CLOCK, units=[unit]))
    return out
