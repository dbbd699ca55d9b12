"""Job `reencode`: films coded anew with masks, time and watermark in the picture (A6.7)."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
from collections.abc import Iterator
from datetime import tzinfo
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import av

from appliance.export.movie import Movie, MovieReader
from appliance.export.names import iso_time
from appliance.export.plan import ExportPlan
from appliance.export.sink import partial_path, take_name
from appliance.jobs.burn import Burner, Mask
from appliance.jobs.errors import JobError
from appliance.jobs.kinds.export_to_place import begin, plan_order
from appliance.jobs.priority import bound_memory
from appliance.jobs.reporting import Outcome, Report
from appliance.paths import Paths
from appliance.storage.errors import FootageGoneError
from appliance.text import _

MEMORY_BYTES = 2 << 30
NOTE = "README.txt"
_NS = 1_000_000_000
_MS = 1_000_000
_GB = 1e9
_TICKS = Fraction(1, 90_000)
_CHUNK = 1 << 20
_ENCODER = "libx264"
_OPTIONS = {"preset": "veryfast", "crf": "21"}


def run(order: dict[str, Any], report: Report) -> Outcome:
    """Code anew.

    `order`: as for `export_to_place`, and clock, text, sound, masks [[channel, x, y, width,
    height]].  Raises ExportError, JobError, JobCancelled.
    """
    bound_memory(MEMORY_BYTES)
    av.logging.set_level(av.logging.PANIC)
    folder, place = begin(order, report)
    paths = Paths.from_environment()
    reader, plan = plan_order({**order, "combine": False}, paths, report.cancelled)
    try:
        with place_errors(place):
            partial = partial_path(folder, plan.name, report.job)
            report.writes(partial)
            partial.mkdir()
        try:
            size = _Coding(order, plan, report, place).write(partial)
            with place_errors(place):
                sync_folder(partial)
                target = take_name(partial, plan.name)
                sync_folder(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    finally:
        reader.close()
    text = _("Saved to {place} as {name}: {count} films coded anew, {size} GB.")
    if len(plan.movies) == 1:
        text = _("Saved to {place} as {name}: one film coded anew, {size} GB.")
    words = text.format(
        place=place, name=target.name, count=len(plan.movies), size=f"{size / _GB:.2f}"
    )
    return Outcome(words, {"folder": target.name, "bytes": size, "gaps": len(plan.gaps)})


class _Coding:
    def __init__(self, order: dict[str, Any], plan: ExportPlan, report: Report, place: str) -> None:
        self._order = order
        self._plan = plan
        self._report = report
        self._place = place
        self._zone = ZoneInfo(order["zone"])
        self._total = sum(_length_ms(movie) for movie in plan.movies)
        self._before = 0

    def write(self, partial: Path) -> int:
        """Write all films and the note; return their bytes."""
        digests: dict[str, str] = {}
        size = 0
        with MovieReader() as reader:
            for movie in self._plan.movies:
                path = partial / movie.name
                self._film(movie, reader, path)
                digests[movie.name] = self._read_back(path)
                size += path.stat().st_size
                self._before += _length_ms(movie)
        with place_errors(self._place), (partial / NOTE).open("w", encoding="utf-8") as out:
            out.write(note(self._plan, self._order, digests, self._zone))
            out.flush()
            os.fsync(out.fileno())
        return size

    def _film(self, movie: Movie, reader: MovieReader, path: Path) -> None:
        with (
            place_errors(self._place),
            path.open("xb") as out,
            source_errors(),
            av.open(MovieFile(movie, reader), mode="r", format="mp4") as source,
            av.open(out, mode="w", format="mp4") as film,
        ):
            self._code(movie, source, film)
            film.close()
            out.flush()
            os.fsync(out.fileno())

    def _code(self, movie: Movie, source: Any, film: Any) -> None:
        video = source.streams.video[0]
        video.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
        sound = self._sound(source)
        burner = self._burner(movie.stream.channel)
        coder = _coder(film, video, video.width // 2 * 2, video.height // 2 * 2)
        hears: Any = film.add_stream_from_template(sound) if sound is not None else None
        end_ns = _length_ms(movie) * _MS
        last = -1
        for packet in source.demux([stream for stream in (video, sound) if stream is not None]):
            if packet.stream is sound:
                at_ns = _when(packet)
                if at_ns is not None and 0 <= at_ns < end_ns:
                    packet.stream = hears
                    film.mux(packet)
                continue
            for frame in packet.decode():
                at_ns = _when(frame)
                if at_ns is None or at_ns < 0:
                    continue  # before the cut: decoded, not shown
                utc_ns = utc_of(movie, at_ns)
                if utc_ns >= movie.end_ns:
                    continue
                pts = at_ns * 90_000 // _NS
                if pts <= last:
                    continue
                last = pts
                planes = frame.reformat(coder.width, coder.height, format="yuv420p").to_ndarray()
                burner.draw(planes, utc_ns)
                drawn = av.VideoFrame.from_ndarray(planes, format="yuv420p")
                drawn.pts, drawn.time_base = pts, _TICKS
                film.mux(coder.encode(drawn))
                done = self._before + at_ns // _MS
                self._report.progress(min(done, self._total), self._total, "time", "encoding")
        if last < 0:
            text = _("{name}: no picture of it can be decoded.")
            raise JobError("not_decoded", text.format(name=movie.name))
        film.mux(coder.encode(None))

    def _sound(self, source: Any) -> Any:
        """The sound that goes along as it is; what MP4 players do not know is left out."""
        streams = source.streams.audio
        if not self._order["sound"] or not streams or streams[0].codec_context.name != "aac":
            return None
        return streams[0]

    def _burner(self, channel: int) -> Burner:
        masks = [Mask(*map(float, mask[1:])) for mask in self._order["masks"] if mask[0] == channel]
        return Burner(masks, bool(self._order["clock"]), str(self._order["text"]), self._zone)

    def _read_back(self, path: Path) -> str:
        """Read what the disk has; return its SHA-256.  Raises JobError (place_failed)."""
        digest = hashlib.sha256()
        with place_errors(self._place), path.open("rb") as written:
            os.posix_fadvise(written.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while part := written.read(_CHUNK):
                digest.update(part)
                if self._report.cancelled():
                    self._report.progress(0, 0)
            written.seek(0)
            try:
                with av.open(written, mode="r", format="mp4") as film:
                    whole = sum(packet.size for packet in film.demux(video=0))
            except av.error.FFmpegError:
                whole = 0
        if not whole:
            text = _("{name} cannot be read back from {place}. Use another stick.")
            raise JobError("place_failed", text.format(name=path.name, place=self._place))
        return digest.hexdigest()


class MovieFile(io.RawIOBase):
    """A film of a plan as a file that can be read from any place."""

    def __init__(self, movie: Movie, reader: MovieReader) -> None:
        self._movie = movie
        self._reader = reader
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read on; raises FootageGoneError, OSError."""
        end = self._movie.size if size < 0 else min(self._at + size, self._movie.size)
        data = self._reader.read(self._movie, self._at, end) if end > self._at else b""
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._movie.size}[whence]
        self._at = max(0, min(base + offset, self._movie.size))
        return self._at

    def tell(self) -> int:
        """Return where it is."""
        return self._at


def utc_of(movie: Movie, at_ns: int) -> int:
    """Return when (UTC ns) the picture at a time of a film was taken."""
    found = movie.stretches[0]
    for stretch in movie.stretches:
        if stretch.at_ns <= at_ns:
            found = stretch
    return found.start_ns + at_ns - found.at_ns


def note(plan: ExportPlan, order: dict[str, Any], digests: dict[str, str], zone: tzinfo) -> str:
    """Return the text that lies beside films that were coded anew."""
    request = plan.request
    lines = [
        _("These films were coded anew: they can be looked at, but they do not prove themselves."),
        _("For evidence, export the same time as it was recorded."),
        "",
        _("Recorder: {name}").format(name=plan.box.name),
        _("Exported by: {by}").format(by=request.by),
        _("Reason: {reason}").format(reason=request.reason or "-"),
        _("From {start} to {end}").format(
            start=iso_time(request.start_ns, zone), end=iso_time(request.end_ns, zone)
        ),
        _("Areas painted over: {count}").format(count=len(order["masks"])),
        _("Text in the picture: {text}").format(text=order["text"] or "-"),
        "",
    ]
    lines += [f"{digest}  {name}" for name, digest in digests.items()]
    return "\n".join(lines) + "\n"


def _coder(film: Any, video: Any, width: int, height: int) -> Any:
    try:
        coder = film.add_stream(_ENCODER, rate=video.average_rate or 25, options=_OPTIONS)
    except (ValueError, av.error.FFmpegError) as error:
        text = _("This installation has no H.264 encoder: films cannot be coded anew.")
        raise JobError("no_encoder", text) from error
    coder.width, coder.height, coder.pix_fmt = width, height, "yuv420p"
    coder.time_base = coder.codec_context.time_base = _TICKS
    coder.thread_count = 1
    return coder


def _when(shown: Any) -> int | None:
    """Return the time of a frame or packet in its film in ns."""
    if shown.pts is None or shown.time_base is None:
        return None
    return int(shown.pts * shown.time_base * _NS)


def _length_ms(movie: Movie) -> int:
    last = movie.stretches[-1]
    return max(1, (last.at_ns + last.end_ns - last.start_ns) // _MS)


def sync_folder(path: Path) -> None:
    """Have a folder's entries written out; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def source_errors() -> Iterator[None]:
    """Tell footage that is gone or cannot be decoded as JobError (gone, not_decoded)."""
    try:
        yield
    except FootageGoneError as error:
        text = _("Footage of this time was overwritten meanwhile. Choose a later time.")
        raise JobError("gone", text) from error
    except av.error.InvalidDataError as error:
        text = _("The footage cannot be decoded: {reason}.")
        raise JobError("not_decoded", text.format(reason=error.strerror)) from error


@contextlib.contextmanager
def place_errors(place: str) -> Iterator[None]:
    """Tell what a place called `place` does not take: JobError (place_failed, no_room, ...)."""
    try:
        yield
    except OSError as error:
        code, text = "place_failed", _("{place} is gone or failing ({reason}).")
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            code = "no_room"
            text = _("{place} is full. Remove something from it, or choose a shorter time.")
        elif error.errno == errno.EFBIG:
            code = "file_too_large"
            text = _("{place} cannot hold so large a file. Choose a shorter time.")
        why = error.strerror or error
        raise JobError(code, text.format(place=place, reason=why)) from error
