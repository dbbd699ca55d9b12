"""The HLS playlist of movies (RFC 8216, version 7): heads of blocks, media by byte ranges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from appliance.export.movie import Movie
from appliance.export.names import iso_time
from appliance.export.pieces import Stored
from appliance.storage.pieces import GAP_NS
from appliance.storage.tail import IndexedFragment

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_NS = 4_000_000_000
LONGEST_NS = 12_000_000_000
_NS = 1_000_000_000


class Segment(NamedTuple):
    """Fragments of a movie that are fetched at once."""

    movie: int
    start: int
    end: int
    start_ns: int
    end_ns: int
    run: int


@dataclass(frozen=True, slots=True)
class Playlist:
    """The text, the heads by file name, and which movie a file of media is."""

    text: bytes
    heads: dict[str, bytes]
    media: dict[str, Movie]


def playlist(movies: Sequence[Movie]) -> Playlist:
    """Return the playlist of movies of one channel.

    Segments are cut where a fragment begins with a key frame, if one comes in time.  Where the
    coding, the run or the time jumps, players are told to begin anew.
    """
    segments = sorted(
        (s for number, movie in enumerate(movies) for s in _segments(number, movie)),
        key=lambda s: (s.start_ns, s.movie),
    )
    longest = max((s.end_ns - s.start_ns for s in segments), default=_NS)
    lines = [
        "#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXT-X-TARGETDURATION:{-(-longest // _NS)}",
    ]  # fmt: skip
    before: Segment | None = None
    for one in segments:
        lines += _joint(before, one)
        lines += [
            f"#EXTINF:{(one.end_ns - one.start_ns) / _NS:.6f},",
            f"#EXT-X-BYTERANGE:{one.end - one.start}@{one.start}",
            f"media-{one.movie}.mp4",
        ]
        before = one
    lines.append("#EXT-X-ENDLIST")
    return Playlist(
        "\n".join([*lines, ""]).encode(),
        {f"head-{number}.mp4": _head(movie) for number, movie in enumerate(movies)},
        {f"media-{number}.mp4": movie for number, movie in enumerate(movies)},
    )


def _joint(before: Segment | None, one: Segment) -> Iterator[str]:
    joined = (
        before is not None
        and (before.movie, before.run) == (one.movie, one.run)
        and abs(one.start_ns - before.end_ns) <= GAP_NS
    )
    if joined:
        return
    if before is not None:
        yield "#EXT-X-DISCONTINUITY"
    if before is None or before.movie != one.movie:
        yield f'#EXT-X-MAP:URI="head-{one.movie}.mp4"'
    yield f"#EXT-X-PROGRAM-DATE-TIME:{iso_time(one.start_ns)}"


def _head(movie: Movie) -> bytes:
    """Return the head as it is in the block: the times of the segments need no edit list."""
    return movie.blocks[0].head


def _segments(number: int, movie: Movie) -> Iterator[Segment]:
    for start, piece in zip(movie.starts, movie.pieces, strict=False):
        if isinstance(piece, Stored):
            yield from _cut(number, start - piece.start, piece.fragments)


def _cut(number: int, shift: int, fragments: Sequence[IndexedFragment]) -> Iterator[Segment]:
    """Cut fragments of a block; `shift` leads from the block's offsets to the movie's."""
    first = last = fragments[0]
    for f in fragments[1:]:
        span = f.utc_ns - first.utc_ns
        apart = f.run != last.run or abs(f.utc_ns - last.end_ns) > GAP_NS
        if apart or (span >= SEGMENT_NS and f.key) or span >= LONGEST_NS:
            yield _segment(number, shift, first, last)
            first = f
        last = f
    yield _segment(number, shift, first, last)


def _segment(number: int, shift: int, first: IndexedFragment, last: IndexedFragment) -> Segment:
    return Segment(
        number, first.offset + shift, last.end + shift, first.utc_ns, last.end_ns, first.run
    )
