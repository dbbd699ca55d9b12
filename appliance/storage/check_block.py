"""Verifying one block: every record, checksum, hash, link and signature, and its flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appliance.storage.boxes import box_head, video_track
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.findings import Findings
from appliance.storage.head import BlockHead, Erased, Identity, new_head, read_head
from appliance.storage.pages import PAGE
from appliance.storage.record import FragmentRecord, free_page, header_tail, unpack_record
from appliance.storage.signing import verify
from appliance.storage.tail import Tail, pack_tail, read_tail
from appliance.storage.volume import block_name
from appliance.storage.walk import Walk, matches, walk
from appliance.text import _


@dataclass(frozen=True, slots=True)
class Checked:
    """What was learnt of a block: its head, its closing if it is signed, its signed forerunner."""

    head: BlockHead | Erased | None
    closing: dict[str, Any] | None = None
    retired: dict[str, Any] | None = None


class BlockCheck:
    """Checks the blocks of one volume.

    `key` (hex) is the device key that should have signed; None accepts any that fits.  With
    `quick`, payloads are not read.
    """

    def __init__(
        self, files: FileOps, volume: bytes, findings: Findings, *, key: str | None, quick: bool
    ) -> None:
        self._files = files
        self._volume = volume
        self._findings = findings
        self._key = key
        self._quick = quick

    def check(self, number: int, claimed_sequence: int | None) -> Checked:
        """Check one block; `claimed_sequence` is that of a claim on it.  Raises OSError."""
        file = self._files.open(block_name(number), writable=False)
        try:
            try:
                head = read_head(self._files, file)
            except BlockFormatError as error:
                return self._no_head(number, claimed_sequence, error)
            if isinstance(head, Erased):
                self._findings.counts["erased"] += 1
                self._signed(number, head.retired, _("retirement"))
                return Checked(head, None, head.retired)
            return self._used(file, number, head, claimed_sequence)
        finally:
            self._files.close(file)

    def _no_head(self, number: int, claimed: int | None, error: BlockFormatError) -> Checked:
        if claimed is not None:
            self._findings.note(
                "begun", _("Block {block} was being begun or erased.").format(block=number), number
            )
        else:
            self._findings.problem(
                "altered",
                _("Block {block} was altered: it has no readable head ({reason}).").format(
                    block=number, reason=error
                ),
                number,
            )
        return Checked(None)

    def _used(self, file: File, number: int, head: BlockHead, claimed: int | None) -> Checked:
        identity = head.identity
        if identity.volume != self._volume or identity.block != number:
            self._findings.problem(
                "foreign_block",
                _(
                    "Block {block} belongs elsewhere: it says it is block {other} of {volume}."
                ).format(block=number, other=identity.block, volume=identity.volume.hex()),
                number,
            )
            return Checked(None)
        self._signed(number, identity.previous, _("previous closing"))
        self._signed(number, identity.retired, _("retirement"))
        if head.flags.locked:
            self._findings.counts["locked"] += 1
        self._front(file, head)
        found = walk(self._files, file, identity, head.flags)
        self._contents(file, identity, found)
        try:
            tail = read_tail(self._files, file, identity)
        except BlockFormatError:
            self._without_tail(number, head, claimed, found)
            return Checked(head, None, identity.retired)
        self._tail(file, head, found, tail)
        return Checked(head, tail.closing, identity.retired)

    def _front(self, file: File, head: BlockHead) -> None:
        end = head.identity.geometry.state_at + PAGE
        front = b"".join(new_head(head.identity, head.head))[:end]
        if self._files.pread(file, end, 0) != front:
            self._findings.problem(
                "altered",
                _("Block {block} was altered: its head or its identity.").format(
                    block=head.identity.block
                ),
                head.identity.block,
            )

    def _contents(self, file: File, identity: Identity, found: Walk) -> None:
        """Every byte in front of and within the fragments is what the chain says."""
        number = identity.block
        before: FragmentRecord | None = None
        for item in found.fragments:
            page = self._files.pread(file, PAGE, item.offset)
            try:
                record = unpack_record(page, 24)
            except BlockFormatError:
                return  # the walk says so
            head = box_head(b"uuid", record.box_bytes)
            if page != head + header_tail(record, before) and page[4:8] == b"uuid":
                self._altered(number, record.index, _("its header page"))
            if not self._quick:
                if not matches(self._files, file, record, item.offset, thorough=True):
                    self._altered(number, record.index, _("its footage"))
                self._findings.counts["bytes"] += record.payload_bytes
            self._findings.counts["fragments"] += 1
            before = record

    def _without_tail(self, number: int, head: BlockHead, claimed: int | None, found: Walk) -> None:
        count = len(found.fragments)
        if claimed == head.identity.sequence:
            self._findings.counts["open"] += 1
            if found.lost or len(found.stale) > 1:
                self._findings.note(
                    "open",
                    _("Block {block} was cut off; it is mended when recording goes on.").format(
                        block=number
                    ),
                    number,
                )
        elif head.flags.suspect:
            self._findings.counts["suspect"] += 1
            self._findings.note(
                "suspect",
                _("Block {block} was left after a failed write: {count} fragments.").format(
                    block=number, count=count
                ),
                number,
            )
        else:
            self._findings.problem(
                "altered",
                _("Block {block} was altered: its index is gone ({count} fragments left).").format(
                    block=number, count=count
                ),
                number,
            )

    def _tail(self, file: File, head: BlockHead, found: Walk, tail: Tail) -> None:
        identity, closing = head.identity, tail.closing
        number = identity.block
        self._findings.counts["closed"] += 1
        if not self._signed(number, closing, _("closing")):
            return
        true = {
            "volume": identity.volume.hex(),
            "block": number,
            "generation": identity.generation,
            "sequence": identity.sequence,
            "fragments": len(tail.fragments),
        }
        if any(closing.get(name) != value for name, value in true.items()):
            self._findings.problem(
                "altered",
                _("Block {block} was altered: its closing is that of another block.").format(
                    block=number
                ),
                number,
            )
        elif closing.get("link") != found.link.hex():
            whole = len(found.fragments)
            self._altered(number, whole, _("it, or the chain that leads to it"))
        elif self._end_altered(file, head, found, tail):
            self._findings.problem(
                "altered",
                _("Block {block} was altered: its end or its index.").format(block=number),
                number,
            )

    def _end_altered(self, file: File, head: BlockHead, found: Walk, tail: Tail) -> bool:
        place = head.identity.geometry
        end = self._files.pread(file, PAGE, found.position)
        stored = self._files.pread(file, place.tail_bytes, place.tail_at)
        track = video_track(head.head)
        expected = pack_tail(head.identity, tail.closing, tail.fragments, track)
        fragments = [(f.offset, f.end) for f in found.fragments]
        return (
            end != free_page(place.tail_at - found.position, found.last)
            or [(f.offset, f.end) for f in tail.fragments] != fragments
            or (stored != expected and stored[4:8] == b"uuid")
        )

    def _signed(self, number: int, entry: dict[str, Any] | None, what: str) -> bool:
        if entry is None:
            return True
        if verify(entry) and self._key in (None, entry.get("key")):
            self._findings.counts["signatures"] += 1
            return True
        self._findings.problem(
            "altered",
            _("Block {block} was altered: the signature of its {what} is not this box's.").format(
                block=number, what=what
            ),
            number,
        )
        return False

    def _altered(self, number: int, index: int, what: str) -> None:
        self._findings.problem(
            "altered",
            _("Block {block} was altered at fragment {index}: {what}.").format(
                block=number, index=index, what=what
            ),
            number,
        )
