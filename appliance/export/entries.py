"""The files of a manifest as it names them, read strictly: the manifest is a stranger's word."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from appliance.export.words import same_letters

MOST_FILES = 4096
MOST_DEPTH = 16
MOST_NUMBER = (1 << 63) - 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LeadMoof(NamedTuple):
    """The first `moof` as stored; `shown` is the SHA-256 of that in the file, empty if unknown."""

    stored: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class Part:
    """The head or the index of a file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A stretch of one block: see manifest.chains_of."""

    size: int
    block: int
    first: int
    fragments: int
    before: bytes
    last: str
    moved: Mapping[int, int]
    lead: LeadMoof | None


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One film."""

    name: str
    size: int
    sha256: str
    front: Part
    back: Part
    chains: tuple[Chain, ...]


def read_entries(manifest: Mapping[str, Any]) -> list[FileEntry]:
    """Return the files of a manifest.  Raises ValueError, KeyError or TypeError for any other."""
    _refuse_depth(manifest)
    files = manifest["files"]
    if not isinstance(files, list) or len(files) > MOST_FILES:
        raise ValueError("files")
    entries = [_entry(raw) for raw in files]
    if len({entry.name.casefold() for entry in entries}) != len(entries):
        raise ValueError("two files of one name")
    return entries


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file right here: no way out, nothing hidden, no control."""
    return (
        0 < len(name) <= 255
        and name[0] != "."
        and not any(c in '/\\:"<>|?*' or ord(c) < 32 or ord(c) == 127 for c in name)
    )


def _entry(raw: Any) -> FileEntry:
    name = raw["name"]
    if not isinstance(name, str) or not is_plain_name(name):
        raise ValueError("name")
    return FileEntry(
        same_letters(name),
        _number(raw["bytes"]),
        _sha256(raw["sha256"]),
        _part(raw["front"]),
        _part(raw["back"]),
        tuple(_chain(chain) for chain in raw["chains"]),
    )


def _refuse_depth(document: Any) -> None:
    """Refuse what is nested so deep that whoever handles it next could fail.  Raises ValueError."""
    level = [document]
    for _depth in range(MOST_DEPTH):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError("depth")


def _part(raw: Any) -> Part:
    return Part(_number(raw["bytes"]), _sha256(raw["sha256"]))


def _chain(raw: Any) -> Chain:
    moved = raw["moved"]
    if not isinstance(moved, dict):
        raise TypeError("moved")
    lead = raw.get("lead")
    return Chain(
        size=_number(raw["bytes"]),
        block=_number(raw["block"]),
        first=_number(raw["first"]),
        fragments=_number(raw["fragments"]),
        before=bytes.fromhex(_sha256(raw["before"])),
        last=_sha256(raw["last"]),
        moved={int(track): _number(ticks, -MOST_NUMBER) for track, ticks in moved.items()},
        lead=None if lead is None else _lead(lead),
    )


def _lead(raw: Any) -> LeadMoof:
    return LeadMoof(base64.b64decode(raw["moof"], validate=True), _sha256(raw["shown_sha256"]))


def _number(value: Any, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= MOST_NUMBER:
        raise ValueError("number")
    return value


def _sha256(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError("SHA-256")
    return value
