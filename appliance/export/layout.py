"""Laying out one MP4: head, ranges of blocks, tail; times on one clock, the cut, the indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo

from appliance.export.clock import Part, Placed, parts_of, placed, set_clock
from appliance.export.gather import NS, Columns, Footage, Gathered, Key, Lead, from_first_key
from appliance.export.lead_moof import original_box, without_first
from appliance.export.movie import Movie, Stretch
from appliance.export.movie_head import (
    Cut,
    Words,
    movie_head,
    random_access,
    segment_index,
)
from appliance.export.names import iso_time, movie_name
from appliance.export.pieces import Made, Piece, Replaced, Stored
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.media.errors import MalformedError
from appliance.media.mp4.reader import parse_init
from appliance.media.types import AudioFormat, Codec, VideoFormat
from appliance.storage.boxes import move_times, timescales, video_track
from appliance.storage.pieces import GAP_NS

_CODINGS = {
    Codec.H264: "H.264", Codec.H265: "H.265", Codec.MJPEG: "MJPEG", Codec.MPEG4: "MPEG-4",
    Codec.AAC: "AAC", Codec.PCMA: "G.711 A-law", Codec.PCMU: "G.711 µ-law", Codec.L16: "PCM",
    Codec.G726: "G.726", Codec.OPUS: "Opus",
}  # fmt: skip


def lay_out(
    footage: Footage,
    request: ExportRequest,
    head: bytes,
    stretches: Sequence[Gathered],
    names: Mapping[int, str],
    zone: tzinfo,
    box: BoxIdentity,
) -> Movie | None:
    """Return the movie of footage that shares one `head`; None where nothing can be decoded.

    Raises MediaError for a head that cannot be read, FootageGoneError, OSError.
    """
    track, scales = video_track(head), timescales(head)
    scale = scales.get(track)
    if not scale:
        raise MalformedError("there is no video track")
    kept, lead = from_first_key(footage, list(stretches))
    if lead is None:
        return None
    parts = parts_of(kept, combine=request.combine)
    key = _first_key(lead, request.start_ns)
    trimmed = without_first(lead.moof, track, key.number)
    skipped = trimmed.ticks if trimmed else 0
    begin = lead.base + skipped
    early = max(0, begin - lead.others) if lead.others is not None else 0
    set_clock(parts, scale, early - skipped, combine=request.combine)
    pieces = placed(parts)
    start_ns = max(request.start_ns, key.utc_ns)
    cut, end_ns = _cut(request, parts, lead, scale, start_ns)
    if cut.duration <= 0:
        return None
    stream = kept[0].block.stream
    title = " ".join(p for p in (f"D{stream.channel}", names.get(stream.channel, "")) if p)
    words = Words(
        title, iso_time(start_ns, zone), f"NVR {box.version}", f"{box.name}: {iso_time(start_ns)}"
    )
    references = _references(pieces)
    references.times[0] += skipped
    front = movie_head(head, cut, start_ns, words)
    if trimmed:
        front += original_box(lead.moof)
    end = cut.start - lead.offset + cut.duration
    front += segment_index(references, track, scale, lead.offset, end)
    body = [_stored(piece, scales, track) for piece in pieces]
    if trimmed:
        moof = move_times(trimmed.moof, body[0].ticks)
        body[0] = replace(body[0], lead=Replaced(lead.moof, moof))
    tail = random_access(references, track, lead.offset, len(front))
    all_pieces: list[Piece] = [Made(front), *body, Made(tail)]
    return Movie(
        movie_name(stream, names.get(stream.channel, ""), start_ns, zone), title, stream,
        start_ns, end_ns, _stretches(parts, scale, cut.start - lead.offset, start_ns, end_ns),
        scales, _coding(head), tuple(all_pieces),
    )  # fmt: skip


def _first_key(lead: Lead, start_ns: int) -> Key:
    """Return the key frame to begin with: the last one up to the cut, else the first."""
    before = [key for key in lead.keys if key.utc_ns <= start_ns]
    return before[-1] if before else lead.keys[0]


def _cut(
    request: ExportRequest, parts: Sequence[Part], lead: Lead, scale: int, start_ns: int
) -> tuple[Cut, int]:
    """Return the edit and the UTC of the end; `start_ns` is that of the first picture shown."""
    first, last = parts[0].first, parts[-1].last
    zero = parts[0].time(first) + lead.offset
    start = zero + (start_ns - first.utc_ns) * scale // NS
    end_ns = min(last.end_ns, request.end_ns)
    ends = parts[-1].time(last) + lead.offset
    end = ends + (end_ns - last.utc_ns) * scale // NS
    return Cut(start, end - start), end_ns


def _references(pieces: Sequence[Placed]) -> Columns:
    references = Columns()
    for placed_piece in pieces:
        for gathered in placed_piece.pieces:
            references.join(gathered.columns, placed_piece.shift - placed_piece.stored)
    return references


def _stored(piece: Placed, scales: Mapping[int, int], track: int) -> Stored:
    first = piece.pieces[0]
    count = sum(gathered.count for gathered in piece.pieces)
    unflipped = 0
    with piece.block.open() as opened:
        if not opened.flipped(piece.last):
            for fragment in reversed(piece.pieces[-1].fragments):
                if opened.flipped(fragment):
                    break
                unflipped += 1
        opened.check()
    start = first.begin.offset
    ticks = piece.ticks(scales, track)
    return Stored(piece.block, first.first, count, start, piece.last.end - start, ticks, unflipped)


def _stretches(
    parts: Sequence[Part], scale: int, zero: int, start_ns: int, end_ns: int
) -> tuple[Stretch, ...]:
    """Return where in the file what time is; clipped to what is shown."""
    found: list[Stretch] = []
    for part in parts:
        begins = True
        for piece in part.pieces:
            first, last = piece.begin, piece.last
            if not begins and abs(first.utc_ns - found[-1].end_ns) <= GAP_NS:
                found[-1] = replace(found[-1], end_ns=last.end_ns)
            else:
                at = (part.time(first) - zero) * NS // scale
                found.append(Stretch(first.utc_ns, last.end_ns, at))
            begins = False
    early = max(0, start_ns - found[0].start_ns)
    found[0] = replace(found[0], start_ns=found[0].start_ns + early, at_ns=found[0].at_ns + early)
    found[-1] = replace(found[-1], end_ns=min(found[-1].end_ns, end_ns))
    return tuple(found)


def _coding(head: bytes) -> str:
    words = []
    for track in parse_init(head):
        form = track.format
        if isinstance(form, VideoFormat):
            words.append(f"{_CODINGS[form.codec]} {form.width}x{form.height}")
        elif isinstance(form, AudioFormat):
            words.append(f"{_CODINGS[form.codec]} {form.sample_rate} Hz")
    return ", ".join(words)
