"""The settings in force: read, checked, changed as a whole or not at all, kept in one document."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

from appliance.settings import transfer
from appliance.settings.change import (
    Change,
    ItemId,
    below,
    difference,
    etag_of,
    is_taken,
    merge_deeply,
)
from appliance.settings.declare import Page, ResetGroup
from appliance.settings.document import DocumentFiles
from appliance.settings.fitting import Misfit, fitted
from appliance.settings.masking import SecretsOf
from appliance.settings.mend import Mended, check
from appliance.settings.migrate import SCHEMA
from appliance.settings.opening import aligned, entries_of, keep_damaged, opened
from appliance.settings.problems import FieldProblem, SettingsError
from appliance.settings.registry import PAGES
from appliance.settings.vault import Vault
from appliance.text import _

_log = logging.getLogger(__name__)

Vet = Callable[[Mapping[str, Any], Mapping[str, Any]], list[FieldProblem]]
"""Judges valid values of a page, given those before, by what is on this computer."""


class SettingsStore:
    """One document of pages.  Blocking (it syncs files); used from one thread at a time.

    A change is validated as a whole, written durably and only then in force; if it cannot be
    written, nothing has changed.
    """

    def __init__(
        self,
        files: DocumentFiles,
        vault: Vault,
        pages: Mapping[str, type[Page]] = PAGES,
        vets: Mapping[str, Vet] | None = None,
    ) -> None:
        self._files = files
        self._vets = vets or {}
        self._models = pages
        self._secrets = {name: SecretsOf(page, vault) for name, page in pages.items()}
        self._pages: dict[str, dict[str, Any]] = {
            name: page().model_dump() for name, page in pages.items()
        }
        self.version = 0
        self.fresh = False
        self.mended: list[Mended] = []

    def open(self) -> list[Mended]:
        """Read the document, mend what is wrong with it, return what that was.

        `fresh` is true afterwards where there was no document yet.  A document that had to be
        mended is kept aside first; nothing of it is lost.
        """
        start = opened(self._files, self._models, self._secrets)
        self.fresh, self.version, self.mended = start.fresh, start.version, start.notes
        if start.notes:
            keep_damaged(self._files)
        self._pages = start.pages
        if start.differs:
            self._save_quietly(start.pages)
        return start.notes

    # -- reading -------------------------------------------------------------------------------

    def read(self, page: str) -> dict[str, Any]:
        """Return a page as messages.SettingsPage: secrets are masked."""
        model = self._model(page)
        values = self._pages[page]
        return {
            "page": page,
            "version": self.version,
            "etag": etag_of(values),
            "item_etags": {str(item["id"]): etag_of(item) for item in entries_of(model, values)},
            "values": self._secrets[page].mask(values),
        }

    def raw(self, page: str) -> dict[str, Any]:
        """Return a page's values for use inside the supervisor; secrets are sealed."""
        self._model(page)
        return self._pages[page]

    def gather(self) -> dict[str, Any]:
        """Return {schema, pages, secrets}: pages masked, their secrets in clear by place."""
        pages: dict[str, Any] = {}
        secrets: dict[str, str] = {}
        for name in self._models:
            pages[name] = self._secrets[name].mask(self._pages[name])
            secrets |= self._secrets[name].places(self._pages[name])
        return {"schema": SCHEMA, "pages": pages, "secrets": secrets}

    def pages_of(self, document: Any) -> dict[str, dict[str, Any]]:
        """Return the pages of what another box gathered, secrets in clear; raise SettingsError.

        Secrets that are left out there stay as they are here where an entry has the same id and is
        of the same host, and are empty elsewhere.  Pages that the document lacks are not changed.
        """
        pages = transfer.pages_of(document)
        secrets = document.get("secrets")
        clear = secrets if isinstance(secrets, dict) else {}
        return {
            name: self._secrets[name].fill(values, clear) if name in self._secrets else values
            for name, values in pages.items()
        }

    def fitted(
        self, pages: Mapping[str, dict[str, Any]]
    ) -> tuple[dict[str, dict[str, Any]], list[Misfit]]:
        """Return what of the pages of another box fits this one, and what does not (D2-MT-33)."""
        return fitted(self._models, self._pages, pages, self._vets)

    def defaults(self, *, but: Container[ResetGroup] = ()) -> dict[str, dict[str, Any]]:
        """Return every page as it was at first, those of the groups `but` left out."""
        return {
            name: page().model_dump()
            for name, page in self._models.items()
            if page.spec.group not in but
        }

    def reveal(self, page: str, item: ItemId | None, field: str) -> str:
        """Return a secret in clear; raise SettingsError where there is none of that name."""
        self._model(page)
        values = self._pages[page] if item is None else self._item(page, item)
        return self._secrets[page].reveal(values, item, field)

    # -- changing ------------------------------------------------------------------------------

    def change(
        self, page: str, item: ItemId | None, changes: Mapping[str, Any], etag: str | None = None
    ) -> Change:
        """Change some fields of a page or of one list entry; raise SettingsError.

        `etag` may be the page's, or the entry's where one is addressed.
        """
        model = self._model(page)
        values = copy.deepcopy(self._pages[page])
        if item is None:
            self._expect(etag, values)
            touched = model.tidy(dict(changes))
            self._merge(page, values, touched)
            forbidden = self._secrets[page].misdirected(self._pages[page], values)
            return self._commit(page, values, (), tuple(touched), forbidden)
        entry = self._item(page, item, values)
        self._expect(etag, values, entry)
        touched = model.item_model().tidy(dict(changes))
        if touched.get("id", item) != item:
            raise _invalid([FieldProblem(("id",), "fixed", _("cannot be changed"))])
        forbidden = [FieldProblem.of(c) for c in model.item_model().guard(entry, touched)]
        self._merge(page, entry, touched)
        at = self._place(page, values, item)
        return self._commit(page, values, at, tuple(touched), forbidden)

    def add(self, page: str, new: Mapping[str, Any]) -> tuple[ItemId, Change]:
        """Add a list entry; without an id it gets the lowest free number.  Raise SettingsError."""
        model = self._model(page)
        collection = model.spec.collection
        if collection is None or collection.follows:
            raise SettingsError("settings.fixed", _("Nothing can be added to this page."))
        values = copy.deepcopy(self._pages[page])
        entries = values[collection.field]
        if len(entries) >= collection.capacity:
            text = _("There are {count} already; more are not possible.")
            raise SettingsError("settings.full", text.format(count=len(entries)))
        entry = model.item_model().tidy(dict(new))
        taken = {known["id"] for known in entries}
        if entry.get("id") is None:
            number = next(n for n in range(1, collection.capacity + 2) if not is_taken(n, taken))
            by_name = model.item_model().model_fields["id"].annotation is not int
            entry["id"] = f"{collection.field.rstrip('s')}-{number}" if by_name else number
        elif entry["id"] in taken:
            raise _invalid([FieldProblem(("id",), "duplicate", _("is in use already"))])
        entries.append(entry)
        if all(isinstance(known["id"], int) for known in entries):
            entries.sort(key=lambda known: known["id"])
        at = (collection.field, entries.index(entry))
        return entry["id"], self._commit(page, values, at, tuple(entry))

    def remove(self, page: str, item: ItemId, etag: str | None = None) -> Change:
        """Remove a list entry; raise SettingsError."""
        collection = self._model(page).spec.collection
        if collection is None or collection.follows:
            raise SettingsError("settings.fixed", _("Nothing can be removed from this page."))
        values = copy.deepcopy(self._pages[page])
        entry = self._item(page, item, values)
        self._expect(etag, values, entry)
        values[collection.field].remove(entry)
        return self._commit(page, values, (), ())

    def copy_to(
        self, page: str, item: ItemId, to: Sequence[ItemId], fields: Sequence[str]
    ) -> Change:
        """Give other entries the values of one (D1-RC-01); secrets cannot be copied."""
        values = copy.deepcopy(self._pages[page])
        source = self._item(page, item, values)
        known = self._model(page).item_model().model_fields
        for name in fields:
            if name not in known or name == "id" or name in self._secrets[page].names:
                raise _invalid([FieldProblem((name,), "unknown", _("cannot be copied"))])
        for target in to:
            entry = self._item(page, target, values)
            copied = {name: source[name] for name in fields}
            if forbidden := self._model(page).item_model().guard(entry, copied):
                raise _invalid([FieldProblem.of(c) for c in forbidden])
            for name in fields:
                entry[name] = copy.deepcopy(source[name])
        return self._commit(page, values, (), tuple(fields))

    def weigh(self, pages: Mapping[str, Mapping[str, Any]]) -> Change:
        """Return what `replace_pages` would change, without changing it; raise SettingsError."""
        return self._differences(self._whole(pages))

    def replace_pages(self, pages: Mapping[str, Mapping[str, Any]]) -> Change:
        """Put whole pages in the place of those in force, all or none; raise SettingsError.

        Secrets are clear or sealed; {"set": ...} keeps the one there is.
        """
        new = self._whole(pages)
        change = self._differences(new)
        if change.pages:
            self._save(new)
        return replace(change, version=self.version)

    def roll_back(self, change: Change) -> Change:
        """Put the pages back as they were before `change`, as a change of its own."""
        before = {name: self._pages[name] for name in change.before}
        self._save({**self._pages, **change.before})
        return Change(self.version, change.pages, before)

    # -- inside --------------------------------------------------------------------------------

    def _commit(
        self,
        page: str,
        values: dict[str, Any],
        at: tuple[str | int, ...],
        fields: Sequence[str],
        forbidden: Sequence[FieldProblem] = (),
    ) -> Change:
        valid, problems = check(self._models[page], values)
        if valid is not None and (vet := self._vets.get(page)) is not None:
            problems = vet(self._pages[page], valid.model_dump())
        if valid is None or problems or forbidden:
            told = [below(problem, at).where_changed(fields) for problem in problems]
            raise _invalid([*told, *forbidden])
        sealed, _unreadable = self._secrets[page].seal(valid.model_dump())
        pages = aligned(self._models, {**self._pages, page: sealed})
        change = self._differences(pages)
        if change.pages:
            self._save(pages)
        return replace(change, version=self.version)

    def _whole(self, pages: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """Return all pages with `pages` in their places, checked as one; raise SettingsError."""
        result, wrong = dict(self._pages), []
        for name, given in pages.items():
            model, values = self._model(name), copy.deepcopy(dict(given))
            self._secrets[name].keep(self._pages[name], values)
            valid, problems = check(model, values)
            if valid is not None and (vet := self._vets.get(name)) is not None:
                problems = vet(self._pages[name], valid.model_dump())
            if valid is not None:
                sealed, _unreadable = self._secrets[name].seal(valid.model_dump())
                result[name] = self._secrets[name].settle(self._pages[name], sealed)
            wrong += [replace(problem, path=(name, *problem.path)) for problem in problems]
        if wrong:
            raise _invalid(wrong)
        return aligned(self._models, result)

    def _differences(self, pages: Mapping[str, dict[str, Any]]) -> Change:
        return difference(self._models, self._pages, pages, self.version)

    def _save(self, pages: dict[str, dict[str, Any]]) -> None:
        try:
            self._files.save(pages, self.version + 1)
        except OSError as error:
            text = _("The settings could not be written: {why}. Nothing was changed.")
            raise SettingsError("settings.not_saved", text.format(why=error.strerror)) from error
        self.version += 1
        self._pages = pages

    def _save_quietly(self, pages: dict[str, dict[str, Any]]) -> None:
        try:
            self._save(pages)
        except SettingsError as error:
            _log.error("%s The box runs with them all the same.", error.text)

    def _model(self, page: str) -> type[Page]:
        model = self._models.get(page)
        if model is None:
            text = _("There is no settings page {page}.")
            raise SettingsError("settings.no_page", text.format(page=str(page)[:64]))
        return model

    def _item(
        self, page: str, item: ItemId, values: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        model = self._model(page)
        for entry in entries_of(model, self._pages[page] if values is None else values):
            if entry["id"] == item and type(entry["id"]) is type(item):
                return entry
        text = _("There is no {title} {item}.")
        title = model.spec.collection.item_title if model.spec.collection else model.spec.title
        raise SettingsError("settings.no_item", text.format(title=title, item=str(item)[:64]))

    def _place(self, page: str, values: Mapping[str, Any], item: ItemId) -> tuple[str | int, ...]:
        collection = self._models[page].spec.collection
        assert collection is not None
        ids = [entry["id"] for entry in values[collection.field]]
        return (collection.field, ids.index(item))

    def _merge(self, page: str, target: dict[str, Any], changes: Mapping[str, Any]) -> None:
        self._secrets[page].unmask(target, changes)
        merge_deeply(target, changes, self._secrets[page].names)

    @staticmethod
    def _expect(etag: str | None, *found: Mapping[str, Any]) -> None:
        if etag is not None and etag not in {etag_of(values) for values in found}:
            text = _(
                "Somebody else has changed this meanwhile. Load it again and repeat the change."
            )
            raise SettingsError("settings.stale", text)


def _invalid(problems: list[FieldProblem]) -> SettingsError:
    count = len(problems)
    text = (
        _("One field is wrong; nothing was changed.")
        if count == 1
        else _("{count} fields are wrong; nothing was changed.").format(count=count)
    )
    return SettingsError("settings.invalid", text, problems)
