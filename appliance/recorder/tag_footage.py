"""Which tags have no footage any more: asked of all volumes together, told to the supervisor.

No verdict while a volume is missing, faulty or has its catalogue made anew: what it holds is not
known then, and a tag is worth more than an hour.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from appliance.bus.client import BusClient
from appliance.events.tags import Tag
from appliance.recorder.volume_tags import (
    MAX_PLACED_AT_ONCE,
    PLACING_S,
    VolumeTags,
    lasting,
)
from appliance.recording.config import VolumeConfig
from appliance.recording.volume_worker import VolumeWorker

T = TypeVar("T")
OnDisk = Callable[[VolumeConfig, VolumeTags, Callable[[], T]], Awaitable[tuple[bool, T | None]]]

ROUND_S = 900.0
"""So often each tag is looked for; the supervisor counts a day from the first time in vain."""

AGAIN_S = 30.0
"""A round that a volume could not take part in is tried again after this."""


class Shelf(NamedTuple):
    """A volume that is recorded to, or only read, with what is known of its tags."""

    config: VolumeConfig
    state: VolumeTags
    worker: VolumeWorker | None

    @property
    def uuid(self) -> object:
        """Which volume it was when its tags were read."""
        return self.state.stamp[0] if self.state.stamp else None

    @property
    def answers(self) -> bool:
        """Whether what its catalogue does not have is not there."""
        if self.state.busy or self.state.stamp is None:
            return False
        return self.state.writer is None or _is_complete(self.worker)


class TagFootage:
    """Goes round all tags, some at a time.  `clock` in seconds."""

    def __init__(self, bus: BusClient, clock: Callable[[], float]) -> None:
        self._bus = bus
        self._clock = clock
        self._begin_at = clock() + AGAIN_S
        self._waiting: list[str] = []
        self._here: set[str] = set()
        """Those of which the supervisor was told that they have footage."""

    def forget(self) -> None:
        """The supervisor's table was made anew: tell it everything again."""
        self._here.clear()
        self._waiting.clear()

    async def settle(
        self,
        tags: Mapping[str, Tag],
        shelves: Sequence[Shelf],
        now_ms: int,
        on_disk: OnDisk[set[str] | None],
    ) -> list[str]:
        """Do the next part of a round; return the ids of tags that were removed.

        Raises BusError where the supervisor does not answer.
        """
        if self._clock() < self._begin_at or not self._bus.connected.is_set():
            return []
        self._waiting = self._waiting or list(tags)
        part = [tags[key] for key in self._waiting[:MAX_PLACED_AT_ONCE] if key in tags]
        settled_ms = now_ms - round(PLACING_S * 1000)
        part = [tag for tag in part if not tag.deleted and tag.at_ms < settled_ms]
        held = await self._held(part, shelves, on_disk)
        if held is None:
            self._begin_at = self._clock() + AGAIN_S
            return []
        gone = [tag.id for tag in part if tag.id not in held]
        back = [key for key in held if key not in self._here]
        removed: list[str] = []
        if gone or back:
            answer = await self._bus.request("tags.footage", {"gone": gone, "here": back})
            removed = [str(key) for key in answer["removed"]]
        self._here = (self._here | held).difference(gone)
        del self._waiting[:MAX_PLACED_AT_ONCE]
        if not self._waiting:
            self._begin_at = self._clock() + ROUND_S
            self._here &= tags.keys()
        return removed

    async def _held(
        self, tags: Sequence[Tag], shelves: Sequence[Shelf], on_disk: OnDisk[set[str] | None]
    ) -> set[str] | None:
        """Return which tags have footage; None where that cannot be told now."""
        held: set[str] = set()
        if not tags:
            return held
        if not shelves:
            return None
        for shelf in shelves:
            if not shelf.answers:
                return None
            open_blocks = None
            if shelf.state.writer is not None and shelf.worker is not None:
                open_blocks = shelf.worker.open_blocks()
            rest = [tag for tag in tags if tag.id not in held]
            path, uuid = Path(shelf.config.path), shelf.uuid
            look = partial(lasting, path, uuid, rest, open_blocks)
            done, here = await on_disk(shelf.config, shelf.state, look)
            if not done or here is None or not shelf.answers:
                return None
            held |= here
        return held


def _is_complete(worker: VolumeWorker | None) -> bool:
    if worker is None:
        return False
    writer = worker.writer
    healthy = worker.fault is None and not worker.hung
    return healthy and writer is not None and not writer.keeper.needs_rebuild
