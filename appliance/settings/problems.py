"""What is wrong with values, field by field and in words: pydantic's errors and our own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from appliance.settings.declare import Conflict, Fields, Page, group_in
from appliance.text import _

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: where, a stable code, and a text that goes on from the field's title."""

    path: Path
    code: str
    text: str
    mend: Mapping[str, Any] | None = None
    others: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, conflict: Conflict) -> FieldProblem:
        """Return a conflict as the problem of the field it names."""
        return cls(conflict.path, conflict.code, conflict.text, conflict.mend, conflict.others)

    def where_changed(self, fields: Container[str]) -> FieldProblem:
        """Tell it at the field that was changed, where only the other of two was."""
        *at, name = self.path or ("",)
        if name in fields:
            return self
        for other, text in self.others.items():
            if other in fields:
                return FieldProblem((*at, other), self.code, text)
        return self

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
    """Return what does not fit together in valid fields and in the groups and lists inside.

    In fields of which only a part is valid (`as_far_as_right`) the rest is passed over.
    """
    return [FieldProblem.of(conflict) for conflict in _conflicts(fields)]


def as_far_as_right(
    model: type[Fields], values: Any, wrong: Container[Path], at: Path = ()
) -> Fields:
    """Return the fields of `values` without those named in `wrong` or holding one of them.

    What is left out has its default; a required field is missing, groups and entries of lists keep
    their places.  Only for looking at: never validated as a whole.
    """
    made = model.model_construct()
    if not isinstance(values, Mapping) or at in wrong:
        return made
    for name, info in model.model_fields.items():
        value, path = values.get(name), (*at, name)
        inner = group_in(info)
        if name not in values or path in wrong:
            continue
        if inner is not None and isinstance(value, list):
            parts = [as_far_as_right(inner, v, wrong, (*path, n)) for n, v in enumerate(value)]
            made.__dict__[name] = parts
        elif inner is not None:
            made.__dict__[name] = as_far_as_right(inner, value, wrong, path)
        else:
            with contextlib.suppress(ValidationError):
                model.__pydantic_validator__.validate_assignment(made, name, value)
    return made


def _conflicts(fields: Fields, at: Path = ()) -> Iterator[Conflict]:
    try:
        for conflict in fields.conflicts():
            yield conflict.below(at)
    except (AttributeError, KeyError):  # of the fields themselves, or of their dump
        if not _partial(fields):
            raise
    collection = fields.spec.collection if isinstance(fields, Page) else None
    seen = set()
    for name in type(fields).model_fields:
        value = fields.__dict__.get(name)
        if isinstance(value, Fields):
            yield from _conflicts(value, (*at, name))
        for number, entry in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(entry, Fields):
                continue
            path = (*at, name, number)
            if collection is not None and collection.field == name and "id" in entry.__dict__:
                if entry.__dict__["id"] in seen:
                    text = _("is the id of another entry too")
                    yield Conflict((*path, "id"), "duplicate", text)
                seen.add(entry.__dict__["id"])
            yield from _conflicts(entry, path)


def _partial(fields: Fields) -> bool:
    """Whether required fields are missing, in it or in what it holds."""
    held = fields.__dict__
    if any(name not in held for name in type(fields).model_fields):
        return True
    parts = [
        part for value in held.values() for part in (value if isinstance(value, list) else [value])
    ]
    return any(_partial(part) for part in parts if isinstance(part, Fields))
