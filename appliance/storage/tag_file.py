"""Tags beside the footage they point at: one small file per recorder on a volume, whole or not.

A disk that moves to another box brings its tags along.  Each recorder writes a file of its own
(like its claims), so that none waits for another; whoever reads takes them all.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterable
from typing import Any

from crc32c import crc32c

from appliance.events.tags import Tag
from appliance.storage.files import FileOps

log = logging.getLogger(__name__)

TAGS_FOLDER = "tags"
FORMAT = 1
MAX_FILE_TAGS = 20_000
"""Tags and tombstones of one file, which so stays below 12 MB; tombstones and then the tags
changed longest ago are left out first."""

_MAX_BYTES = 16 << 20
_SUFFIX = ".json"


def write_tags(files: FileOps, owner: str, tags: Iterable[Tag]) -> None:
    """Replace an owner's file, durably, so that it is there whole or as before.

    Raises OSError (a full volume too); what was there then stays.
    """
    rows = [tag.as_dict() for tag in _bounded(tags)]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)
    text = f'{{"format": {FORMAT}, "crc": {_crc(rows)}, "tags": [\n{lines}\n]}}\n'.encode()
    if not files.exists(TAGS_FOLDER):
        files.mkdir(TAGS_FOLDER)
        files.fsync_dir()
    name = f"{TAGS_FOLDER}/{owner}{_SUFFIX}"
    temporary = f"{TAGS_FOLDER}/{owner}.new"
    with contextlib.suppress(FileNotFoundError):
        files.unlink(temporary)  # of a crash, perhaps longer than what comes now
    try:
        file = files.open(temporary, create=True)
        try:
            files.pwrite(file, [text], 0)
            files.fsync(file)
        finally:
            files.close(file)
    except OSError:
        with contextlib.suppress(OSError):
            files.unlink(temporary)
        raise
    files.rename(temporary, name)
    files.fsync_dir(TAGS_FOLDER)


def stamp_of(files: FileOps) -> tuple[tuple[str, int, int], ...]:
    """Return what changes whenever a file of tags does: names, sizes, times.  Raises OSError."""
    try:
        names = sorted(name for name in files.listdir(TAGS_FOLDER) if name.endswith(_SUFFIX))
    except FileNotFoundError:
        return ()
    found = []
    for name in names:
        file = files.open(f"{TAGS_FOLDER}/{name}", writable=False)
        try:
            status = os.fstat(file.fd)
        finally:
            files.close(file)
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def read_tags(files: FileOps) -> dict[str, dict[str, Tag]]:
    """Return the tags of every owner on a volume, by id; a damaged file is logged and left out.

    Entries that make no sense are passed over.  Raises OSError.
    """
    try:
        names = files.listdir(TAGS_FOLDER)
    except FileNotFoundError:
        return {}
    found: dict[str, dict[str, Tag]] = {}
    for name in sorted(names):
        owner, dot, suffix = name.rpartition(".")
        if not owner or dot + suffix != _SUFFIX:
            continue
        try:
            found[owner] = _parsed(files.read_file(f"{TAGS_FOLDER}/{name}", _MAX_BYTES))
        except ValueError as error:
            log.warning("The tags in %s/%s/%s are lost: %s", files.root, TAGS_FOLDER, name, error)
    return found


def _parsed(text: bytes) -> dict[str, Tag]:
    try:
        body = json.loads(text)
        rows, version = body["tags"], int(body["format"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the file is damaged ({error})") from None
    if version > FORMAT:
        raise ValueError(f"a newer version of this software wrote them (format {version})")
    if not isinstance(rows, list) or body.get("crc") != _crc(rows):
        raise ValueError("the file is damaged (its sum is wrong)")
    tags: dict[str, Tag] = {}
    for row in rows[:MAX_FILE_TAGS]:
        try:
            tag = Tag.from_dict(row)
        except (ValueError, AttributeError) as error:
            log.warning("a tag on a volume is passed over: %s", error)
        else:
            tags[tag.id] = tag
    return tags


def _bounded(tags: Iterable[Tag]) -> list[Tag]:
    kept = sorted(tags, key=lambda tag: (tag.deleted, -tag.changed_ms, tag.id))[:MAX_FILE_TAGS]
    return sorted(kept, key=lambda tag: (tag.channel, tag.at_ms, tag.id))


def _crc(rows: Iterable[Any]) -> int:
    """Sum over all rows, one after the other: one call over all would hold up other threads."""
    value = 0
    for row in rows:
        text = json.dumps(row, sort_keys=True, separators=(",", ":"))
        value = int(crc32c(text.encode() + b"\n", value))
    return value
