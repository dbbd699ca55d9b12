"""Copies of tags on the volumes that hold their footage, and tags that came with a volume.

The supervisor's table is what counts; a copy is written when its volume takes footage, beside
recording and never in its way: in threads and files of its own.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from appliance.bus.client import BusClient
from appliance.bus.errors import BusError
from appliance.events.tags import Tag
from appliance.recorder.group import GROUP_SIZE, GroupRecorder
from appliance.recorder.tag_footage import Shelf, TagFootage
from appliance.recorder.volume_tags import VolumeTags, holding, read_volume, write_volume
from appliance.recording.config import VolumeConfig
from appliance.recording.volume_worker import VolumeWorker
from appliance.storage.errors import VolumeError

log = logging.getLogger(__name__)
T = TypeVar("T")

PASS_S = 2.0
"""How often it is looked what there is to do; what comes in between is written together."""

RETRY_S = 20.0
"""A volume that cannot be read or written now is tried again this often."""

PATIENCE_S = 5.0
"""A disk that takes longer is left alone until it has answered."""

PULL_S = 60.0
"""Changes are asked for this often even if nobody told of any: news may be dropped."""

CHUNK = 200
"""Tags told in one message."""


class TagDesk:
    """Keeps the tags of a group's channels on the volumes of its recorder."""

    def __init__(
        self,
        group: GroupRecorder,
        bus: BusClient,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        first = (group.group - 1) * GROUP_SIZE + 1
        self._range = (first, first + GROUP_SIZE - 1)
        self._owner = f"recorder{group.group}"
        self._group = group
        self._bus = bus
        self._clock = clock
        self._wall_ms = wall_ms
        self._footage = TagFootage(bus, clock)
        self._store = ""
        self._serial = 0
        self._tags: dict[str, Tag] = {}
        self._volumes: dict[str, VolumeTags] = {}
        self._behind = True
        self._pulled_at = 0.0
        self._troubled = ""
        bus.on_connect(self._on_connect)
        bus.subscribe("tags.changed", self._on_change)

    async def _on_connect(self) -> None:
        self._behind = True

    def _on_change(self, news: dict[str, Any]) -> None:
        first, last = self._range
        if any(first <= channel <= last for channel in news["channels"]):
            self._behind = True

    async def run(self) -> None:
        """Keep copies until cancelled."""
        while True:
            trouble = ""
            try:
                await self.settle()
            except BusError as error:
                trouble = error.text
            except Exception as error:  # noqa: BLE001 - else the recorder would end with it
                trouble = repr(error)
            if trouble and trouble != self._troubled:
                log.warning("Copies of tags on the volumes wait: %s", trouble)
            self._troubled = trouble
            await asyncio.sleep(PASS_S)

    async def settle(self) -> None:
        """Do once what there is to do; raises BusError where the supervisor does not answer."""
        behind = self._behind or self._clock() - self._pulled_at > PULL_S
        if behind and self._bus.connected.is_set():
            await self._pull()
        config = self._group.config
        volumes = {v.id: v for v in config.volumes if v.enabled} if config else {}
        for gone in self._volumes.keys() - volumes.keys():
            del self._volumes[gone]
        workers = {worker.config.id: worker for worker in self._group.volumes}
        for key, volume in volumes.items():
            state = self._volumes.setdefault(key, VolumeTags())
            if not state.busy:
                await self._settle(volume, state, workers.get(key))
        await self._remove_without_footage(
            [Shelf(volume, self._volumes[key], workers.get(key)) for key, volume in volumes.items()]
        )

    async def _remove_without_footage(self, shelves: list[Shelf]) -> None:
        """Have tags removed whose footage is gone, while the clock can be trusted."""
        if self._behind or not self._group.clock.trusted:
            return
        removed = await self._footage.settle(self._tags, shelves, self._wall_ms(), self._on_disk)
        for key in removed:
            self._tags.pop(key, None)
        if removed:
            for shelf in shelves:
                shelf.state.drop(removed)

    async def _pull(self) -> None:
        """Read what changed in the supervisor's table: all of it where that was made anew."""
        self._behind = False
        self._pulled_at = self._clock()
        try:
            more = True
            while more:
                answer = await self._bus.request(
                    "tags.changes", {"after": self._serial, "channels": list(self._range)}
                )
                if self._store != answer["store"]:
                    again = self._serial > 0
                    self._store, self._serial = answer["store"], 0
                    self._tags.clear()
                    self._footage.forget()
                    for state in self._volumes.values():
                        state.forget()  # it may be the only copy by now
                    if again:
                        continue
                changed = {tag["id"]: Tag.from_dict(tag) for tag in answer["tags"]}
                self._tags |= changed
                self._serial, more = int(answer["serial"]), bool(answer["more"])
                for state in self._volumes.values():
                    state.changed(changed, self._clock())
        except BaseException:
            self._behind = True
            raise

    async def _settle(
        self, volume: VolumeConfig, state: VolumeTags, worker: VolumeWorker | None
    ) -> None:
        path = Path(volume.path)
        writer = worker.writer if worker and worker.fault is None and not worker.hung else None
        if writer is not state.writer:
            state.writer = writer
            state.forget()
        if self._clock() < state.look_at:
            return
        if state.own is None or writer is None:
            stamp = state.stamp
            done, found = await self._on_disk(volume, state, lambda: read_volume(path, stamp))
            if not done:
                return
            if found is not None:
                state.take(found, self._owner, self._tags, self._clock())
            if writer is None:  # read-only, or not ours to write: look again later
                state.look_at = self._clock() + RETRY_S
        await self._tell(state)
        if worker is None or writer is None:
            return
        if due := state.unplaced(self._tags, self._clock()):
            in_hand = worker.open_blocks()
            done, here = await self._on_disk(volume, state, lambda: holding(path, due, in_hand))
            if not done or here is None:
                return
            state.placed(due, here, self._clock())
        if not state.dirty:
            return
        wanted = state.wanted(self._tags)
        if wanted == state.own:
            state.dirty = False
            return
        identity = writer.volume.identity.uuid
        done, _nothing = await self._on_disk(
            volume, state, lambda: write_volume(path, identity, self._owner, wanted.values())
        )
        if done:
            state.own = wanted  # and looked at once more: there may be news by now

    async def _tell(self, state: VolumeTags) -> None:
        """Tell the supervisor of tags that came with a volume."""
        while state.unsent and self._bus.connected.is_set():
            part = state.unsent[:CHUNK]
            try:
                await self._bus.request("tags.merge", {"tags": [tag.as_dict() for tag in part]})
            except BusError as error:
                if error.code != "tags.bad_request":
                    log.debug("tags of a volume are told later: %s", error.text)
                    return  # copies are written all the same
                log.warning("Tags found on a volume were not taken: %s", error.text)
            del state.unsent[:CHUNK]

    async def _on_disk(
        self, volume: VolumeConfig, state: VolumeTags, work: Callable[[], T]
    ) -> tuple[bool, T | None]:
        """Do `work` in a thread that nobody has to wait for; return whether it is done, and it."""
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: Exception | None) -> None:
            state.busy = False
            if outcome.done():
                return
            if error is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(result)  # type: ignore[arg-type]

        def run() -> None:
            result, caught = None, None
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - told where it is awaited
                caught = error
            with suppress(RuntimeError):  # the process is ending
                loop.call_soon_threadsafe(settle, result, caught)

        state.busy = True
        threading.Thread(target=run, name=f"tags {volume.id}", daemon=True).start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return True, await outcome
        except (OSError, VolumeError, TimeoutError) as error:
            log.debug("volume %s: its tags wait: %s", volume.name, error)
            state.forget()
            state.look_at = self._clock() + RETRY_S
            return False, None
