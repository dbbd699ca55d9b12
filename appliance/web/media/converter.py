"""The one child that codes pictures anew, and whose turn it is: one channel at a time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from appliance.export.still import LIB_NAMES
from appliance.media.codec.formats import video_format_from_parameter_sets
from appliance.media.codec.nal import split_annexb, to_length_prefixed
from appliance.media.errors import MediaError
from appliance.media.mp4.records import decoder_record
from appliance.media.types import AccessUnit, Codec, VideoFormat
from appliance.text import _
from appliance.web.media.confined import start_child
from appliance.web.media.transcoder import HEAD, Kind

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""A child that works longer than this on one frame is ended."""

IDLE_S = 20.0
"""How long the child is kept when nothing is to be converted."""

MAX_JOBS = 4
"""Live once, and three that play back, all of the one channel."""

MAX_CRASHES = 3
CRASHES_S = 60.0
"""After `MAX_CRASHES` within so many seconds a rest is taken until the first is this old."""

Answer = tuple[Kind, int, bytes]
_SPS, _PPS = 7, 8
_SLICES = (1, 5)


class ConversionError(Exception):
    """Nothing can be converted: stable `code`, words for people; `final`: waiting is no use."""

    def __init__(self, code: str, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.final = final


class Job:
    """One picture being converted; one request at a time, `close` it in the end."""

    def __init__(self, converter: Converter, number: int, channel: int) -> None:
        self.number = number
        self.channel = channel
        self.closed = False
        self._converter = converter
        self._source: VideoFormat | None = None
        self._child: object = None
        self._format: VideoFormat | None = None

    async def convert(self, kind: Kind, unit: AccessUnit) -> list[AccessUnit]:
        """Return the H.264 units that come out of one unit; raises ConversionError.

        They carry the stamps of the unit whose pts they have; those of `unit` where that is not
        known (a decoder that reorders), moved by the difference.
        """
        if self.closed:
            return []
        form = unit.format
        assert isinstance(form, VideoFormat)
        child = await self._converter.running()
        if self._child not in (None, child):
            self._child = None
            raise _broken()  # what was decoded so far went with the child: begin at a key frame
        if self._child is None or form != self._source:
            await self._ask(Kind.OPEN, 0, _description(form))
            self._child, self._source = child, form
        answers = await self._ask(kind, unit.pts, unit.data)
        return [self._unit(what, pts, coded, unit) for what, pts, coded in answers]

    async def repeat(self, unit: AccessUnit) -> list[AccessUnit]:
        """Return the last picture once more, with the stamps of `unit`."""
        if self.closed or self._source is None or self._child is not self._converter.child:
            return []
        answers = await self._ask(Kind.REPEAT, unit.pts, b"")
        return [self._unit(what, pts, coded, unit) for what, pts, coded in answers]

    async def _ask(self, kind: Kind, pts: int, data: bytes) -> list[Answer]:
        return await self._converter.ask(kind, self.number, pts, data)

    def _unit(self, what: Kind, pts: int, coded: bytes, source: AccessUnit) -> AccessUnit:
        nals = split_annexb(coded)
        if what is Kind.KEY_FRAME:
            sets = tuple(nal for nal in nals if nal[0] & 31 in (_SPS, _PPS))
            if self._format is None or self._format.parameter_sets != sets:
                found = video_format_from_parameter_sets(Codec.H264, sets)
                # An encoder without reordering: one picture in, one out.
                self._format = replace(found, reorder_depth=0)
        if self._format is None:
            raise MediaError("the encoder did not begin with a key frame")
        return replace(
            source,
            format=self._format,
            pts=pts,
            dts=pts,
            utc_ns=source.utc_ns + (pts - source.pts) * 100_000 // 9,
            key=what is Kind.KEY_FRAME,
            data=to_length_prefixed(nal for nal in nals if nal[0] & 31 in _SLICES),
        )

    def close(self) -> None:
        """Give the place back; more than once is no error."""
        if not self.closed:
            self.closed = True
            self._converter.leave(self)


def _description(form: VideoFormat) -> bytes:
    try:
        record = decoder_record(form)
        name = LIB_NAMES[form.codec]
    except (MediaError, KeyError) as error:
        text = _("This picture cannot be converted for the browser: {reason}.")
        raise ConversionError("conversion_failed", text.format(reason=error), final=True) from error
    return json.dumps(
        {"codec": name, "extradata": record.hex(), "fps": form.frame_rate or 0}
    ).encode()


class Converter:
    """Starts the child when it is needed, ends it when idle, and starts it anew when it died."""

    def __init__(self) -> None:
        self.child: asyncio.subprocess.Process | None = None
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._crashes: deque[float] = deque(maxlen=MAX_CRASHES)
        self._idle: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def channel(self) -> int | None:
        """Whose pictures are being converted."""
        return next((job.channel for job in self._jobs.values()), None)

    def take(self, channel: int) -> Job:
        """Return a place for a picture of a channel; raises ConversionError.

        Which other channel is in the way is not told: who asks may have no right to know of it.
        """
        if self.channel not in (None, channel):
            text = _(
                "Another channel is being converted for a browser already, and the box converts"
                " one at a time. Close that one, or give D{channel} an H.264 sub stream on the"
                " page Cameras."
            )
            raise ConversionError("converting_other", text.format(channel=channel))
        if len(self._jobs) >= MAX_JOBS:
            text = _(
                "D{channel} is being converted for {most} viewers at different times already."
                " Give it an H.264 sub stream on the page Cameras."
            )
            raise ConversionError("too_many", text.format(channel=channel, most=MAX_JOBS))
        if self._idle:
            self._idle.cancel()
            self._idle = None
        number = next(self._numbers) & 0xFFFF
        job = self._jobs[number] = Job(self, number, channel)
        return job

    def leave(self, job: Job) -> None:
        """Forget a job; the last one leaves the child idle."""
        self._jobs.pop(job.number, None)
        self._later(self._forget(job.number))
        if not self._jobs and self.child is not None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(IDLE_S, lambda: self._later(self._end()))

    async def close(self) -> None:
        """End the child."""
        if self._idle:
            self._idle.cancel()
        for job in list(self._jobs.values()):
            job.closed = True
        self._jobs.clear()
        await self._end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def running(self) -> asyncio.subprocess.Process:
        """Return the child, started if need be; raises ConversionError after many crashes."""
        async with self._starting:
            if self.child is not None and self.child.returncode is not None:
                self._crashed(f"it ended with {self.child.returncode}")
                self.child = None
            if self.child is None:
                self._rest_after_crashes()
                self.child = await start_child("appliance.web.media.transcoder")
                log.info("pictures of D%s are converted to H.264 for a browser", self.channel)
            return self.child

    def _rest_after_crashes(self) -> None:
        many = len(self._crashes) == MAX_CRASHES
        if many and time.monotonic() - self._crashes[0] < CRASHES_S:
            raise ConversionError(
                "conversion_failed",
                _(
                    "This picture broke the converter several times. It is tried again in a"
                    " minute; an H.264 sub stream of the camera would need no converter."
                ),
            )

    async def ask(self, kind: Kind, job: int, pts: int, data: bytes) -> list[Answer]:
        """Send a request to the child and return what comes of it; raises ConversionError."""
        await self.running()
        work = asyncio.create_task(self._exchange(kind, job, pts, data))
        self._tasks.add(work)
        work.add_done_callback(self._done)
        # Who leaves in the middle must not leave half an answer in the pipe for the others.
        answers = await asyncio.shield(work)
        for what, _pts, words in answers:
            if what is Kind.TROUBLE:
                raise _trouble(words)
        return answers

    async def _exchange(self, kind: Kind, job: int, pts: int, data: bytes) -> list[Answer]:
        async with self._asking:
            child = self.child
            if child is None:
                raise _broken()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await _exchange(child, HEAD.pack(kind, job, pts, len(data)), data)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                if self.child is child:
                    self._crashed(repr(error))
                    await self._end()
                raise _broken() from error

    def _crashed(self, how: str) -> None:
        self._crashes.append(time.monotonic())
        log.warning("the child that converts pictures failed: %s", how)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever asked; nobody may be left to hear it

    async def _forget(self, number: int) -> None:
        with contextlib.suppress(ConversionError):
            await self._exchange(Kind.CLOSE, number, 0, b"")

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _end(self) -> None:
        child, self.child = self.child, None
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _exchange(child: asyncio.subprocess.Process, head: bytes, data: bytes) -> list[Answer]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.writelines((head, data))
    await child.stdin.drain()
    answers: list[Answer] = []
    while True:
        what, _job, pts, size = HEAD.unpack(await child.stdout.readexactly(HEAD.size))
        if what == Kind.DONE:
            return answers
        answers.append((Kind(what), pts, await child.stdout.readexactly(size)))


def _broken() -> ConversionError:
    return ConversionError(
        "conversion_failed", _("The converter of pictures stopped; it is being started again.")
    )


def _trouble(words: bytes) -> ConversionError:
    if words == b"no_encoder":
        return ConversionError(
            "no_encoder",
            _(
                "This installation has no H.264 encoder (libx264), so that this picture cannot be"
                " converted. Give the camera an H.264 sub stream on the page Cameras."
            ),
            final=True,
        )
    log.warning("a picture cannot be converted: %s", words.decode(errors="replace"))
    return _broken()
