"""A volume with months of footage, made in seconds: a full catalogue, and real blocks where asked.

Used by tests and by the bench.  The catalogue describes every block; only blocks that hold one of
`instants` exist as (sparse) files, whole with head, index and one fragment's bytes that can be
read.
"""

from __future__ import annotations

import itertools
import random
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.storage.catalogue import BlockRow, Catalogue, used_row
from appliance.storage.files import FileOps
from appliance.storage.head import Identity, new_head
from appliance.storage.ledger import closing_entry
from appliance.storage.model import RecordKind, StreamId, StreamName
from appliance.storage.pieces import Piece
from appliance.storage.signing import DeviceKey
from appliance.storage.tail import IndexedFragment, pack_tail
from appliance.storage.volume import CATALOGUE_FILE, Volume, block_name

S = 1_000_000_000
DAY = 86_400


@dataclass(frozen=True)
class Simulated:
    """What was made: the volume, its streams, and the span of its footage (UTC ns)."""

    path: Path
    streams: tuple[StreamId, ...]
    start_ns: int
    end_ns: int
    blocks: int
    instants: tuple[tuple[StreamId, int], ...]


def simulate(
    path: Path,
    *,
    channels: int = 16,
    days: int = 30,
    bits_per_s: int = 4_000_000,
    stream: StreamName = StreamName.MAIN,
    motions_per_day: int = 20,
    instants: int = 1000,
    places: Sequence[tuple[StreamId, int]] = (),
    end_ns: int = 1_800_000_000 * S,
    seed: int = 1,
) -> Simulated:
    """Make `path` a volume with `days` of one stream of `channels` each, one-second fragments.

    The blocks of `places` (stream, UTC ns) exist as well as those of `instants` random ones.
    """
    rng = random.Random(seed)
    block_bytes = 256 << 20
    size = bits_per_s // 8
    key = DeviceKey.new()
    identity = Volume.create(
        path,
        capacity_bytes=days * DAY * channels * size * 5 // 4,
        name="simulated",
        block_bytes=block_bytes,
        device_key=key,
    )
    streams = tuple(StreamId(n + 1, stream) for n in range(channels))
    start_ns = end_ns - days * DAY * S
    chosen = tuple(
        (rng.choice(streams), rng.randrange(start_ns, end_ns - 1)) for _ in range(instants)
    )
    head = _box(b"ftyp", b"iso6" + bytes(4)) + _box(b"moov", bytes(700))
    files = FileOps(path)
    catalogue = Catalogue(path / CATALOGUE_FILE, identity.uuid)
    per_block = (block_bytes * 255 // 256 - 65536) // (size + 8192)
    number = 0
    for stream_id in streams:
        wanted = {(t - start_ns) // S // per_block for s, t in (*chosen, *places) if s == stream_id}
        busy = _motions(rng, days, motions_per_day)
        rows = []
        for nth, first in enumerate(range(0, days * DAY, per_block)):
            number += 1
            block = Identity.of(
                head,
                volume=identity.raw,
                block=number,
                generation=1,
                sequence=number,
                stream=stream_id,
                owner="simulated",
                created_ns=start_ns + first * S,
                time_trusted=True,
                block_bytes=block_bytes,
            )
            seconds = range(first, min(first + per_block, days * DAY))
            rows.append(_row(block, seconds, start_ns, size, busy))
            if nth in wanted:
                _write(files, block, head, _fragments(block, seconds, start_ns, size, busy), key)
        catalogue.put(rows)
    catalogue.put_heads([])
    catalogue.set_complete()
    catalogue.close()
    files.shut()
    return Simulated(path, streams, start_ns, end_ns, number, (*chosen, *places))


def _motions(rng: random.Random, days: int, per_day: int) -> list[int]:
    """Seconds at which motion begins or ends, in turns: stretches of 20 s to 2 min."""
    edges: list[int] = []
    for at in sorted(rng.sample(range(0, days * DAY, 150), days * per_day)):
        edges += [at, at + rng.randrange(20, 120)]
    return edges


_KINDS = (RecordKind.GENERAL, RecordKind.GENERAL | RecordKind.MOTION)


def _row(
    block: Identity, seconds: range, start_ns: int, size: int, edges: list[int]
) -> tuple[BlockRow, list[Piece]]:
    """What the catalogue says of a block, without making its fragments."""
    first, last = seconds[0], seconds[-1] + 1
    cuts = [first, *edges[bisect_right(edges, first) : bisect_left(edges, last)], last]
    kind = bisect_right(edges, first) % 2
    pieces = []
    for begin, end in itertools.pairwise(cuts):
        pieces.append(
            Piece(
                start_ns + begin * S,
                start_ns + end * S,
                int(_KINDS[kind]),
                begin - first,
                end - begin,
            )
        )
        kind = 1 - kind
    row = used_row(block, "closed", False, ())._replace(
        first_ns=start_ns + first * S,
        last_ns=start_ns + last * S,
        fragments=last - first,
        bytes=(last - first) * (4096 + size + -size % 4096),
    )
    return row, pieces


def _fragments(
    block: Identity, seconds: Sequence[int], start_ns: int, size: int, busy: list[int]
) -> list[IndexedFragment]:
    box = 4096 + -size % 4096
    at = block.geometry.data_at
    return [
        IndexedFragment(
            at + n * (box + size),
            box,
            size,
            start_ns + second * S,
            S,
            7,
            _KINDS[bisect_right(busy, second) % 2],
            True,
            second * 90_000,
        )
        for n, second in enumerate(seconds)
    ]


def _write(
    files: FileOps,
    block: Identity,
    head: bytes,
    fragments: list[IndexedFragment],
    key: DeviceKey,
) -> None:
    file = files.open(block_name(block.block), create=True)
    entry = key.sign(
        closing_entry(
            block.volume.hex(),
            block.block,
            1,
            block.sequence,
            block.stream,
            len(fragments),
            fragments[0].utc_ns,
            fragments[-1].end_ns,
            block.link(),
        )
    )
    files.pwrite(file, [b"".join(new_head(block, head))], 0)
    files.pwrite(file, [pack_tail(block, entry, fragments, 0)], block.geometry.tail_at)
    files.close(file)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


__all__ = ["DAY", "Simulated", "simulate"]
