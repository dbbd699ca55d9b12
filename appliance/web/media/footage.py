"""Reading footage without holding up the event loop: bounded threads, bounded waits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from appliance.recording.mediasock.protocol import ProtocolError
from appliance.storage.errors import FootageGoneError
from appliance.storage.model import StreamId
from appliance.storage.reader import FootageReader
from appliance.storage.report import OpenBlock
from appliance.text import _
from appliance.web.media.recorders import RecorderPool
from appliance.web.media.reel import Reel

log = logging.getLogger(__name__)

THREADS = 6
PATIENCE_S = 10.0
"""A disk that answers later than this counts as failed for whoever asked."""

FRESH_S = 0.4
"""Age at which what the recorders said of their open blocks is asked again."""

ASK_S = 1.0
"""How long a recorder may take to answer before playback goes on with what is known."""

Params = ParamSpec("Params")
Answer = TypeVar("Answer")


class FootageTrouble(Exception):
    """Footage cannot be had: stable `code`, words for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Footage:
    """The footage of all volumes, read in a few threads.

    `prepare` is awaited before anything is asked: it sees to the list of volumes.
    """

    def __init__(self, recorders: RecorderPool, volumes: Sequence[Path] = ()) -> None:
        self._recorders = recorders
        self._blocks: list[OpenBlock] = []
        self._blocks_at = -1e9
        self._asking: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="footage")
        self._stuck = 0
        self.prepare: Callable[[], Awaitable[None]] = _nothing
        self.volumes = list(volumes)
        self.reader = FootageReader(self.volumes, lambda: self._blocks)

    def set_volumes(self, volumes: Sequence[Path]) -> None:
        """Other volumes from now on."""
        if list(volumes) != self.volumes:
            self.volumes = list(volumes)
            self.reader.set_volumes(self.volumes)

    async def close(self) -> None:
        """Give everything back."""
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.reader.close()

    async def refresh(self) -> None:
        """Make sure that what recorders are writing is known, but for the last `FRESH_S`."""
        await self.prepare()
        if time.monotonic() - self._blocks_at < FRESH_S:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="open blocks")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASK_S):
                await asyncio.shield(self._asking)

    def outdated(self) -> None:
        """Something was changed in blocks being written: ask the recorders at the next question."""
        self._blocks_at = -1e9

    async def _ask(self) -> None:
        try:
            self._blocks = await self._recorders.open_blocks()
        except ProtocolError as error:
            log.error("a recorder tells nonsense of its open blocks: %s", error)
        self._blocks_at = time.monotonic()

    async def call(
        self,
        work: Callable[Params, Answer],
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Answer:
        """Do blocking work in a thread; raises FootageTrouble when the disk fails or is slow."""
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
            log.warning("a volume did not answer within %g s", PATIENCE_S)
            raise _slow() from None
        except FootageGoneError as error:
            raise FootageTrouble("gone", _("This footage was overwritten by newer one.")) from error
        except OSError as error:
            log.warning("footage cannot be read: %s", error)
            raise FootageTrouble(
                "volume_failed",
                _("The footage cannot be read: {reason}. Look at the page Storage.").format(
                    reason=error.strerror or error
                ),
            ) from error

    def _unstuck(self, future: asyncio.Future[Any]) -> None:
        self._stuck -= 1
        if not future.cancelled() and future.exception():
            log.warning("the volume answered late, with: %s", future.exception())

    def reel(self, stream: StreamId) -> Reel:
        """Return a way through the footage of a stream; use it through `call`."""
        return Reel(self.reader, stream)

    async def ready(self) -> None:
        """Be up to date; raises FootageTrouble when there is no volume at all to read from."""
        await self.refresh()
        if not self.volumes:
            raise FootageTrouble(
                "no_volume", _("There is no volume to play from. Add one on the page Storage.")
            )


async def _nothing() -> None:
    return


def _slow() -> FootageTrouble:
    return FootageTrouble(
        "volume_slow",
        _("The disk does not answer in time. Try again; if it stays so, look at the page Storage."),
    )
