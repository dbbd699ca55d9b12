"""Makes the pages of another box fit this one, and says what of them does not."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.settings.declare import Page
from appliance.settings.edits import ItemId
from appliance.settings.problems import FieldProblem
from appliance.text import _


class Vetting(Protocol):
    """Judges valid values of a page by what is on this computer, given those before."""

    def __call__(
        self, before: Mapping[str, Any], after: Mapping[str, Any], /
    ) -> list[FieldProblem]:
        """Return what cannot be."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """What of a file is left out here: its page, the entry (None: all of the page), and why."""

    page: str
    title: str
    item: ItemId | None
    text: str


def fitted(
    models: Mapping[str, type[Page]],
    here: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, dict[str, Any]],
    vets: Mapping[str, Vetting],
) -> tuple[dict[str, dict[str, Any]], list[Misfit]]:
    """Return the pages of `given` that this box has, with the entries it can have.

    Ports, inputs and outputs are those of this board: entries of others are left out, and those of
    this board that the file does not know stay as they are.  Entries beyond a list's capacity are
    left out, and volumes that cannot be here (then those there are stay, too).
    """
    pages: dict[str, dict[str, Any]] = {}
    misfits: list[Misfit] = []
    for name, values in given.items():
        model = models.get(name)
        if model is None:
            text = _("this recorder has no such page")
            misfits.append(Misfit(name, name, None, text))
            continue
        pages[name], found = _page(model, here[name], copy.deepcopy(values), vets.get(name))
        misfits += found
    return pages, misfits


def _page(
    model: type[Page], here: Mapping[str, Any], values: dict[str, Any], vet: Vetting | None
) -> tuple[dict[str, Any], list[Misfit]]:
    collection, spec = model.spec.collection, model.spec
    if collection is None or not isinstance(values.get(collection.field), list):
        return values, []
    entries: list[Any] = values[collection.field]
    own = {entry["id"]: entry for entry in here[collection.field]}
    misfits: list[Misfit] = []

    def leave_out(entry: Any, text: str) -> None:
        number = entry.get("id") if isinstance(entry, dict) else None
        misfits.append(Misfit(spec.name, spec.title, number, text))

    if collection.fixed:
        given: dict[Any, Any] = {}
        rest = []
        for entry in entries:
            number = entry.get("id") if isinstance(entry, dict) else None
            if number is None or number in given:
                rest.append(entry)  # told when the page is checked as a whole
            elif number in own:
                given[number] = entry
            else:
                leave_out(entry, _("this recorder does not have it"))
        values[collection.field] = [
            given.get(number) or copy.deepcopy(entry) for number, entry in own.items()
        ] + rest
    elif len(entries) > collection.capacity:
        text = _("this recorder has room for {count}").format(count=collection.capacity)
        for entry in entries[collection.capacity :]:
            leave_out(entry, text)
        values[collection.field] = entries[: collection.capacity]
    elif vet is not None:
        values[collection.field] = _vetted(model, here, values, vet, leave_out)
    return values, misfits


def _vetted(
    model: type[Page], here: Mapping[str, Any], values: dict[str, Any], vet: Any, leave_out: Any
) -> list[Any]:
    """Leave out entries that cannot be here; then what is here stays beside the rest."""
    collection = model.spec.collection
    assert collection is not None
    entries = values[collection.field]
    try:
        whole = model.model_validate(values).model_dump()
    except ValueError:
        return list(entries)  # told field by field when it is checked as a whole
    problems = {
        problem.path[1]: problem.text
        for problem in vet(here, whole)
        if len(problem.path) > 1 and problem.path[0] == collection.field
    }
    if not problems:
        return list(entries)
    kept = []
    for number, entry in enumerate(entries):
        if number in problems:
            leave_out(entry, problems[number])
        else:
            kept.append(entry)
    taken = {entry.get("id") for entry in kept if isinstance(entry, dict)}
    return kept + [copy.deepcopy(e) for e in here[collection.field] if e["id"] not in taken]
