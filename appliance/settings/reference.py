"""The generated page of all settings: docs/reference/settings.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.settings.forms import all_forms


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield (
        "Generated from the declarations in `appliance/settings/pages`; `make docs` writes it anew."
    )
    for form in all_forms():
        yield ""
        yield f"## {form['title']}"
        yield ""
        yield f"Menu {form['menu']}, page `{form['page']}`. {form['help']}".rstrip()
        yield from _sections(form["sections"])
        collection = form["collection"]
        if collection:
            yield ""
            yield f"### Each {collection['item_title'].lower()} (`{collection['field']}`)"
            yield ""
            yield f"At most {collection['capacity']}." + (
                f" They come and go with the entries of `{collection['follows']}`."
                if collection["follows"]
                else ""
            )
            yield from _sections(collection["sections"])


def _sections(sections: list[dict[str, Any]]) -> Iterator[str]:
    fields = [field for section in sections for field in section["fields"]]
    if not fields:
        return
    yield ""
    yield "| Field | Title | Values | Default | Meaning | Requirements |"
    yield "|---|---|---|---|---|---|"
    for field in fields:
        cells = (
            f"`{field['name']}`",
            field["title"],
            _values(field),
            _default(field),
            field["help"],
            ", ".join(field["requirements"]),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(field: dict[str, Any]) -> str:
    if field["choices"]:
        return ", ".join(f"`{choice['value']}`" for choice in field["choices"])
    parts = []
    low, high = field["minimum"], field["maximum"]
    if low is not None or high is not None:
        parts.append(f"{low:g} to {high:g} {field['unit']}".strip())
    elif field["max_length"] is not None:
        parts.append(f"up to {field['max_length']}")
    else:
        parts.append({"switch": "on, off", "schedule": "a week"}.get(field["widget"], "text"))
    if field["nullable"]:
        parts.append(f"or empty: {field['empty_title'].lower()}")
    if field["secret"]:
        parts.append("secret")
    return ", ".join(parts)


def _default(field: dict[str, Any]) -> str:
    value = field["default"]
    if field["required"] or field["secret"] or field["widget"] == "schedule":
        return ""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"`{value}`" if value != "" else ""
