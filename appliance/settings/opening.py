"""The settings at the start: read, mended where they are damaged, lists that belong together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.settings.declare import Page
from appliance.settings.document import DocumentFiles, Loaded
from appliance.settings.masking import SecretsOf
from appliance.settings.mend import DEFAULT, GOOD, Mended, mend
from appliance.text import _

_log = logging.getLogger(__name__)

Models = Mapping[str, type[Page]]
Pages = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Opened:
    """What was found.

    `notes` is what was wrong with it, `fresh` whether there was no document yet, `differs` whether
    the pages are not what stands in the file.
    """

    pages: Pages
    version: int
    fresh: bool
    notes: list[Mended]
    differs: bool


def opened(files: DocumentFiles, models: Models, secrets: Mapping[str, SecretsOf]) -> Opened:
    """Read the document, mend what is wrong with it; nothing is written."""
    loaded, good = files.load(), files.load_good()
    pages, notes = _usable(loaded, good)
    result: Pages = {}
    for name, model in models.items():
        fields, found = mend(name, model, pages.get(name, {}), good.pages.get(name))
        values, unreadable = secrets[name].seal(fields.model_dump())
        notes += [*found, *unreadable]
        result[name] = values
    for name in pages.keys() - models.keys():
        text = _("is not a page of this version")
        notes.append(Mended(str(name)[:64], "", "unknown", text, DEFAULT))
    result = aligned(models, result)
    fresh = not loaded.found and not good.found
    differs = not fresh and bool(notes or loaded.migrated or result != loaded.pages)
    return Opened(result, max(loaded.version, good.version), fresh, notes, differs)


def _usable(loaded: Loaded, good: Loaded) -> tuple[dict[str, Any], list[Mended]]:
    """Return the pages to start from: those of the document in force, else of the copy."""
    notes = []
    if loaded.complaint:
        used = GOOD if not loaded.pages and good.pages else DEFAULT
        notes.append(Mended("settings.json", "", "document", loaded.complaint, used))
    elif not loaded.found and good.found:
        notes.append(Mended("settings.json", "", "missing", _("is missing"), GOOD))
    return loaded.pages or good.pages, notes


def keep_damaged(files: DocumentFiles) -> None:
    """Keep a document that had to be mended beside itself; only tell where that fails."""
    try:
        path = files.keep_aside()
    except OSError as error:
        _log.error("The damaged settings file could not be kept aside: %s", error)
        return
    if path is not None:
        _log.warning("The settings file was damaged; it is kept as %s", path.name)


def entries_of(model: type[Page], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries of a page's list; none where it has no list."""
    collection = model.spec.collection
    return list(values[collection.field]) if collection is not None else []


def aligned(models: Models, pages: Mapping[str, dict[str, Any]]) -> Pages:
    """Return the pages so that lists that follow another page's list have exactly its entries."""
    result = dict(pages)
    for name, model in models.items():
        collection = model.spec.collection
        if collection is None or not collection.follows:
            continue
        leading = entries_of(models[collection.follows], result[collection.follows])
        known = {entry["id"]: entry for entry in entries_of(model, result[name])}
        item = model.item_model()
        entries = [known.get(entry["id"]) or item(id=entry["id"]).model_dump() for entry in leading]
        if entries != result[name][collection.field]:
            result[name] = {**result[name], collection.field: entries}
    return result
