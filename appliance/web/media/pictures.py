"""Still pictures as JPEG: decoded in a child process, few at a time, the last ones remembered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.media.errors import MediaError
from appliance.media.types import AccessUnit, VideoFormat
from appliance.text import _
from appliance.web.media.confined import LIB_NAMES, start_child
from appliance.web.media.mux import decoder_record

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
MAX_WAITING = 24
"""Pictures that wait for the decoder before further ones are refused."""

IDLE_S = 60.0
MAX_BYTES = 48 << 20
CACHE_BYTES = 16 << 20
_ANSWER_BYTES = 9


class PictureError(Exception):
    """There is no picture: stable `code`, words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and the capture time of what it shows."""

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

    async def close(self) -> None:
        """End the child."""
        if self._idle:
            self._idle.cancel()
        await self._end()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def known(self, key: object) -> Picture | None:
        """Return a picture made lately."""
        return self._known.get(key)

    async def make(
        self, units: Sequence[AccessUnit], at_pts: int, *, width: int = 0, key: object = None
    ) -> Picture:
        """Decode `units` (from a key frame on) and return the frame shown at `at_pts`.

        `width` in pixels shrinks it, 0 leaves it as it is.  Raises PictureError.
        """
        if self._waiting >= MAX_WAITING:
            raise PictureError(
                "busy", _("Too many pictures are asked for at once. Try again in a moment.")
            )
        self._waiting += 1
        try:
            async with self._lock:
                found = self._known.get(key) if key is not None else None
                picture = found or await self._decode(units, at_pts, width)
        finally:
            self._waiting -= 1
        if key is not None:
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

    async def _decode(self, units: Sequence[AccessUnit], at_pts: int, width: int) -> Picture:
        request = _request(units, at_pts, width)
        child = await self._running()
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                child.stdin.write(request)
                await child.stdin.drain()
                answer = await child.stdout.readexactly(_ANSWER_BYTES)
                size = int.from_bytes(answer[1:5], "big")
                data = await child.stdout.readexactly(size)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            log.warning("the picture decoder failed: %r", error)
            await self._end()
            raise _undecodable() from error
        except asyncio.CancelledError:
            await self._end()
            raise
        self._rest()
        if answer[0]:
            log.info("a picture could not be decoded: %s", data.decode(errors="replace"))
            raise _undecodable()
        index = min(int.from_bytes(answer[5:9], "big"), len(units) - 1)
        return Picture(data, units[index].utc_ns)

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


def _request(units: Sequence[AccessUnit], at_pts: int, width: int) -> bytes:
    form = units[0].format if units else None
    if not isinstance(form, VideoFormat) or sum(len(unit.data) for unit in units) > MAX_BYTES:
        raise _undecodable()
    try:
        record = decoder_record(form)
    except MediaError as error:
        raise _undecodable() from error
    head: dict[str, Any] = {
        "codec": LIB_NAMES[form.codec],
        "extradata": record.hex(),
        "sizes": [len(unit.data) for unit in units],
        "times": [unit.pts for unit in units],
        "at": at_pts,
        "width": width,
    }
    text = json.dumps(head).encode()
    return b"".join((len(text).to_bytes(4, "big"), text, *(unit.data for unit in units)))


def _undecodable() -> PictureError:
    return PictureError("not_decodable", _("No picture can be made of this footage."))
