"""The front of a block: geometry, identity page, lock and suspect flags, and how it looks erased.

    0          ftyp moov, then `free` up to a page                (players read this)
    state_at   `uuid` box of three pages: identity | flags A | flags B
    data_at    fragments, then `free` up to the tail
    tail_at    room reserved for index and mfra

The header of the `uuid` box and the identity are written once per generation and never again, so
that no later write can tear what players need; the flags alternate between two pages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from appliance.storage import boxes, pages
from appliance.storage.boxes import BOX_HEAD, STATE_TYPE, USER_HEAD, box_head
from appliance.storage.errors import BlockFormatError
from appliance.storage.files import File, FileOps
from appliance.storage.model import StreamId, StreamName
from appliance.storage.pages import PAGE, round_up
from appliance.storage.record import free_page

_IDENTITY = b"NVRident"
_FLAGS = b"NVRflags"
_ERASED = b"NVRerase"
_STATE_BYTES = 3 * PAGE
_PROBE_BYTES = 4 * PAGE
MAX_HEAD_BYTES = 1 << 20
MIN_BLOCK_BYTES = 64 * PAGE
MAX_BLOCK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where things lie in a block of `block_bytes` whose `ftyp`+`moov` take `head_bytes`."""

    block_bytes: int
    head_bytes: int

    @property
    def state_at(self) -> int:
        """Start of the state box: behind the head and room for a `free` box, if any."""
        end = round_up(self.head_bytes)
        return end + PAGE if 0 < end - self.head_bytes < BOX_HEAD else end

    @property
    def data_at(self) -> int:
        """Start of the first fragment."""
        return self.state_at + _STATE_BYTES

    @property
    def tail_bytes(self) -> int:
        """Room reserved for the index: 1/256 of the block, four pages at least."""
        return max(4 * PAGE, round_up(self.block_bytes // 256))

    @property
    def tail_at(self) -> int:
        """Start of that room."""
        return self.block_bytes - self.tail_bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """What a block is, written once: whose, which, since when, and what came before.

    `head_sha256` is that of `ftyp`+`moov`.  `previous` is the signed closing of the stream's
    block before this one, `retired` the signed retirement of what this file held before; both as
    in the ledger, or None.  `time_trusted` says whether the clock could be relied on.
    """

    volume: bytes
    block: int
    generation: int
    sequence: int
    stream: StreamId
    owner: str
    created_ns: int
    time_trusted: bool
    block_bytes: int
    head_bytes: int
    head_sha256: bytes
    previous: dict[str, Any] | None = None
    retired: dict[str, Any] | None = None

    @classmethod
    def of(cls, head: bytes, **values: Any) -> Identity:
        """The identity of a block that begins with `head`."""
        return cls(head_bytes=len(head), head_sha256=hashlib.sha256(head).digest(), **values)

    @property
    def geometry(self) -> Geometry:
        """Where things lie."""
        return Geometry(self.block_bytes, self.head_bytes)

    def page(self) -> bytes:
        """The first page of the state box."""
        body = {
            "volume": self.volume.hex(),
            "block": self.block,
            "generation": self.generation,
            "sequence": self.sequence,
            "channel": self.stream.channel,
            "stream": self.stream.stream.value,
            "owner": self.owner,
            "created_ns": self.created_ns,
            "time_trusted": self.time_trusted,
            "block_bytes": self.block_bytes,
            "head_bytes": self.head_bytes,
            "head_sha256": self.head_sha256.hex(),
            "previous": self.previous,
            "retired": self.retired,
        }
        return (
            box_head(b"uuid", _STATE_BYTES)
            + STATE_TYPE
            + pages.pack_document(_IDENTITY, body, PAGE - USER_HEAD)
        )

    def link(self) -> bytes:
        """SHA-256 of the identity page: where the chain of a block's fragments begins."""
        return hashlib.sha256(self.page()).digest()


def unpack_identity(page: bytes) -> Identity:
    """Decode an identity page; BlockFormatError if it is none."""
    if page[4:8] != b"uuid" or page[8:24] != STATE_TYPE:
        raise BlockFormatError("no identity")
    body = pages.unpack_document(_IDENTITY, page[USER_HEAD:PAGE])
    try:
        return Identity(
            bytes.fromhex(body["volume"]),
            int(body["block"]),
            int(body["generation"]),
            int(body["sequence"]),
            StreamId(int(body["channel"]), StreamName(body["stream"])),
            str(body["owner"]),
            int(body["created_ns"]),
            bool(body["time_trusted"]),
            int(body["block_bytes"]),
            int(body["head_bytes"]),
            bytes.fromhex(body["head_sha256"]),
            body["previous"],
            body["retired"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BlockFormatError("identity malformed") from error


def blank_identity() -> bytes:
    """What is put over the identity of a block that is given up."""
    return box_head(b"uuid", _STATE_BYTES) + STATE_TYPE + bytes(PAGE - USER_HEAD)


@dataclass(frozen=True, slots=True)
class Flags:
    """What may change on a block at any time: locked by a person, suspect after a failed sync.

    Of a suspect block the first `good` fragments count and no others; None: it is not suspect.
    """

    serial: int = 1
    locked: bool = False
    good: int | None = None

    @property
    def suspect(self) -> bool:
        """Whether writes to the block were lost."""
        return self.good is not None

    def page(self, sequence: int) -> bytes:
        """One copy, for the block's present generation."""
        body = {
            "serial": self.serial,
            "locked": self.locked,
            "good": self.good,
            "sequence": sequence,
        }
        return pages.pack_document(_FLAGS, body, PAGE)

    def offset(self, geometry: Geometry) -> int:
        """Where this copy goes: odd and even serials alternate."""
        return geometry.state_at + PAGE * (1 + self.serial % 2)


def unpack_flags(two_pages: bytes, sequence: int) -> Flags:
    """The newer valid copy; the default (serial 0, nothing set) where neither can be read."""
    best = Flags(serial=0)
    for at in (0, PAGE):
        try:
            body = pages.unpack_document(_FLAGS, two_pages[at : at + PAGE])
            good = body["good"]
            found = Flags(
                int(body["serial"]), bool(body["locked"]), None if good is None else int(good)
            )
        except (BlockFormatError, KeyError, TypeError, ValueError):
            continue
        if body.get("sequence") == sequence and found.serial > best.serial:
            best = found
    return best


@dataclass(frozen=True, slots=True)
class Erased:
    """A block without footage: the generation it had last, and how that was retired."""

    volume: bytes
    block: int
    generation: int
    retired: dict[str, Any] | None = field(default=None, compare=False)

    def page(self, block_bytes: int) -> bytes:
        """The first page of an erased block: one `free` box over all of it."""
        body = {
            "volume": self.volume.hex(),
            "block": self.block,
            "generation": self.generation,
            "retired": self.retired,
        }
        return box_head(b"free", block_bytes) + pages.pack_document(_ERASED, body, PAGE - BOX_HEAD)


@dataclass(frozen=True, slots=True)
class BlockHead:
    """The front of a block in use: identity, flags and the `ftyp`+`moov` bytes."""

    identity: Identity
    flags: Flags
    head: bytes


def change_flags(
    files: FileOps,
    file: File,
    identity: Identity,
    *,
    locked: bool | None = None,
    good: int | None = None,
) -> Flags:
    """Change flags as they stand in the block and sync them; on an error the old ones stay.

    To be called under the lock of the volume: others may change them too.
    """
    place = identity.geometry
    old = unpack_flags(files.pread(file, 2 * PAGE, place.state_at + PAGE), identity.sequence)
    new = Flags(
        old.serial + 1,
        old.locked if locked is None else locked,
        old.good if good is None else good,
    )
    files.pwrite(file, [new.page(identity.sequence)], new.offset(place))
    files.fdatasync(file)
    return new


def new_head(identity: Identity, head: bytes) -> list[bytes]:
    """All bytes from the start of a block to behind the free page at `data_at`."""
    place = identity.geometry
    gap = place.state_at - len(head)
    return [
        head,
        boxes.free_box(gap) if gap else b"",
        identity.page(),
        Flags(serial=0).page(identity.sequence),
        Flags(serial=1).page(identity.sequence),
        free_page(place.tail_at - place.data_at, None),
    ]


def read_head(files: FileOps, file: File) -> BlockHead | Erased:
    """Read the front of a block; BlockFormatError if it is neither in use nor erased."""
    data = files.pread(file, _PROBE_BYTES, 0)
    if data[4:8] == b"free":
        return _unpack_erased(pages.unpack_document(_ERASED, data[BOX_HEAD:PAGE]))
    state_at = _find_state(files, file, data)
    if len(data) < state_at + _STATE_BYTES:
        data = files.pread(file, state_at + _STATE_BYTES, 0)
    identity = unpack_identity(data[state_at : state_at + PAGE])
    if identity.geometry.state_at != state_at:
        raise BlockFormatError("identity belongs to another head")
    head = data[: identity.head_bytes]
    if hashlib.sha256(head).digest() != identity.head_sha256:
        raise BlockFormatError("head damaged")
    flags = unpack_flags(data[state_at + PAGE : state_at + 3 * PAGE], identity.sequence)
    return BlockHead(identity, flags, head)


def _unpack_erased(body: dict[str, Any]) -> Erased:
    try:
        return Erased(
            bytes.fromhex(body["volume"]),
            int(body["block"]),
            int(body["generation"]),
            body["retired"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BlockFormatError("erased block malformed") from error


def _find_state(files: FileOps, file: File, data: bytes) -> int:
    at = 0
    while at < MAX_HEAD_BYTES:
        window = data[at : at + 24] if at + 24 <= len(data) else files.pread(file, 24, at)
        box = boxes.parse_box(window)
        if box.kind == b"uuid" and window[8:24] == STATE_TYPE:
            return at
        if box.kind not in (b"ftyp", b"moov", b"free"):
            break
        at += box.size
    raise BlockFormatError("no state box")
