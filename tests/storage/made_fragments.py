"""Footage and volumes made for tests of the store."""

import hashlib
import random
import struct

from appliance.storage.files import FileOps
from appliance.storage.ledger import Ledger
from appliance.storage.model import NewFragment, RecordKind, StreamId, StreamName
from appliance.storage.reader import FootageReader
from appliance.storage.signing import DeviceKey
from appliance.storage.volume import Volume
from appliance.storage.writer import VolumeWriter

S = 1_000_000_000
T0 = 1_800_000_000 * S
MAIN = StreamId(1, StreamName.MAIN)
SUB = StreamId(1, StreamName.SUB)
BLOCK = 1 << 20


def mp4_box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def made_head(name="a", in_band=False):
    """Something shaped like `ftyp`+`moov`; different names are different codec parameters."""
    text = hashlib.sha256(name.encode()).digest() * 8
    entry = b"avc3" if in_band else b"avc1"
    return mp4_box(b"ftyp", b"iso6", bytes(4)) + mp4_box(b"moov", entry, text)


HEAD = made_head()


def made_fragment(second, stream=MAIN, size=20_000, head=HEAD, **changes):
    """One second of footage whose bytes follow from its stream and time."""
    noise = random.Random(f"{stream} {second}")
    moof = mp4_box(b"moof", noise.randbytes(64))
    mdat = mp4_box(b"mdat", noise.randbytes(max(0, size - 80)))
    values = {
        "stream": stream,
        "run": 7,
        "kinds": RecordKind.GENERAL,
        "utc_ns": T0 + int(second * S),
        "mono_ns": int(second * S),
        "rtp_time": int(second * 90_000) & 0xFFFF_FFFF,
        "duration_ns": S,
        "starts_with_key": True,
        "has_key": True,
        "head": head,
        "body": [moof, mdat],
    }
    return NewFragment(**(values | changes))


def body_of(fragment):
    return b"".join(bytes(part) for part in fragment.body)


class Box:
    """A device key, a ledger on the "system disk", and volumes below one folder."""

    def __init__(self, root):
        self.root = root
        self.key = DeviceKey.new()
        self.ledger = Ledger(root / "state" / "ledger.jsonl")
        self._open = []

    def create(self, name="one", blocks=32, block_bytes=BLOCK, **more):
        capacity = (blocks * block_bytes + (1 << 18)) * 64 // 63 + 64
        Volume.create(
            self.root / name,
            capacity_bytes=capacity,
            name=name,
            block_bytes=block_bytes,
            device_key=self.key,
            **more,
        )
        return self.root / name

    def volume(self, name="one", files=FileOps, **more):
        volume = Volume.open(
            self.root / name, device_key=self.key, ledger=self.ledger, files=files, **more
        )
        self._open.append(volume)
        return volume

    def writer(self, name="one", owner="recorder-0", files=FileOps, background=False, **more):
        writer = VolumeWriter(self.volume(name, files), owner, background=background, **more)
        self._open.append(writer)
        return writer

    def reader(self, *names, writers=()):
        paths = [self.root / name for name in names or ("one",)]
        reader = FootageReader(paths, lambda: [b for w in writers for b in w.open_blocks()])
        self._open.append(reader)
        return reader

    def close(self):
        for thing in reversed(self._open):
            thing.close()


def stored(reader, stream=MAIN, start_ns=0):
    """All fragments of a stream from an instant on, with their bytes."""
    cursor = reader.seek(stream, start_ns)
    found = []
    while cursor and (fragment := cursor.next()):
        found.append((fragment, fragment.read()))
    return found
