"""What a writer has in hand: its blocks by stream, and where the next ones come from."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from appliance.storage.allocator import Allocator
from appliance.storage.block import BlockWriter
from appliance.storage.claims import Claim
from appliance.storage.errors import FullVolumeError, VolumeFault
from appliance.storage.head import Identity
from appliance.storage.housekeeping import Housekeeping
from appliance.storage.model import NewFragment, StreamId
from appliance.storage.report import OpenBlock
from appliance.storage.stream_blocks import StreamBlocks
from appliance.storage.volume import Volume, block_name
from appliance.text import _

log = logging.getLogger(__name__)
_ASK_AGAIN_S = 5.0


@dataclass(slots=True)
class Hands:
    """The state of a writer; `held` is by block number, `clock` monotonic, `now_ns` UTC."""

    volume: Volume
    owner: str
    allocator: Allocator
    housekeeping: Housekeeping
    clock: Callable[[], float]
    now_ns: Callable[[], int]
    held: dict[int, BlockWriter] = field(default_factory=dict)
    streams: dict[StreamId, StreamBlocks] = field(default_factory=dict)
    kept: frozenset[StreamId] | None = None
    time_trusted: bool = False
    no_room: VolumeFault | None = None
    ask_again_at: float = 0.0

    def blocks_of(self, stream: StreamId) -> StreamBlocks:
        """The blocks of a stream."""
        blocks = self.streams.get(stream)
        if blocks is None:
            blocks = self.streams[stream] = StreamBlocks()
        return blocks

    def resume(self, block: BlockWriter) -> None:
        """Go on in a block of an earlier life."""
        self.held[block.number] = block
        stream = block.identity.stream
        if self.kept is None or stream in self.kept:
            self.blocks_of(stream).found(block)
        else:
            block.wants_close = True

    def keep_only(self, streams: Collection[StreamId]) -> None:
        """Set the blocks of all other streams to close."""
        self.kept = frozenset(streams)
        for stream, blocks in self.streams.items():
            if stream not in self.kept:
                blocks.close_all()

    @property
    def active(self) -> int:
        """How many streams may want another block."""
        return sum(self.kept is None or stream in self.kept for stream in self.streams)

    def settled(self, block: BlockWriter) -> None:
        """The catalogue knows a block now; readers need not ask us any more."""
        self.held.pop(block.number, None)
        self.volume.files.close(block.file)

    def snapshot(self) -> list[OpenBlock]:
        """All blocks in hand with what is durable in them; from any thread."""
        return [
            OpenBlock(
                self.volume.identity.uuid,
                self.volume.path / block_name(block.number),
                block.number,
                block.identity.generation,
                block.identity.sequence,
                block.identity.stream,
                block.head,
                list(block.fragments),
                block.flags.locked,
            )
            for block in list(self.held.values())
        ]

    def begin(self, fragment: NewFragment) -> BlockWriter | None:
        """Begin a block for a fragment in an erased one; None if there is none.

        To be synced before anything is staged in it.  Raises OSError.
        """
        claim = self._claim()
        if claim is None:
            return None
        blocks = self.blocks_of(fragment.stream)
        file = self.volume.files.open(block_name(claim.block))
        try:
            identity = self._identity(claim, fragment, blocks)
            block = BlockWriter.begin(self.volume.files, file, identity, fragment.head)
        except OSError:
            self.volume.files.close(file)
            raise
        self.held[block.number] = block
        blocks.begun(block, fragment)
        self.housekeeping.opened(block)
        return block

    def no_block(self) -> VolumeFault:
        """Why no block could be begun."""
        if self.no_room is not None:
            return self.no_room
        if self.allocator.crowded:
            text = _(
                "Volume {name} has no free space: other files take it up. Remove files that do "
                "not belong to the recorder, or add a disk."
            )
        elif self.allocator.policy.when_full == "stop":
            text = _(
                "Volume {name} is full and set to stop when full. Allow overwriting, unlock or "
                "remove footage, or add a disk."
            )
        else:
            text = _(
                "Volume {name} has no block left that may be overwritten. Unlock footage or add "
                "a disk."
            )
        return FullVolumeError(text.format(name=self.volume.name)).fault

    def _claim(self) -> Claim | None:
        claim = self.allocator.take()
        if claim is not None or self.clock() < self.ask_again_at:
            return claim
        try:
            self.allocator.prepare(1)
            self.no_room = None
        except OSError as error:
            log.error("volume %s gives no block: %s", self.volume.name, error)
            self.no_room = self.volume.error(error).fault
        claim = self.allocator.take()
        if claim is None:
            self.ask_again_at = self.clock() + _ASK_AGAIN_S
        return claim

    def _identity(self, claim: Claim, fragment: NewFragment, blocks: StreamBlocks) -> Identity:
        stream = fragment.stream
        return Identity.of(
            fragment.head,
            volume=self.volume.identity.raw,
            block=claim.block,
            generation=claim.generation,
            sequence=claim.sequence,
            stream=stream,
            owner=self.owner,
            created_ns=self.now_ns(),
            time_trusted=self.time_trusted,
            block_bytes=self.volume.block_bytes,
            previous=blocks.closing_entry or self.housekeeping.closings.get(stream),
            retired=self.allocator.retired.pop(claim.block, None),
        )
