"""The tags of one volume: what its files say, what they should say, and the work on the disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from appliance.events.tags import Tag
from appliance.storage.catalogue_reader import CatalogueReader
from appliance.storage.errors import SwappedVolumeError
from appliance.storage.files import FileOps
from appliance.storage.identity import read_identity
from appliance.storage.model import StreamId, StreamName
from appliance.storage.report import OpenBlock
from appliance.storage.tag_file import read_tags, stamp_of, write_tags
from appliance.text import _

PLACING_S = 600.0
"""For so long it is asked again whether a volume holds the footage of a tag: what is being
recorded now becomes durable in a moment, and a catalogue may be rebuilt."""

PLACE_AGAIN_S = 10.0
MAX_PLACED_AT_ONCE = 500
NEAR_NS = 1_000_000_000
"""A tag belongs to footage that is this near: instants on a page are rounded."""

_MS = 1_000_000


class Found(NamedTuple):
    """The tags of every owner on a volume; `stamp` changes whenever they do."""

    stamp: tuple[object, ...]
    files: dict[str, dict[str, Tag]]


class VolumeTags:
    """What is known of the tags on one volume.

    `own` is our file as it is on the disk, None until it was read; `unsent` waits to be told to
    the supervisor.
    """

    def __init__(self) -> None:
        self.own: dict[str, Tag] | None = None
        self.stamp: tuple[object, ...] | None = None
        self.unsent: list[Tag] = []
        self.writer: object | None = None
        self.busy = False
        self.dirty = True
        """Whether what the file should hold may differ from what it has."""
        self.look_at = 0.0
        self._others: set[str] = set()
        self._here: set[str] = set()
        self._placing: dict[str, tuple[float, float]] = {}
        self._dropped: set[str] = set()

    def forget(self) -> None:
        """The files are to be read again before anything else."""
        self.own = self.stamp = None
        self.look_at = 0.0

    def take(
        self,
        found: Found,
        owner: str,
        known: Mapping[str, Tag],
        now_s: float,
    ) -> None:
        """Take over what was read; `known` are the supervisor's tags of our channels."""
        self.stamp, files = found
        self.own = dict(files.get(owner, {}))
        self._others = {key for name, tags in files.items() if name != owner for key in tags}
        self.dirty = True
        self._here.clear()
        self._placing.clear()
        newest: dict[str, Tag] = {}
        for tags in files.values():
            for tag in tags.values():
                before = newest.get(tag.id) or known.get(tag.id)
                if before is None or tag.newer_than(before):
                    newest[tag.id] = tag
        self.unsent = list(newest.values())
        self.changed(known, now_s)

    def changed(self, ids: Iterable[str], now_s: float) -> None:
        """These tags are new or changed: find out whether their footage is here."""
        for key in ids:
            self.dirty = True
            if key not in self._here and key not in self._others and key not in (self.own or ()):
                self._placing[key] = (now_s, now_s + PLACING_S)

    def unplaced(self, tags: Mapping[str, Tag], now_s: float) -> list[Tag]:
        """Return some of the tags of which it is not known yet whether they belong here."""
        due: list[Tag] = []
        for key, (again_s, _until_s) in list(self._placing.items()):
            tag = tags.get(key)
            if tag is None or tag.deleted:
                del self._placing[key]
            elif again_s <= now_s and len(due) < MAX_PLACED_AT_ONCE:
                due.append(tag)
        return due

    def placed(self, asked: Iterable[Tag], here: set[str], now_s: float) -> None:
        """Note which of the tags that were asked for have their footage here."""
        self._here |= here
        self.dirty = self.dirty or bool(here)
        for tag in asked:
            _again_s, until_s = self._placing.pop(tag.id, (0.0, 0.0))
            if tag.id not in here and now_s < until_s:
                self._placing[tag.id] = (now_s + PLACE_AGAIN_S, until_s)

    def drop(self, ids: Iterable[str]) -> None:
        """These tags were removed with their footage: they leave our file."""
        self._dropped.update(ids)
        self.dirty = True

    def wanted(self, tags: Mapping[str, Tag]) -> dict[str, Tag]:
        """Return what our file should hold: what was dropped goes, tombstones stay."""
        self._dropped -= tags.keys()
        wanted = {key: tag for key, tag in (self.own or {}).items() if key not in self._dropped}
        for key in (wanted.keys() | self._others | self._here) & tags.keys():
            tag, copy = tags[key], wanted.get(key)
            if copy is None or not copy.newer_than(tag):
                wanted[key] = tag
        return wanted


def read_volume(path: Path, known: tuple[object, ...] | None = None) -> Found | None:
    """Return the tags on a volume, None where they are as `known`; VolumeError or OSError."""
    files = FileOps(path)
    try:
        stamp = (read_identity(files).uuid, *stamp_of(files))
        return None if stamp == known else Found(stamp, read_tags(files))
    finally:
        files.shut()


def write_volume(path: Path, uuid: str, owner: str, tags: Iterable[Tag]) -> None:
    """Replace an owner's file on the volume `uuid`; raises VolumeError or OSError."""
    files = FileOps(path)
    try:
        _same_volume(files, uuid)
        write_tags(files, owner, tags)
    finally:
        files.shut()


def _same_volume(files: FileOps, uuid: object) -> None:
    if read_identity(files).uuid != uuid:
        text = _("Another volume is at {path} than a moment ago; its tags are left alone.")
        raise SwappedVolumeError(text.format(path=files.root))


def holding(path: Path, tags: Sequence[Tag], in_hand: Sequence[OpenBlock]) -> set[str]:
    """Return the ids of the tags whose footage is on a volume, blocks being written included."""
    catalogue = CatalogueReader(path)
    try:
        return {tag.id for tag in tags if _holds(catalogue, tag, in_hand)}
    finally:
        catalogue.close()


def lasting(
    path: Path, uuid: object, tags: Sequence[Tag], in_hand: Sequence[OpenBlock] | None
) -> set[str] | None:
    """Return the ids of the tags whose footage is on the volume `uuid`; VolumeError or OSError.

    `in_hand` is None where the volume is only read: its catalogue is then believed only if it
    tells of some footage, else the answer is None.
    """
    if in_hand is None and not _catalogued(path):
        return None
    held = holding(path, tags, in_hand or ())
    files = FileOps(path)  # only now: the catalogue of a disk that was pulled tells of nothing
    try:
        _same_volume(files, uuid)
    finally:
        files.shut()
    return held


def _catalogued(path: Path) -> bool:
    catalogue = CatalogueReader(path)
    try:
        return bool(catalogue.streams())
    finally:
        catalogue.close()


def _holds(catalogue: CatalogueReader, tag: Tag, in_hand: Sequence[OpenBlock]) -> bool:
    start_ns, end_ns = tag.at_ms * _MS - NEAR_NS, tag.at_ms * _MS + NEAR_NS
    for block in in_hand:
        if block.stream.channel == tag.channel and any(
            part.utc_ns < end_ns and part.end_ns > start_ns for part in block.fragments
        ):
            return True
    streams = (StreamId(tag.channel, name) for name in StreamName)
    return any(catalogue.spans(stream, start_ns, end_ns) for stream in streams)
