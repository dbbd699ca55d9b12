"""The call to somebody outside that goes on only while all that should be recorded is.

It is delivered by the courier, at once or not at all: one that comes late would say that all is
well when it no longer is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from appliance.bus.courier_messages import Delivery
from appliance.bus.errors import BusError
from appliance.bus.messages import ChannelStatus
from appliance.bus.server import BusServer
from appliance.bus.status_messages import PingStatus
from appliance.health.summary import all_recorded
from appliance.settings.problems import SettingsError
from appliance.supervisor.settings_service import SettingsService
from appliance.text import _

_log = logging.getLogger(__name__)

PAGE, FIELD = "health", "ping_url"
KEY = "all recorded"
LATE_S = 45.0
ASK_S = 3.0
"""Much less than a minute, so that one call has ended before the next begins."""


class RecordingPing:
    """Told of the channels at each turn of the checks; `clock` is monotonic."""

    def __init__(
        self,
        bus: BusServer,
        settings: SettingsService,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._settings = settings
        self._clock = clock
        self._next_s = clock()
        self._last: int | None = None
        self._failure = ""
        self._task: asyncio.Task[None] | None = None
        bus.subscribe("courier.delivered", self._on_delivered)

    def turn(self, channels: Sequence[ChannelStatus]) -> None:
        """Send a call if it is time and all is recorded; waits for nothing."""
        page = self._settings.store.raw(PAGE)
        if not page[FIELD] or self._clock() < self._next_s or not all_recorded(channels):
            return
        self._next_s = self._clock() + page["ping_minutes"] * 60.0
        self._task = asyncio.create_task(self._send(), name="call to who watches from outside")

    def status(self) -> PingStatus:
        """Return whether somebody is called, when last, and what is in the way."""
        called = bool(self._settings.store.raw(PAGE)[FIELD])
        return PingStatus(called=called, last=self._last, failure=self._failure if called else "")

    def settings_changed(self, page: str) -> None:
        """Try a new address at once."""
        if page == PAGE:
            self._next_s, self._last, self._failure = self._clock(), None, ""

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send(self) -> None:
        store = self._settings.store
        try:
            url = await self._settings.run(lambda: store.reveal(PAGE, None, FIELD))
            delivery = Delivery(outlet="ping", body={"url": url}, key=KEY, expires_s=LATE_S)
            params: dict[str, Any] = {**delivery}
            await self._bus.request("courier", "courier.deliver", params, timeout_s=ASK_S)
        except (BusError, SettingsError) as error:
            self._fail(error.text if isinstance(error, BusError) else str(error))

    def _on_delivered(self, payload: Any, source: str) -> None:
        if source != "courier" or not isinstance(payload, dict) or payload.get("key") != KEY:
            return
        if payload.get("delivered") is True:
            self._last, self._failure = int(payload.get("at") or 0), ""
        else:
            self._fail(str(payload.get("text") or _("It could not be delivered.")))

    def _fail(self, why: str) -> None:
        if why != self._failure:
            _log.warning("Who watches from outside could not be called: %s", why)
        self._failure = why
