"""Which tags are asked for: by channel, time and name, page by page (D1-PB-34, D1-PB-36)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.events.tags import (
    MAX_CHANNEL,
    MAX_NAME,
    TagError,
    folded,
    is_channel,
    is_tag_id,
    is_time,
)
from appliance.text import _

MAX_LIMIT = 500
_KEYS = {"channels", "start", "end", "name", "after", "limit"}


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Filters; an empty one lets everything through.  Times in milliseconds, end exclusive.

    `name` is any part of the name, whatever its case.  `after` is (instant, id) of the last tag
    of the page before.
    """

    channels: tuple[int, ...] | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    name: str = ""
    after: tuple[int, str] | None = None
    limit: int = 100

    @classmethod
    def parse(cls, query: Mapping[str, Any]) -> TagFilter:
        """Read messages.TagQuery; raises TagError naming the wrong filter."""
        if unknown := query.keys() - _KEYS:
            name = sorted(map(str, unknown))[0][:64]
            raise _wrong(name, _("There is no such filter."))
        channels = query.get("channels")
        if channels is not None and not (
            isinstance(channels, list)
            and len(channels) <= MAX_CHANNEL
            and all(map(is_channel, channels))
        ):
            raise _wrong("channels", _("This has to be a list of channels."))
        for field in ("start", "end"):
            if query.get(field) is not None and not is_time(query[field]):
                raise _wrong(field, _("This has to be a time in milliseconds since 1970."))
        name = query.get("name") or ""
        if not isinstance(name, str) or len(name) > MAX_NAME:
            text = _("At most {most} characters.").format(most=MAX_NAME)
            raise _wrong("name", text)
        limit = query.get("limit", 100)
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
            raise _wrong("limit", _("From 1 to {most}.").format(most=MAX_LIMIT))
        return cls(
            None if channels is None else tuple(channels),
            query.get("start"),
            query.get("end"),
            folded(name.strip()),
            _cursor(query.get("after")),
            limit,
        )

    def where(self) -> tuple[str, list[Any]]:
        """Return the SQL condition and its values."""
        parts, values = ["NOT deleted"], list[Any]()
        if self.channels is not None:
            parts.append(f"channel IN ({','.join('?' * len(self.channels))})")
            values += self.channels
        if self.start_ms is not None:
            parts.append("at_ms >= ?")
            values.append(self.start_ms)
        if self.end_ms is not None:
            parts.append("at_ms < ?")
            values.append(self.end_ms)
        if self.name:
            parts.append("instr(folded, ?) > 0")
            values.append(self.name)
        if self.after is not None:
            parts.append("(at_ms, id) < (?, ?)")
            values += self.after
        return " AND ".join(parts), values


def cursor_of(at_ms: int, tag_id: str) -> str:
    """Return the place behind a tag, as `after` takes it."""
    return f"{at_ms}:{tag_id}"


def _cursor(value: Any) -> tuple[int, str] | None:
    if value is None or value == "":
        return None
    at, colon, tag_id = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (colon and at.isascii() and at.isdigit() and len(at) <= 16 and is_tag_id(tag_id)):
        raise _wrong("after", _("This is no place in the list."))
    return int(at), tag_id


def _wrong(field: str, text: str) -> TagError:
    return TagError("tags.bad_filter", text, field)
