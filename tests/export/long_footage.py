"""A day of many channels that can be planned: real heads and indexes, no pictures but the first.

Blocks are those of the storage tests' generator, all of them; each gets a head that players know,
a first fragment that begins with a key frame, and headers as a recorder leaves them.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from appliance.media.mp4.writer import Track, TrackRun, fragment, init_segment
from appliance.storage.boxes import box_head
from appliance.storage.files import FileOps
from appliance.storage.head import Identity, new_head, read_head
from appliance.storage.tail import pack_tail, read_tail
from appliance.storage.volume import block_name

BITS = 400_000
"""A second; a day of it is more than 4 GiB with what the store puts between the fragments."""

FPS = 25


def day_of_footage(path: Path, video, channels: int = 16):
    """Make `path` a volume with a day of so many channels; returns what was made."""
    made = _generator().simulate(path, channels=channels, days=1, bits_per_s=BITS, instants=8000)
    files = FileOps(path)
    head = init_segment([Track(1, video)])
    blocks = sorted((path / "blocks").iterdir())
    assert len(blocks) == made.blocks
    for block in blocks:
        file = files.open(block_name(int(block.stem)))
        _make_real(files, file, head)
        files.close(file)
    files.shut()
    return made


def _make_real(files, file, head):
    old = read_head(files, file).identity
    tail = read_tail(files, file, old)
    identity = Identity.of(
        head, volume=old.volume, block=old.block, generation=old.generation,
        sequence=old.sequence, stream=old.stream, owner=old.owner, created_ns=old.created_ns,
        time_trusted=old.time_trusted, block_bytes=old.block_bytes,
    )  # fmt: skip
    moved = identity.geometry.data_at - old.geometry.data_at
    fragments = [one._replace(offset=one.offset + moved) for one in tail.fragments]
    files.pwrite(file, [b"".join(new_head(identity, head))], 0)
    files.pwrite(file, [pack_tail(identity, tail.closing, fragments, 1)], identity.geometry.tail_at)
    first, last = fragments[0], fragments[-1]
    files.pwrite(file, [_front(first)], first.body_offset)
    files.pwrite(file, [box_head(b"uuid", last.box_bytes)], last.offset)


def _front(one):
    """`moof` and the head of `mdat`; the pictures are the zeros behind."""

    def parts(sizes):
        ticks, count = [90_000 // FPS] * FPS, len(sizes)
        run = TrackRun(1, one.media_time, ticks, sizes, [True] + [False] * (count - 1),
                       data=[bytes(sum(sizes))])  # fmt: skip
        return fragment(1, [run])

    room = one.payload_bytes - sum(map(len, parts([1] * FPS)[:2]))
    sizes = [room // FPS] * (FPS - 1)
    return b"".join(map(bytes, parts([room - sum(sizes), *sizes])[:2]))


def _generator():
    """The generator of the storage tests."""
    if "simulated" not in sys.modules:
        folder = Path(__file__).parents[1] / "storage"
        place = importlib.util.spec_from_file_location("simulated", folder / "simulated.py")
        module = importlib.util.module_from_spec(place)
        sys.modules["simulated"] = module
        place.loader.exec_module(module)
    return sys.modules["simulated"]
