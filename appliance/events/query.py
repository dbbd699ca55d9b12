"""Which events are asked for: filters and the place to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.events.kinds import KINDS, SEVERITIES
from appliance.events.log_types import AUDITED, LOG_ONLY

MAX_LIMIT = 500
MAX_TEXT = 100
_MAX_VALUES = 128


class EventQueryError(ValueError):
    """A filter makes no sense; `path` names it."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path} {text}")
        self.path = path
        self.text = text


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Filters; an empty one lets everything through.  Times in milliseconds, end exclusive.

    `words` are all in the details, or in the title of the kind; `but` are kinds that are left out
    where none is asked for by name.  `of` leaves what happened on these channels, and what the box
    did by itself; None leaves everything.

    An event matches a time range when it overlaps it; an open event lasts until now.
    """

    kinds: tuple[str, ...] = ()
    channels: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    start_ms: int | None = None
    end_ms: int | None = None
    open: bool | None = None
    after: tuple[int, int] | None = None
    limit: int = 100
    words: tuple[str, ...] = ()
    above_id: int = 0
    but: frozenset[str] = frozenset()
    of: frozenset[int] | None = None

    @classmethod
    def parse(cls, query: Mapping[str, Any]) -> EventFilter:
        """Read messages.EventQuery; raise EventQueryError naming the wrong filter."""
        unknown = query.keys() - _KEYS
        if unknown:
            raise EventQueryError(sorted(map(str, unknown))[0][:64], "is not a filter")
        kinds = _texts(query, "kinds")
        severities = _texts(query, "severities")
        if any(severity not in SEVERITIES for severity in severities):
            raise EventQueryError("severities", "must be of info, warning, error")
        if severities:
            named = [k.slug for k in KINDS.values() if k.severity in severities]
            kinds = [k for k in kinds if k in named] if kinds else named
            kinds = kinds or [""]
        opened = query.get("open")
        if opened is not None and not isinstance(opened, bool):
            raise EventQueryError("open", "must be true or false")
        text = query.get("text") or ""
        if not isinstance(text, str) or len(text) > MAX_TEXT:
            raise EventQueryError("text", f"must be a text of at most {MAX_TEXT} characters")
        return cls(
            words=tuple(text.split()[:8]),
            but=LOG_ONLY,
            kinds=tuple(kinds),
            channels=tuple(_numbers(query, "channels")),
            sources=tuple(_texts(query, "sources")),
            start_ms=_time(query, "start"),
            end_ms=_time(query, "end"),
            open=opened,
            after=_cursor(query.get("after")),
            limit=_limit(query.get("limit", 100)),
        )

    def where(self) -> tuple[str, list[Any]]:
        """Return the SQL condition and its values."""
        parts, values = ["1"], []
        for column, wanted in (
            ("kind", self.kinds),
            ("channel", self.channels),
            ("source", self.sources),
        ):
            if wanted:
                parts.append(f"{column} IN ({','.join('?' * len(wanted))})")
                values += list(wanted)
        if self.start_ms is not None:
            parts.append("(end_ms IS NULL OR end_ms >= ?)")
            values.append(self.start_ms)
        if self.end_ms is not None:
            parts.append("start_ms < ?")
            values.append(self.end_ms)
        if self.open is not None:
            parts.append("end_ms IS NULL" if self.open else "end_ms IS NOT NULL")
        if self.above_id:
            parts.append("id > ?")
            values.append(self.above_id)
        if self.but and not self.kinds:
            parts.append(f"kind NOT IN ({','.join('?' * len(self.but))})")
            values += sorted(self.but)
        if self.of is not None:
            channels, people = sorted(self.of), sorted(AUDITED)
            parts.append(
                f"(channel IN ({','.join('?' * len(channels))}) OR "
                f"(channel IS NULL AND kind NOT IN ({','.join('?' * len(people))})))"
            )
            values += [*channels, *people]
        for word in self.words:
            titled = [k.slug for k in KINDS.values() if word.lower() in k.title.lower()]
            found = f" OR kind IN ({','.join('?' * len(titled))})" if titled else ""
            parts.append(f"(details LIKE ? ESCAPE '!'{found})")
            values += [f"%{_literally(word)}%", *titled]
        if self.after is not None:
            parts.append("(start_ms, id) < (?, ?)")
            values += list(self.after)
        return " AND ".join(parts), values


_KEYS = {
    "kinds",
    "severities",
    "channels",
    "sources",
    "start",
    "end",
    "open",
    "after",
    "limit",
    "text",
}


def _literally(word: str) -> str:
    return "".join(f"!{sign}" if sign in "!%_" else sign for sign in word)


def _list(query: Mapping[str, Any], name: str) -> list[Any]:
    value = query.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MAX_VALUES:
        raise EventQueryError(name, "must be a list")
    return value


def _texts(query: Mapping[str, Any], name: str) -> list[str]:
    values = _list(query, name)
    if not all(isinstance(value, str) and len(value) <= 64 for value in values):
        raise EventQueryError(name, "must be a list of texts")
    return values


def _numbers(query: Mapping[str, Any], name: str) -> list[int]:
    values = _list(query, name)
    if not all(_is_number(value) for value in values):
        raise EventQueryError(name, "must be a list of numbers")
    return values


def _time(query: Mapping[str, Any], name: str) -> int | None:
    value = query.get(name)
    if value is not None and not _is_number(value):
        raise EventQueryError(name, "must be milliseconds since 1970")
    return value


def _limit(value: Any) -> int:
    if not _is_number(value) or not 1 <= value <= MAX_LIMIT:
        raise EventQueryError("limit", f"must be 1 to {MAX_LIMIT}")
    return int(value)


def _cursor(value: Any) -> tuple[int, int] | None:
    if value is None or value == "":
        return None
    first, colon, second = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or len(value) > 40 or not second.isdecimal() or not first.lstrip("-").isdecimal():
        raise EventQueryError("after", "is no place in the list")
    return int(first), int(second)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 62
