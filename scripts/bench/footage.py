"""A volume with a month of footage of sixteen channels that a box can play and record on.

The catalogue is that of the storage tests' generator; here the blocks around the instants get a
real head and real fragments (their pictures are zeros where none are given), the box is made the
maker of the volume, and the volume is full: every block exists as a sparse file, and those to be
reused first are whole.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.media.types import Codec, VideoFormat
from appliance.storage.catalogue import Catalogue
from appliance.storage.files import FileOps
from appliance.storage.head import BlockHead, Identity, new_head, read_head
from appliance.storage.identity import read_identity, write_identity
from appliance.storage.signing import DeviceKey
from appliance.storage.tail import IndexedFragment, pack_tail, read_tail
from appliance.storage.volume import CATALOGUE_FILE, block_name
from scripts.bench.figure import ROOT

FPS = 25
AHEAD = 12
"""Fragments behind an instant that can be played."""

HEAD_ROOM = 1024
"""Bytes of a fragment that are not its frames'."""

TO_REUSE = 200
VIDEO = VideoFormat(
    Codec.H264, 1920, 1080, "avc1.640028",
    (bytes.fromhex("67640028acd940780227e5c044000003000400000300c83c60c658"),
     bytes.fromhex("68ebe3cb22c0")),
)  # fmt: skip


class Pictures(Protocol):
    """What the fragments hold: how it is coded, and the frames of each second of the month."""

    video: VideoFormat

    def begins_with_key(self, second: int) -> bool:
        """Whether the first frame of a second is a key frame."""

    def frames(self, second: int, room: int) -> tuple[list[bytes], list[bool]]:
        """Return coded frames, `room` bytes at most, and which of them are key frames."""


class Zeros:
    """Frames of the right size that nothing can be made of; each second begins with a key."""

    video = VIDEO

    def begins_with_key(self, second: int) -> bool:
        """Each does."""
        return True

    def frames(self, second: int, room: int) -> tuple[list[bytes], list[bool]]:
        """Fill the room: half of it with the key frame."""
        sizes = [room // (2 * FPS)] * (FPS - 1)
        sizes.insert(0, room - sum(sizes))
        return [bytes(size) for size in sizes], [True] + [False] * (FPS - 1)


def month_of_footage(
    path: Path,
    device_key: DeviceKey,
    *,
    pictures: Pictures | None = None,
    ahead_s: int = AHEAD,
    **wanted: Any,
) -> Any:
    """Make the volume; returns what the generator says of it (streams, span, instants).

    `ahead_s` of `pictures` can be played behind each of its instants; `wanted` is for it.
    """
    sys.path.insert(0, str(ROOT / "tests" / "storage"))
    generator = importlib.import_module("simulated")
    made = generator.simulate(path, **wanted)
    files = FileOps(path)
    film = pictures or Zeros()
    head = init_segment([Track(1, film.video)])
    asked: dict[Any, list[int]] = {}
    for stream, at in made.instants:
        asked.setdefault(stream, []).append(at)
    for file_path in sorted((path / "blocks").iterdir()):
        _make_real(files, int(file_path.stem), head, asked, film, ahead_s)
    identity = read_identity(files)
    _make_reusable(files, path, identity.uuid, head)
    blocks = made.blocks * identity.block_bytes
    capacity = (blocks + (1 << 18)) * 64 // 63 + 64
    write_identity(files, replace(identity, maker=device_key.name, capacity_bytes=capacity))
    for number in range(1, made.blocks + 1):
        with (path / block_name(number)).open("ab") as file:
            file.truncate(identity.block_bytes)
    files.shut()
    return made


def _make_real(
    files: FileOps,
    number: int,
    head: bytes,
    asked: dict[Any, list[int]],
    film: Pictures,
    ahead_s: int,
) -> None:
    """Give a block of the generator the head of a real stream and fragments that can be read."""
    file = files.open(block_name(number))
    try:
        old = read_head(files, file)
        assert isinstance(old, BlockHead)
        tail = read_tail(files, file, old.identity)
        identity = _with_head(old.identity, head)
        shift = identity.geometry.data_at - old.identity.geometry.data_at
        fragments = [
            f._replace(offset=f.offset + shift, key=film.begins_with_key(_second(f)))
            for f in tail.fragments
        ]
        files.pwrite(file, [b"".join(new_head(identity, head))], 0)
        files.pwrite(
            file, [pack_tail(identity, tail.closing, fragments, 1)], identity.geometry.tail_at
        )
        for at in asked.get(identity.stream, ()):
            index = (at - fragments[0].utc_ns) // 1_000_000_000
            if 0 <= index < len(fragments):
                for one in fragments[max(0, index - 2) : index + ahead_s]:
                    files.pwrite(file, [_body(one, film)], one.body_offset)
    finally:
        files.close(file)


def _make_reusable(files: FileOps, path: Path, uuid: str, head: bytes) -> None:
    """Give the blocks that are overwritten first a head, as they would have."""
    catalogue = Catalogue(path / CATALOGUE_FILE, uuid)
    rows = catalogue.blocks("sequence <= ?", (TO_REUSE,))
    catalogue.close()
    block_bytes = read_identity(files).block_bytes
    for row in rows:
        if files.exists(block_name(row.number)) or row.stream_id is None:
            continue
        identity = Identity.of(
            head, volume=bytes.fromhex(uuid), block=row.number, generation=row.generation,
            sequence=row.sequence, stream=row.stream_id, owner="simulated",
            created_ns=row.created_ns, time_trusted=row.trusted, block_bytes=block_bytes,
        )  # fmt: skip
        file = files.open(block_name(row.number), create=True)
        files.pwrite(file, [b"".join(new_head(identity, head))], 0)
        files.close(file)


def _with_head(old: Identity, head: bytes) -> Identity:
    return Identity.of(
        head, volume=old.volume, block=old.block, generation=old.generation,
        sequence=old.sequence, stream=old.stream, owner=old.owner, created_ns=old.created_ns,
        time_trusted=old.time_trusted, block_bytes=old.block_bytes,
    )  # fmt: skip


def _second(one: IndexedFragment) -> int:
    return one.media_time // 90_000


def _room(one: IndexedFragment) -> int:
    """Bytes for frames: what is left of a fragment behind its head."""
    return one.payload_bytes - HEAD_ROOM


def _body(one: IndexedFragment, film: Pictures) -> bytes:
    """`moof` and `mdat` of a fragment, as long as its index says."""
    frames, keys = film.frames(_second(one), _room(one))
    ticks = 90_000 // len(frames)
    last = ticks + 90_000 - ticks * len(frames)
    run = TrackRun(
        track_id=1, base_dts=one.media_time, durations=[ticks] * (len(frames) - 1) + [last],
        sizes=[len(frame) for frame in frames], keys=keys, offsets=[0] * len(frames), data=frames,
    )  # fmt: skip
    body = b"".join(fragment(_second(one) + 1, [run]))
    spare = one.payload_bytes - len(body)
    if spare < 8:
        raise ValueError(f"a second of {len(body)} bytes in room for {one.payload_bytes}")
    return body + spare.to_bytes(4, "big") + b"free" + bytes(spare - 8)
