"""What others can ask a recorder for, over its media socket and over the bus."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from appliance.bus.errors import BusError
from appliance.recorder.group import GroupRecorder
from appliance.recording.config import KIND_FLAGS
from appliance.recording.mediasock import open_blocks
from appliance.recording.mediasock.server import Operation, OperationRefused
from appliance.storage.errors import VolumeError
from appliance.storage.locks import LockReport
from appliance.storage.model import StreamId, StreamName
from appliance.storage.writer import VolumeWriter
from appliance.text import _

if TYPE_CHECKING:
    from appliance.recorder.reporter import Reporter

BusMethod = Callable[[dict[str, Any]], Awaitable[Any]]


class Operations:
    """The requests of one group."""

    def __init__(self, group: GroupRecorder, reporter: Reporter) -> None:
        self._group = group
        self._reporter = reporter

    def table(self) -> Mapping[str, Operation]:
        """Requests over the media socket, by name."""
        return {
            "open_blocks": self._open_blocks,
            "statistics": self._statistics,
            "lock": self._lock,
            "accept_clock": self._accept_clock,
        }

    def bus_methods(self) -> Mapping[str, BusMethod]:
        """Requests over the bus, by name."""
        return {
            "channel.retry": self._retry,
            "record.trigger": self._trigger,
            "clock.accept": self._accept_time,
        }

    async def _open_blocks(self, request: dict[str, Any]) -> Any:
        return open_blocks.answer(self._group.volumes.open_blocks(), request.get("known") or {})

    async def _statistics(self, _request: dict[str, Any]) -> Any:
        return self._reporter.statuses()

    async def _lock(self, request: dict[str, Any]) -> int:
        channel, start_ns, end_ns = (int(request[k]) for k in ("channel", "start_ns", "end_ns"))
        locked = bool(request["locked"])
        if end_ns <= start_ns:
            raise OperationRefused("bad_range", _("The end must be later than the start."))
        streams = [StreamId(channel, name) for name in StreamName]
        changed, trouble = 0, None
        for worker in list(self._group.volumes):

            def change(writer: VolumeWriter) -> LockReport:
                act = writer.lock if locked else writer.unlock
                return act(streams, start_ns, end_ns)

            try:
                changed += (await worker.call(change)).blocks
            except (VolumeError, OSError, TimeoutError) as error:
                trouble = OperationRefused(
                    "volume_failed",
                    _("Volume {name} could not change the lock: {reason}").format(
                        name=worker.config.name, reason=error
                    ),
                )
                if worker.writer is not None:
                    raise trouble from error
        if trouble is not None and not changed:  # a disk that is away holds up no other
            raise trouble
        return changed

    async def _accept_clock(self, _request: dict[str, Any]) -> None:
        try:
            await self._reporter.accept_clock()
        except (VolumeError, OSError, TimeoutError) as error:
            raise OperationRefused("volume_failed", str(error)) from error

    async def _accept_time(self, _params: dict[str, Any]) -> dict[str, Any]:
        try:
            await self._accept_clock({})
        except OperationRefused as error:
            raise BusError(error.code, error.text) from error
        return {}

    async def _retry(self, params: dict[str, Any]) -> dict[str, Any]:
        channel = self._group.channels.get(int(params["channel"]))
        if channel is None:
            raise BusError("channel.unknown", _("This recorder has no such channel."))
        channel.retry()
        return {}

    async def _trigger(self, params: dict[str, Any]) -> dict[str, Any]:
        """Begin or end an event's recording: {channel, kind, active}."""
        channel = self._group.channels.get(int(params["channel"]))
        kind = KIND_FLAGS.get(str(params["kind"]))
        if channel is None or kind is None:
            raise BusError("channel.unknown", _("This recorder has no such channel or kind."))
        mono_s = time.monotonic()
        channel.decision.trigger(kind, active=bool(params["active"]), mono_s=mono_s)
        channel.update(datetime.now(UTC), mono_s)
        return {}
