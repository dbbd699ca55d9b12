"""What a form needs to know of each page, as JSON: sections, fields, widgets, what shows when."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from appliance.settings.declare import (
    Action,
    Collection,
    Fields,
    Page,
    Section,
    Widget,
    declared,
    group_in,
)
from appliance.settings.registry import PAGES


def page_form(page: type[Page]) -> dict[str, Any]:
    """Return the form of a page.

    {"page", "title", "menu", "help", "synonyms", "actions", "sections": [{"slug", "title",
    "advanced", "fields": [...]}], "collection": null or {"field", "item_title", "capacity",
    "follows", "fixed", "columns", "sections"}}; each field is {"name", "title", "help", "widget",
    "unit", "default", "required", "nullable", "empty_title", "minimum", "maximum", "min_length",
    "max_length", "choices": [{"value", "title"}], "secret", "restart", "capability",
    "visible_when": {field: [values]}, "placeholder", "options", "synonyms", "requirements"}; a
    table has the fields of its records as "columns" besides.
    """
    spec = page.spec
    collection: dict[str, Any] | None = None
    if spec.collection is not None:
        collection = _collection(spec.collection, page.item_model())
    hidden = {spec.collection.field} if spec.collection else set()
    return {
        "page": spec.name,
        "title": spec.title,
        "menu": spec.menu,
        "help": spec.help,
        "synonyms": list(spec.synonyms),
        "actions": [_action(action) for action in spec.actions],
        "sections": _sections(page, spec.sections, hidden),
        "collection": collection,
    }


def all_forms() -> list[dict[str, Any]]:
    """Return the forms of all pages in the order of the menu."""
    return [page_form(page) for page in PAGES.values()]


def _action(action: Action) -> dict[str, Any]:
    return {
        "slug": action.slug,
        "title": action.title,
        "path": action.path,
        "help": action.help,
        "body": dict(action.body),
        "confirm": action.confirm,
        "done": action.done,
        "job": action.job,
        "capability": action.capability,
        "synonyms": list(action.synonyms),
    }


def _collection(collection: Collection, item: type[Fields]) -> dict[str, Any]:
    return {
        "field": collection.field,
        "item_title": collection.item_title,
        "capacity": collection.capacity,
        "follows": collection.follows,
        "fixed": collection.fixed,
        "columns": list(collection.columns),
        "sections": _sections(item, collection.sections, set()),
    }


def _sections(
    model: type[Fields], sections: Sequence[Section], hidden: set[str]
) -> list[dict[str, Any]]:
    fields = {
        name: (declared(info).get("section", ""), _field(name, info))
        for name, info in model.model_fields.items()
        if name not in hidden
    }
    known = list(sections)
    if any(not any(slug == s.slug for s in known) for slug, _form in fields.values()):
        known.insert(0, Section("", ""))
    slugs = {section.slug for section in known}
    result = []
    for section in known:
        members = [
            form
            for slug, form in fields.values()
            if slug == section.slug or (section.slug == "" and slug not in slugs)
        ]
        if members:
            result.append(
                {
                    "slug": section.slug,
                    "title": section.title,
                    "advanced": section.advanced,
                    "fields": members,
                }
            )
    return result


def _field(name: str, info: FieldInfo) -> dict[str, Any]:
    extra = declared(info)
    kind, nullable = _kind(info.annotation)
    bounds = {type(entry): entry for entry in info.metadata}
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    if isinstance(default, Fields):
        default = default.model_dump()
    elif isinstance(default, list):
        default = [e.model_dump() if isinstance(e, Fields) else e for e in default]
    choices = extra.get("choices")
    record = group_in(info) if extra.get("widget") is Widget.TABLE else None
    columns = [_field(column, of) for column, of in record.model_fields.items()] if record else []
    return {
        "name": name,
        "title": info.title or name,
        "help": info.description or "",
        "widget": str(extra.get("widget") or _widget(kind, bool(choices))),
        "unit": extra.get("unit", ""),
        "default": default,
        "required": info.is_required(),
        "nullable": nullable,
        "empty_title": extra.get("empty_title", ""),
        "minimum": _bound(bounds, annotated_types.Ge, "ge"),
        "maximum": _bound(bounds, annotated_types.Le, "le"),
        "min_length": _bound(bounds, annotated_types.MinLen, "min_length"),
        "max_length": _bound(bounds, annotated_types.MaxLen, "max_length"),
        "choices": [{"value": v, "title": t} for v, t in choices.items()] if choices else None,
        "secret": extra.get("secret", False),
        "restart": str(extra.get("restart", "")),
        "capability": extra.get("capability", ""),
        "visible_when": extra.get("visible_when"),
        "placeholder": extra.get("placeholder", ""),
        "options": extra.get("options", {}),
        "columns": columns,
        "synonyms": extra.get("synonyms", []),
        "requirements": extra.get("requirements", []),
    }


def _kind(annotation: Any) -> tuple[Any, bool]:
    """Return the plain type of a field and whether it may be None."""
    if get_origin(annotation) in (types.UnionType, typing.Union):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return members[0], len(members) < len(get_args(annotation))
    return annotation, False


def _widget(kind: Any, has_choices: bool) -> Widget:
    if has_choices or get_origin(kind) is Literal:
        return Widget.SELECT
    if kind is bool:
        return Widget.SWITCH
    if kind in (int, float):
        return Widget.NUMBER
    if get_origin(kind) is list:
        return Widget.LIST
    return Widget.TEXT


def _bound(bounds: dict[type, Any], kind: type, name: str) -> Any:
    found = bounds.get(kind)
    return getattr(found, name) if found is not None else None
