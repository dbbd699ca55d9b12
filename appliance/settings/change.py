"""What a change of the settings changes: pages, entries, and fields in words."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from appliance.settings.declare import Page
from appliance.settings.edits import Edit, edits_between, items_between
from appliance.settings.problems import FieldProblem

ItemId = int | str


@dataclass(frozen=True, slots=True)
class Change:
    """What one request changed: pages by name with the ids of list entries touched.

    `before` are the values of these pages as they were, `edits` by page the fields that differ.
    Entries that came or went with those of another page are told there only.
    """

    version: int
    pages: Mapping[str, Sequence[ItemId]]
    before: Mapping[str, dict[str, Any]]
    edits: Mapping[str, Sequence[Edit]] = field(default_factory=dict)


def difference(
    models: Mapping[str, type[Page]],
    former: Mapping[str, dict[str, Any]],
    pages: Mapping[str, dict[str, Any]],
    version: int,
) -> Change:
    """Return what tells `pages` from `former`, both whole and sealed."""
    changed = [name for name in pages if pages[name] != former[name]]
    edits = {}
    for name in changed:
        found = edits_between(models[name], former[name], pages[name])
        if follows(models[name]):
            both = _ids(models[name], former[name]) & _ids(models[name], pages[name])
            found = [edit for edit in found if edit.item in both]
        edits[name] = found
    return Change(
        version,
        {name: items_between(models[name], former[name], pages[name]) for name in changed},
        {name: former[name] for name in changed},
        edits,
    )


def _ids(page: type[Page], values: Mapping[str, Any]) -> set[ItemId]:
    assert page.spec.collection is not None
    return {entry["id"] for entry in values[page.spec.collection.field]}


def follows(page: type[Page]) -> bool:
    """Whether the page's list comes and goes with another page's."""
    collection = page.spec.collection
    return collection is not None and bool(collection.follows)


def etag_of(values: Mapping[str, Any]) -> str:
    """Return what tells these values from others (16 hexadecimal digits)."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def merge_deeply(target: dict[str, Any], changes: Mapping[str, Any], whole: frozenset[str]) -> None:
    """Put `changes` into `target`, group by group; fields named in `whole` as one."""
    for name, value in changes.items():
        known = target.get(name)
        if isinstance(known, dict) and isinstance(value, Mapping) and name not in whole:
            merge_deeply(known, value, whole)
        else:
            target[name] = value


def is_taken(number: int, taken: set[ItemId]) -> bool:
    """Whether an entry has the number as its id, or at the end of it."""
    return number in taken or any(str(known).endswith(f"-{number}") for known in taken)


def below(problem: FieldProblem, at: tuple[str | int, ...]) -> FieldProblem:
    """Name the field as seen from what was addressed."""
    if at and problem.path[: len(at)] == at:
        return replace(problem, path=problem.path[len(at) :])
    return problem
