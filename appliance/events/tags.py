"""Tags: instants of a channel that somebody gave a name (D1-PB-34); merged by their own id."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from appliance.text import _

MAX_NAME = 64
"""Characters (code points, composed) of a name; at least one."""

MAX_TIME_MS = 1 << 53
MAX_CHANNEL = 256
MAX_REVISION = 1 << 31
_MAX_AUTHOR = 64
_ID = re.compile(r"[0-9a-f]{32}")
_BARRED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters that are no text: controls, halves of pairs, line ends."""

_UNSEEN = frozenset({"Cf", "Zs"})
"""Joiners, marks of direction, blanks: a name needs more than these.  Characters this version of
Unicode does not know may be seen by others."""


class TagError(Exception):
    """A tag cannot be taken: stable `code`, words for people, and which field is wrong."""

    def __init__(self, code: str, text: str, field: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.field = field


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag.  Times are milliseconds since 1970 (UTC); `id` is 32 hex digits, its own for ever.

    `revision` rises with each change: of two copies the higher one holds, whatever the clocks of
    the boxes said.  A deleted tag is kept as a tombstone without its name, so that a copy on a
    disk that comes back later does not bring it back.
    """

    id: str
    channel: int
    at_ms: int
    name: str
    author: str
    revision: int
    changed_ms: int
    deleted: bool = False

    @classmethod
    def new(cls, channel: int, at_ms: int, name: str, author: str, now_ms: int) -> Tag:
        """Make a tag that was never told before."""
        return cls(uuid.uuid4().hex, channel, at_ms, name, author[:_MAX_AUTHOR], 1, now_ms)

    def renamed(self, name: str, now_ms: int) -> Tag:
        """The same tag under another name."""
        return replace(self, name=name, revision=self._next, changed_ms=now_ms)

    def tombstone(self, now_ms: int) -> Tag:
        """What is kept of it once it is deleted."""
        return replace(
            self, name="", author="", deleted=True, revision=self._next, changed_ms=now_ms
        )

    @property
    def _next(self) -> int:
        return min(self.revision + 1, MAX_REVISION)

    def newer_than(self, other: Tag) -> bool:
        """Whether this copy holds against `other`; the same answer on every box."""
        return self._rank > other._rank

    @property
    def _rank(self) -> tuple[int, int, bool, str]:
        return self.revision, self.changed_ms, self.deleted, self.name

    def as_dict(self) -> dict[str, Any]:
        """Return messages.Tag."""
        return {
            "id": self.id,
            "channel": self.channel,
            "at": self.at_ms,
            "name": self.name,
            "author": self.author,
            "revision": self.revision,
            "changed": self.changed_ms,
            "deleted": self.deleted,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Tag:
        """Read messages.Tag, as it was told or found on a disk; raises ValueError."""
        number, at, changed = value.get("channel"), value.get("at"), value.get("changed")
        name, author, revision = value.get("name"), value.get("author"), value.get("revision")
        deleted = value.get("deleted")
        if not (is_tag_id(value.get("id")) and is_channel(number) and is_time(at)):
            raise ValueError("not a tag")
        if not (is_time(changed) and _is_number(revision, 1, MAX_REVISION)):
            raise ValueError("a tag without a revision")
        if not isinstance(author, str) or not isinstance(deleted, bool):
            raise ValueError("a tag without an author")
        try:
            text = "" if deleted else clean_name(name)
        except TagError as error:
            raise ValueError(error.text) from None
        who = "".join(c for c in author if unicodedata.category(c) not in _BARRED)
        return cls(
            value["id"], value["channel"], value["at"], text, who[:_MAX_AUTHOR],
            value["revision"], value["changed"], deleted,
        )  # fmt: skip


def clean_name(name: Any) -> str:
    """Return a name as it is kept: composed (NFC), without blanks around it.  Raises TagError."""
    if not isinstance(name, str):
        raise TagError("tags.bad_name", _("A tag needs a name."), "name")
    text = unicodedata.normalize("NFC", name).strip()
    if all(unicodedata.category(character) in _UNSEEN for character in text):
        raise TagError(
            "tags.bad_name", _("A tag needs a name. Enter at least a character."), "name"
        )
    if len(text) > MAX_NAME:
        raise TagError(
            "tags.bad_name",
            _("The name has {count} characters; {most} are allowed. Shorten it.").format(
                count=len(text), most=MAX_NAME
            ),
            "name",
        )
    if any(unicodedata.category(character) in _BARRED for character in text):
        raise TagError(
            "tags.bad_name",
            _("The name holds a character that cannot be shown. Take it out."),
            "name",
        )
    return text


def folded(text: str) -> str:
    """Return the form in which names are compared in a search: without case, in any language."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_tag_id(value: Any) -> TypeGuard[str]:
    """Whether it is 32 hex digits."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_channel(value: Any) -> TypeGuard[int]:
    """Whether it is the number of a channel."""
    return _is_number(value, 1, MAX_CHANNEL)


def is_time(value: Any) -> TypeGuard[int]:
    """Whether it is milliseconds since 1970."""
    return _is_number(value, 0, MAX_TIME_MS)


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
