"""Still pictures, JPEG or BMP: decoded in a child process, few at a time, the last remembered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from appliance.export.still import LIB_NAMES
from appliance.media.errors import MediaError
from appliance.media.mp4.records import decoder_record
from appliance.media.types import AccessUnit, VideoFormat
from appliance.text import _
from appliance.web.media.confined import start_child
from appliance.web.media.decoder import ANSWER, END, FRAME, HEAD

log = logging.getLogger(__name__)

PictureForm = Literal["jpeg", "bmp"]
PATIENCE_S = 10.0
"""A child that takes longer than this over a second of footage is ended."""

LONGEST_S = 30.0
"""How long a picture may take: of a GOP of minutes every frame has to be decoded."""

MAX_WAITING = 24
"""Pictures that wait for the decoder before further ones are refused."""

IDLE_S = 60.0
MAX_BYTES = 48 << 20
"""The most of a batch of frames."""

CACHE_BYTES = 16 << 20
_KNOWN_STAMPS = 256
"""Capture times of the last frames sent: the picture is one of those, whatever the reordering."""

Batches = AsyncIterator[Sequence[AccessUnit]]


class PictureError(Exception):
    """There is no picture: stable `code`, words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file and the capture time of what it shows."""

    data: bytes
    utc_ns: int


class Pictures:
    """Makes pictures; the child is started when needed and ended when idle."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._child: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._known: OrderedDict[object, Picture] = OrderedDict()
        self._known_bytes = 0
        self._ending: set[asyncio.Task[None]] = set()
        self._waking: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End the child."""
        if self._waking:
            self._waking.cancel()
            await asyncio.gather(self._waking, return_exceptions=True)
        if self._idle:
            self._idle.cancel()
        await self._end()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def expect(self) -> None:
        """Somebody may ask soon: start the child now, which takes longer than a picture."""
        if self._waking is None or self._waking.done():
            self._waking = asyncio.create_task(self._wake(), name="picture decoder")

    async def _wake(self) -> None:
        try:
            async with self._lock:
                await self._running()
                self._rest()
        except OSError as error:
            log.warning("the picture decoder cannot be started: %s", error)

    @property
    def awake(self) -> bool:
        """Whether the child is there."""
        return self._child is not None and self._child.returncode is None

    def known(self, key: object) -> Picture | None:
        """Return a picture made lately."""
        return self._known.get(key)

    async def make(
        self,
        batches: Batches,
        until_ns: int,
        *,
        width: int = 0,
        form: PictureForm = "jpeg",
        key: object = None,
    ) -> Picture | None:
        """Decode frames (from a key frame on) and return the last one captured by `until_ns`.

        They are asked for as they are decoded, so that a GOP may be of any length; None if there
        are none.  `width` in pixels shrinks the picture, 0 leaves it as it is.  `key` names it, its
        form included.  Raises PictureError, and what `batches` raises.
        """
        if self._waiting >= MAX_WAITING:
            raise PictureError(
                "busy", _("Too many pictures are asked for at once. Try again in a moment.")
            )
        self._waiting += 1
        try:
            async with self._lock:
                found = self._known.get(key) if key is not None else None
                picture = found or await self._decode(batches, until_ns, width, form)
        finally:
            self._waiting -= 1
        if key is not None and picture is not None:
            self._remember(key, picture)
        return picture

    def _remember(self, key: object, picture: Picture) -> None:
        if key in self._known or len(picture.data) > CACHE_BYTES // 4:
            return
        self._known[key] = picture
        self._known_bytes += len(picture.data)
        while self._known_bytes > CACHE_BYTES:
            _key, old = self._known.popitem(last=False)
            self._known_bytes -= len(old.data)

    async def _decode(
        self, batches: Batches, until_ns: int, width: int, form: PictureForm
    ) -> Picture | None:
        units = await anext(batches, None)
        if not units:
            return None
        head = _head(units[0], width, form)
        stamps: deque[tuple[int, int]] = deque(maxlen=_KNOWN_STAMPS)
        try:
            async with asyncio.timeout(LONGEST_S):
                child = await self._running()
                await self._send(child, head)
                while units:
                    stamps.extend((unit.pts, unit.utc_ns) for unit in units)
                    await self._send(child, _frames(units, until_ns))
                    units = await anext(batches, None)
                await self._send(child, FRAME.pack(END, 0, 0))
                assert child.stdout is not None
                async with asyncio.timeout(PATIENCE_S):
                    status, size, pts = ANSWER.unpack(await child.stdout.readexactly(ANSWER.size))
                    data = await child.stdout.readexactly(size)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            log.warning("the picture decoder failed: %r", error)
            await self._end()
            raise _undecodable() from error
        except BaseException:
            await self._end()  # it waits for the rest of this picture
            raise
        self._rest()
        if status:
            log.info("a picture could not be decoded: %s", data.decode(errors="replace"))
            raise _undecodable()
        return Picture(data, next((utc for at, utc in stamps if at == pts), stamps[-1][1]))

    async def _send(self, child: asyncio.subprocess.Process, data: bytes) -> None:
        assert child.stdin is not None
        async with asyncio.timeout(PATIENCE_S):
            child.stdin.write(data)
            await child.stdin.drain()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._idle:
            self._idle.cancel()
            self._idle = None
        if self._child is None or self._child.returncode is not None:
            self._child = await start_child("appliance.web.media.decoder")
        return self._child

    def _rest(self) -> None:
        """End the child when nobody needs it for a while."""

        def end() -> None:
            task = asyncio.create_task(self._end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

        self._idle = asyncio.get_running_loop().call_later(IDLE_S, end)

    async def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _head(unit: AccessUnit, width: int, form: PictureForm) -> bytes:
    """Return the beginning of a request; raises PictureError."""
    video = unit.format
    if not isinstance(video, VideoFormat):
        raise _undecodable()
    try:
        record = decoder_record(video)
    except MediaError as error:
        raise _undecodable() from error
    head: dict[str, Any] = {
        "codec": LIB_NAMES[video.codec],
        "extradata": record.hex(),
        "width": width,
        "format": "mjpeg" if form == "jpeg" else form,
    }
    text = json.dumps(head).encode()
    return HEAD.pack(len(text)) + text


def _frames(units: Sequence[AccessUnit], until_ns: int) -> bytes:
    if sum(len(unit.data) for unit in units) > MAX_BYTES:
        raise _undecodable()
    parts: list[bytes] = []
    for unit in units:
        parts += FRAME.pack(len(unit.data), unit.pts, unit.utc_ns <= until_ns), unit.data
    return b"".join(parts)


def _undecodable() -> PictureError:
    return PictureError("not_decodable", _("No picture can be made of this footage."))
