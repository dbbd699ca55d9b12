"""Planning an export: which files, of which bytes, before the first of them is read.

From indexes only, but for a look at the fragments around the beginning of each file.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from appliance.export.errors import ExportError
from appliance.export.file_system import FAT_LIMIT
from appliance.export.gather import Footage, Gathered
from appliance.export.layout import lay_out
from appliance.export.limits import Allowance, never
from appliance.export.movie import Movie
from appliance.export.names import distinct, export_name
from appliance.export.request import BoxIdentity, ExportRequest
from appliance.media.errors import MediaError
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import StreamId
from appliance.storage.pieces import GAP_NS
from appliance.storage.reader import FootageReader
from appliance.text import _

TRIES = 3
"""How often a plan is begun again because footage was overwritten while it was made."""

_BLOCK_BYTES = 300
_FRAGMENT_BYTES = 450
"""What a block and a fragment take as objects."""

_UNPLAYED = ("G.711", "G.726", "PCM")


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without footage within the range, UTC ns."""

    stream: StreamId
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Warn:
    """Something worth knowing before the export begins: stable `code`, words, channel if of one."""

    code: str
    text: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export will be, to the byte; nothing of it changes any more.

    `name` is what its folder or archive is called; `total_bytes` is the size of its movies.
    """

    request: ExportRequest
    movies: tuple[Movie, ...]
    gaps: tuple[Gap, ...]
    warnings: tuple[Warn, ...]
    name: str
    names: Mapping[int, str]
    zone: tzinfo
    box: BoxIdentity
    made_ns: int
    total_bytes: int = field(init=False)
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        """Sum up."""
        object.__setattr__(self, "total_bytes", sum(m.size for m in self.movies))
        told = f"{self.request!r} {self.made_ns} {[(m.name, m.etag) for m in self.movies]}"
        object.__setattr__(self, "etag", hashlib.sha256(told.encode()).hexdigest()[:32])

    @property
    def kept_bytes(self) -> int:
        """About how much memory it takes for as long as it is kept."""
        pieces = sum(movie.kept_bytes for movie in self.movies)
        blocks = {block for movie in self.movies for block in movie.blocks}
        return pieces + sum(_BLOCK_BYTES + b.kept_fragments * _FRAGMENT_BYTES for b in blocks)

    @property
    def channels(self) -> list[int]:
        """The channels of which there is a file."""
        return sorted({movie.stream.channel for movie in self.movies})


def plan_export(
    reader: FootageReader,
    request: ExportRequest,
    names: Mapping[int, str],
    zone: tzinfo,
    box: BoxIdentity,
    *,
    now_ns: int | None = None,
    stop: Callable[[], bool] = never,
) -> ExportPlan:
    """Plan an export; blocking.

    `names` are those of the channels, `zone` is that of the box; `stop` is asked all the time
    whether nobody waits for it any more.  Raises ExportError (too_large, no_footage, gone,
    volume_failed, cancelled).
    """
    now_ns = time.time_ns() if now_ns is None else now_ns
    for tried in range(TRIES):
        try:
            return _plan(reader, request, names, zone, box, now_ns, stop)
        except FootageGoneError as error:
            if tried == TRIES - 1:
                text = _("The footage of this time is being overwritten. Choose a later time.")
                raise ExportError("gone", text) from error
        except OSError as error:
            text = _("The footage cannot be read: {reason}. Look at the page Storage.")
            raise ExportError(
                "volume_failed", text.format(reason=error.strerror or error)
            ) from error
    raise AssertionError


def _plan(
    reader: FootageReader,
    request: ExportRequest,
    names: Mapping[int, str],
    zone: tzinfo,
    box: BoxIdentity,
    now_ns: int,
    stop: Callable[[], bool],
) -> ExportPlan:
    allowance = Allowance(request, stop)
    allowance.look_ahead(reader)
    footage = Footage(reader, allowance)
    movies: list[Movie] = []
    gaps: list[Gap] = []
    warnings: list[Warn] = []
    for stream in request.streams:
        stretches = list(footage.stretch(stream, request.start_ns, request.end_ns))
        missing = _gaps(stream, stretches, request.start_ns, min(request.end_ns, now_ns))
        by_head: dict[bytes, list[Gathered]] = {}
        for stretch in stretches:
            by_head.setdefault(stretch.block.head, []).append(stretch)
        made = []
        for head, group in by_head.items():
            allowance.go_on()
            try:
                movie = lay_out(footage, request, head, group, names, zone, box)
            except MediaError as error:
                text = _("D{channel}: some footage cannot be read and is left out ({reason}).")
                text = text.format(channel=stream.channel, reason=error)
                warnings.append(Warn("unreadable", text, stream.channel))
                continue
            if movie is not None:
                made.append(movie)
        warnings += _warnings(stream, made)
        movies += made
        gaps += missing
    if not movies:
        raise ExportError("no_footage", _("Nothing was recorded in this time on these channels."))
    if request.end_ns > now_ns:
        warnings.append(
            Warn("future", _("The time reaches beyond now: it ends with what is stored."))
        )
    named = zip(movies, distinct(m.name for m in movies), strict=True)
    movies = [replace(movie, name=name) for movie, name in named]
    begin = min(movie.start_ns for movie in movies)
    return ExportPlan(
        request, tuple(movies), tuple(gaps), tuple(warnings), export_name(box.name, begin, zone),
        {m.stream.channel: names.get(m.stream.channel, "") for m in movies}, zone, box, now_ns,
    )  # fmt: skip


def _gaps(stream: StreamId, stretches: Sequence[Gathered], start_ns: int, end_ns: int) -> list[Gap]:
    spans = sorted((s.begin.utc_ns, s.last.end_ns) for s in stretches)
    found = []
    known = start_ns
    for begin, end in spans:
        if begin - known > GAP_NS:
            found.append(Gap(stream, known, begin))
        known = max(known, end)
    if end_ns - known > GAP_NS:
        found.append(Gap(stream, known, end_ns))
    return found


def _warnings(stream: StreamId, movies: Sequence[Movie]) -> list[Warn]:
    found = []
    channel = stream.channel
    if not movies:
        text = _("Nothing was recorded on D{channel} ({stream} stream) in this time.")
        text = text.format(channel=channel, stream=stream.stream.value)
        return [Warn("no_footage", text, channel)]
    if len(movies) > 1:
        text = _("D{channel} changed its coding: it comes in {count} files.")
        found.append(Warn("several", text.format(channel=channel, count=len(movies)), channel))
    if any("H.265" in movie.coding for movie in movies):
        text = _("D{channel} is H.265, which not every browser plays; VLC does.")
        found.append(Warn("h265", text.format(channel=channel), channel))
    if sounds := {word for m in movies for word in _UNPLAYED if word in m.coding}:
        text = _("D{channel}: its sound ({coding}) is not played by browsers; VLC plays it.")
        found.append(
            Warn("sound", text.format(channel=channel, coding=", ".join(sorted(sounds))), channel)
        )
    if any(movie.size > FAT_LIMIT for movie in movies):
        text = _("D{channel} gives a file above 4 GiB: a stick formatted as FAT32 cannot hold it.")
        found.append(Warn("large", text.format(channel=channel), channel))
    return found
