"""Threads that plan exports: few, their own, and only as long as somebody waits for the plan."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from aiohttp import web

from appliance.text import _
from appliance.web.errors import ApiError
from appliance.web.transfer import still_there

THREADS = 2
"""Planning is work for a core: more at once would make none of them faster."""

PLAN_S = 60.0
"""How long a plan may take, its turn included: the largest takes 20 s of CPU."""

MOST_WAITING = 16
MOST_OF_ONE = 3
LOOK_S = 0.25
"""How often it is looked whether somebody still waits."""

Answer = TypeVar("Answer")
Stop = Callable[[], bool]


class Planner:
    """Plans in turn; what waits is bounded, in all and for each person."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="plan")
        self._waiting: Counter[str] = Counter()

    def close(self) -> None:
        """Take nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def plan(
        self, request: web.Request, person: str, work: Callable[[Stop], Answer]
    ) -> Answer:
        """Do blocking `work`, which asks again and again whether to stop, for a request.

        It is stopped when the client has gone.  Raises ApiError 503 (busy, volume_slow),
        ConnectionError, and what `work` raises.
        """
        if self._waiting.total() >= MOST_WAITING or self._waiting[person] >= MOST_OF_ONE:
            text = _("Several exports are being prepared. Try again in a few seconds.")
            raise ApiError(503, "busy", text, headers={"Retry-After": "5"})
        unwanted = threading.Event()
        loop = asyncio.get_running_loop()
        self._waiting[person] += 1
        made = loop.run_in_executor(self._threads, partial(work, unwanted.is_set))
        try:
            async with asyncio.timeout(PLAN_S):
                while not made.done():
                    await asyncio.wait([made], timeout=LOOK_S)
                    still_there(request)
            return made.result()
        except TimeoutError as error:
            text = _(
                "The disk does not answer in time. Try again; a shorter time needs less of it."
            )
            raise ApiError(503, "volume_slow", text) from error
        finally:
            unwanted.set()
            made.cancel()
            self._waiting[person] -= 1
            if not self._waiting[person]:
                del self._waiting[person]
