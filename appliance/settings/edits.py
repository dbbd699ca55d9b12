"""What a change of settings changed, in words: each field with its value before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo

from appliance.settings.declare import Fields, Page, Widget, declared, group_in
from appliance.text import _

ItemId = int | str
MAX_VALUE = 120
"""Characters a value takes in a sentence; the settings hold the rest."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One field that changed, or a list entry that came or went.

    `item` is the entry's id, None for a field of the page.  `before` and `after` are values in
    words, never those of secrets; equal where only that it changed can be told.  A field of a new
    entry has no `before`; an entry that came or went has no `title`.
    """

    item: ItemId | None
    title: str
    before: str
    after: str

    def words(self) -> str:
        """Say it: "Keep at least: 0 days \u2192 30 days"."""
        if not self.title:
            return self.after
        if self.before == self.after:
            return _("{title}: changed").format(title=self.title)
        if not self.before:
            return _("{title}: {value}").format(title=self.title, value=self.after)
        return _("{title}: {before} \u2192 {after}").format(
            title=self.title, before=self.before, after=self.after
        )


def edits_between(
    page: type[Page], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Edit]:
    """Return what differs between two states of a page's values, secrets sealed.

    Of an entry that was added, what differs from the defaults.
    """
    collection = page.spec.collection
    listed = collection.field if collection else ""
    found = list(_differences(page, before, after, None, "", skip=listed))
    if collection is not None:
        old, new = _by_id(before[listed]), _by_id(after[listed])
        for number, entry in new.items():
            if number in old:
                found += _differences(page.item_model(), old[number], entry, number, "", "id")
            else:
                found += [Edit(number, "", "", _("added")), *_added(page.item_model(), entry)]
        for number in old.keys() - new.keys():
            name = old[number].get("name")
            text = _("removed ({name})").format(name=name) if name else _("removed")
            found.append(Edit(number, "", "", text))
    return found


def _added(model: type[Fields], entry: Mapping[str, Any]) -> Iterator[Edit]:
    for name, info in model.model_fields.items():
        default = None if info.is_required() else info.get_default(call_default_factory=True)
        value = entry.get(name)
        if name == "id" or value == default or group_in(info) is not None:
            continue
        secret = declared(info).get("secret")
        text = _("set") if secret else _value(info, value)
        yield Edit(entry["id"], info.title or name.capitalize(), "", text)


def items_between(
    page: type[Page], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[ItemId]:
    """Return the ids of the list entries that were added, changed or removed."""
    collection = page.spec.collection
    if collection is None:
        return []
    old, new = _by_id(before[collection.field]), _by_id(after[collection.field])
    return [number for number in {**new, **old} if old.get(number) != new.get(number)]


def _by_id(entries: list[dict[str, Any]]) -> dict[ItemId, dict[str, Any]]:
    return {entry["id"]: entry for entry in entries}


def _differences(
    model: type[Fields],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    item: ItemId | None,
    above: str,
    skip: str,
) -> Iterator[Edit]:
    for name, info in model.model_fields.items():
        old, new = before.get(name), after.get(name)
        if old == new or name == skip:
            continue
        title = " ".join(part for part in (above, info.title or name.capitalize()) if part)
        inner = group_in(info)
        if inner is not None and isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(inner, old, new, item, title, "")
        elif declared(info).get("secret"):
            yield Edit(item, title, "", "")
        else:
            yield Edit(item, title, _value(info, old), _value(info, new))


def _value(info: FieldInfo, value: Any) -> str:
    """Write a value as people read it in the form."""
    extra = declared(info)
    choices = extra.get("choices") or {}
    inner = group_in(info)
    if value is None or value == "":
        text = extra.get("empty_title") or _("empty")
    elif isinstance(value, bool):
        text = _("on") if value else _("off")
    elif isinstance(value, list) and inner is not None:
        text = ", ".join(_group(inner, entry) for entry in value) or _("empty")
    elif isinstance(value, list):
        text = "+".join(str(choices.get(entry, entry)) for entry in value) or _("empty")
    elif value in choices:
        text = str(choices[value])
    elif extra.get("widget") is Widget.URL:
        text = _without_query(str(value))
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
        text = f"{text} {extra['unit']}" if extra.get("unit") else text
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "\u2026"


def _group(model: type[Fields], values: Mapping[str, Any]) -> str:
    """Write an entry of a list, such as "08:00 18:00 Motion"."""
    return " ".join(_value(info, values.get(name)) for name, info in model.model_fields.items())


def _without_query(url: str) -> str:
    """Leave out what some cameras want their password in."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return _("an address")
    return parts._replace(query="\u2026" if parts.query else "", fragment="").geturl()
