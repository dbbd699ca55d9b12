"""What lies on a volume, access unit by access unit, to be compared with what cameras sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.cameras.sim.nal import picture_digest
from appliance.media.mp4.reader import parse_fragment, parse_init
from appliance.storage.model import StreamId, StreamName
from appliance.storage.reader import FootageReader

VIDEO_TRACK = 1
_CODECS = {"avc1": "h264", "avc3": "h264", "hvc1": "h265", "hev1": "h265"}


def stored_units(volume: Path, channel: int, stream: str = "main") -> Iterator[tuple[str, int]]:
    """Yield (digest, UTC ns of its fragment) of every video unit of a stream, in order.

    The digest is that of the simulated cameras: over the VCL NAL units.
    """
    reader = FootageReader([volume])
    try:
        cursor = reader.seek(StreamId(channel, StreamName(stream)), 0)
        while cursor is not None and (piece := cursor.next()) is not None:
            body = piece.read()
            entry = next(t.entry for t in parse_init(piece.head) if t.track_id == VIDEO_TRACK)
            for track in parse_fragment(body):
                if track.track_id != VIDEO_TRACK:
                    continue
                for sample in track.samples:
                    data = body[sample.data_offset : sample.data_offset + sample.size]
                    yield picture_digest(_CODECS[entry], _nal_units(data)), piece.utc_ns
    finally:
        reader.close()


def stored_spans(volume: Path, channel: int, stream: str = "main") -> list[tuple[int, int]]:
    """Return (start, end) of every fragment of a stream, UTC ns, in order."""
    reader = FootageReader([volume])
    found = []
    try:
        cursor = reader.seek(StreamId(channel, StreamName(stream)), 0)
        while cursor is not None and (piece := cursor.next()) is not None:
            found.append((piece.utc_ns, piece.end_ns))
    finally:
        reader.close()
    return found


def _nal_units(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


def lacking(sent: Sequence[str], stored: Sequence[str]) -> int:
    """How many units between the first and the last stored one are not stored.

    A loop repeats itself, so digests are compared as sequences: the place is looked for where
    `stored` agrees with `sent` longest.  0 where it is a stretch of `sent` without a gap.
    """
    if not stored:
        return len(sent)
    best = len(sent)
    for start in (at for at, digest in enumerate(sent) if digest == stored[0]):
        stretch = sent[start : start + len(stored)]
        if list(stretch) == list(stored):
            return 0
        agreed = next((n for n, (a, b) in enumerate(zip(stretch, stored, strict=False)) if a != b),
                      len(stretch))  # fmt: skip
        best = min(best, max(1, len(stored) - agreed))
    return best
