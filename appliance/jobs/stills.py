"""Pictures of a stream at instants: from what it sends now, or from what is stored of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import Any

import av
import av.error

from appliance.export.movie import Movie, MovieReader
from appliance.export.plan import ExportPlan
from appliance.export.still import LIB_NAMES
from appliance.jobs.kinds.reencode import MovieFile, source_errors, utc_of
from appliance.media.errors import MediaError
from appliance.media.mp4.records import decoder_record
from appliance.media.types import AccessUnit, VideoFormat
from appliance.paths import Paths
from appliance.recording.mediasock.client import MediaClient, RecorderAway, Refused, Subscription
from appliance.storage.model import StreamId

_log = logging.getLogger(__name__)

NS = 1_000_000_000
BEFORE_NS = 2 * NS
"""How long before an instant a picture may have been taken, where none is newer."""

AFTER_NS = NS
"""How long after it, where there is none before."""

SAME_NS = 1_000_000
"""Instants are told in ms: a picture so little later is the one that was meant."""

LIVE_WAIT_S = 5.0
"""So long a camera that sends nothing is waited for, beyond the last instant."""

MOST_UNITS_BYTES = 64 << 20

Frame = tuple[int, Any]
"""When a picture was taken (UTC ns), and the decoded picture."""


class Pick:
    """For each instant (UTC ns, rising) the picture that was on the screen then.

    That is the last one taken up to it, at most `BEFORE_NS` earlier; where there is none, the
    first one after it, at most `AFTER_NS` later.
    """

    def __init__(self, instants: Sequence[int]) -> None:
        self._found: dict[int, Frame | None] = dict.fromkeys(instants)
        self._last = max(instants)

    def look(self, frames: Iterable[Frame]) -> bool:
        """Take what fits of frames in the order shown; return whether there were any later."""
        beyond = False
        for frame in frames:
            utc_ns = frame[0]
            beyond = beyond or utc_ns > self._last
            for instant, known in self._found.items():
                until = instant + SAME_NS
                if instant - BEFORE_NS <= utc_ns <= until:
                    better = known is None or known[0] > until or known[0] < utc_ns
                else:
                    better = known is None and until < utc_ns <= instant + AFTER_NS
                if better:
                    self._found[instant] = frame
        return beyond

    @property
    def missing(self) -> list[int]:
        """The instants of which there is no picture, or only a later one."""
        return [
            instant
            for instant, frame in self._found.items()
            if frame is None or frame[0] > instant + SAME_NS
        ]

    @property
    def frames(self) -> list[Frame]:
        """The pictures found, each once, in the order of time."""
        by_time = {frame[0]: frame for frame in self._found.values() if frame is not None}
        return [by_time[utc_ns] for utc_ns in sorted(by_time)]


def live_units(
    paths: Paths, stream: StreamId, until_ns: int, cancelled: Callable[[], bool]
) -> list[AccessUnit]:
    """Return what a stream sends, from its last key frame on, until `until_ns` has passed.

    Less where the camera stops sending; nothing where no recorder has the stream.  Blocking.
    """
    return asyncio.run(_live_units(paths, stream, until_ns, cancelled))


async def _live_units(
    paths: Paths, stream: StreamId, until_ns: int, cancelled: Callable[[], bool]
) -> list[AccessUnit]:
    found: list[AccessUnit] = []
    for path in sorted(await asyncio.to_thread(lambda: list(paths.run.glob("media-*.sock")))):
        client = MediaClient(path)
        try:
            await client.open()
            subscription = await client.subscribe(stream)
            wait_s = max(0.0, (until_ns - time.time_ns()) / NS) + LIVE_WAIT_S
            async with asyncio.timeout(wait_s):
                await _gather(subscription, until_ns, found, cancelled)
        except Refused:
            continue  # another recorder has the stream
        except (RecorderAway, TimeoutError) as error:
            _log.warning(
                "%s gives no further pictures of D%s: %r", path.name, stream.channel, error
            )
        finally:
            await client.close()
        if found:
            break
    return found


async def _gather(
    subscription: Subscription,
    until_ns: int,
    found: list[AccessUnit],
    cancelled: Callable[[], bool],
) -> None:
    size = 0
    async for live in subscription:
        unit = live.unit
        if not isinstance(unit.format, VideoFormat):
            continue
        found.append(unit)
        size += len(unit.data)
        # By decoding time: pictures shown earlier may still come behind one that is shown later.
        decoded_ns = unit.utc_ns - (unit.pts - unit.dts) * NS // unit.format.timescale
        if decoded_ns > until_ns or size > MOST_UNITS_BYTES or cancelled():
            return


def decoded_units(units: Sequence[AccessUnit]) -> Iterator[Frame]:
    """Yield the pictures of units of one stream in the order shown."""
    for _key, group in groupby(units, lambda unit: (unit.run, unit.format)):
        yield from _decoded(list(group))


def _decoded(units: Sequence[AccessUnit]) -> Iterator[Frame]:
    form = units[0].format
    if not isinstance(form, VideoFormat) or form.codec not in LIB_NAMES:
        return
    decoder: Any = av.CodecContext.create(LIB_NAMES[form.codec], "r")
    try:
        record = decoder_record(form)
    except MediaError as error:
        _log.warning("a stream cannot be decoded: %s", error)
        return
    if record:
        decoder.extradata = record
    decoder.thread_count = 1  # libavcodec 61 can wait for ever for its H.265 slice threads
    times = {unit.pts: unit.utc_ns for unit in units}
    started = False
    for unit in [*units, None]:
        packet: Any = None
        if unit is not None:
            started = started or unit.key
            if not started:
                continue
            packet = av.Packet(unit.data)
            packet.pts, packet.dts = unit.pts, unit.dts
            packet.time_base = Fraction(1, form.timescale)
        try:
            frames = decoder.decode(packet)
        except av.error.FFmpegError:
            continue  # one damaged unit does not hide the others
        for frame in frames:
            if frame.pts in times:
                yield times[frame.pts], frame


def stored_frames(plan: ExportPlan, cancelled: Callable[[], bool]) -> Iterator[Frame]:
    """Yield the pictures of a plan's films, each in the order shown.

    Raises JobError (gone, not_decoded), OSError.
    """
    with MovieReader() as reader:
        for movie in plan.movies:
            with source_errors():
                yield from _film_frames(movie, reader, cancelled)


def _film_frames(
    movie: Movie, reader: MovieReader, cancelled: Callable[[], bool]
) -> Iterator[Frame]:
    with av.open(MovieFile(movie, reader), mode="r", format="mp4") as source:
        video: Any = source.streams.video[0]
        video.thread_count = 1  # see above
        for frame in source.decode(video):
            if cancelled():
                return
            if frame.pts is None or frame.time_base is None:
                continue
            at_ns = int(frame.pts * frame.time_base * NS)
            yield utc_of(movie, at_ns), frame
