"""Coded tracks: what an encoder made, kept in memory and in one file of the cache."""

from __future__ import annotations

import json
import os
import tempfile
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from appliance.cameras.sim.nal import picture_digest
from appliance.cameras.sim.templates import Template

_MAGIC = b"NVRSIM1\n"


@dataclass
class Unit:
    """One access unit: `parts` are NAL units, or the one frame of codecs without such.

    `pts` is the capture time and `send` the instant it may leave the encoder, both in ticks of
    the track's clock from the start of the loop; `send` rises from unit to unit.
    """

    codec: str
    parts: tuple[bytes, ...]
    pts: int
    send: int
    key: bool
    template: Template | None = None

    @cached_property
    def digest(self) -> str:
        """Digest over the VCL NAL units (or the frame), see `nal.picture_digest`."""
        return picture_digest(self.codec, self.parts)

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(map(len, self.parts))


@dataclass
class Track:
    """A coded track that is looped: `duration` and all times in ticks of `clock` per second."""

    codec: str
    clock: int
    duration: int = 0
    units: list[Unit] = field(default_factory=list)
    parameter_sets: tuple[bytes, ...] = ()
    config: bytes = b""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    channels: int = 0
    sample_rate: int = 0

    @property
    def is_video(self) -> bool:
        """Whether it carries pictures."""
        return self.width > 0

    @property
    def kind(self) -> str:
        """Return "video", "audio" or "data"."""
        return "video" if self.is_video else "audio" if self.sample_rate else "data"

    @cached_property
    def sends(self) -> list[int]:
        """The `send` ticks of all units, rising."""
        return [unit.send for unit in self.units]

    def first_at(self, ticks: int) -> int:
        """Return the index of the first unit with `send` >= ticks (may equal the length)."""
        return bisect_left(self.sends, ticks)


def save_tracks(path: Path, tracks: list[Track]) -> None:
    """Write tracks to one file, atomically: complete or not there."""
    head = []
    blobs: list[bytes] = []
    for track in tracks:
        units = [
            [unit.pts, unit.send, int(unit.key), [len(p) for p in unit.parts]]
            for unit in track.units
        ]
        for unit in track.units:
            blobs.extend(unit.parts)
        head.append(
            {
                "codec": track.codec, "clock": track.clock, "duration": track.duration,
                "sets": [p.hex() for p in track.parameter_sets], "config": track.config.hex(),
                "width": track.width, "height": track.height, "fps": track.fps,
                "channels": track.channels, "sample_rate": track.sample_rate, "units": units,
            }
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(head, separators=(",", ":")).encode()
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + len(text).to_bytes(8, "big") + text)
            for blob in blobs:
                file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load_tracks(path: Path) -> list[Track] | None:
    """Read what `save_tracks` wrote; None if there is none or it is not whole."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if data[: len(_MAGIC)] != _MAGIC:
        return None
    try:
        position = len(_MAGIC) + 8
        size = int.from_bytes(data[len(_MAGIC) : position], "big")
        head = json.loads(data[position : position + size])
        position += size
        tracks = []
        for entry in head:
            track = Track(
                codec=entry["codec"], clock=entry["clock"], duration=entry["duration"],
                parameter_sets=tuple(bytes.fromhex(p) for p in entry["sets"]),
                config=bytes.fromhex(entry["config"]), width=entry["width"],
                height=entry["height"], fps=entry["fps"], channels=entry["channels"],
                sample_rate=entry["sample_rate"],
            )  # fmt: skip
            for pts, send, key, sizes in entry["units"]:
                parts = []
                for length in sizes:
                    parts.append(data[position : position + length])
                    position += length
                track.units.append(Unit(track.codec, tuple(parts), pts, send, bool(key)))
            tracks.append(track)
    except (ValueError, KeyError, TypeError):
        return None
    return tracks if position == len(data) else None
