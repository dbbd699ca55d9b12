"""A kind of event: title, severity, help, and how one of it is said in a sentence."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MAX_VALUE_CHARACTERS = 2_000
"""What a value may add to a sentence: the mistakes of a settings file, all named."""

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event.

    `text` is a sentence with placeholders filled from the event's details, `{channel}` and
    `{name}` (the channel's name); a placeholder without a value is left out.
    """

    slug: str
    title: str
    severity: Severity
    text: str
    help: str
    has_end: bool = True

    def sentence(self, details: Mapping[str, Any], channel: int | None) -> str:
        """Return the event in words."""
        values = _Values(details)
        if channel is not None:
            values.setdefault("channel", f"D{channel}")
        text = _SPACED.sub(lambda found: found[0] if str(values[found[1]]) else "", self.text)
        words = _FORMATTER.vformat(text, (), values)
        return " ".join(words.split())

    def as_dict(self) -> dict[str, Any]:
        """Return the form that goes over the bus."""
        return {
            "kind": self.slug,
            "title": self.title,
            "severity": self.severity,
            "help": self.help,
            "has_end": self.has_end,
        }


_SPACED = re.compile(r" \{(\w+)\}")
"""A placeholder that takes the space in front of it along where it has no value."""


class _Values(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


class _Formatter(string.Formatter):
    """Fills names only: no attributes, no indexes, no format codes of the details."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return str(kwargs[field_name])[:MAX_VALUE_CHARACTERS], field_name


_FORMATTER = _Formatter()
