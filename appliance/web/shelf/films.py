"""Reading films of places without holding up anything else: threads and children of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from appliance.text import _
from appliance.web.media.confined import start_child
from appliance.web.shelf.tree import Film, ShelfError

_log = logging.getLogger(__name__)

THREADS = 4
PATIENCE_S = 10.0
"""A stick that answers later than this counts as failed for whoever asked."""

STALLED_S = 120.0
"""A receiver that takes nothing for so long is let go: who pauses that long asks again."""

CHILD_S = 30.0
"""A child that gives nothing for so long is ended: its stick hangs."""

CHUNK = 256 << 10
MAX_CHILDREN = 3
"""Films looked into or turned into MP4 at once."""

MODULE = "appliance.web.shelf.film_child"
Params = ParamSpec("Params")
Answer = TypeVar("Answer")


class Films:
    """Threads for reading, children for opening what strangers made."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="shelf")
        self._stuck = 0
        self._children = asyncio.Semaphore(MAX_CHILDREN)

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def call(
        self, work: Callable[Params, Answer], *args: Params.args, **kwargs: Params.kwargs
    ) -> Answer:
        """Do blocking work in a thread.  Raises ShelfError where the stick fails or is slow."""
        if self._stuck >= THREADS:
            raise _slow()
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(future)
        except TimeoutError:
            self._stuck += 1
            future.add_done_callback(self._unstuck)
            raise _slow() from None
        except asyncio.CancelledError:
            future.add_done_callback(_let_go)
            raise
        except OSError as error:
            _log.info("a place cannot be read: %s", error)
            text = _("It cannot be read: {reason}. The stick may have been pulled, or is failing.")
            words = text.format(reason=error.strerror or error)
            raise ShelfError("shelf.unreadable", words) from error

    def _unstuck(self, future: asyncio.Future[Any]) -> None:
        self._stuck -= 1
        _let_go(future)

    async def facts(self, film: Film) -> dict[str, Any]:
        """Say what a film holds (see film_child).  Raises ShelfError."""
        async with self._child("facts", film, 0) as child:
            assert child.stdout is not None
            try:
                async with asyncio.timeout(PATIENCE_S):
                    line = await child.stdout.read(1 << 16)
                    status = await child.wait()
            except TimeoutError:
                raise _slow() from None
        if status != 0 or not line:
            text = _("This is no film that can be opened: it is damaged, or of another type.")
            raise ShelfError("shelf.not_a_film", text)
        told: dict[str, Any] = json.loads(line)
        return told

    @contextlib.asynccontextmanager
    async def turned(self, film: Film, start_s: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give a film as fragmented MP4 from about `start_s` on, piece by piece.

        The pieces end with ShelfError where the film breaks off.
        """
        async with self._child("play", film, start_s) as child:
            yield _pieces(child)

    @contextlib.asynccontextmanager
    async def _child(
        self, mode: str, film: Film, start_s: float
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        if self._children.locked():
            text = _("Too many films of sticks are played at once. Try again in a moment.")
            raise ShelfError("shelf.busy", text)
        async with self._children:
            arguments = (mode, str(film.offset), str(film.size), f"{start_s:.3f}")
            child = await start_child(MODULE, *arguments, stdin=film.fd)
            try:
                yield child
            finally:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()


def _let_go(future: asyncio.Future[Any]) -> None:
    """Close a film that nobody waits for any more."""
    late = None if future.cancelled() else future.exception() or future.result()
    if isinstance(late, Film):
        late.close()


async def _pieces(child: asyncio.subprocess.Process) -> AsyncIterator[bytes]:
    assert child.stdout is not None
    while True:
        try:
            async with asyncio.timeout(CHILD_S):
                data = await child.stdout.read(CHUNK)
        except TimeoutError:
            raise _slow() from None
        if not data:
            break
        yield data
    if await child.wait() != 0:
        text = _("The film breaks off here: it is damaged, or the stick was pulled.")
        raise ShelfError("shelf.unreadable", text)


def _slow() -> ShelfError:
    text = _("The stick or folder does not answer in time. Try again; another stick may do.")
    return ShelfError("shelf.slow", text)
