"""Random settings that are valid: each field of each page by its declaration, mended as a whole."""

from __future__ import annotations

import random
import types
import typing
from typing import Any, Literal

from appliance.settings.declare import Fields, Widget, declared
from appliance.settings.mend import mend
from appliance.settings.registry import PAGES

LETTERS = "abcXYZ 019-_.äßñ漢字ع\u202f€%'\"<>&{}\\/"


def made_pages(chance: random.Random, *, channels: int = 64) -> dict[str, dict[str, Any]]:
    """Return every page with random values, `channels` channels and full lists of the board."""
    pages = {}
    for name, model in PAGES.items():
        values = {
            field: _value(field, info, chance, channels)
            for field, info in model.model_fields.items()
        }
        collection = model.spec.collection
        if collection is not None:
            wanted = channels if collection.field == "items" else 8
            count = min(collection.capacity, wanted)
            values[collection.field] = [
                {**_group(model.item_model(), chance, channels), "id": _id(model, number)}
                for number in range(1, count + 1)
            ]
        fields, _notes = mend(name, model, values, None)
        pages[name] = fields.model_dump()
    return pages


def _id(model: Any, number: int) -> Any:
    of = model.item_model().model_fields["id"].annotation
    return number if of is int else f"{model.spec.collection.field.rstrip('s')}-{number}"


def _group(model: type[Fields], chance: random.Random, channels: int) -> dict[str, Any]:
    made = {name: _value(name, info, chance, channels) for name, info in model.model_fields.items()}
    if {"start", "end"} <= made.keys():
        made["start"], made["end"] = sorted((_time(chance), _time(chance)))
    return made


def _value(name: str, info: Any, chance: random.Random, channels: int) -> Any:
    extra = declared(info)
    limits = {
        key: getattr(meta, key)
        for meta in info.metadata
        for key in ("ge", "le", "min_length", "max_length")
        if hasattr(meta, key)
    }
    if extra.get("secret"):
        return _text(chance, 40)
    if extra.get("choices"):
        return chance.choice(list(extra["choices"]))
    by_widget = {
        Widget.TIME_ZONE: lambda: chance.choice(["Europe/Berlin", "Asia/Kathmandu", "UTC"]),
        Widget.DATE: lambda: f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
    }.get(extra.get("widget"))
    if by_widget is not None:
        return by_widget()
    if name.endswith("url"):
        return f"rtsp://10.{chance.randint(0, 255)}.1.{chance.randint(1, 254)}:554/s?c=1"
    if name == "path":
        return f"/srv/volumes/{chance.randrange(10**9)}"
    return _typed(info.annotation, limits, chance, channels)


def _typed(of: Any, limits: dict[str, Any], chance: random.Random, channels: int) -> Any:
    origin, inner = typing.get_origin(of), typing.get_args(of)
    if origin is typing.Annotated:
        return _typed(inner[0], limits, chance, channels)
    if origin in (typing.Union, types.UnionType):
        return _typed(chance.choice(inner), limits, chance, channels)
    if of is type(None):
        return None
    if origin is Literal:
        return chance.choice(inner)
    if origin is list:
        most = min(limits.get("max_length", 6), 6)
        return [_typed(inner[0], {}, chance, channels) for _n in range(chance.randint(0, most))]
    if isinstance(of, type) and issubclass(of, Fields):
        return _group(of, chance, channels)
    if of is bool:
        return chance.random() < 0.5
    if of in (int, float):
        low, high = limits.get("ge", 1), limits.get("le", channels)
        if of is int:
            return chance.randint(int(low), int(high))
        return round(chance.uniform(float(low), min(float(high), 1e6)), 3)
    return _text(chance, limits.get("max_length") or 40)


def _text(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randint(1, min(most, 40)))).strip() or "x"


def _time(chance: random.Random) -> str:
    return f"{chance.randint(0, 23):02}:{chance.choice((0, 15, 30, 45)):02}"
