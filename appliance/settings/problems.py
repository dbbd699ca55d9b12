"""What is wrong with values, field by field and in words: pydantic's errors and our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from appliance.settings.declare import Conflict, Fields, Page
from appliance.text import _

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: where, a stable code, and a text that goes on from the field's title."""

    path: Path
    code: str
    text: str
    mend: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, str]:
        """Return the form that goes over the bus and the API; the path is joined by dots."""
        return {"path": dotted(self.path), "code": self.code, "text": self.text}


class SettingsError(Exception):
    """A request about settings cannot be done; `fields` names every wrong field.

    Codes: settings.no_page, settings.no_item, settings.invalid, settings.stale, settings.full,
    settings.fixed, settings.not_saved, settings.not_secret.
    """

    def __init__(self, code: str, text: str, fields: list[FieldProblem] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.fields = fields or []


def dotted(path: Path) -> str:
    """Write a path as "items.3.name"."""
    return ".".join(str(part) for part in path)


_TEXTS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": ("missing", lambda c: _("is missing")),
    "extra_forbidden": ("unknown", lambda c: _("is not a setting of this version")),
    "int_type": ("wrong_type", lambda c: _("must be a whole number")),
    "int_from_float": ("wrong_type", lambda c: _("must be a whole number")),
    "int_parsing_size": ("too_large", lambda c: _("is far too large")),
    "float_type": ("wrong_type", lambda c: _("must be a number")),
    "finite_number": ("wrong_type", lambda c: _("must be a number")),
    "string_type": ("wrong_type", lambda c: _("must be a text")),
    "string_unicode": ("wrong_type", lambda c: _("must be a text")),
    "bool_type": ("wrong_type", lambda c: _("must be on or off (true or false)")),
    "list_type": ("wrong_type", lambda c: _("must be a list")),
    "model_type": ("wrong_type", lambda c: _("must be a group of fields")),
    "model_attributes_type": ("wrong_type", lambda c: _("must be a group of fields")),
    "dict_type": ("wrong_type", lambda c: _("must be a group of fields")),
    "greater_than_equal": ("too_small", lambda c: _("must be at least {ge}").format(ge=c["ge"])),
    "less_than_equal": ("too_large", lambda c: _("must be at most {le}").format(le=c["le"])),
    "string_too_short": (
        "too_short",
        lambda c: _("must have at least {n} characters").format(n=c["min_length"]),
    ),
    "string_too_long": (
        "too_long",
        lambda c: _("must have at most {n} characters").format(n=c["max_length"]),
    ),
    "too_long": (
        "too_long",
        lambda c: _("must have at most {n} entries").format(n=c["max_length"]),
    ),
    "literal_error": (
        "choice",
        lambda c: _("must be one of {expected}").format(expected=c["expected"]),
    ),
    "control_character": ("control_character", lambda c: _("must be one line of plain text")),
}


def problems_of(error: ValidationError) -> list[FieldProblem]:
    """Return every wrong field of a failed validation; values are never repeated in the texts."""
    found = []
    for entry in error.errors(include_url=False, include_input=False):
        code, text = _TEXTS.get(entry["type"], (entry["type"], None))
        words = text(entry.get("ctx", {})) if text else entry["msg"]
        found.append(FieldProblem(tuple(entry["loc"]), code, words))
    return found


def conflicts_of(fields: Fields) -> list[FieldProblem]:
    """Return what does not fit together in valid fields; of a page, its list's entries too."""
    return [FieldProblem(c.path, c.code, c.text, c.mend) for c in _conflicts(fields)]


def _conflicts(fields: Fields) -> Iterator[Conflict]:
    yield from fields.conflicts()
    if not isinstance(fields, Page) or fields.spec.collection is None:
        return
    name = fields.spec.collection.field
    seen = set()
    for number, item in enumerate(getattr(fields, name)):
        if item.id in seen:
            yield Conflict((name, number, "id"), "duplicate", _("is the id of another entry too"))
        seen.add(item.id)
        for conflict in item.conflicts():
            path = (name, number, *conflict.path)
            yield Conflict(path, conflict.code, conflict.text, conflict.mend)
